"""Reports by mail: people see and change their own; superusers see everybody's."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from callbacks.access import scope
from callbacks.admin import html
from callbacks.admin.commands import Command, NothingToDo
from callbacks.admin.confirm import ask, is_confirmed
from callbacks.admin.saved_views.subscription_form import SubscriptionForm
from callbacks.models import ReportSubscription
from callbacks.models.subscriptions import NotSent, Rhythm
from callbacks.reports import saved_views
from callbacks.subscriptions import compose, sending
from leads.admin import Admin


def _send_now(subscription: ReportSubscription, _user: object) -> str:
    now = timezone.now()
    if why := sending.why_not(subscription, now):
        raise NothingToDo(str(why.label))
    compose.post(subscription, now, now, key="")
    return gettext("The report is on its way to %(address)s.") % {
        "address": subscription.user.email
    }


SEND_NOW = Command(
    run=_send_now,
    title=_("Send this report now?"),
    explanation=_(
        "It is sent once, with the figures as of now. Its regular times stay as they are."
    ),
    button=_("Send"),
    logged=_("Sent now"),
)


def _has_password(request: HttpRequest) -> bool:
    """Without one, only other people change the address (own_email)."""
    user: Any = request.user
    return bool(user.has_usable_password())


@admin.register(ReportSubscription)
class SubscriptionAdmin(Admin):
    """Users with the right get reports by mail, and decide which and when."""

    form = SubscriptionForm
    list_display = ["view", "user", "when_shown", "state_shown", "next_shown", "last_shown"]
    list_display_links = ["view"]
    list_select_related = ["view", "view__owner", "user", "calendar"]
    list_per_page = 50
    show_full_result_count = False
    fields = SubscriptionForm.Meta.fields
    actions_detail = ["send_now"]
    conditional_fields = {
        "weekday": html.shown_if("rhythm", "== 'weekly'"),
        "day_of_month": html.shown_if("rhythm", "== 'monthly'"),
        "calendar": html.shown_if("only_working_days", "== true"),
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportSubscription]:
        """The user's own subscriptions; superusers see everybody's."""
        found: QuerySet[ReportSubscription] = super().get_queryset(request)
        return found if request.user.is_superuser else found.filter(user=request.user.pk)

    def _may(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(sending.RIGHT))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the user may get reports by mail."""
        return self._may(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The same right."""
        return self._may(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The same right."""
        return self._may(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only one's own: superusers see other people's, and may delete them."""
        return self._may(request) and (obj is None or obj.user_id == request.user.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One's own; superusers may delete any."""
        return self._may(request)

    def get_fields(self, request: HttpRequest, obj: ReportSubscription | None = None) -> Any:
        """Hides the address from users who may only read; asks only users who have a password."""
        left_out = set()
        if obj is not None and not self.has_change_permission(request, obj):
            left_out = {"email", "current_password"}
        elif not _has_password(request):
            left_out = {"current_password"}
        return [name for name in self.fields if name not in left_out]

    def get_form(
        self, request: HttpRequest, obj: ReportSubscription | None = None, **kwargs: Any
    ) -> Any:
        """Sets the user."""
        form = super().get_form(request, obj, **kwargs)
        form.user = request.user
        if not _has_password(request):  # a form keeps the fields that it declares
            form.base_fields.pop("current_password", None)
        return form

    def save_model(
        self, request: HttpRequest, obj: ReportSubscription, form: "ModelForm[Any]", change: bool
    ) -> None:
        """Plans the next mail, and stores the address with the login."""
        if not change:
            obj.user_id = request.user.pk or 0
        if obj.is_on:
            obj.ended_by_link_at = None
        obj.not_sent = ""
        sending.plan_next(obj, timezone.now())
        super().save_model(request, obj, form, change)
        user, email = obj.user, form.cleaned_data.get("email", "")
        if email and email != user.email:
            user.email = email
            user.save(update_fields=["email"])

    @display(description=_("when"))  # type: ignore[untyped-decorator]
    def when_shown(self, obj: ReportSubscription) -> str:
        """Such as "Every week, Sunday, 08:00 (Asia/Jerusalem), on working days"."""
        parts = [str(Rhythm(obj.rhythm).label)]
        if obj.rhythm == Rhythm.WEEKLY:
            parts.append(obj.get_weekday_display())
        if obj.rhythm == Rhythm.MONTHLY:
            parts.append(gettext("day %(day)s") % {"day": obj.day_of_month})
        parts.append(f"{obj.hour:02d}:00 ({obj.zone})")
        if obj.only_working_days:
            parts.append(gettext("on working days"))
        return gettext(", ").join(parts)

    @display(description=_("state"))  # type: ignore[untyped-decorator]
    def state_shown(self, obj: ReportSubscription) -> SafeString:
        """Whether the report is sent, and if not, why."""
        if not obj.is_on:
            note = ""
            if obj.ended_by_link_at:
                note = gettext("Unsubscribed through the link in a mail.")
            return html.label(gettext("Off"), html.GREY, note)
        why = sending.why_not(obj, timezone.now())
        if why is None and obj.not_sent == NotSent.FAILED:
            why = NotSent.FAILED
        if why is not None:
            shown = html.label(gettext("Nothing is sent"), html.RED)
            said = str(why.label)
            if why is NotSent.BROKEN:
                said = saved_views.problem(obj.view, timezone.now(), scope.of(obj.user))
            return html.trouble_below(shown, said)
        if obj.next_at is None:
            shown = html.label(gettext("Nothing is sent"), html.RED)
            return html.trouble_below(shown, gettext("Its schedule has no working day."))
        return html.label(gettext("On"), html.GREEN)

    next_shown = html.moment_of("next_at", _("next mail"))
    last_shown = html.moment_of("last_sent_at", _("last mail"))

    def has_send_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """The same right. Only one's own can be sent (send_now)."""
        return self._may(request)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only for one's own subscription."""
        found: list[Any] = super().get_actions_detail(request, object_id)
        obj = self.get_object(request, str(object_id))
        return found if obj and self.has_change_permission(request, obj) else []

    @action(  # type: ignore[untyped-decorator]
        description=_("Send me one now"), url_path="send-now", permissions=["send"], icon="send"
    )
    def send_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then sends one mail."""
        subscription = self.get_object(request, object_id)
        if subscription is None or not self.has_change_permission(request, subscription):
            raise Http404
        page = reverse("admin:callbacks_reportsubscription_change", args=[subscription.pk])
        if not is_confirmed(request):
            return ask(request, self, SEND_NOW.question([subscription], request.user, page))
        SEND_NOW.carry_out(self, request, [subscription])
        return HttpResponseRedirect(page)
