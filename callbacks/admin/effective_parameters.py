"""The call parameters in effect for a source and an extension, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callbacks.common.formatting import in_words
from callbacks.models import CallParameters, Extension
from callbacks.routing import config
from callbacks.telephony import account
from callbacks.telephony.call_parameters import PROVIDER, ResolvedParameter, resolved
from callbacks.voicenter.click2call.call import CALL_PARAMETERS
from leads.models import LeadSource

# Parameters without a column, so without a verbose name.
_LABELS = {
    "ignore_dnc_status": _("call even if the number is on a do-not-call list"),
    "variables": _("custom variables"),
}


@dataclass(frozen=True)
class ParameterRow:
    """One parameter: its name, its value with its unit, and the place that sets it."""

    label: str
    value: str
    origin: str

    @property
    def is_said(self) -> bool:
        """Whether one of our places sets it. False for the provider's default."""
        return self.origin != PROVIDER


@dataclass(frozen=True)
class ParameterChoice:
    """A source whose calls the table can be shown for."""

    name: str
    address: str
    is_chosen: bool


@dataclass(frozen=True)
class EffectiveParameters:
    """The table, its title and its notes."""

    title: str
    rows: list[ParameterRow]
    note: str = ""
    choices: tuple[ParameterChoice, ...] = ()
    exceptions: tuple[Extension, ...] = ()


def may_see(request: HttpRequest) -> bool:
    """Whether the user may see or change call parameters, and so may see the resulting values."""
    return any(
        request.user.has_perm(f"callbacks.{verb}_callparameters") for verb in ("view", "change")
    )


def for_source(source: LeadSource) -> EffectiveParameters:
    """For a source's calls through an extension without parameters, and the extensions that have
    some.
    """
    own = Extension.objects.filter(team__sources=source, call_parameters__isnull=False)
    says_otherwise = [
        extension
        for extension in own.select_related("call_parameters").distinct()
        if extension.call_parameters.values()
    ]
    return EffectiveParameters(
        title=gettext("Parameters of calls to its leads"),
        rows=rows(source.pk, None),
        exceptions=tuple(says_otherwise),
    )


def for_extension(extension: Extension, chosen: str) -> EffectiveParameters:
    """For calls through an extension, for one of the sources that its team answers.

    `chosen`: the primary key of the wanted source, from the address. If it is not one of the
    team's sources, the first source is shown.
    """
    sources = list(LeadSource.objects.filter(teams=extension.team_id))
    source = next((it for it in sources if str(it.pk) == chosen), sources[0] if sources else None)
    if source is None:
        return EffectiveParameters(
            title=gettext("Parameters of calls through this extension"),
            rows=rows(None, extension.pk),
            note=gettext("Its team answers no source."),
        )
    several = len(sources) > 1
    return EffectiveParameters(
        title=gettext("Parameters of calls to leads from %(source)s") % {"source": source},
        rows=rows(source.pk, extension.pk),
        choices=tuple(ParameterChoice(str(it), f"?source={it.pk}", it == source) for it in sources)
        if several
        else (),
    )


def rows(source_id: int | None, extension_id: int | None) -> list[ParameterRow]:
    """Every parameter of a call."""
    places = account.places(config.current(), source_id, extension_id)
    return [_row(each) for each in resolved(places)]


def _row(each: ResolvedParameter) -> ParameterRow:
    unit = CALL_PARAMETERS[each.name].unit if each.name in CALL_PARAMETERS else ""
    return ParameterRow(_label(each.name), _in_words(each.value, unit), each.origin)


def _label(name: str) -> str:
    if name in _LABELS:
        return str(_LABELS[name])
    return str(CallParameters._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _in_words(value: Any, unit: str) -> str:
    """ "" if even the provider's documentation names no default."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {text}" for name, text in sorted(value.items()))
    if unit == "s":
        long = f" ({in_words(value)})" if value >= 60 else ""
        return f"{value} s{long}"
    return str(value)
