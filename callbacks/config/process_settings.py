"""The settings of the processes themselves, which gunicorn reads before Django is loaded.

callbacks.config.process_checks checks them.
"""

from callbacks.config import logs
from callbacks.config.given import env

# Where the web server listens.
HOST = env.listening_host("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
# Processes of the web server, and threads of each.
WEB_CONCURRENCY = env.int("WEB_CONCURRENCY", default=2)
WEB_THREADS = env.int("WEB_THREADS", default=8)
# Seconds for which a web server still takes requests after it was told to stop.
WEB_DRAIN = env.int("WEB_DRAIN", default=0)
# Threads of a worker: how many calls it sends at the same time.
WORKER_THREADS = env.int("WORKER_THREADS", default=8)
# Database connections that one process may have.
DATABASE_POOL_SIZE = env.int("DATABASE_POOL_SIZE", default=10)

LOG_FORMAT = env.text("LOG_FORMAT").strip() or "line"
LOG_LEVEL = env.one_of("LOG_LEVEL", default="INFO", allowed=logs.LEVELS)
