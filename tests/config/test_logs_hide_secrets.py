"""No log line shows a configured secret, however short it is and wherever it stands."""

import pytest
from django.conf import settings

from callbacks.config import logs


@pytest.fixture(autouse=True)
def _hidden_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_hidden", set(logs._hidden))
    monkeypatch.setattr(logs, "_hidden_pattern", logs._hidden_pattern)


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        # As a word, whatever surrounds it.
        ("1123", "asked with code=1123", "asked with code=***"),
        ("1123", "{'code': '1123', 'x': 1}", "{'code': '***', 'x': 1}"),
        ("1123", "<code>1123</code>", "<code>***</code>"),
        ("1123", "/click2call.aspx?code=1123&phone=101", "/click2call.aspx?code=***&phone=101"),
        ("ab", "wrong code ab, ab!", "wrong code ***, ***!"),
        ("a.b-c", "wrong code a.b-c.", "wrong code ***."),
        ("קוד", "הוא קוד שגוי", "הוא *** שגוי"),
        ("a b&c", "?code=a%20b%26c", "?code=***"),
        # A word that only contains a short secret is something else.
        ("1123", "call_id=20261123101500abc", "call_id=20261123101500abc"),
        ("ab", "attempt of a table", "attempt of a table"),
        # A long secret never appears by chance.
        ("a-long-code-1", "xa-long-code-1x", "x***x"),
        ("", "nothing is hidden", "nothing is hidden"),
    ],
)
def test_it_is_hidden_as_a_word_or_wherever_it_stands(secret: str, text: str, shown: str) -> None:
    logs.hide(secret)
    assert logs.discreet(text) == shown


def test_the_longer_of_two_goes_first() -> None:
    logs.hide("abc", "abc-def")
    assert logs.discreet("abc-def abc") == "*** ***"


@pytest.mark.parametrize("name", ["VOICENTER_CODE", "CDR_SECRET", "SECRET_KEY"])
def test_the_secrets_of_the_settings_are_hidden(name: str) -> None:
    assert getattr(settings, name)
    assert logs.discreet(f"it is {getattr(settings, name)}") == "it is ***"
