"""Receivers of alerts: setting them up, sending a test, showing a secret once."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
import uuid
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from callbacks.admin import html
from callbacks.admin.alerts.receiver_form import KIND_FIELDS, ReceiverForm, field_of
from callbacks.admin.commands import Command
from callbacks.admin.confirm import Confirmation, ask, is_confirmed
from callbacks.alerts import tell, webhook
from callbacks.alerts.kinds import KINDS, proposed
from callbacks.calling.manual_requests import CannotCall
from callbacks.common.formatting import listed
from callbacks.models import AlertReceiver
from callbacks.models.alerts import AlertChannel, AlertMessageState, AlertTiming
from leads.admin import Admin

_USUAL_HOURS = "every day 07-21"


def _test(receiver: AlertReceiver, _user: object) -> str:
    if receiver.channel == AlertChannel.MAIL and (why := tell.silence(receiver)):
        raise CannotCall(why)
    message = tell.send_test(receiver)
    if receiver.channel == AlertChannel.MAIL:
        return gettext("A test is on its way to %(to)s.") % {"to": message.to}
    webhook.deliver(message.pk)
    message.refresh_from_db()
    if message.state != AlertMessageState.SENT:
        raise CannotCall(
            gettext("The test to %(to)s failed. %(error)s")
            % {"to": message.to, "error": message.last_error}
        )
    return gettext("%(to)s accepted the test with status %(status)s.") % {
        "to": message.to, "status": message.last_status,
    }  # fmt: skip


TEST = Command(
    run=_test,
    title=_("Send a test?"),
    explanation=_(
        "A message marked as a test is sent at once, even outside the "
        "hours. A stopped webhook starts again if it accepts the test."
    ),
    button=_("Send a test"),
    logged=_("Test sent"),
    asks_provider=True,
)


@admin.register(AlertReceiver)
class AlertReceiverAdmin(Admin):
    """Who gets which alerts, how, and when."""

    form = ReceiverForm
    list_display = ["name", "state", "to", "how_many", "at", "last_told"]
    list_select_related = ["owner", "schedule"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["name", "address", "owner__username"]
    autocomplete_fields = ["owner", "sources", "teams"]
    actions_detail = ["send_test", "show_secret"]
    readonly_fields = ["state", "secret_state", "kinds"]
    conditional_fields = {
        "address": html.shown_if("channel", "== 'mail'"),
        "url": html.shown_if("channel", "== 'webhook'"),
        "digest_minutes": html.shown_if("timing", "== 'every'"),
        "digest_at": html.shown_if("timing", "== 'daily'"),
    }

    def get_fieldsets(self, request: HttpRequest, obj: AlertReceiver | None = None) -> Any:
        """Without a state for a new receiver. Read-only users see the kinds on one line."""
        may = self.has_change_permission(request, obj) if obj else True
        by_webhook = obj is not None and obj.channel == AlertChannel.WEBHOOK
        now = [["state", "secret_state"] if by_webhook else "state"]
        return [
            *([(_("Now"), {"fields": now})] if obj else []),
            (
                _("Receiver"),
                {"fields": [("name", "is_active"), "channel", "url", "address", "owner"]},
            ),
            (
                _("Kinds of alerts"),
                {
                    "fields": [*(_pairs(KIND_FIELDS) if may else ["kinds"]), "tells_end"],
                    "description": _("A kind without a number is not sent."),
                },
            ),
            (_("When"), {"fields": ["timing", "digest_minutes", "digest_at", "least_gap"]}),
            (_("Hours"), {"fields": [("hours", "time_zone"), "schedule"]}),
            (_("Limited to"), {"fields": [("sources", "teams")]}),
        ]

    def get_form(
        self, request: HttpRequest, obj: AlertReceiver | None = None, **kwargs: Any
    ) -> Any:
        """To choose from are the logins, sources and teams that who asks may see, and what is
        chosen.
        """
        form = super().get_form(request, obj, **kwargs)
        chosen = {"owner": Q(pk=request.user.pk)}
        if obj is not None:
            chosen["owner"] |= Q(pk=obj.owner_id)
            chosen |= {it: Q(pk__in=getattr(obj, it).values("pk")) for it in ("sources", "teams")}
        for name in ("owner", "sources", "teams"):
            if field := form.base_fields.get(name):
                its = self.admin_site.get_model_admin(field.queryset.model)
                seen = its.get_queryset(request).order_by().values("pk")
                may = Q(pk__in=seen) if its.has_view_permission(request) else Q(pk__in=())
                field.queryset = field.queryset.filter(may | chosen.get(name, Q(pk__in=())))
        return form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Values with which a receiver for the current user can be saved at once."""
        user: Any = request.user
        numbers = {field_of(KINDS[name]): number for name, number in proposed().items()}
        mine = {"owner": user.pk} if user.email else {}
        return {
            "name": gettext("Alerts for %(name)s")
            % {"name": user.get_full_name() or user.get_username()},
            "hours": _USUAL_HOURS,
            "time_zone": settings.TIME_ZONE,
            **mine,
            **numbers,
            **super().get_changeform_initial_data(request),
        }

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertReceiver]:
        """Adds the time of the last message."""
        queryset: QuerySet[AlertReceiver] = super().get_queryset(request)
        last = Max("messages__made_at", filter=Q(messages__is_test=False))
        return queryset.annotate(told_at=last)

    def response_add(
        self, request: HttpRequest, obj: AlertReceiver, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Redirects to the receiver's page, or to a webhook's secret."""
        name = "show_secret" if obj.channel == AlertChannel.WEBHOOK else "change"
        return HttpResponseRedirect(_address(name, obj.pk))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only a webhook has a secret."""
        actions: list[Any] = super().get_actions_detail(request, object_id)
        receiver = self.get_object(request, str(object_id))
        by_webhook = receiver is not None and receiver.channel == AlertChannel.WEBHOOK
        return [it for it in actions if it.path != "secret" or by_webhook]

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description=_("Send a test"), url_path="test", permissions=["change"], icon="send"
    )
    def send_test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then sends the test and reports the result."""
        receiver = self._found(request, object_id)
        page = _address("change", receiver.pk)
        if not is_confirmed(request):
            return ask(request, self, TEST.question([receiver], request.user, page))
        TEST.carry_out(self, request, [receiver])
        return HttpResponseRedirect(page)

    @action(  # type: ignore[untyped-decorator]
        description=_("Secret"), url_path="secret", permissions=["change"], icon="key"
    )
    def show_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then shows the secret. After the first time, makes a new one."""
        receiver = self._found(request, object_id)
        if receiver.channel != AlertChannel.WEBHOOK:
            raise Http404
        page = _address("change", receiver.pk)
        if not is_confirmed(request):
            return ask(request, self, _secret_question(receiver, page))
        with transaction.atomic():
            receiver = AlertReceiver.objects.select_for_update().get(pk=receiver.pk)
            if receiver.secret_shown_at:
                receiver.secret_id = uuid.uuid4()
            receiver.secret_shown_at = timezone.now()
            receiver.save(update_fields=["secret_id", "secret_shown_at"])
            self.log_change(request, receiver, gettext("Secret shown"))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("The secret of %(name)s") % {"name": receiver.name},
            "opts": self.model._meta,
            "secret": receiver.secret,
            "back": page,
        }
        answer = TemplateResponse(request, "admin/alert_secret.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    def _found(self, request: HttpRequest, object_id: str) -> AlertReceiver:
        receiver: AlertReceiver | None = self.get_object(request, object_id)
        if receiver is None:
            raise Http404
        return receiver

    @display(description=_("state"))  # type: ignore[untyped-decorator]
    def state(self, obj: AlertReceiver) -> SafeString:
        """Whether anything is sent, and if not, why."""
        why = tell.silence(obj)
        if not why:
            return html.label(gettext("On"), html.GREEN)
        colour = html.RED if obj.is_active else html.GREY
        return html.trouble_below(html.label(gettext("Nothing is sent"), colour), why)

    @display(description=_("secret"))  # type: ignore[untyped-decorator]
    def secret_state(self, obj: AlertReceiver) -> SafeString | str:
        """When the secret was shown."""
        if obj.secret_shown_at is None:
            return gettext('Not shown yet. Press "Secret" to show it.')
        return gettext("Shown on %(at)s.") % {"at": html.written(obj.secret_shown_at)}

    @display(description=_("to"))  # type: ignore[untyped-decorator]
    def to(self, obj: AlertReceiver) -> SafeString:
        """The channel and the recipient."""
        label = AlertChannel(obj.channel).label
        return html.below(html.label(str(label)), tell.recipient(obj))

    @display(description=_("kinds"))  # type: ignore[untyped-decorator]
    def kinds(self, obj: AlertReceiver) -> str:
        """The titles of the kinds."""
        return listed(str(KINDS[it].title) for it in KINDS if it in obj.thresholds)

    @display(description=_("alerts about"))  # type: ignore[untyped-decorator]
    def how_many(self, obj: AlertReceiver) -> str:
        """How many kinds of alerts the receiver gets."""
        count = len(obj.thresholds)
        return ngettext("%(count)s kind", "%(count)s kinds", count) % {"count": count}

    @display(description=_("when"))  # type: ignore[untyped-decorator]
    def at(self, obj: AlertReceiver) -> SafeString | str:
        """At once or as a digest, and during which hours."""
        words = gettext("At once")
        if obj.timing == AlertTiming.EVERY:
            count = obj.digest_minutes
            words = ngettext(
                "Every %(count)s minute", "Every %(count)s minutes", count
            ) % {"count": count}  # fmt: skip
        elif obj.timing == AlertTiming.DAILY:
            words = gettext("Daily at %(at)s") % {"at": f"{obj.digest_at:%H:%M}"}
        hours = obj.schedule.name if obj.schedule else " ".join(obj.hours.split())
        return html.explained(words, hours or gettext("at any hour"))

    @display(description=_("last sent"), ordering="told_at")  # type: ignore[untyped-decorator]
    def last_told(self, obj: AlertReceiver) -> SafeString | str:
        """When the last message was made, not counting tests."""
        return html.moment(getattr(obj, "told_at", None))


def _pairs(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [names[n : n + 2] for n in range(0, len(names), 2)]


def _address(name: str, pk: int) -> str:
    if name == "change":
        return reverse("admin:callbacks_alertreceiver_change", args=[pk])
    return reverse("admin:callbacks_alertreceiver_show_secret", args=[pk])


def _secret_question(receiver: AlertReceiver, page: str) -> Confirmation:
    if receiver.secret_shown_at is None:
        return Confirmation(
            title=_("Show the secret?"),
            explanation=_(
                "Every message is signed with the secret, so that the receiver can "
                "verify that it comes from here. The secret is shown once. Have a "
                "safe place ready to store it."
            ),
            button=_("Show it"),
            things=[str(receiver)],
            back=page,
        )
    return Confirmation(
        title=_("Make a new secret?"),
        explanation=_(
            "The old secret stops working at once. Messages from now on are "
            "signed with the new secret, which is shown once."
        ),
        button=_("Make a new one"),
        things=[str(receiver)],
        back=page,
        danger=True,
    )
