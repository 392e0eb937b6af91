"""django-stubs' plugin for mypy. It loads the settings, which need a key, and signs nothing."""

import os

from mypy_django_plugin.main import plugin

if not os.environ.get("SECRET_KEY"):
    os.environ["SECRET_KEY"] = "only-for-mypy"  # noqa: S105

__all__ = ["plugin"]
