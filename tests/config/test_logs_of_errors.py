"""What is logged of an unexpected error, in the form, the API, the webhooks and the dial.

The database fails with a person's data in its message, as databases do.
"""

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from django.test import Client

from callbacks.calling import dispatch
from callbacks.config.logs import JsonFormatter, LineFormatter
from callbacks.models import Extension
from leads.models import Lead, LeadSource
from tests.support.simulator import SimulatorProcess

MakeLead = Callable[..., Lead]
pytestmark = pytest.mark.django_db(transaction=True)

PERSON = {
    "name": "Canariah Testovitz", "phone": "050-555-0177", "email": "canariah.t@example.com",
    "message": "the violet piano", "source": "website",
}  # fmt: skip
WORDS = ("Canariah", "Testovitz", "canariah.t", "violet", "piano", "5550177", "555-0177")
SECRETS = (settings.CDR_SECRET, settings.VOICENTER_CODE)
CDR = {
    "ivruniqueid": "a-call", "type": "Click2Call leg1", "status": "ANSWER",
    "caller": "0505550177", "target": "0505550177", "representative_name": "Canariah Testovitz",
}  # fmt: skip


@contextmanager
def failing(table: str) -> Iterator[None]:
    """Each write to this table fails with an error that tells all about the row."""
    with connection.cursor() as cursor:
        cursor.execute(f"""
            CREATE FUNCTION tests_fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION 'no room for % and Canariah Testovitz, 0505550177', NEW
                    USING DETAIL = 'the violet piano of canariah.t@example.com';
            END $$;
            CREATE TRIGGER tests_fail BEFORE INSERT OR UPDATE ON {table}
                FOR EACH ROW EXECUTE FUNCTION tests_fail();
        """)
        try:
            yield
        finally:
            cursor.execute("DROP FUNCTION tests_fail CASCADE")


@pytest.fixture(params=[LineFormatter, JsonFormatter])
def logged(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param())
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


def check_discreet(text: str, *places: str) -> None:
    """The text says where it happened, and shows nothing that it must not."""
    shown = [it for it in (*WORDS, *SECRETS) if it in text]
    missing = [it for it in places if it not in text]
    assert (shown, missing) == ([], []), text


@pytest.mark.parametrize("path", ["/contact/website/", "/api/leads/"], ids=["the form", "the API"])
def test_a_lead_that_cannot_be_stored(source: LeadSource, logged: io.StringIO, path: str) -> None:
    client = Client(raise_request_exception=False)
    values: dict[str, Any] = {"data": PERSON}
    if path == "/api/leads/":
        values["content_type"] = "application/json"
    with failing("leads_lead"):
        assert client.post(path, **values).status_code == 500
    check_discreet(logged.getvalue(), "leads/intake.py", "ProgrammingError", "sqlstate=P0001")


def test_a_record_that_cannot_be_stored(source: LeadSource, logged: io.StringIO) -> None:
    path = f"/webhooks/voicenter/{settings.CDR_SECRET}/cdr/"
    with failing("callbacks_callrecord"):
        answer = Client().post(path, data=CDR, content_type="application/json")
    assert answer.status_code == 503
    check_discreet(logged.getvalue(), "call record could not be stored", "ProgrammingError")


def test_a_dial_that_cannot_be_recorded(
    make_lead: MakeLead, extension: Extension, simulator: SimulatorProcess, logged: io.StringIO
) -> None:
    lead = make_lead("+972505550177", name=PERSON["name"])
    with failing("callbacks_callattempt"), pytest.raises(DatabaseError) as caught:
        dispatch.call_lead(lead.pk)
    logging.getLogger("celery.app.trace").error("failed", exc_info=caught.value)
    check_discreet(logged.getvalue(), "routing/claim.py", "ProgrammingError", "sqlstate=P0001")
