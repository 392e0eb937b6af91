"""Checks that Click2Call answers at an address, without the code and without ringing anybody."""

from __future__ import annotations

import requests

from callbacks.voicenter.click2call.answers import MAX_ANSWER, read_answer
from callbacks.voicenter.errors import Forbidden, OutcomeUnknown, ReadFailed, Refused
from callbacks.voicenter.http.addresses import check_url
from callbacks.voicenter.http.transport import Transport


def probe(
    url: str,
    *,
    get: bool = False,
    connect_timeout: float = 3.0,
    read_timeout: float = 15.0,
    ca_bundle: str | None = None,
) -> None:
    """Returns if the server at `url` answers like Click2Call (vendor page 1.6).

    Sends a call with neither code nor phone nor target, which can only be refused (ERRORCODE 1,
    "Phone is missing"): nobody is rung, and a wrong host does not learn the code. `get`: ask by
    GET, else by a form. Times in seconds, as for `Client`. Raises ConfigurationError, NotSent,
    Forbidden (401, 403: our address is not permitted), or ReadFailed if something else answers, or
    nothing.
    """
    check_url("url", url)
    fields = {"action": "call", "format": "JSON"}
    request = (
        requests.Request("GET", url, params=fields)
        if get
        else requests.Request("POST", url, data=fields)
    )
    transport = Transport(connect_timeout, read_timeout, ca_bundle)
    try:
        read_answer(transport.exchange(request.prepare(), MAX_ANSWER))
    except Forbidden:
        raise
    except Refused:
        return
    except OutcomeUnknown as unknown:
        failure = ReadFailed(str(unknown), reason=unknown.reason)
    else:
        failure = ReadFailed("the answer accepts a call to nobody", reason="unreadable")
    finally:
        transport.close()
    raise failure
