"""What the provider's clock shows, by the Date of its answers."""

from datetime import UTC, datetime, timedelta

import pytest

from callbacks.voicenter import OutcomeUnknown

from .server import http, reset, say


def answers_with(provider, *headers):
    provider.behaviour = say(http(b"", "503 Busy", "text/plain", *headers))


def asked(client, call):
    with pytest.raises(OutcomeUnknown):
        client.call(call)
    return client.providers_time()


@pytest.mark.parametrize(
    "date",
    ["Sun, 01 Mar 2026 12:00:00 GMT", "Sunday, 01-Mar-26 12:00:00 GMT", "Sun Mar  1 12:00:00 2026"],
)
def test_it_is_the_date_of_the_newest_answer_and_goes_on(client, provider, call, date):
    assert client.providers_time() is None
    answers_with(provider, "Date: Mon, 02 Feb 2026 12:00:00 GMT")
    asked(client, call)
    answers_with(provider, f"Date: {date}")
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    first = asked(client, call)
    assert noon <= first < noon + timedelta(minutes=1)
    assert client.providers_time() >= first


@pytest.mark.parametrize(
    "header",
    ["X-None: 1", "Date: ", "Date: yesterday", "Date: Sun, 99 Mar 2026 12:00:00 GMT",
     "Date: Sun, 01 Mar 99999 12:00:00 GMT", "Date: 1", f"Date: {'1' * 5000}"],
)  # fmt: skip
def test_a_date_that_makes_no_sense_tells_nothing(client, provider, call, header):
    answers_with(provider, header)
    assert asked(client, call) is None


def test_without_an_answer_there_is_none(client, provider, call):
    provider.behaviour = reset
    assert asked(client, call) is None
