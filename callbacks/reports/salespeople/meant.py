"""Which calls, phones and people the people report covers."""

from datetime import timedelta

from django.db.models import (
    Case,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan, LessThan

from callbacks.models import Extension
from callbacks.models.attempt_states import AttemptKind
from callbacks.reports.filters import Asked
from callbacks.reports.groupings import GROUPINGS, Grouping
from callbacks.reports.people import Person, names
from callbacks.reports.salespeople.measures import answered

# A call that began before the period may reach into it. No call lasts longer.
LONGEST_CALL = timedelta(days=1)
_NOTHING = Value(timedelta(0), output_field=DurationField())
_SECOND = Value(timedelta(seconds=1), output_field=DurationField())

# When the salesperson picked up an answered call, and when the call was over for them.
PICKED_UP = ExpressionWrapper(
    F("claimed_at") + Coalesce("provider_time", _NOTHING) + Coalesce("leg1_time", _NOTHING),
    output_field=DateTimeField(),
)
OVER = Case(
    When(
        connected_at__isnull=False,
        talk_time__isnull=False,
        then=ExpressionWrapper(
            F("connected_at") + F("talk_time") * _SECOND, output_field=DateTimeField()
        ),
    ),
    When(connected_at__isnull=False, then=Coalesce("hung_up_at", "ended_at")),
    default=ExpressionWrapper(
        F("claimed_at")
        + Coalesce("provider_time", _NOTHING)
        + Coalesce("leg1_time", _NOTHING)
        + Coalesce("leg2_time", _NOTHING),
        output_field=DateTimeField(),
    ),
)
# Whose call it is, as a number of Person.
WHOSE = Func(
    "salesperson_id", "extension_id", template="COALESCE(%(expressions)s)", arg_joiner=", -",
    output_field=IntegerField(),
)  # fmt: skip


def _everybody(asked: Asked) -> list[int]:
    """Everybody with an active phone in an active team, whether or not they had calls."""
    found = phones(asked).filter(is_active=True, team__is_active=True)
    return list(dict.fromkeys(it.user_id or -it.pk for it in found))


def _of_calls(grouping: Grouping) -> Grouping:
    return Grouping(
        grouping.key, grouping.name, grouping.sql, ("claimed_at",), grouping.labels,
        grouping.every, grouping.days,
    )  # fmt: skip


CALL_GROUPINGS = {
    it.key: it
    for it in (
        Grouping(
            "salesperson", GROUPINGS["salesperson"].name, "COALESCE(%(expressions)s)",
            ("salesperson_id", "extension_id"), names, _everybody,
        ),
        *(_of_calls(GROUPINGS[key]) for key in ("day", "week", "month")),
    )
}  # fmt: skip


def _of_person(person: Person) -> Q:
    if person.number > 0:
        return Q(salesperson=person.number)
    return Q(salesperson__isnull=True, extension=-person.number)


def _of_asked(asked: Asked) -> Q:
    """Selects calls by everything but their time. One query: calls are found by phone and time."""
    its_phones = Extension.objects.filter(asked.seen.of_teams("team")).order_by()
    if asked.team is not None:
        its_phones = its_phones.filter(team=asked.team)
    # No phone has id 0; with an empty list, Django would send no query.
    ids = list(its_phones.values_list("pk", flat=True)) or [0]
    # A call is listed with its lead, so calls to a lead that moved to another team are left out.
    found = Q(kind=AttemptKind.CALL, extension__in=ids) & asked.seen.calls()
    if asked.sources:
        found &= Q(lead__source__in=asked.sources)
    if asked.language:
        found &= Q(lead__language=asked.language)
    if asked.status:
        found &= Q(lead__status=asked.status)
    found &= asked.marks("lead__")
    if asked.salesperson is not None:
        found &= _of_person(asked.salesperson)
    return found


def calls(asked: Asked) -> Q:
    """Selects the calls of these days."""
    start, end = asked.bounds
    return _of_asked(asked) & Q(claimed_at__gte=start, claimed_at__lt=end)


def calls_around(asked: Asked) -> Q:
    """Selects the answered calls that have ended and may have been in progress on these days."""
    start, end = asked.bounds
    found = _of_asked(asked) & answered() & Q(ended_at__isnull=False)
    return found & Q(claimed_at__gte=start - LONGEST_CALL, claimed_at__lt=end)


def calls_on(asked: Asked, grouping: Grouping | None = None, key: object = None) -> Q:
    """Selects the answered calls that were in progress on these days, whenever they began."""
    start, end = asked.bounds
    found = calls_around(asked)
    if grouping is not None and key is not None:
        if grouping.days:
            first, last = grouping.days(key, asked).bounds(asked.tz)
            start, end = max(start, first), min(end, last)
        else:
            found &= _of_person(Person(int(str(key))))
    return (
        found
        & Q(GreaterThan(OVER, Value(start)))
        & Q(LessThan(PICKED_UP, Value(end)))
        & Q(GreaterThan(OVER, PICKED_UP))
    )


def phones(asked: Asked) -> QuerySet[Extension]:
    """The current phones of the people asked for."""
    found = Extension.objects.filter(asked.seen.of_teams("team")).order_by("pk")
    if asked.team is not None:
        found = found.filter(team=asked.team)
    if asked.salesperson is None:
        return found
    if asked.salesperson.number > 0:
        return found.filter(user=asked.salesperson.number)
    return found.filter(user__isnull=True, pk=-asked.salesperson.number)
