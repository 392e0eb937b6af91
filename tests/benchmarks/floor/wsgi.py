"""The floor's WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.floor.settings")
application = get_wsgi_application()

# This import makes it the application that `delay` publishes with.
from tests.benchmarks.floor import celery  # noqa: E402, F401
