"""Second factors: who has one, and resetting it for somebody who lost the phone."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from callbacks.admin.base import ReadOnly
from callbacks.admin.confirm import Confirmation, ask, is_confirmed
from callbacks.models import Authenticator
from callbacks.signin import second_factor
from leads.admin import Admin


def of_people_seen(request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Rows of the people whose logins this person may see."""
    people = admin.site.get_model_admin(User).get_queryset(request)
    return queryset.filter(user__in=people.values("pk"))


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnly, Admin):
    """A list without keys. Users who may see it may also reset a second factor."""

    list_display = ["user", "made_at", "throttling_failure_timestamp"]
    list_display_links = None
    search_fields = ["user__username"]
    actions = ["reset_selected"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether the user may reset second factors. Rows have no pages."""
        return obj is None and request.user.has_perm("callbacks.reset_second_factor")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The same right."""
        return self.has_view_permission(request)

    def has_reset_permission(self, request: HttpRequest) -> bool:
        """The same right."""
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Authenticator]:
        """Confirmed second factors of people whose logins this user may see."""
        found = super().get_queryset(request).filter(confirmed=True).select_related("user")
        return of_people_seen(request, found)

    @admin.action(description=_("Reset (phone lost)"), permissions=["reset"])
    def reset_selected(
        self, request: HttpRequest, queryset: QuerySet[Authenticator]
    ) -> HttpResponse | None:
        """Asks, then resets the chosen second factors."""
        chosen = list(queryset)
        if not is_confirmed(request):
            question = Confirmation(
                title=gettext("Reset the second factor?"),
                explanation=gettext(
                    "Make sure that the request comes from this person. Until they set "
                    "up a new second factor, their password alone opens the account. "
                    "Their recovery codes stop working too."
                ),
                button=gettext("Reset"),
                things=[str(it.user) for it in chosen],
                back=request.get_full_path(),
                danger=True,
                action="reset_selected",
                chosen=[it.pk for it in chosen],
            )
            return ask(request, self, question)
        by = request.user
        assert isinstance(by, User)  # noqa: S101  # nobody else gets here
        sentence = gettext("Reset the second factor: the phone is lost")
        count = sum(second_factor.reset(it.user, by, sentence) for it in chosen)
        said = ngettext(
            "The second factor of %(count)d person has been reset.",
            "The second factors of %(count)d people have been reset.",
            count,
        )
        self.message_user(request, said % {"count": count}, messages.SUCCESS)
        return None
