"""How gunicorn serves `callbacks.config.wsgi`. Read from the directory it is started in."""

import gc
import io
import logging
import os
import sys

import django
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connections

from callbacks.config import logs
from callbacks.config.environment import Environment

env = Environment()

bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"
# gthread, which gives a thread no request before all of it is here.
worker_class = "callbacks.config.web_worker.Worker"
# Of one process, which may usually have 1,024 files open.
worker_connections = 500
# Of a request's first line and of each header, in bytes, and how many of these.
limit_request_line = limit_request_field_size = 8190
limit_request_fields = 100
workers = env.int("WEB_CONCURRENCY", default=2)
threads = env.int("WEB_THREADS", default=8)
if env.mistakes:
    sys.exit("\n".join(" ".join(each) for each in env.mistakes))
# Loaded once and forked, so that the workers share most of its memory.
preload_app = True
timeout = 30
graceful_timeout = 20
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
logconfig_dict = logs.configuration(
    os.environ.get("LOG_FORMAT") or "line",
    env.one_of("LOG_LEVEL", default="INFO", allowed=logs.LEVELS),  # refused in on_starting
)
loglevel = "info"


def on_starting(_server):
    """Before the first fork: refuse wrong settings in clear lines, leave nothing half-shared."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callbacks.config.settings")
    django.setup()
    try:
        call_command("check", stdout=io.StringIO())
    except SystemCheckError as problem:
        start = logging.getLogger("callbacks.config.start")
        for line in filter(str.strip, str(problem).splitlines()):
            start.error("%s", line)
        sys.exit(1)
    # A pool's threads and sockets do not survive a fork: each worker opens its own.
    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
    # What is loaded stays: the collector need not touch, and so copy, those pages in every worker.
    gc.collect()
    gc.freeze()
