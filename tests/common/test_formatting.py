# ruff: noqa: RUF001  # letters of other scripts
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from callbacks.common.formatting import clock, dated, in_words, percent, when

ZONE = ZoneInfo("Asia/Jerusalem")
AT = datetime(2026, 11, 25, 10, 30, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.04, "< 0.1 s"),
        (0.05, "0.1 s"),
        (0.84, "0.8 s"),
        (6, "6 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3599.6, "1 h"),
        (7500, "2 h 5 min"),
        (86_399, "1 d"),
        (273_600, "3 d 4 h"),
        (30 * 86_400, "30 d"),
    ],
)
def test_seconds_as_people_read_them(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_a_moment_before_is_told_like_one_after() -> None:
    assert when(AT - timedelta(hours=3), AT, ZONE) == "07:30"
    assert when(datetime(2026, 11, 24, 21, 59, tzinfo=UTC), AT, ZONE) == "Tue 24 Nov 23:59"


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.5, "50 %"),
        (0.987, "98.7 %"),
        (0.99999, "99.9 %"),
        (1e-6, "0.1 %"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float, words: str) -> None:
    assert percent(share) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "Sun 29 Nov 09:05",
                "29 Nov 09:05",
                "Sun 29 Nov 2026 09:05",
                "2 h 5 min",
                "0.8 s",
                "98.7 %",
            ],
        ),
        (
            "he",
            [
                "יום א׳, 29 בנוב׳ 09:05",
                "29 בנוב׳ 09:05",
                "יום א׳, 29 בנוב׳ 2026 09:05",
                "2 שע׳ 5 דק׳",
                "0.8 שנ׳",
                "98.7%",
            ],
        ),
        (
            "ar",
            [
                "الأحد، 29 نوفمبر 09:05",
                "29 نوفمبر 09:05",
                "الأحد، 29 نوفمبر 2026 09:05",
                "2 س 5 د",
                "0.8 ث",
                "98.7%",
            ],
        ),
        (
            "ru",
            [
                "вс, 29 нояб., 09:05",
                "29 нояб., 09:05",
                "вс, 29 нояб. 2026, 09:05",
                "2 ч 5 мин",
                "0,8 с",
                "98,7 %",
            ],
        ),
    ],
)
def test_moments_and_durations_as_the_language_writes_them(language: str, words: list[str]) -> None:
    at, now = datetime(2026, 11, 29, 7, 5, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC)
    zone = ZoneInfo("Asia/Jerusalem")
    with translation.override(language):
        told = [when(at, now, zone), clock(at, now, zone), dated(at, zone)]
        assert [*told, in_words(7500), in_words(0.84), percent(0.987)] == words
