"""The provider's AI data about calls, as managers read it. All of it is untrusted."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from callbacks.access import others_calls
from callbacks.access.scope import Scope
from callbacks.admin import html
from callbacks.common.translation import Text
from callbacks.models import AiData, CallRecord
from callbacks.models.ai_data import AiDataLoss
from callbacks.voicenter import read_analysis
from callbacks.voicenter.events import ai_data as bounds
from callbacks.voicenter.events.analysis import Analysis, Line
from callbacks.voicenter.values.documents import MAX_DEPTH
from leads.models import Lead

_RIGHT = "callbacks.view_aidata"
# The newest calls; the others are on their records' pages.
CALLS_SHOWN = 3
ANY = "any"
# Characters shown of the data as received.
_MOST_AS_SENT = 20_000
_MIB = 1024 * 1024

_LOSSES: dict[str, Text] = {
    AiDataLoss.CUT: _(
        "The end of the AI data is missing: it was larger than %(kept)d MiB. The transcript was "
        "cut first."
    ),
    AiDataLoss.TOO_LARGE: _("The AI data was larger than %(read)d MiB and was not kept."),
    AiDataLoss.NESTED: _(
        "The AI data was nested more than %(depth)d levels deep and was not kept."
    ),
    AiDataLoss.UNREADABLE: _("The AI data could not be read and was not kept."),
}
_COLOURS = {"positive": html.GREEN, "negative": html.RED}


@dataclass(frozen=True)
class _Mood:
    text: str
    colour: str
    sentences: str


@dataclass(frozen=True)
class _Line:
    who: str
    at: str
    text: str
    tone: str


@dataclass(frozen=True)
class _Call:
    """One record's AI data, in words."""

    title: str
    address: str
    loss: str
    analysis: Analysis
    answers: tuple[tuple[str, str], ...]
    moods: tuple[_Mood, ...]
    lines: tuple[_Line, ...]
    as_sent: str


def may_read(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether the user may read it: a separate right, because it is what people said."""
    return user.has_perm(_RIGHT)  # type: ignore[union-attr]


def of_lead(lead: Lead, seen: Scope) -> SafeString | str:
    """The newest `seen` calls of a lead; "" if none has AI data. Expects the lead's attempts to be
    loaded.
    """
    stored = AiData.objects.filter(seen.calls("record__attempt__"), record__attempt__lead=lead)
    stored = stored.order_by("-record_id")
    ids = list(stored.values_list("pk", flat=True))
    newest = stored.select_related("record__attempt").filter(pk__in=ids[:CALLS_SHOWN])
    own = (it for it in lead.call_attempts.all() if not others_calls.is_of_others(lead, it))
    erased = [it.ai_data_erased_at for it in own if it.ai_data_erased_at]
    return _shown(
        [_call(each, whole=False) for each in newest],
        earlier=[html.page_of(CallRecord, pk) for pk in ids[CALLS_SHOWN:][:20]],
        erased=html.written(max(erased)) if erased else "",
    )


def of_record(record: CallRecord) -> SafeString | str:
    """One record, with the data as received; "" if it has none."""
    stored = AiData.objects.select_related("record__attempt").filter(record=record)
    return _shown([_call(each, whole=True) for each in stored])


# Only this many of the newest calls are searched: no list reads all of them.
FILTERED = 1_000
NOTHING: tuple[str, str, str] = ("", "", "")


def digests(lead_ids: Iterable[int], seen: Scope) -> dict[int, tuple[str, str, str]]:
    """Summary, answers (one per line) and mood of each lead's newest `seen` call that has AI data.
    One query.
    """
    kept = AiData.objects.filter(
        seen.calls("record__attempt__"), record__attempt__lead__in=list(lead_ids)
    ).order_by("record_id")
    columns = kept.values_list("record__attempt__lead_id", "summary", "answers", "mood")
    return {
        lead_id: (
            summary,
            "\n".join(f"{question}: {_answer(answer)}" for question, answer in answers),
            mood_in_words(mood),
        )
        for lead_id, summary, answers, mood in columns
    }


def leads_heard(mood: str, seen: Scope) -> list[int]:
    """The leads of the newest `seen` calls with this mood, or with any AI data if ANY."""
    kept = AiData.objects.filter(seen.calls("record__attempt__"), record__attempt__isnull=False)
    kept = kept.filter(data__isnull=False) if mood == ANY else kept.filter(mood=mood)
    newest = kept.order_by("-record_id")[:FILTERED]
    return list(newest.values_list("record__attempt__lead_id", flat=True))


def mood_in_words(mood: str) -> str:
    known = {
        "positive": gettext("Positive"),
        "neutral": gettext("Neutral"),
        "negative": gettext("Negative"),
    }
    return known.get(mood, mood)


def _shown(calls: list[_Call], earlier: Iterable[str] = (), erased: str = "") -> SafeString | str:
    if not calls and not erased:
        return ""
    context = {"calls": calls, "earlier": earlier, "erased": erased}
    shown: SafeString = render_to_string("admin/ai_data.html", context)
    return shown


def _call(stored: AiData, *, whole: bool) -> _Call:
    record = stored.record
    analysis = read_analysis(stored.data)
    at = record.attempt.claimed_at if record.attempt else record.received_at
    unknown = stored.data is not None and analysis.says_nothing
    return _Call(
        title=gettext("Call of %(moment)s") % {"moment": html.written(at)},
        address="" if whole else html.page_of(CallRecord, record.pk),
        loss=_loss(stored.loss),
        analysis=analysis,
        answers=tuple((it.question, _answer(it.answer)) for it in analysis.answers),
        moods=tuple(_moods(analysis)),
        lines=tuple(map(_line, analysis.lines)),
        as_sent=_as_sent(stored.data) if stored.data is not None and (whole or unknown) else "",
    )


def _loss(loss: str) -> str:
    if loss not in _LOSSES:
        return ""
    return str(_LOSSES[loss]) % {
        "kept": bounds.MAX_KEPT // _MIB,
        "read": bounds.MAX_READ // _MIB,
        "depth": MAX_DEPTH,
    }


def _answer(answer: str) -> str:
    known = {"true": gettext("yes"), "false": gettext("no"), "": gettext("no answer")}
    return known.get(answer, answer)


def _moods(analysis: Analysis) -> Iterator[_Mood]:
    for mood in analysis.moods:
        sentences = ngettext("%(count)d sentence", "%(count)d sentences", mood.sentences)
        named = dict.fromkeys(filter(None, (mood.emotion, mood.direction)))
        yield _Mood(
            " · ".join(named),
            _COLOURS.get(mood.direction.lower(), html.GREY),
            sentences % {"count": mood.sentences},
        )


def _line(line: Line) -> _Line:
    who = {1: gettext("Salesperson"), 2: gettext("Lead")}.get(line.leg or 0, line.speaker)
    minutes, seconds = divmod(int(line.at or 0), 60)
    at = "" if line.at is None else f"{minutes}:{seconds:02}"
    return _Line(who, at, line.text, str(line.leg or ""))


def _as_sent(data: Any) -> str:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, indent=1)
    return text if len(text) <= _MOST_AS_SENT else f"{text[:_MOST_AS_SENT]}…"
