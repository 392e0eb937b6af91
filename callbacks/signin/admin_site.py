"""The admin's site: the theme's, but every page and the login also require the second factor."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

from callbacks.signin import door, middleware, ways


class Site(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """Registered as the default site by callbacks.config.admin_app."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff who owe no second factor. Without the middleware: nobody."""
        return super().has_permission(request) and middleware.has_passed(request)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """The login page, or the next step for a user who has given the password."""
        return door.guarded(super().login)(request, {**(extra_context or {}), "ways": ways.ways()})

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Stores the mail about it in the same transaction (callbacks.signin.login_mail)."""
        with transaction.atomic():
            answer: HttpResponse = super().password_change(request, extra_context)
        return answer

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """Logs out only after a POST. Opening the address, for example after a login page in
        between, leads to the first page.
        """
        if request.method in ("GET", "HEAD"):
            return HttpResponseRedirect(reverse("admin:index", current_app=self.name))
        answer: HttpResponseBase = super().logout(request, extra_context)
        return answer
