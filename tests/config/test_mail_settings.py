"""How EMAIL_URL is read, and what the checks say about it."""

import pytest

from callbacks.config.environment import Environment
from callbacks.config.mail_checks import check_mail

GOOD = {
    "EMAIL_HOST": "mail.example.com",
    "EMAIL_USE_TLS": True,
    "EMAIL_USE_SSL": False,
    "EMAIL_TIMEOUT": 10.0,
    "MAIL_KEPT_DAYS": 30,
    "DEFAULT_FROM_EMAIL": "Callbacks <callbacks@example.com>",
}

# The address; host, port, user, password, STARTTLS, TLS from the start.
READ = [
    ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, "", "", False, False)),
    ("smtp://mail.example.com", ("mail.example.com", 25, "", "", False, False)),
    ("smtp+tls://u:p@mail.example.com", ("mail.example.com", 587, "u", "p", True, False)),
    ("smtp+ssl://u:p@mail.example.com", ("mail.example.com", 465, "u", "p", False, True)),
    ("smtps://u:p@mail.example.com:465", ("mail.example.com", 465, "u", "p", False, True)),
    (
        "smtp+tls://me%40example.com:a%2Fb@mail.example.com:26",
        ("mail.example.com", 26, "me@example.com", "a/b", True, False),
    ),
]

CASES = [
    ("all is well", {}, []),
    ("no mail", {"EMAIL_HOST": "", "DEFAULT_FROM_EMAIL": ""}, []),
    ("from nobody", {"DEFAULT_FROM_EMAIL": ""}, ["E050"]),
    ("from somebody without an address", {"DEFAULT_FROM_EMAIL": "Callbacks"}, ["E050"]),
    ("no time to answer", {"EMAIL_TIMEOUT": 0.0}, ["E051"]),
    ("too much time", {"EMAIL_TIMEOUT": 31.0}, ["E051"]),
    ("not a number at all", {"EMAIL_TIMEOUT": float("nan")}, ["E051"]),
    ("forgotten at once", {"MAIL_KEPT_DAYS": 0}, ["E051"]),
    ("kept for ever", {"MAIL_KEPT_DAYS": 366}, ["E051"]),
    ("mail that others can read", {"EMAIL_USE_TLS": False}, ["W010"]),
    ("TLS from the start", {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": True}, []),
    ("a server on this machine", {"EMAIL_USE_TLS": False, "EMAIL_HOST": "127.0.0.1"}, []),
]


@pytest.mark.parametrize(("address", "expected"), READ)
def test_an_address_is_read(address, expected, monkeypatch) -> None:
    monkeypatch.setenv("EMAIL_URL", address)
    env = Environment()
    found = env.mail_server("EMAIL_URL")
    names = ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL")
    assert tuple(found[f"EMAIL_{name}"] for name in names) == expected
    assert env.mistakes == []


@pytest.mark.parametrize(
    "address",
    ["mail.example.com", "smtp://", "smtp://user:s3cret@", "http://mail.example.com",
     "smtp://user:s3cret@mail.example.com:x", "smtp://[::1", "consolemail://", "s3cret"],
)  # fmt: skip
def test_an_address_that_is_none_is_named_without_being_shown(address, monkeypatch) -> None:
    monkeypatch.setenv("EMAIL_URL", address)
    env = Environment()
    assert env.mail_server("EMAIL_URL") == {}
    ((wrong, way_out),) = env.mistakes
    assert wrong == "EMAIL_URL is not the address of a mail server."
    assert "s3cret" not in way_out


def test_no_address_is_no_mistake(monkeypatch) -> None:
    monkeypatch.setenv("EMAIL_URL", " ")
    env = Environment()
    assert env.mail_server("EMAIL_URL") == {}
    assert env.mistakes == []


@pytest.mark.parametrize(("_case", "values", "ids"), CASES, ids=[row[0] for row in CASES])
def test_the_checks(_case, values, ids, settings) -> None:
    for name, value in {**GOOD, **values}.items():
        setattr(settings, name, value)
    assert [it.id for it in check_mail(None)] == [f"callbacks.{number}" for number in ids]
