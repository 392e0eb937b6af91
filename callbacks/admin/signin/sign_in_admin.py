"""Sessions: who is signed in where, and ending sessions."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from callbacks.admin.base import ReadOnly
from callbacks.admin.signin.authenticator_admin import of_people_seen
from callbacks.models import SignIn
from callbacks.signin import second_factor, sessions
from leads.admin import Admin


@admin.register(SignIn)
class SignInAdmin(ReadOnly, Admin):
    """The rows cannot be used to open a session (callbacks.signin.sessions)."""

    list_display = ["user", "browser_name", "address", "begun_at", "seen_at", "passed_at"]
    list_display_links = None
    search_fields = ["user__username", "address"]
    actions = ["end_selected"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """For the list only: rows have no pages."""
        return obj is None and request.user.has_perm("callbacks.view_signin")

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whether the user may end other people's sessions."""
        return request.user.has_perm("callbacks.end_sign_ins")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SignIn]:
        """Sessions of people whose logins this user may see."""
        return of_people_seen(request, super().get_queryset(request).select_related("user"))

    @display(description=_("browser"))  # type: ignore[untyped-decorator]
    def browser_name(self, obj: SignIn) -> str:
        """The browser in words."""
        return sessions.browser_of(obj)

    @admin.action(description=_("End these sessions"), permissions=["end"])
    def end_selected(self, request: HttpRequest, queryset: QuerySet[SignIn]) -> None:
        """Ends the sessions. The people have to sign in again."""
        people = list(User.objects.filter(sign_ins__in=queryset).distinct())
        count = sessions.end(queryset)
        if isinstance(request.user, User):
            for person in people:
                second_factor.note(request.user, person, gettext("Ended sessions"))
        said = ngettext("%(count)d session has ended.", "%(count)d sessions have ended.", count)
        self.message_user(request, said % {"count": count}, messages.SUCCESS)
