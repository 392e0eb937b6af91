"""POST /api/leads/."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.test import Client

from leads.models import Lead, LeadSource, LeadStatus

URL = "/api/leads/"
FILLED = {
    "source": "website",
    "name": "Noa Levi",
    "phone": "050-555 0101",
    "email": "noa@example.com",
    "message": "Hello",
}

pytestmark = pytest.mark.django_db


def send(client: Client, body: object = None, **headers: str):  # type: ignore[no-untyped-def]
    return client.post(
        URL, json.dumps(FILLED if body is None else body), "application/json", headers=headers
    )


def test_it_stores_the_lead_and_says_where_to_follow_it(client: Client, source: LeadSource) -> None:
    answer = send(client)

    lead = Lead.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(lead.public_id),
        "status_url": f"http://testserver/api/leads/{lead.public_id}/",
        "page_url": f"http://testserver/contact/website/{lead.public_id}/",
    }
    assert answer["Location"] == answer.json()["status_url"]
    assert answer["Cache-Control"] == "no-store, private"
    assert (lead.name, lead.phone, lead.email) == ("Noa Levi", "+972505550101", "noa@example.com")
    assert client.get(answer.json()["status_url"]).status_code == 200
    assert client.get(answer.json()["page_url"]).status_code == 200


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_it_takes_forms_as_well(kind: str, source: LeadSource, client: Client) -> None:
    if kind.startswith("multipart"):
        answer = client.post(URL, FILLED)
    else:
        answer = client.post(URL, str(httpx.QueryParams(FILLED)), kind)
    assert answer.status_code == 201
    assert Lead.objects.get().name == "Noa Levi"


def test_it_needs_neither_cookie_nor_csrf_token(source: LeadSource) -> None:
    assert send(Client(enforce_csrf_checks=True)).status_code == 201


def test_a_missing_slash_is_no_matter(client: Client, source: LeadSource) -> None:
    answer = client.post("/api/leads", json.dumps(FILLED), "application/json")
    assert answer.status_code == 201


def test_a_duplicate_is_stored_with_an_id_of_its_own(client: Client, source: LeadSource) -> None:
    first, second = send(client), send(client)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]
    duplicate = Lead.objects.get(public_id=second.json()["id"])
    assert duplicate.status == LeadStatus.DUPLICATE


def test_null_is_the_same_as_nothing_and_other_fields_are_ignored(
    client: Client, source: LeadSource
) -> None:
    answer = send(client, {**FILLED, "email": None, "message": None, "utm": {"campaign": 1}})
    assert answer.status_code == 201


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status", "field", "error"),
    [
        ({"source": "nobody"}, 404, "source", "There is no such source."),
        ({"source": "web site\x00"}, 404, "source", "There is no such source."),
        ({"source": ""}, 400, "source", "Name the source that the lead comes from."),
        ({"source": None}, 400, "source", "Name the source that the lead comes from."),
        ({"name": None}, 400, "name", "Enter your name."),
        ({"name": "\u202e"}, 400, "name", "Enter your name."),
        ({"name": ["Noa"]}, 400, "name", "This must be a string, in quotation marks."),
        ({"phone": ""}, 400, "phone", "Enter your phone number."),
        ({"phone": 505550101}, 400, "phone", "This must be a string, in quotation marks."),
        ({"phone": True}, 400, "phone", "This must be a string, in quotation marks."),
        ({"phone": "100"}, 400, "phone", "Enter a phone number that we can call"),
        ({"phone": "1" * 40}, 400, "phone", "Enter a phone number that we can call"),
        ({"phone": "1-900-555-010"}, 400, "phone", "We cannot call this kind of number."),
        ({"email": "noa"}, 400, "email", "Enter an email address"),
        ({"message": "m" * 2001}, 400, "message", "Use at most 2000 characters"),
    ],
)
def test_it_refuses(
    change: dict[str, object],
    status: int,
    field: str,
    error: str,
    client: Client,
    source: LeadSource,
) -> None:
    answer = send(client, {**FILLED, **change})
    assert answer.status_code == status
    assert list(answer.json()) == ["errors"]
    assert list(answer.json()["errors"]) == [field]
    assert answer.json()["errors"][field][0].startswith(error)
    assert not Lead.objects.exists()


def test_all_errors_come_at_once(client: Client, source: LeadSource) -> None:
    answer = send(client, {"source": "website", "email": "?"})
    assert set(answer.json()["errors"]) == {"name", "phone", "email"}


def test_a_source_that_is_off_is_unknown(client: Client, source: LeadSource) -> None:
    LeadSource.objects.update(is_active=False)
    assert send(client).status_code == 404


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options"])
def test_only_post_is_allowed(method: str, client: Client) -> None:
    answer = getattr(client, method)(URL)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert answer.json() == {"errors": {"method": ["Use POST."]}}


def test_other_addresses_of_the_api_answer_in_json(client: Client) -> None:
    answer = client.get("/api/other/")
    assert answer.status_code == 404
    assert list(answer.json()) == ["errors"]


# --- Idempotency-Key ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "same",
    [{"name": f"{FILLED['name']} "}, {"call_at": ""}, {"call_at": None}, {"source": " Website"}],
    ids=["a space", "an empty field", "a null field", "the source in another spelling"],
)
def test_the_same_fields_written_another_way_are_the_same_request(
    same: dict[str, str | None], client: Client, source: LeadSource
) -> None:
    first = send(client, **{"Idempotency-Key": "order-17"})
    again = send(client, {**FILLED, **same}, **{"Idempotency-Key": "order-17"})
    assert (again.status_code, again.json()) == (201, first.json())


def test_the_same_key_gives_the_same_lead_and_the_same_answer(
    client: Client, source: LeadSource
) -> None:
    answers = [send(client, **{"Idempotency-Key": "order-17"}) for _ in range(3)]

    assert {(answer.status_code, answer.content) for answer in answers} == {
        (201, answers[0].content)
    }
    assert Lead.objects.count() == 1


def test_the_answer_stays_when_the_rest_would_be_refused_by_now(
    client: Client, source: LeadSource
) -> None:
    first = send(client, **{"Idempotency-Key": "order-17"})
    LeadSource.objects.update(allowed_countries=["GB"], default_country="GB")
    again = send(client, **{"Idempotency-Key": "order-17"})
    assert (again.status_code, again.content) == (201, first.content)


def test_a_refused_submission_does_not_use_up_its_key(client: Client, source: LeadSource) -> None:
    key = {"Idempotency-Key": "order-17"}
    assert send(client, {**FILLED, "phone": "100"}, **key).status_code == 400
    assert send(client, **key).status_code == 201


def test_keys_of_different_sources_do_not_meet(client: Client, source: LeadSource) -> None:
    LeadSource.objects.create(slug="landing", name="Landing page")
    for slug in ["website", "landing"]:
        send(client, {**FILLED, "source": slug}, **{"Idempotency-Key": "1"})
    assert Lead.objects.count() == 2


@pytest.mark.parametrize("key", ["", "k" * 256, "kl\u00fc", "a\tb", "\x7f"])
def test_it_refuses_a_key_that_is_not_printable_ascii_or_too_long(
    key: str, client: Client, source: LeadSource
) -> None:
    answer = send(client, **{"Idempotency-Key": key})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["Idempotency-Key"]
    assert not Lead.objects.exists()


def test_a_key_in_the_body_is_just_another_field(client: Client, source: LeadSource) -> None:
    for _ in range(2):
        send(client, {**FILLED, "Idempotency-Key": "order-17"})
    assert Lead.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_key_twenty_times_at_once_is_one_lead_and_one_answer(
    source: LeadSource, gunicorn: str
) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}

    def post(_: int) -> tuple[int, bytes]:
        answer = httpx.post(f"{gunicorn}{URL}", json=FILLED, headers=headers, timeout=60)
        return answer.status_code, answer.content

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(post, range(20)))

    assert len(answers) == 1
    assert answers.pop()[0] == 201
    assert Lead.objects.count() == 1
