"""Spending limits: how much of each is used, and reopening one."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from callbacks.admin.commands import Command, NothingToDo
from callbacks.admin.confirm import ask, is_confirmed
from callbacks.admin.spending.price_admin import CountryField
from callbacks.calling import spend_limits
from callbacks.models import CallPrice, SpendLimit
from callbacks.models.spending import SpendScope, SpendSpan
from callbacks.spending import limits
from callbacks.spending.limits import Standing
from leads.admin import Admin

_FULL = 0.999  # a higher value means used up


def _open(span: SpendSpan) -> Callable[[SpendLimit, object], str]:
    def run(limit: SpendLimit, _user: object) -> str:
        found = _standing(limit, span)
        if found is None or not found.is_bounded:
            raise NothingToDo(
                gettext("This limit has no value for that period, so there is nothing to reopen.")
            )
        moved = spend_limits.open_again(limit.pk, span, timezone.now())
        return ngettext(
            "The limit is open again. %(count)d waiting lead is called now.",
            "The limit is open again. %(count)d waiting leads are called now.",
            moved,
        ) % {"count": moved}

    return run


def _standing(limit: SpendLimit, span: SpendSpan) -> Standing | None:
    found = limits.standings(timezone.now())
    return next((it for it in found if (it.limit_id, it.span) == (limit.pk, span)), None)


OPEN_HOUR = Command(
    run=_open(SpendSpan.HOUR),
    title=_("Reopen this limit for the hour?"),
    explanation=_(
        "The full hourly amount of calls and cost may be used again before "
        "this hour ends. Leads that are waiting for the next hour are "
        "called now."
    ),
    button=_("Reopen for this hour"),
    logged=_("Reopened for the hour"),
)
OPEN_DAY = Command(
    run=_open(SpendSpan.DAY),
    title=_("Reopen this limit for today?"),
    explanation=_(
        "The full daily amount of calls and cost may be used again before "
        "today ends. Leads that are waiting for tomorrow are called now."
    ),
    button=_("Reopen for today"),
    logged=_("Reopened for the day"),
)


class LimitForm(forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    """Which calls are limited: all, those of a source, or those to a country."""

    country = CountryField(label=_("Country"), required=False)

    class Meta:
        model = SpendLimit
        fields = [
            "scope", "source", "country", "calls_an_hour", "calls_a_day", "cost_an_hour",
            "cost_a_day",
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Requires what the scope names and drops the rest; a cost limit requires prices."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        scope = cleaned.get("scope")
        if scope == SpendScope.SOURCE and not cleaned.get("source"):
            self.add_error("source", gettext("Choose the source to limit."))
        if scope == SpendScope.COUNTRY and not cleaned.get("country") and not self.errors:
            self.add_error("country", gettext("Enter the country to limit calls to."))
        costs = [it for it in ("cost_an_hour", "cost_a_day") if (cleaned.get(it) or 0) > 0]
        if costs and not CallPrice.objects.filter(Q(set_up__gt=0) | Q(per_minute__gt=0)).exists():
            self.add_error(
                costs[0],
                gettext(
                    "No call has a price yet, so every call counts as free and this would limit "
                    "nothing. Enter call prices first."
                ),
            )
        if scope != SpendScope.SOURCE:
            cleaned["source"] = None
        if scope != SpendScope.COUNTRY:
            cleaned["country"] = ""
        return cleaned


@admin.register(SpendLimit)
class SpendLimitAdmin(Admin):
    """How many calls, and at what cost, per hour and per day."""

    form = LimitForm
    list_display = ["named", "this_hour", "today"]
    fields = [
        "scope", "source", "country", ("calls_an_hour", "calls_a_day"),
        ("cost_an_hour", "cost_a_day"), "this_hour", "today",
    ]  # fmt: skip
    readonly_fields = ["this_hour", "today"]
    actions_detail = ["open_hour", "open_day"]
    show_full_result_count = False
    list_before_template = "admin/spending_hint.html"
    change_form_before_template = "admin/spending_hint.html"

    @display(description=_("limit of"))  # type: ignore[untyped-decorator]
    def named(self, limit: SpendLimit) -> str:
        """All calls, the source, or the country by its name."""
        found = _standing(limit, SpendSpan.HOUR)
        return found.name if found else str(limit)

    @display(description=_("used this hour"))  # type: ignore[untyped-decorator]
    def this_hour(self, limit: SpendLimit) -> SafeString | str:
        """Calls and estimated cost, with a bar."""
        return _used(_standing(limit, SpendSpan.HOUR))

    @display(description=_("used today"))  # type: ignore[untyped-decorator]
    def today(self, limit: SpendLimit) -> SafeString | str:
        """Calls and estimated cost, with a bar."""
        return _used(_standing(limit, SpendSpan.DAY))

    def save_model(self, request: HttpRequest, obj: SpendLimit, form: Any, change: bool) -> None:
        """If the limit was raised, leads that wait for its end go on."""
        super().save_model(request, obj, form, change)
        now = timezone.now()
        spend_limits.go_on(spend_limits.ends_of(obj.pk, now), now)

    def delete_model(self, request: HttpRequest, obj: SpendLimit) -> None:
        """Leads that wait for the limit's end go on."""
        now = timezone.now()
        ends = spend_limits.ends_of(obj.pk, now, reached_too=True)
        super().delete_model(request, obj)
        spend_limits.go_on(ends, now)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Deletes each limit separately, so that waiting leads go on."""
        for limit in queryset:
            self.delete_model(request, limit)

    @action(  # type: ignore[untyped-decorator]
        description=_("Reopen for this hour"), url_path="open-hour", permissions=["change"]
    )
    def open_hour(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then reopens the limit."""
        return self._one(request, object_id, OPEN_HOUR)

    @action(  # type: ignore[untyped-decorator]
        description=_("Reopen for today"), url_path="open-day", permissions=["change"]
    )
    def open_day(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks, then reopens the limit."""
        return self._one(request, object_id, OPEN_DAY)

    def _one(
        self, request: HttpRequest, object_id: str, command: Command[SpendLimit]
    ) -> HttpResponse:
        limit = self.get_object(request, object_id)
        if limit is None:
            raise Http404
        page = reverse("admin:callbacks_spendlimit_change", args=[limit.pk])
        if not is_confirmed(request):
            return ask(request, self, command.question([limit], request.user, page))
        command.carry_out(self, request, [limit])
        return HttpResponseRedirect(page)


def _used(found: Standing | None) -> SafeString | str:
    if found is None:
        return "-"
    parts = [_of(found.calls, found.most_calls)]
    if found.most_cost is not None:
        parts.append(
            gettext("cost %(spent)s of %(most)s")
            % {"spent": f"{found.cost:.2f}", "most": f"{found.most_cost:.2f}"}
        )
    text = ", ".join(parts)
    if not found.is_bounded:
        return text
    # Good while not near the limit, bad when nothing is left; the colours are in admin.css.
    meter = format_html(
        '<meter class="used" min="0" max="1" low="{}" high="{}" optimum="0" value="{}"></meter> {}',
        limits.NEAR, _FULL, "1" if found.is_used_up else f"{min(found.used, _FULL):.3f}", text,
    )  # fmt: skip
    if not found.is_used_up:
        return format_html("<div>{}</div>", meter)
    sentence = found.sentence(timezone.now(), timezone.get_current_timezone())
    return format_html('<div>{}<p class="trouble">{}</p></div>', meter, sentence)


def _of(calls: int, most: int | None) -> str:
    if most is None:
        return ngettext("%(calls)d call", "%(calls)d calls", calls) % {"calls": calls}
    return ngettext("%(calls)d of %(most)d call", "%(calls)d of %(most)d calls", most) % {
        "calls": calls, "most": most,
    }  # fmt: skip
