import pytest

from callbacks.voicenter import Call, Client, ConfigurationError
from callbacks.voicenter.client import DEFAULT_URL

from .server import CALL_ID

FULL = Call(
    phone="aBcD12ef",
    target="972505550101",
    record=True,
    phone_max_dial_time=60,
    target_caller_name="נועה & בניה=1",
    variables={"lead": "L-1", "attempt": "A+1"},
)
ON_THE_WIRE = {
    "code": "canary-7f3a9",
    "action": "call",
    "phone": "aBcD12ef",
    "target": "972505550101",
    "record": "true",
    "phonemaxdialtime": "60",
    "targetcallername": "נועה & בניה=1",
    "var_lead": "L-1",
    "var_attempt": "A+1",
}


@pytest.mark.parametrize("answer_format", ["json", "xml"])
@pytest.mark.parametrize(
    ("method", "verb", "content_type"),
    [
        ("post", "POST", "application/x-www-form-urlencoded"),
        ("post-json", "POST", "application/json"),
        ("get", "GET", None),
    ],
)
def test_it_sends_the_same_parameters_by_every_method(
    provider, method, verb, content_type, answer_format
):
    client = Client(
        url=provider.url, code="canary-7f3a9", method=method, answer_format=answer_format
    )
    answer = client.call(FULL)
    client.close()
    (request,) = provider.requests
    assert (request.method, request.headers.get("content-type")) == (verb, content_type)
    assert request.values == ON_THE_WIRE | {"format": answer_format.upper()}
    assert (answer.call_id, answer.error_code, answer.error_message) == (CALL_ID, 0, "OK")


def test_a_post_keeps_the_code_out_of_the_address(client, provider, call):
    client.call(call)
    assert provider.requests[0].path == "/click2call.aspx"


def test_it_sends_a_form_and_asks_for_json_unless_told_otherwise():
    client = Client(code="c")
    assert (client.url, client.method, client.answer_format) == (DEFAULT_URL, "post", "json")


@pytest.mark.parametrize(
    "url",
    ["", "click2call.aspx", "ftp://voicenter.invalid/", "http://", "http:///path", "http://[::1",
     "http://voicenter.invalid:99999/", "http://voicenter.invalid:0/", "http://a b/",
     "http://voicenter.invalid/\r\nX: y", "http://user@voicenter.invalid/",
     "http://voicenter.invalid/?code=canary-7f3a9", "http://voicenter.invalid/#x",
     "http://" + "a" * 70 + ".invalid/", "http://*.invalid/"],
)  # fmt: skip
def test_a_malformed_address_is_refused_when_the_client_is_built(url):
    with pytest.raises(ConfigurationError) as caught:
        Client(url=url, code="canary-7f3a9")
    assert "canary" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": ""},
        {"code": " padded "},
        {"code": "line\nend"},
        {"code": None},
        {"method": "put"},
        {"answer_format": "yaml"},
        {"connect_timeout": 0},
        {"read_timeout": -1},
        {"read_timeout": float("inf")},
    ],
)
def test_a_wrong_setting_is_refused_when_the_client_is_built(wrong):
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        Client(**({"code": "canary-7f3a9"} | wrong))
