"""The provider's AI data about an invented talk, as `aiData` of a record. Pure.

Also faulty data: too large, too deep, or in another shape than documented.
"""

from collections.abc import Callable
from typing import Any

_ENGLISH = [
    (0, "Hello, this is Dana from Green Garden. You asked us to call you."),
    (1, "Yes, thank you, that was fast. Do you deliver to Haifa?"),
    (0, "We do, on Sundays and on Wednesdays."),
    (1, "Wonderful. My last order came late, and I was not happy about it."),
    (0, "I am sorry. Wednesday before noon, and I will call you on Tuesday."),
    (1, "Great, then let us do it. Goodbye."),
]
_HEBREW = [
    (0, "שלום, מדברת דנה מ-Green Garden. ביקשת שנתקשר אליך."),
    (1, "כן, תודה, זה היה מהיר. אתם מגיעים לחיפה?"),
    (0, "כן, בימי ראשון ורביעי."),
    (1, "נהדר. ההזמנה הקודמת הגיעה באיחור, ולא הייתי מרוצה."),
    (0, "אני מצטערת. יום רביעי לפני 12:00, ואתקשר אליך ביום שלישי."),
    (1, "מצוין, נסגר. להתראות."),
]
_MOODS = ["neutral", "joy", "neutral", "anger", "sadness", "joy"]
_DIRECTIONS = {"neutral": "neutral", "joy": "positive", "anger": "negative", "sadness": "negative"}
_LARGE, _HUGE = 25_000, 60_000  # lines, of about 140 bytes
_DEEP = 300


def english() -> Any:
    """A talk in English."""
    return _analysis(
        _ENGLISH,
        "Noa asked for delivery to Haifa. They agreed on Wednesday before noon. She complained "
        "about a late order; Dana will call her on Tuesday.",
        [
            ("interest", "Is the customer interested?", "boolean", True),
            ("next", "What happens next?", "string", "Delivery on Wednesday before noon"),
            ("rating", "How satisfied is the customer, 1 to 5?", "number", 4),
        ],
    )


def hebrew() -> Any:
    """A talk in Hebrew, with a name and hours in other letters."""
    return _analysis(
        _HEBREW,
        "נועה שאלה על משלוח לחיפה. סוכם על יום רביעי לפני 12:00. היא התלוננה על איחור בהזמנה "
        "קודמת של Green Garden, ודנה תתקשר אליה ביום שלישי.",
        [
            ("interest", "האם יש עניין?", "boolean", True),
            ("next", "מה הצעד הבא?", "string", "משלוח ביום רביעי לפני 12:00"),
            ("rating", "שביעות רצון, 1 עד 5", "number", 4),
        ],
    )


def _analysis(
    spoken: list[tuple[int, str]], summary: str, questions: list[tuple[str, str, str, Any]]
) -> dict[str, Any]:
    return {
        "insights": {
            "summary": summary,
            "questions": [
                {"key": key, "question": question, "data_type": kind, "answer": answer}
                for key, question, kind, answer in questions
            ],
            "participants": ["Dana", "Noa"],
        },
        "emotions": {
            "sentences": [
                {
                    "emotion": mood,
                    "emotion_direction": _DIRECTIONS[mood],
                    "confidence_emotion": 0.87,
                }
                for mood in _MOODS
            ]
        },
        "transcript": [
            {
                "speaker": f"Speaker{who}",
                "text": text,
                "startTime": at * 6.5,
                "endTime": at * 6.5 + 6,
            }
            for at, (who, text) in enumerate(spoken)
        ],
    }


def _long(lines: int) -> Any:
    talk = hebrew()
    talk["transcript"] = (talk["transcript"] * (lines // len(talk["transcript"]) + 1))[:lines]
    return talk


def _deep() -> Any:
    value: Any = "bottom"
    for _ in range(_DEEP):
        value = {"insights": value}
    return value


def _wrong() -> Any:
    """The documented names, with wrong types throughout."""
    return {
        "insights": {"summary": 7, "questions": {"question": None}, "participants": 3.5},
        "emotions": {"sentences": [None, 5, {"emotion": ["joy"], "emotion_direction": {}}]},
        "transcript": [
            "<b>text alone</b>",
            None,
            {"speaker": 1, "text": [1], "startTime": "later"},
        ],
    }


NONE = "none"
LEG = 2  # the leg whose record has it: that leg is recorded
# The other values of a control's `ai_data`; docs/simulator.md describes them.
KINDS: dict[str, Callable[[], Any]] = {
    "english": english,
    "hebrew": hebrew,
    "large": lambda: _long(_LARGE),
    "huge": lambda: _long(_HUGE),
    "deep": _deep,
    "wrong": _wrong,
    "text": lambda: "Noa asked for delivery to Haifa.",
    "list": lambda: [english(), 7, None],
    "number": lambda: 7,
    "null": lambda: None,
}
