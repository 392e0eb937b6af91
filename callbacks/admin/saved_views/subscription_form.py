"""The form that sets when somebody gets a view by mail."""

from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.formats import get_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget

from callbacks.access import scope
from callbacks.admin import own_email
from callbacks.models import Extension, ReportSubscription, Schedule, Team
from callbacks.models.schedules import OpeningHours, time_zones
from callbacks.reports import saved_views


class SubscriptionForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """One's own subscription, with the e-mail address of the login, to which it is sent."""

    email = forms.EmailField(
        label=_("To"),
        widget=UnfoldAdminEmailInputWidget,
        help_text=_("The e-mail address of your login. Alerts and other mail also go there."),
    )

    current_password = own_email.password_field()

    class Meta:
        model = ReportSubscription
        fields = (
            "view", "email", "current_password", "rhythm", "weekday", "day_of_month", "hour",
            "zone", "only_working_days", "calendar", "is_on",
        )  # fmt: skip
        labels = {"weekday": _("Day of the week"), "is_on": _("Switched on")}

    user: Any = None  # the subscriber

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.user = self.instance.user
        fields = self.fields
        if "view" in fields:
            fields["view"].queryset = saved_views.visible_to(self.user)  # type: ignore[attr-defined]
        if "email" in fields:
            self.initial["email"] = self.user.email
            fields["email"].disabled = own_email.is_others_to_change(self.user)
        if "hour" in fields:
            hours = [(hour, f"{hour:02d}:00") for hour in range(24)]
            fields["hour"] = forms.TypedChoiceField(
                label=fields["hour"].label,
                choices=hours,
                coerce=int,
                initial=8,
                widget=UnfoldAdminSelectWidget,
            )
        if "zone" in fields:
            fields["zone"].widget.attrs["list"] = "time-zones"
            fields["zone"].initial = settings.TIME_ZONE
            fields["zone"].help_text = gettext("For example Asia/Jerusalem.")
        if "calendar" in fields:
            calendar: Any = fields["calendar"]
            words = gettext("No schedule: %(first)s to %(last)s")
            calendar.empty_label = words % _working_week()
            calendar.queryset = self._calendars()

    def clean_zone(self) -> str:
        """The zone as the zone database writes it, if it is known."""
        typed: str = self.cleaned_data["zone"].strip().replace(" ", "_")
        known = {name.lower(): name for name in time_zones()}
        return known.get(typed.lower(), typed)

    def _calendars(self) -> QuerySet[Schedule]:
        """All schedules; for people who see only some teams, those of these teams and their phones,
        and the chosen one.
        """
        seen, found = scope.of(self.user), Schedule.objects.all()
        if not seen.is_limited:
            return found
        of_teams = Team.objects.filter(seen.of_teams("pk")).values("schedule")
        of_phones = Extension.objects.filter(seen.of_teams("team")).values("schedule")
        chosen = Q(pk=self.instance.calendar_id)
        return found.filter(Q(pk__in=of_teams) | Q(pk__in=of_phones) | chosen)

    def clean_current_password(self) -> str:
        """The login's address is changed with it."""
        typed: str = self.cleaned_data["current_password"]
        if "email" in self.changed_data:
            own_email.check(self.user, typed)
        return typed

    def clean(self) -> dict[str, Any]:
        """A person can subscribe to a view only once."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        view = cleaned.get("view")
        others = ReportSubscription.objects.filter(view=view, user=self.user)
        if view and others.exclude(pk=self.instance.pk).exists():
            self.add_error("view", gettext("You already get this view by mail."))
        return cleaned


def _working_week() -> dict[str, str]:
    """The first and the last day of a five-day week."""
    first = int(get_format("FIRST_DAY_OF_WEEK")) - 1  # 0 is Monday
    names = [str(OpeningHours.Weekday((first + number) % 7).label) for number in (0, 4)]
    return {"first": names[0], "last": names[1]}
