"""The demo's source mails its visitors while the simulator keeps all mail, and only then."""

import pytest

from callbacks.localrun import prepare_database
from leads.models import Lead, LeadSource

pytestmark = pytest.mark.django_db
HERE = {"SIMULATOR_MAIL_PORT": "2525", "EMAIL_URL": "smtp://127.0.0.1:2525"}


@pytest.mark.parametrize(
    ("given", "mails"),
    [
        (HERE, True),
        ({"SIMULATOR_MAIL_PORT": "2525", "EMAIL_URL": "smtp://mail.example.com:25"}, False),
        ({"EMAIL_URL": "smtp://127.0.0.1:2525"}, False),
        ({}, False),
    ],
    ids=["kept here", "a server of the world's", "one of this machine", "none"],
)
def test_where_mail_stays_on_this_machine(
    given: dict[str, str], mails: bool, source: LeadSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in HERE:
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    prepare_database._mail_the_visitors()
    source.refresh_from_db()
    assert source.mails_visitors == mails


def test_whoever_has_switched_it_off_has_it_off(
    source: LeadSource, make_lead: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in HERE.items():
        monkeypatch.setenv(name, value)
    assert callable(make_lead)
    assert isinstance(make_lead(), Lead)
    prepare_database._mail_the_visitors()
    source.refresh_from_db()
    assert not source.mails_visitors
