"""The floor's settings: no middleware, no sessions, no admin; connections that stay open."""

import os

import environ

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["tests.benchmarks.floor"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "tests.benchmarks.floor.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {
    # A connection per thread, never checked again: cheaper than a pool, and worse on a bad day.
    "default": {**environ.Env.db_url_config(os.environ["DATABASE_URL"]), "CONN_MAX_AGE": None}
}
CELERY_BROKER_URL = os.environ["REDIS_URL"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "UTC"

VOICENTER_URL = os.environ["VOICENTER_URL"]
VOICENTER_CODE = os.environ["VOICENTER_CODE"]
