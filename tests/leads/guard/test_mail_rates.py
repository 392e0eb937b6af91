"""Mails are counted per mailbox, however its address is spelled."""

from datetime import UTC, datetime

import pytest
from pytest_django.fixtures import Settings as SettingsWrapper

from leads.guard import mail_rates, rate

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)

MAILBOXES = {
    "as it is": ("dana@example.com", "dana@example.com"),
    "capitals": ("Dana@Example.COM", "dana@example.com"),
    "blanks around it": ("  dana@example.com ", "dana@example.com"),
    "a sub-address": ("dana+1@example.com", "dana@example.com"),
    "a sub-address of several parts": ("dana+1+2@example.com", "dana@example.com"),
    "nothing behind the plus": ("dana+@example.com", "dana@example.com"),
    "a name of nothing but a sub-address": ("+1@example.com", "+1@example.com"),
    "a dot that is of the name": ("dana.levi@example.com", "dana.levi@example.com"),
    "dots of Gmail": ("d.a.n.a@gmail.com", "dana@gmail.com"),
    "dots and a sub-address of Gmail": ("D.ana+x@GMail.com", "dana@gmail.com"),
    "Gmail's other domain": ("dana@googlemail.com", "dana@gmail.com"),
    "a hyphen that is of the name": ("dana-levi@yahoo.com", "dana-levi@yahoo.com"),
    "a dot behind the domain": ("dana@example.com.", "dana@example.com"),
    "a domain of other letters": ("dana@b\u00fccher.example", "dana@xn--bcher-kva.example"),
    "the same in ASCII": ("dana@XN--BCHER-KVA.example", "dana@xn--bcher-kva.example"),
    "a name of other letters": ("D\u0130NA@example.com", "di\u0307na@example.com"),
    "an at sign in the name": ('"a@b"@example.com', '"a@b"@example.com'),
    "a part of a domain that is too long": (f"dana@{'x' * 70}.com", f"dana@{'x' * 70}.com"),
}


@pytest.mark.parametrize(("typed", "mailbox"), MAILBOXES.values(), ids=MAILBOXES)
def test_the_mailbox_of_an_address(typed: str, mailbox: str) -> None:
    assert mail_rates.mailbox(typed) == mailbox


def test_one_mailbox_has_one_rate_however_it_is_spelled(settings: SettingsWrapper) -> None:
    settings.RATE_MAIL, settings.RATE_MAILS = rate.read("2/d"), ()
    sent = [f"stranger+{n}@gmail.com" for n in range(3)] + ["s.tranger@googlemail.com"]
    may = [mail_rates.may_mail(to, f"mail {n}", NOW) for n, to in enumerate(sent)]
    assert may == [True, True, False, False]
    assert mail_rates.may_mail("another@gmail.com", "mail 9", NOW)
