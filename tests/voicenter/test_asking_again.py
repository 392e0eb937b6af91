"""A mere question is repeated only if certainly nothing was sent."""

import pytest

from callbacks.voicenter import BlacklistEntry, Call, NotSent, OutcomeUnknown, ReadFailed
from tests.support.simulator import eventually

from .exchange import answering, client_of
from .server import reset, stall_after

QUESTIONS = {
    "active calls": lambda client: client.active_calls(),
    "extensions": lambda client: client.extensions(),
}
CHANGES = {
    "call": lambda client: client.call(Call(phone="101", target="0505550101")),
    "blacklist": lambda client: client.add_to_blacklist([BlacklistEntry("0505550101")]),
}
ALL = QUESTIONS | CHANGES


@pytest.fixture
def broken_off(provider):
    """Resets every handshake, so that the client has sent nothing of its request."""
    attempts = []

    def accept(sock):
        attempts.append(1)
        sock.recv(1)
        reset(sock, None)

    provider.on_accept = accept
    return attempts


@pytest.mark.parametrize("name", ALL)
def test_only_a_question_that_did_not_leave_is_sent_again(provider, broken_off, name):
    provider.url = provider.url.replace("http:", "https:")
    client = client_of(provider)
    with pytest.raises(NotSent):
        ALL[name](client)
    assert len(broken_off) == (2 if name in QUESTIONS else 1)


def test_the_second_time_counts(tls_provider, certificate):
    def break_off_the_first(sock):
        tls_provider.on_accept = None
        reset(sock, None)

    tls_provider.on_accept = break_off_the_first
    answering(tls_provider, lambda _: {"ERR": 0, "EXTENSIONS": [{"SIP": "101"}]})
    client = client_of(tls_provider, ca_bundle=str(certificate / "cert.pem"))
    assert [extension.sip for extension in client.extensions()] == ["101"]
    assert (tls_provider.connections, len(tls_provider.requests)) == (2, 1)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("fault", [reset, stall_after()], ids=["reset", "silence"])
def test_what_left_is_never_sent_again(provider, name, fault):
    provider.behaviour = fault
    with pytest.raises((ReadFailed, OutcomeUnknown)) as caught:
        ALL[name](client_of(provider, read_timeout=0.3))
    assert type(caught.value) is (ReadFailed if name in QUESTIONS else OutcomeUnknown)
    assert len(eventually(lambda: provider.requests)) == 1
