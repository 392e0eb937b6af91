"""A webhook's address does not lead into our own network, whatever it is called."""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.alerts import safe_http
from callbacks.alerts.safe_http import NoAnswer, NotAllowed, NotSent, may_be_asked, target_of
from tests.support.simulator import eventually
from tests.support.threads import no_thread_starts
from tests.support.webhook_receiver import WebhookReceiver

ADDRESSES = [
    ("192.0.2.1", False, "for documentation"),
    ("8.8.8.8", True, "public"),
    ("127.0.0.1", False, "loopback"),
    ("127.8.8.8", False, "loopback too"),
    ("0.0.0.0", False, "this host"),
    ("10.1.2.3", False, "private"),
    ("172.16.0.1", False, "private, the middle one"),
    ("172.32.0.1", True, "beside the private ones"),
    ("192.168.1.1", False, "private at home"),
    ("169.254.169.254", False, "link-local: the metadata of clouds"),
    ("100.64.0.1", False, "a carrier's own"),
    ("198.18.0.1", False, "for benchmarks"),
    ("224.0.0.1", False, "multicast"),
    ("240.0.0.1", False, "reserved"),
    ("255.255.255.255", False, "broadcast"),
    ("::1", False, "loopback"),
    ("::", False, "this host"),
    ("2606:4700:4700::1111", True, "public"),
    ("fe80::1", False, "link-local"),
    ("fe80::1%eth0", False, "link-local, of an interface"),
    ("fc00::1", False, "private"),
    ("fd12:3456::1", False, "private"),
    ("fec0::1", False, "site-local"),
    ("ff02::1", False, "multicast"),
    ("::ffff:127.0.0.1", False, "loopback, mapped"),
    ("::ffff:10.0.0.1", False, "private, mapped"),
    ("::ffff:8.8.8.8", True, "public, mapped"),
    ("64:ff9b::7f00:1", False, "loopback, translated"),
    ("64:ff9b::808:808", True, "public, translated"),
    ("2002:7f00:1::", False, "6to4, which may stand for loopback"),
    ("2001:0:7f00:1::", False, "Teredo"),
    ("2001:db8::1", False, "for documentation"),
]


@pytest.mark.parametrize(
    ("address", "may"), [pytest.param(*it[:2], id=f"{it[0]}: {it[2]}") for it in ADDRESSES]
)
def test_which_addresses_may_be_asked(address: str, may: bool, settings: SettingsWrapper) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = False
    assert may_be_asked(ipaddress.ip_address(address)) is may
    settings.WEBHOOKS_TO_LOOPBACK = True
    of_this_machine = address in LOOPBACK
    assert may_be_asked(ipaddress.ip_address(address)) is (may or of_this_machine)


LOOPBACK = {"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"}


URLS = [
    ("https://hooks.example.com/a?b=c", ""),
    ("https://hooks.example.com:8443", ""),
    ("http://hooks.example.com/", "must begin with https"),
    ("ftp://hooks.example.com/", "must begin with https"),
    ("file:///etc/passwd", "must begin with https"),
    ("gopher://127.0.0.1:6379/_FLUSHALL", "must begin with https"),
    ("hooks.example.com", "must begin with https"),
    ("https://", "not an address"),
    ("https:///path", "not an address"),
    ("https://host:port/", "not an address"),
    ("https://host:0/", "not an address"),
    ("https://host:99999/", "not an address"),
    ("https://user:secret@hooks.example.com/", "a user name or password"),
    ("https://hooks.example.com@127.0.0.1/", "a user name or password"),
    ("https://hooks.example.com/a b", "not an address"),
    ("https://hooks.example.com/\r\nX: y", "not an address"),
    ("https://hooks.example.com\\@127.0.0.1/", "not an address"),
    ("https://דוגמה.example/", "not an address"),
    ("", "must begin with https"),
]


@pytest.mark.parametrize(("url", "wrong"), URLS)
def test_which_urls_may_be_entered(url: str, wrong: str, settings: SettingsWrapper) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = False
    if not wrong:
        assert target_of(url).is_https
        return
    with pytest.raises(NotAllowed, match=wrong):
        target_of(url)


INSIDE = [
    "https://127.0.0.1/", "https://localhost/", "https://2130706433/", "https://0x7f.1/",
    "https://127.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data/", "https://0/",
]  # fmt: skip


@pytest.mark.parametrize("url", INSIDE)
def test_nothing_is_posted_inside_however_it_is_written(
    url: str, settings: SettingsWrapper
) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = False
    with pytest.raises((NotAllowed, NoAnswer)) as caught:
        safe_http.post(url, b"{}", {})
    assert "private network" in str(caught.value) or "not known" in str(caught.value)


def found(*addresses: str, port: int = 443) -> list[Any]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (it, port)) for it in addresses]


def test_a_name_that_also_stands_for_a_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper
) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = False
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found("8.8.8.8", "10.0.0.1"))
    with pytest.raises(NotAllowed):
        safe_http.post("https://hooks.example.com/", b"{}", {})


def test_where_no_thread_can_be_started_nothing_is_posted(
    monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper, webhook: WebhookReceiver
) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    with (
        no_thread_starts(monkeypatch, of=threading.Timer),
        pytest.raises(NotSent),
    ):
        safe_http.post(webhook.url, b"{}", {})
    assert webhook.posted == []
    assert safe_http.post(webhook.url, b"{}", {}) == 204


def test_a_name_that_changes_its_address_meanwhile_is_not_looked_up_again(
    monkeypatch: pytest.MonkeyPatch, settings: SettingsWrapper, webhook: WebhookReceiver
) -> None:
    """The connection goes to the address that was checked; a second look-up would differ."""
    settings.WEBHOOKS_TO_LOOPBACK = True
    port = int(webhook.url.rsplit(":", 1)[1].split("/")[0])
    answers: Iterator[list[Any]] = iter([found("127.0.0.1", port=port)])
    looked_up = []

    def look_up(host: str, *_: object, **__: object) -> list[Any]:
        looked_up.append(host)
        is_ours = host == "rebinding.example.com"
        return next(answers) if is_ours else found(host, port=port)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert safe_http.post(f"http://rebinding.example.com:{port}/hook", b"{}", {}) == 204
    assert looked_up.count("rebinding.example.com") == 1
    assert webhook.posted[0].headers["host"] == f"rebinding.example.com:{port}"


def test_no_redirect_is_followed(settings: SettingsWrapper, webhook: WebhookReceiver) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    webhook.status, webhook.location = 307, webhook.url
    assert safe_http.post(webhook.url, b"{}", {}) == 307
    assert len(webhook.posted) == 1


def test_no_proxy_of_the_environment_is_used(
    settings: SettingsWrapper, webhook: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert safe_http.post(webhook.url, b"{}", {}) == 204


@pytest.mark.parametrize("how", ["hangs", "drips"])
def test_one_that_does_not_answer_is_left_in_the_end(
    how: str, settings: SettingsWrapper, webhook: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    monkeypatch.setattr(safe_http, "ANSWER_WITHIN", 0.5)
    setattr(webhook, how, True)
    with pytest.raises(NoAnswer, match=r"did not answer within 0\.5 s"):
        safe_http.post(webhook.url, b"{}", {})
    assert len(eventually(lambda: webhook.posted)) == 1


def test_on_a_busy_machine_the_socket_may_give_up_before_the_deadline_is_looked_at(
    settings: SettingsWrapper, webhook: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    monkeypatch.setattr(safe_http, "ANSWER_WITHIN", 0.2)
    monkeypatch.setattr(safe_http._Connection, "abort", lambda _: None)
    webhook.hangs = True
    with pytest.raises(NoAnswer, match=r"did not answer within 0\.2 s"):
        safe_http.post(webhook.url, b"{}", {})


def test_one_that_refuses_or_speaks_something_else(settings: SettingsWrapper) -> None:
    settings.WEBHOOKS_TO_LOOPBACK = True
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(NoAnswer, match="refuses the connection"):
            safe_http.post(f"http://{address}/", b"{}", {})


def test_a_certificate_that_is_not_the_hosts_is_not_accepted(
    settings: SettingsWrapper, webhook: WebhookReceiver
) -> None:
    """The receiver speaks no TLS at all, which is no better than a wrong certificate."""
    settings.WEBHOOKS_TO_LOOPBACK = True
    with pytest.raises(NoAnswer, match="No secure connection"):
        safe_http.post(webhook.url.replace("http:", "https:"), b"{}", {})
    assert webhook.posted == []
