"""How gunicorn serves `callbacks.config.wsgi`. Read from the directory it is started in."""

import gc
import os
import socket

from callbacks.common import clock
from callbacks.config import logs, process_settings, start

# Before the application is loaded: wrong settings could break it with an obscure error.
start.refuse_wrong_settings()

bind = f"{process_settings.HOST}:{process_settings.PORT}"
# gthread, changed to give a thread a request only after all of it has arrived.
worker_class = "callbacks.config.web_worker.Worker"
# For one process, which may usually open 1,024 files.
worker_connections = 500
# The longest first line and the longest header of a request, in bytes, and the most headers.
limit_request_line = limit_request_field_size = 8190
limit_request_fields = 100
workers = process_settings.WEB_CONCURRENCY
threads = process_settings.WEB_THREADS
# Loaded once and forked, so that the workers share most of its memory.
preload_app = True
timeout = 30
graceful_timeout = 20 + process_settings.WEB_DRAIN
keepalive = 5
# A proxy on this machine may pass on a visitor's own headers, so gunicorn trusts none of them for
# the site's path (SCRIPT_NAME, PATH_INFO) or for TLS. Django reads X-Forwarded-Proto if
# BEHIND_PROXY says that the proxy sets it.
forwarder_headers = ""
secure_scheme_headers = {}
# The workers' heartbeat files are in memory: with a slow disk, healthy workers would be killed.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
control_socket_disable = True
# The proxy logs requests; paths here may contain secrets (the webhook's).
accesslog = None
errorlog = "-"
logconfig_dict = logs.configuration(process_settings.LOG_FORMAT, process_settings.LOG_LEVEL)
loglevel = "info"


def on_starting(_server):
    """Before the first fork: refuses a wrong database, and closes what must not be shared."""
    start.refuse_wrong_database()
    # A pool's threads and sockets do not survive a fork: each worker opens its own.
    start.close_connections()
    # Otherwise the garbage collector would touch, and so copy, loaded memory pages in every worker.
    gc.collect()
    gc.freeze()


def post_fork(_server, _worker):
    """Starts measuring the clock in each worker: threads do not survive a fork."""
    clock.keep_measuring(f"web@{socket.gethostname()}")
