"""The form of an alert receiver: its fields and checks."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextareaWidget

from callbacks.alerts import safe_http
from callbacks.alerts.kind import Kind
from callbacks.alerts.kinds import KINDS
from callbacks.models import AlertReceiver
from callbacks.models.alerts import AlertChannel, AlertTiming
from callbacks.models.schedules import time_zones
from callbacks.opening_hours import typed_hours
from callbacks.opening_hours.calendar import Hours

MOST = 7 * 24 * 60  # minutes, or alerts
_PREFIX = "kind_"


def field_of(kind: Kind) -> str:
    """The name of the field for the kind's number."""
    return f"{_PREFIX}{kind.name}"


KIND_FIELDS = tuple(field_of(kind) for kind in KINDS.values())


def _number(kind: Kind) -> forms.IntegerField:
    least = kind.least or (1 if kind.counts else 0)
    return forms.IntegerField(
        label=kind.title,
        help_text=kind.explanation,
        required=False,
        min_value=least,
        max_value=MOST,
        widget=UnfoldAdminIntegerFieldWidget(attrs={"min": least, "max": MOST}),
    )


class _ReceiverForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A receiver, with one number for each kind of alert."""

    class Meta:
        widgets = {"hours": UnfoldAdminTextareaWidget(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, number in (self.instance.thresholds or {}).items():
            if name in KINDS and field_of(KINDS[name]) in self.fields:
                self.fields[field_of(KINDS[name])].initial = number

    def clean_url(self) -> str:
        """For a webhook, requires https and an address outside our own network."""
        url: str = self.cleaned_data["url"].strip()
        if url and self.data.get("channel") == AlertChannel.WEBHOOK:
            try:
                safe_http.allowed_address(safe_http.target_of(url))
            except (safe_http.NotAllowed, safe_http.NoAnswer) as problem:
                raise ValidationError(str(problem)) from None
        return url

    def clean_time_zone(self) -> str:
        """Requires a known time zone."""
        zone: str = self.cleaned_data["time_zone"]
        if zone not in time_zones():
            raise ValidationError(
                gettext("%(zone)s is not a time zone. Use a name like Asia/Jerusalem.")
                % {"zone": zone}
            )
        return zone

    def clean_hours(self) -> str:
        """Requires a week with some open time, if any hours are given."""
        hours: str = self.cleaned_data["hours"].strip()
        if hours and not any(_week(hours).values()):
            raise ValidationError(
                gettext(
                    "Nothing would ever be sent. Enter hours, or leave this empty for any hour."
                )
            )
        return hours

    def clean(self) -> dict[str, Any]:
        """Requires a recipient, a kind of alert, and hours that include a daily digest's time."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self._refuse_nobody(cleaned)
        if cleaned.get("hours") and cleaned.get("schedule"):
            self.add_error("schedule", gettext("Enter hours, or choose a schedule, but not both."))
        elif cleaned.get("hours") and cleaned.get("timing") == AlertTiming.DAILY:
            self._refuse_a_digest_at_no_hour(cleaned)
        self.instance.thresholds = self._thresholds(cleaned)
        if not self.instance.thresholds and not any(name in self.errors for name in KIND_FIELDS):
            self.add_error(None, gettext("Enter a number beside at least one kind of alert."))
        return cleaned

    def _refuse_nobody(self, cleaned: dict[str, Any]) -> None:
        if cleaned.get("channel") == AlertChannel.WEBHOOK:
            if not cleaned.get("url") and "url" not in self.errors:
                self.add_error("url", gettext("Enter the address to post alerts to."))
            return
        owner = cleaned.get("owner")
        if cleaned.get("address") or "address" in self.errors or (owner and owner.email):
            return
        sentence = gettext("Enter a mail address, or choose a login that has one.")
        if owner:
            sentence = gettext("The login %(name)s has no mail address. Enter one here.") % {
                "name": owner.get_username()
            }
        self.add_error("address", sentence)

    def _refuse_a_digest_at_no_hour(self, cleaned: dict[str, Any]) -> None:
        at = cleaned.get("digest_at")
        if at is None:
            return
        hours = [it for day in _week(cleaned["hours"]).values() for it in day]
        if not any(_is_within(it, at) for it in hours):
            self.add_error(
                "digest_at",
                gettext("Nothing is sent at this time because it is outside the hours."),
            )

    def _thresholds(self, cleaned: dict[str, Any]) -> dict[str, int]:
        kept = {
            name: number for name, number in self.instance.thresholds.items() if name not in KINDS
        }
        entered = {it.name: cleaned.get(field_of(it)) for it in KINDS.values()}
        return kept | {name: number for name, number in entered.items() if number is not None}

    def save(self, commit: bool = True) -> Any:
        """A receiver that is switched on again is told only of what happens from now on."""
        if "is_active" in self.changed_data:
            self.instance.settled_until = timezone.now()
        return super().save(commit)


def _week(text: str) -> dict[int, list[Hours]]:
    try:
        return typed_hours.read_week(text, {})
    except typed_hours.NotHours as problem:
        raise ValidationError(str(problem)) from None


def _is_within(hours: Hours, at: Any) -> bool:
    if hours.past_midnight:
        return bool(at >= hours.opens_at or at < hours.closes_at)
    return bool(hours.opens_at <= at < hours.closes_at)


ReceiverForm: "type[forms.ModelForm[AlertReceiver]]" = type(
    "ReceiverForm", (_ReceiverForm,), {field_of(it): _number(it) for it in KINDS.values()}
)
