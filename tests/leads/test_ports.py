"""What `leads` asks of the application that calls its leads."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from callbacks.receivers import Caller
from leads import number_guard, ports
from leads.models import LeadSource
from leads.phones import PhoneRefused


class RefusesAll(Caller):
    def refusal(self, phone: str) -> str | None:
        return f"{phone} is not called."


def test_whoever_is_registered_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_caller", None)  # put back afterwards
    ports.register(RefusesAll())
    with pytest.raises(PhoneRefused) as refusal:
        number_guard.accept("050-555 0101", LeadSource())
    assert refusal.value.message == "+972505550101 is not called."


def test_callbacks_has_registered_itself() -> None:
    assert isinstance(ports._caller, Caller)


def test_with_nobody_registered_no_number_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_caller", None)
    with pytest.raises(ImproperlyConfigured, match="No application is installed"):
        number_guard.accept("050-555 0101", LeadSource())
