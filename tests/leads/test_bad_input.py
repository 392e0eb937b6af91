"""Garbage sent to the form and the API gets a clear answer, never a 500."""

import json

import pytest
from django.test import Client

from leads.models import Lead, LeadSource

NAMES = {
    "control characters": ("No\x07a\x1b[31m Levi\x7f\x9f", "Noa[31m Levi"),
    "NUL": ("Noa\x00 Levi", "Noa Levi"),
    "right-to-left override": ("Noa \u202eiveL\u202c \u2066x\u2069", "Noa iveL x"),
    "line breaks": ("Noa\r\nLevi\u2028Cohen\tx", "Noa Levi Cohen x"),
    "emoji with joiners": (
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 Noa \U0001f1ee\U0001f1f1",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 Noa \U0001f1ee\U0001f1f1",
    ),
    "Hebrew and Arabic": ("\u05e0\u05d5\u05e2\u05d4 \u0646\u0648\u0639\u0629",) * 2,
    "HTML": ("<script>alert(1)</script>",) * 2,
    "template code": ("{{ 7|add:7 }}{% debug %}",) * 2,
    "SQL": ("'; DROP TABLE leads_lead; --",) * 2,
    "percent and format signs": ("%s %(x)s {0}",) * 2,
    "zero-width and byte order marks": ("\ufeffNo\u200ba\u2060 Levi\ufffe", "Noa Levi"),
}
PHONES = [
    "\x00",
    "+" * 60,
    "9" * 40,
    "\u202e" * 20,
    "\U0001f4de" * 20,
    "-1",
    "0x1F",
    "1e9",
    "\u0665",
]


@pytest.mark.parametrize(("typed", "stored"), NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("way", ["form", "json"])
def test_a_strange_name_is_stored_as_text(
    way: str, typed: str, stored: str, client: Client, source: LeadSource
) -> None:
    fields = {"source": "website", "name": typed, "phone": "0505550101", "message": typed}
    if way == "form":
        assert client.post("/contact/website/", fields).status_code == 303
    else:
        answer = client.post("/api/leads/", json.dumps(fields), "application/json")
        assert answer.status_code == 201
    assert Lead.objects.get().name == stored


def test_half_characters_in_json_are_left_out(client: Client, source: LeadSource) -> None:
    body = (
        b'{"source": "website", "name": "N\\ud800oa", "phone": "050\\udfff5550101",'
        b' "email": "noa@\\ud800example.com", "message": "\\ud83d\\ude00 \\ude00"}'
    )
    assert client.post("/api/leads/", body, "application/json").status_code == 201
    lead = Lead.objects.get()
    assert (lead.name, lead.email, lead.message) == ("Noa", "noa@example.com", "\U0001f600")


def test_a_strange_name_is_shown_again_as_text(client: Client, source: LeadSource) -> None:
    page = client.post(
        "/contact/website/", {"name": '"><script>\u202e', "phone": "\x00\u202e"}
    ).text
    assert "&quot;&gt;&lt;script&gt;" in page
    assert "\u202e" not in page
    assert "\x00" not in page


@pytest.mark.parametrize("phone", PHONES)
def test_a_strange_number_is_refused(phone: str, client: Client, source: LeadSource) -> None:
    fields = {"source": "website", "name": "Noa", "phone": phone}
    assert client.post("/contact/website/", fields).status_code == 422
    answer = client.post("/api/leads/", json.dumps(fields), "application/json")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["phone"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b" ", "application/json", 400),
        (b"{", "application/json", 400),
        (b"null", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"text"', "application/json", 400),
        (b'{"name": "\xff\xfe"}', "application/json", 400),
        (b"[" * 60_000, "application/json", 400),
        (b'{"a":' * 12_000, "application/json", 400),
        (b'{"phone": ' + b"1" * 6000 + b"}", "application/json", 400),
        (b'{"source": NaN}', "application/json", 400),
        ('{"source": "website"}'.encode("utf-16"), "application/json", 400),
        (b"source=website&name=%FF%00&phone=%00", "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"f=1" for _ in range(500)), "application/x-www-form-urlencoded", 400),
        (b"nothing of the kind", "multipart/form-data; boundary=x", 400),
        (b"nothing of the kind", "multipart/form-data", 400),
        (b"<lead/>", "application/xml", 415),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
        (b"{}", "\xff", 415),
    ],
)
def test_the_api_refuses_a_strange_body_in_json(
    body: bytes, kind: str, status: int, client: Client, source: LeadSource
) -> None:
    answer = client.post("/api/leads/", body, content_type=kind)
    assert answer.status_code == status
    assert answer.json()["errors"]
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"\xff\xfe=\xff", "application/x-www-form-urlencoded"),
        (b"%ED%A0%80=1&name=%ED%A0%80&phone=%C0%80", "application/x-www-form-urlencoded"),
        (b"&".join(b"f=1" for _ in range(500)), "application/x-www-form-urlencoded"),
        (b"nothing of the kind", "multipart/form-data; boundary=x"),
        (b"nothing of the kind", "multipart/form-data"),
        (b"name=Noa", "application/x-www-form-urlencoded; charset=utf-16"),
        (b"{}", "application/json"),
        (b"{}", ""),
    ],
)
def test_the_form_answers_a_strange_body_with_a_page(
    body: bytes, kind: str, client: Client, source: LeadSource
) -> None:
    answer = client.post("/contact/website/", body, content_type=kind)
    assert answer.status_code in {400, 415, 422}
    assert "<h1>" in answer.text
    assert not Lead.objects.exists()


NO_CHARSETS = ["cp1299", "windows-1200", "iso-8859-99", "iso-8859-12"]
KINDS = {
    "form": ("application/x-www-form-urlencoded", b"name=Noa&phone=0505550101"),
    "multipart": ("multipart/form-data; boundary=x", b"--x--\r\n"),
    "json": ("application/json", b"{}"),
}


@pytest.mark.parametrize("charset", NO_CHARSETS)
@pytest.mark.parametrize(("kind", "body"), KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("address", ["/api/leads/", "/contact/website/"])
def test_a_charset_that_does_not_exist_is_refused(
    address: str, kind: str, body: bytes, charset: str, client: Client, source: LeadSource
) -> None:
    # Not `post`, which encodes the body itself.
    answer = client.generic("POST", address, body, content_type=f"{kind}; charset={charset}")
    assert answer.status_code == 415
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"name": "Noa", "phone": "0505550101"}'),
        ("text/plain", b"name=Noa\r\nphone=0505550101"),
        ("", b"name=Noa&phone=0505550101"),
    ],
)
def test_a_body_that_is_no_form_is_told_so(
    kind: str, body: bytes, client: Client, source: LeadSource
) -> None:
    answer = client.generic("POST", "/contact/website/", body, content_type=kind)
    assert answer.status_code == 415
    assert "Send the form as application/x-www-form-urlencoded or multipart/form-data." in (
        answer.text
    )


def test_an_empty_body_gets_the_form_back(client: Client, source: LeadSource) -> None:
    answer = client.generic("POST", "/contact/website/", b"", content_type="")
    assert answer.status_code == 422
    assert "Enter your name." in answer.text


@pytest.mark.parametrize(
    ("address", "status"), [("/contact/website/", 303), ("/api/leads/", 201)], ids=["form", "API"]
)
@pytest.mark.parametrize("field", ["first", "last"])
def test_a_form_that_names_its_charset_in_a_field_is_read_by_it(
    address: str, status: int, field: str, client: Client, source: LeadSource
) -> None:
    """`<input type=hidden name=_charset_>`: browsers fill in the page's own charset."""
    body = b"source=website&name=%F0%E5%F2%E4&phone=0505550101"
    named = b"_charset_=windows-1255"
    body = b"&".join([named, body] if field == "first" else [body, named])
    kind = "application/x-www-form-urlencoded"
    assert client.generic("POST", address, body, content_type=kind).status_code == status
    assert Lead.objects.get().name == "נועה"


@pytest.mark.parametrize("address", ["/contact/website/", "/api/leads/"])
def test_a_form_in_utf16_is_told_the_reason(
    address: str, client: Client, source: LeadSource
) -> None:
    body = "source=website&name=Noa&phone=0505550101".encode("utf-16")
    kind = "application/x-www-form-urlencoded; charset=utf-16"
    answer = client.generic("POST", address, body, content_type=kind)
    assert answer.status_code == 415
    assert "A form cannot be in UTF-16. Send UTF-8." in answer.text


def test_an_empty_charset_is_utf8(client: Client, source: LeadSource) -> None:
    body = '{"source": "website", "name": "נועה", "phone": "0505550101"}'.encode()
    answer = client.generic("POST", "/api/leads/", body, content_type="application/json; charset=")
    assert answer.status_code == 201
    assert Lead.objects.get().name == "נועה"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_another_method_than_get_at_the_root_is_told_so(method: str, source: LeadSource) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.generic(
        method, "/", b"name=Noa", content_type="application/x-www-form-urlencoded"
    )
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "query", ["earlier=0b6f6a5e-6a0f-4a53-9c1b-1f2f3c4d5e6f&utm_source=x", "a=%D7%A0+b&a=2", ""]
)
def test_the_address_without_its_slash_keeps_its_query(
    query: str, client: Client, source: LeadSource
) -> None:
    answer = client.get(f"/contact/website?{query}")
    assert answer.status_code == 302
    assert answer["Location"] == f"/contact/website/?{query}".rstrip("?")


@pytest.mark.parametrize("slug", ["Website", " website ", "WEBSITE"])
def test_a_source_in_another_spelling(slug: str, client: Client, source: LeadSource) -> None:
    body = {"source": slug, "name": "Noa", "phone": "0505550101"}
    assert client.post("/api/leads/", body, content_type="application/json").status_code == 201
    assert client.get(f"/contact/{slug.strip()}/").status_code == 200
