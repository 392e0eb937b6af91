"""The admin's site: the theme's, whose every page and login ask for the second factor too."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from unfold.sites import UnfoldAdminSite

from callbacks.signin import door, middleware, ways


class Site(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """Registered as the default site by callbacks.config.admin_app."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff who owe nothing. Without the middleware: nobody."""
        return super().has_permission(request) and middleware.has_passed(request)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """The login page, or the next step for who has given the password."""
        return door.guarded(super().login)(request, {**(extra_context or {}), "ways": ways.ways()})
