import os
import threading

import pytest

from callbacks.voicenter import OutcomeUnknown
from callbacks.voicenter.http import transport

from .server import ACCEPTED, http, say


def connections(provider):
    return [request.connection for request in provider.requests]


def test_a_thread_keeps_its_connection(client, provider, call):
    for _ in range(3):
        client.call(call)
    assert connections(provider) == [1, 1, 1]


def test_threads_do_not_share_a_connection(client, provider, call):
    client.call(call)
    other = threading.Thread(target=client.call, args=(call,))
    other.start()
    other.join()
    client.call(call)
    assert connections(provider) == [1, 2, 1]


def test_a_forked_child_does_not_use_its_parents_connection(client, provider, call):
    client.call(call)
    child = os.fork()
    if child == 0:
        # Leaves the process at once: nothing of the test run may continue in the child.
        try:
            client.call(call)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    client.call(call)
    assert connections(provider) == [1, 2, 1]


def test_a_connection_that_idled_too_long_is_not_used_again(client, provider, call, monkeypatch):
    client.call(call)
    monkeypatch.setattr(transport, "MAX_IDLE", 0.0)
    client.call(call)
    assert connections(provider) == [1, 2]


def test_a_connection_the_provider_has_closed_is_not_used_again(client, provider, call):
    provider.behaviour = say(http(), keep=False)
    for _ in range(3):
        client.call(call)
        provider.wait_until_closed()
    assert connections(provider) == [1, 2, 3]


def test_a_connection_the_provider_says_it_will_close_is_not_used_again(client, provider, call):
    provider.behaviour = say(http(ACCEPTED, "200 OK", "text/plain", "Connection: close"))
    for _ in range(3):
        client.call(call)
    assert connections(provider) == [1, 2, 3]


def test_a_kept_connection_that_breaks_under_a_request_is_unknown_and_not_repeated(
    client, provider, call
):
    client.call(call)
    provider.behaviour = say(b"")
    with pytest.raises(OutcomeUnknown) as caught:
        client.call(call)
    assert caught.value.reason == "reset"
    assert connections(provider) == [1, 1]


@pytest.mark.parametrize("answer", [http(b"?"), http(b"", "500 Error"), http(b"x" * 70_000)])
def test_the_call_after_a_bad_answer_gets_its_own_answer(client, provider, call, answer):
    provider.behaviour = say(answer, keep=True)
    with pytest.raises(OutcomeUnknown):
        client.call(call)
    provider.behaviour = say(http(), keep=True)
    assert client.call(call).error_code == 0


def test_each_answer_on_a_kept_connection_has_a_time_of_its_own(provider, client, call):
    client._transport.read_timeout = 8

    def late(sock, stop):
        stop.wait(4.5)
        sock.sendall(http())
        return True

    provider.behaviour = late
    assert [client.call(call).error_code for _ in range(2)] == [0, 0]
    assert connections(provider) == [1, 1]


def test_cookies_of_the_provider_are_not_kept(client, provider, call):
    provider.behaviour = say(
        http().replace(b"\r\n\r\n", b"\r\nSet-Cookie: session=1; Path=/\r\n\r\n", 1), keep=True
    )
    client.call(call)
    client.call(call)
    assert all("cookie" not in request.headers for request in provider.requests)
