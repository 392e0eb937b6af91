"""The WSGI application that gunicorn serves."""

import os
from collections.abc import Iterable

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callbacks.config.settings")
_django = get_wsgi_application()

from callbacks.config import bodies  # noqa: E402  # it needs Django's settings
from leads import log_context  # noqa: E402


def application(environ: bodies.Environ, start_response: bodies.StartResponse) -> Iterable[bytes]:
    """Django's application, with limits on how much of a body is read."""
    log_context.forget()  # before anything is logged about this request
    bodies.take(environ)
    return bodies.closing(_django, environ, start_response)
