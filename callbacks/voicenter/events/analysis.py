"""What the provider's AI data says: summary, answers, mood and transcript, as safe values.

The reference (CDR notification, aiData) has `insights` {`summary`, `questions[]` {`question
answer`}, `participants`}, `emotions.sentences[]` {`emotion emotion_direction`} and `transcript[]`
{`speaker text startTime endTime`}. Names are case-insensitive; values of another shape are skipped,
and no value raises an error. Speaker0 is the salesperson, Speaker1 the customer. That times are in
seconds is inferred.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from callbacks.voicenter.events import ai_data
from callbacks.voicenter.values import fields as f

# Characters read from one text.
MAX_TEXT = 10_000
# Limits for answers and participants, for lines of the transcript, and for the characters of each.
# Whatever exceeds them is counted but not read.
MAX_ANSWERS, MAX_ANSWERED = 100, 50_000
MAX_LINES, MAX_SPOKEN = 2_000, 250_000
_SPEAKER = re.compile(r"(?:speaker[\s_-]*)?([01])", re.IGNORECASE)
_LATEST = 7 * 24 * 3600  # seconds; no call is longer


@dataclass(frozen=True)
class Answer:
    """A question that the AI was to answer from the talk, with its answer."""

    question: str
    answer: str


@dataclass(frozen=True)
class Mood:
    """A feeling, and the number of sentences with it. `direction`: positive, negative, …"""

    emotion: str
    direction: str
    sentences: int


@dataclass(frozen=True)
class Line:
    """What somebody said.

    `leg`: 1 the salesperson, 2 the customer, None if unknown; `speaker`: as sent; `at`: seconds
    from the start of the call.
    """

    text: str
    speaker: str = ""
    leg: int | None = None
    at: float | None = None


@dataclass(frozen=True)
class Analysis:
    """Everything that could be read. `more_answers`, `more_lines`: how many were left out."""

    summary: str = ""
    participants: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    more_answers: int = 0
    moods: tuple[Mood, ...] = ()
    lines: tuple[Line, ...] = field(default=(), repr=False)
    more_lines: int = 0

    @property
    def mood(self) -> str:
        """The direction of most sentences, in lower case; "" if there is none."""
        heard: Counter[str] = Counter()
        for it in self.moods:
            heard[it.direction.lower()] += it.sentences
        del heard[""]
        return heard.most_common(1)[0][0] if heard else ""

    @property
    def says_nothing(self) -> bool:
        """Whether nothing in the data had a known shape."""
        return not (self.summary or self.participants or self.answers or self.moods or self.lines)


def read_analysis(data: Any) -> Analysis:
    """Reads AI data of any type and shape."""
    parts = _folded(ai_data.bounded(data).data)
    insights = _folded(parts.get("insights"))
    questions = _items(insights.get("questions"))
    spoken = _items(parts.get("transcript"))
    sentences = parts.get("emotions")
    if isinstance(sentences, dict):
        sentences = _folded(sentences).get("sentences")
    answers, more_answers = _answers(questions)
    lines, more_lines = _lines(spoken)
    return Analysis(
        summary=_text(insights.get("summary")),
        participants=tuple(filter(None, map(_text, _parties(insights.get("participants"))))),
        answers=answers,
        more_answers=more_answers,
        moods=tuple(_moods(_items(sentences))),
        lines=lines,
        more_lines=more_lines,
    )


def _folded(value: Any) -> Mapping[str, Any]:
    return f.folded(value) if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _parties(value: Any) -> list[Any]:
    """A list of names, an object with names in it, or one text."""
    if isinstance(value, dict):
        value = list(value.values())
    return value[:MAX_ANSWERS] if isinstance(value, list) else [value]


def _answers(questions: list[Any]) -> tuple[tuple[Answer, ...], int]:
    """The answers that were read, and how many were not."""
    found: list[Answer] = []
    room = MAX_ANSWERED
    for index, each in enumerate(map(_folded, questions)):
        if room <= 0 or len(found) == MAX_ANSWERS:
            return tuple(found), len(questions) - index
        question = _text(each.get("question")) or _text(each.get("key"))
        answer = Answer(question, _text(each.get("answer")))
        if answer.question or answer.answer:
            found.append(answer)
            room -= len(answer.question) + len(answer.answer)
    return tuple(found), 0


def _moods(sentences: list[Any]) -> Iterator[Mood]:
    heard = Counter(
        (_text(each.get("emotion"), 50), _text(each.get("emotion_direction"), 50))
        for each in map(_folded, sentences)
    )
    for (emotion, direction), count in heard.most_common(12):
        if emotion or direction:
            yield Mood(emotion, direction, count)


def _lines(spoken: list[Any]) -> tuple[tuple[Line, ...], int]:
    """The lines that were read, and how many were not."""
    found: list[Line] = []
    room = MAX_SPOKEN
    for index, each in enumerate(spoken):
        if room <= 0 or len(found) == MAX_LINES:
            return tuple(found), len(spoken) - index
        said = _folded(each)
        text = _text(each if isinstance(each, str) else said.get("text"))
        if text:
            speaker = _text(said.get("speaker"), 50)
            known = _SPEAKER.fullmatch(speaker)
            leg = int(known[1]) + 1 if known else None
            found.append(Line(text, speaker, leg, _seconds(said.get("starttime"))))
            room -= len(text)
    return tuple(found), 0


def _text(value: Any, most: int = MAX_TEXT) -> str:
    """Text, a number, true or false, or a list of those, as text; "" for anything else."""
    if isinstance(value, list):
        listed = (_text(each, most) for each in value[:20] if not isinstance(each, list))
        return ", ".join(filter(None, listed))[:most]
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        return ""
    text = str(value).strip()
    return text if len(text) <= most else f"{text[:most].rstrip()}…"


def _seconds(value: Any) -> float | None:
    """Seconds from a number or its text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if 0 <= seconds <= _LATEST else None
