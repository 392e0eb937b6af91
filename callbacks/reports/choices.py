"""What the report's form offers to choose from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Func
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.access.scope import EVERYTHING, Scope
from callbacks.common.translation import Text
from callbacks.models import Extension, Team
from callbacks.reports import people
from callbacks.reports.filters import WITHOUT
from callbacks.reports.groupings import GROUPINGS, Grouping
from callbacks.reports.people import Person
from callbacks.reports.selection import BY
from leads import attribution, languages
from leads.models import LANGUAGE, LeadSource, LeadStatus


@dataclass(frozen=True)
class Option:
    """One choice."""

    value: str
    name: Text
    is_chosen: bool


@dataclass(frozen=True)
class Field:
    """A list to choose from. `problem`: what was wrong with the value in the address."""

    name: str
    label: str
    options: tuple[Option, ...]
    problem: str = ""
    many: bool = False


def fields(
    asked: QueryDict,
    problems: dict[str, str],
    groupings: Mapping[str, Grouping] = GROUPINGS,
    default_by: str = BY,
    seen: Scope = EVERYTHING,
) -> list[Field]:
    """The lists, with the chosen values. Eight small queries; two more for a person who left."""
    # Some leads were called by nobody; a call always has a caller.
    unnamed = people.unnamed(seen) if groupings is GROUPINGS else []
    callers = [(str(Person(number)), name) for number, name in unnamed]
    everybody = [("", gettext("Everyone")), *_people(asked, seen, callers)]
    its_teams, its_sources = Team.objects.filter(seen.of_teams("pk")), LeadSource.objects.all()
    if seen.is_limited:
        its_sources = its_sources.filter(pk__in=seen.sources)
    teams = [
        ("", gettext("All teams")),
        *((str(pk), name) for pk, name in its_teams.order_by("name").values_list("pk", "name")),
        *((people.team_written(number), name) for number, name in unnamed),
    ]
    sources = its_sources.order_by("name").values_list("pk", "name")
    lists: list[tuple[str, str, list[tuple[str, Text]]]] = [
        ("source", gettext("Sources"), [(str(pk), name) for pk, name in sources]),
        ("team", gettext("Team"), [*teams]),
        ("salesperson", gettext("Salesperson"), [*everybody]),
        ("language", gettext("Language"), [("", gettext("All languages")), *_languages(asked)]),
        ("status", gettext("Status"), [("", gettext("All leads")), *LeadStatus.choices]),
        *(_marks(asked, name, label, seen) for name, label in _MARKS.items()),
        ("by", gettext("Group by"), [(it.key, it.name) for it in groupings.values()]),
    ]
    if not seen.names:
        hidden = {"salesperson"}
        lists = [
            (name, label, [it for it in options if name != "by" or it[0] not in hidden])
            for name, label, options in lists
            if name not in hidden
        ]
    default = {"by": default_by}
    return [
        Field(
            name,
            label,
            tuple(
                Option(value, words, value in (asked.getlist(name) or [default.get(name, "")]))
                for value, words in options
            ),
            problems.get(name, ""),
            many=name == "source",
        )
        for name, label, options in lists
    ]


_MARKS = {
    "utm_campaign": _("Campaign"),
    "utm_medium": _("Medium"),
    "utm_source": _("Campaign source"),
}


def _marks(
    asked: QueryDict, name: str, label: Text, seen: Scope
) -> tuple[str, str, list[tuple[str, Text]]]:
    """The values of recent requests, and the chosen one."""
    known = attribution.lately(name, seen.sources if seen.is_limited else None)
    chosen = asked.get(name, "")
    if chosen and chosen not in {*known, WITHOUT}:
        known.append(chosen)
    options: list[tuple[str, Text]] = [("", gettext("All")), (WITHOUT, gettext("Not known"))]
    return name, str(label), [*options, *((it, it) for it in known)]


def _people(asked: QueryDict, seen: Scope, unnamed: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Everybody who has a phone, and the chosen person, who may have left."""
    found = [*people.choices(seen), *unnamed]
    chosen = Person.parsed(asked.get("salesperson", ""))
    if chosen and str(chosen) not in dict(found) and chosen.exists(seen):
        found.insert(0, (str(chosen), chosen.name()))
    return found


def _languages(asked: QueryDict) -> list[tuple[str, Text]]:
    """The languages of sources and phones, and the chosen one."""
    spoken = Func("languages", function="unnest")
    codes = {*LeadSource.objects.order_by().values_list("language", flat=True).distinct()}
    codes |= {*Extension.objects.order_by().values_list(spoken, flat=True).distinct()}
    if re.fullmatch(LANGUAGE, chosen := asked.get("language", "")):
        codes.add(chosen)
    return [(code, languages.name_of(code)) for code in sorted(code for code in codes if code)]
