"""Whose address a request comes from: X-Forwarded-For is read from the right, past our proxies."""

from ipaddress import ip_address, ip_network

import pytest
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from leads.guard import address
from leads.models import Lead, LeadSource

PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8:ff::/48")]
# REMOTE_ADDR, X-Forwarded-For, the address that counts.
CASES = [
    ("nothing is forwarded", "203.0.113.7", None, "203.0.113.7"),
    ("a visitor forwards for nobody", "203.0.113.7", "198.51.100.1", "203.0.113.7"),
    ("our proxy says for whom it asks", "10.0.0.1", "203.0.113.7", "203.0.113.7"),
    ("what the visitor has invented", "10.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
    ("invented as one of ours", "10.0.0.1", "10.0.0.9, 203.0.113.7", "203.0.113.7"),
    ("two proxies of ours", "10.0.0.1", "198.51.100.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
    ("a foreign proxy before ours", "10.0.0.1", "203.0.113.7, 198.51.100.1", "198.51.100.1"),
    ("all of them are ours", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
    ("no word", "10.0.0.1", "unknown", "10.0.0.1"),
    ("no word, and an invention", "10.0.0.1", "203.0.113.7, unknown", "10.0.0.1"),
    ("an empty word", "10.0.0.1", "", "10.0.0.1"),
    ("an empty word at the end", "10.0.0.1", "203.0.113.7,", "10.0.0.1"),
    ("nonsense before it", "10.0.0.1", "'; --, 203.0.113.7", "203.0.113.7"),
    ("with its port", "10.0.0.1", "203.0.113.7:4711", "203.0.113.7"),
    ("IPv6 in brackets", "10.0.0.1", "[2001:db8::7]", "2001:db8::7"),
    ("IPv6 with its port", "10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
    ("IPv6 of a link", "fe80::1%eth0", None, "fe80::1"),
    ("IPv4 within IPv6", "::ffff:203.0.113.7", None, "203.0.113.7"),
    ("our proxy within IPv6", "::ffff:10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
    ("our proxy's IPv6", "2001:db8:ff::1", "2001:db8::7", "2001:db8::7"),
    ("a Unix socket", "", "203.0.113.7", None),
    ("IPv4 in another base", "10.0.0.1", "0x7f.1", "10.0.0.1"),
]


@pytest.mark.parametrize(
    ("sender", "forwarded", "counts"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_whose_address_it_is(
    sender: str, forwarded: str | None, counts: str | None, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = PROXIES
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    request = RequestFactory().get("/", REMOTE_ADDR=sender, **headers)  # type: ignore[arg-type]
    found = address.of_request(request)
    assert found == (None if counts is None else ip_address(counts))


def test_without_trusted_proxies_nobody_is_believed(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = []
    request = RequestFactory().get("/", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="192.0.2.1")
    assert address.of_request(request) == ip_address("127.0.0.1")


def test_a_customer_of_ipv6_is_a_network_of_64_bits() -> None:
    one, other = (ip_address(it) for it in ("2001:db8:1:2::3", "2001:db8:1:2:ffff::9"))
    assert address.customer(one) == address.customer(other) == "2001:db8:1:2::/64"
    assert address.customer(ip_address("203.0.113.7")) == "203.0.113.7"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sent_from", "kept"),
    [("203.0.113.7", "203.0.113.7"), ("2001:db8:1:2::3", "2001:db8:1:2::3"),
     ("::ffff:203.0.113.7", "203.0.113.7"), ("", None)],
    ids=["IPv4", "IPv6, the whole of it", "IPv4 within IPv6", "nobody knows"],
)  # fmt: skip
@pytest.mark.parametrize("by", ["form", "api"])
def test_the_address_stands_on_the_lead(
    by: str, sent_from: str, kept: str | None, client: Client, source: LeadSource
) -> None:
    fields = {"source": source.slug, "name": "Dana", "phone": "050-555 0101"}
    to = f"/contact/{source.slug}/" if by == "form" else "/api/leads/"
    client.post(to, fields, REMOTE_ADDR=sent_from)
    assert Lead.objects.get().submitted_from == kept
