"""The ways to send a Click2Call request, and the two formats of the answer."""

import http.client
import json
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from defusedxml import ElementTree

from tests.support.simulator import CODE, SimulatorProcess

CALL = {"code": CODE, "phone": "101", "target": "972505550101", "action": "call"}


def members(xml: bytes) -> dict[str, str]:
    root = ElementTree.fromstring(xml)
    assert root.tag == "methodResponse"
    struct = root.find("params/param/value/struct")
    assert struct is not None
    return {m.findtext("name"): m.findtext("value/string") or "" for m in struct.iter("member")}


def send(sim: SimulatorProcess, how: str, fields: dict[str, str]) -> httpx.Response:
    url = sim.click2call_url
    if how == "get":
        return sim.http.get(url, params=fields)
    if how == "form":
        return sim.http.post(url, data=fields)
    if how == "multipart":
        return sim.http.post(url, files={name: (None, value) for name, value in fields.items()})
    return sim.http.post(url, json=fields)


@pytest.mark.parametrize("how", ["get", "form", "multipart", "json"])
class TestEveryForm:
    def test_it_answers_xml_unless_asked_otherwise(self, sim: SimulatorProcess, how: str) -> None:
        answer = send(sim, how, CALL)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/xml")
        fields = members(answer.content)
        assert list(fields) == ["ERRORCODE", "ERRORMESSAGE", "CALLID"]
        assert fields["ERRORCODE"] == "0"
        assert fields["ERRORMESSAGE"] == "OK"
        assert len(fields["CALLID"]) == 32

    @pytest.mark.parametrize("word", ["json", "JSON"])
    def test_it_answers_json_on_request(self, sim: SimulatorProcess, how: str, word: str) -> None:
        answer = send(sim, how, CALL | {"format": word})
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.json().keys() == {"ERRORCODE", "ERRORMESSAGE", "CALLID"}
        assert answer.json()["ERRORCODE"] == 0

    def test_xml_and_json_say_the_same(self, sim: SimulatorProcess, how: str) -> None:
        broken = {k: v for k, v in CALL.items() if k != "phone"}
        xml = members(send(sim, how, broken).content)
        as_json = send(sim, how, broken | {"format": "json"}).json()
        assert xml == {k: str(v) for k, v in as_json.items()}
        assert xml == {"ERRORCODE": "1", "ERRORMESSAGE": "Phone is missing", "CALLID": ""}

    def test_the_ledger_has_what_was_sent(self, sim: SimulatorProcess, how: str) -> None:
        sent = CALL | {"record": "true", "var_lead": "שלום 7", "language": "he"}
        send(sim, how, sent)
        (entry,) = sim.ledger()
        assert entry.items() >= {k: v for k, v in sent.items() if k != "code"}.items()
        assert entry["method"] == ("GET" if how == "get" else "POST")
        assert entry["encoding"] == ("query" if how == "get" else how)

    def test_names_and_words_are_taken_in_any_case(self, sim: SimulatorProcess, how: str) -> None:
        sent = {"Code": CODE, "PHONE": "101", "Target": "0505550101", "Action": "Call"}
        assert members(send(sim, how, sent).content)["ERRORCODE"] == "0"
        (entry,) = sim.ledger()
        assert entry["phone"] == "101"
        assert entry["action"] == "call"


@pytest.mark.parametrize(
    "path",
    [
        "/ForwardDialer/click2call.aspx",
        "/forwardDialer/click2call.aspx",
        "/forwarddialer/click2call.aspx",
        "/FORWARDDIALER/CLICK2CALL.ASPX",
    ],
)
def test_the_path_is_the_same_in_any_case(sim: SimulatorProcess, path: str) -> None:
    assert sim.http.get(sim.url + path, params=CALL).status_code == 200
    assert len(sim.ledger()) == 1


def test_it_serves_the_vendors_php_sample(sim: SimulatorProcess) -> None:
    """No action, no format, and a line break inside the form body."""
    body = (
        f"code={CODE}&phone=101&phonecallerid=0500000000&target=0505550101\n"
        "&targetcallerid=0505550101&record=true"
    )
    where = urlsplit(sim.click2call_url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port)
    connection.request(
        "POST", where.path, body, {"Content-Type": "application/x-www-form-urlencoded"}
    )
    fields = members(connection.getresponse().read())
    connection.close()
    assert fields["ERRORCODE"] == "0"
    (entry,) = sim.ledger()
    assert entry["call_id"] == fields["CALLID"]
    assert entry["target"] == "0505550101"
    assert entry["action"] == "call"


def test_a_body_without_a_type_is_a_form(sim: SimulatorProcess) -> None:
    answer = sim.http.post(sim.click2call_url, content=urlencode(CALL))
    assert members(answer.content)["ERRORCODE"] == "0"


def test_json_numbers_and_truths_are_taken(sim: SimulatorProcess) -> None:
    sent = CALL | {"phone": 101, "record": True, "maxduration": 60, "vm_id": None}
    answer = sim.http.post(sim.click2call_url, json=sent)
    assert members(answer.content)["ERRORCODE"] == "0"
    (entry,) = sim.ledger()
    assert (entry["phone"], entry["record"], entry["maxduration"]) == ("101", "true", "60")
    assert "vm_id" not in entry


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_call_nobody(sim: SimulatorProcess, method: str) -> None:
    answer = sim.http.request(method, sim.click2call_url, params=CALL)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
    assert sim.ledger() == []


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("application/json", b"{", "Body is not valid JSON"),
        ("application/json", b"\xff\xfe\x00", "Body is not valid JSON"),
        ("application/json", b"[" * 60_000, "Body is not valid JSON"),
        ("application/json", b"[1]", "Body is not a JSON object"),
        ("application/json", b'{"phone": ["101"]}', "A parameter is not a single value"),
        ("application/json", b'{"phone": {"a": 1}}', "A parameter is not a single value"),
        ("application/json", b'{"phone": "1", "Phone": "2"}', "A parameter is given twice"),
        ("application/x-www-form-urlencoded", b"phone=1&phone=2", "A parameter is given twice"),
        ("application/x-www-form-urlencoded", b"a=1&" * 500, "Too many parameters"),
        ("application/x-www-form-urlencoded", b"\x00\xff\xfe%00%ff", "Code is missing"),
        ("multipart/form-data", b"--x", "Body is not a readable form"),
        ("multipart/form-data; boundary=x", b"garbage", "Body is not a readable form"),
    ],
)
def test_an_unreadable_body_is_error_1(
    sim: SimulatorProcess, kind: str, body: bytes, message: str
) -> None:
    answer = sim.http.post(sim.click2call_url, content=body, headers={"content-type": kind})
    assert answer.status_code == 200
    assert members(answer.content) == {
        "ERRORCODE": "1",
        "ERRORMESSAGE": message,
        "CALLID": "",
    }
    (entry,) = sim.ledger()
    assert (entry["error_code"], entry["accepted"]) == (1, False)


@pytest.mark.parametrize("size", [65_537, 10_000_000])
def test_a_body_over_64_kib_is_refused(sim: SimulatorProcess, size: int) -> None:
    where = urlsplit(sim.click2call_url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port)
    connection.putrequest("POST", where.path)
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    connection.send(b"x" * size)
    answer = connection.getresponse()
    assert answer.status == 413
    assert members(answer.read())["ERRORCODE"] == "1"
    connection.close()
    (entry,) = sim.ledger()
    assert entry["error_code"] == 1


def test_a_body_that_stops_half_way_is_no_request(sim: SimulatorProcess) -> None:
    where = urlsplit(sim.click2call_url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port)
    connection.putrequest("POST", where.path)
    connection.putheader("Content-Length", "500")
    connection.endheaders()
    connection.send(urlencode(CALL).encode())
    connection.close()
    sim.call(phone="102", target="0505550102")
    assert [entry["phone"] for entry in sim.ledger()] == ["102"]


def test_a_message_with_markup_stays_well_formed(sim: SimulatorProcess) -> None:
    answer = sim.http.post(sim.click2call_url, data=CALL | {"phone": "<&>\x00]]>"})
    assert members(answer.content)["ERRORMESSAGE"] == "Phone is invalid"
    assert json.loads(json.dumps(sim.ledger()))[0]["phone"] == "<&>\x00]]>"
