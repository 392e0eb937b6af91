"""How gunicorn serves `callbacks.config.wsgi`. Read from the directory it is started in."""

import gc
import os
import socket

from callbacks.common import clock
from callbacks.config import logs, process_settings, start

# Before the application is loaded, which wrong settings could break in some dark way.
start.refuse_wrong_settings()

bind = f"{process_settings.HOST}:{process_settings.PORT}"
# gthread, which gives a thread no request before all of it is here.
worker_class = "callbacks.config.web_worker.Worker"
# Of one process, which may usually have 1,024 files open.
worker_connections = 500
# Of a request's first line and of each header, in bytes, and how many of these.
limit_request_line = limit_request_field_size = 8190
limit_request_fields = 100
workers = process_settings.WEB_CONCURRENCY
threads = process_settings.WEB_THREADS
# Loaded once and forked, so that the workers share most of its memory.
preload_app = True
timeout = 30
graceful_timeout = 20 + process_settings.WEB_DRAIN
keepalive = 5
# What a proxy on this machine passes on may be a visitor's own: neither where the site begins
# (SCRIPT_NAME, PATH_INFO) nor whether it came by TLS is taken from a header here. Django reads
# X-Forwarded-Proto, where BEHIND_PROXY says that the proxy sets it.
forwarder_headers = ""
secure_scheme_headers = {}
# A worker's heartbeat file: in memory, since a slow disk would have the worker killed.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
control_socket_disable = True
# One line a request is the proxy's business; addresses here may hold secrets (the webhook's).
accesslog = None
errorlog = "-"
logconfig_dict = logs.configuration(process_settings.LOG_FORMAT, process_settings.LOG_LEVEL)
loglevel = "info"


def on_starting(_server):
    """Before the first fork: refuse a wrong database, leave nothing half-shared."""
    start.refuse_wrong_database()
    # A pool's threads and sockets do not survive a fork: each worker opens its own.
    start.close_connections()
    # What is loaded stays: the collector need not touch, and so copy, those pages in every worker.
    gc.collect()
    gc.freeze()


def post_fork(_server, _worker):
    """In each worker: a thread survives no fork."""
    clock.keep_measuring(f"web@{socket.gethostname()}")
