import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from callbacks.voicenter import PopUp, PopUpError, PopUpStatus, parse_popup, popup_answer

from .server import CALL_ID

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def popup(**fields):
    return parse_popup(json.dumps({"ivrid": CALL_ID} | fields).encode(), JSON)


def test_it_reads_a_recorded_request_while_it_rings(recorded):
    body = recorded("popup-ringing.json")
    assert parse_popup(body, JSON) == PopUp(
        call_id=CALL_ID,
        status=PopUpStatus.RINGING,
        extension="aBcD12ef",
        direction="Outgoing",
        started_at=datetime.fromtimestamp(1795428930, UTC),
        phone="972505550101",
        custom={"lead": "L-7f3k"},
        raw=json.loads(body),
    )


def test_it_reads_the_later_ones(recorded):
    talking = parse_popup(recorded("popup-talking.json"), JSON)
    assert (talking.status, talking.is_answered) == ("Talking", True)
    assert talking.answered_at == datetime.fromtimestamp(1795428934, UTC)
    over = parse_popup(recorded("popup-hangup.json"), JSON)
    assert (over.status, over.cause) == (PopUpStatus.HANGUP, "Normal hangup")


@pytest.mark.parametrize("name", ["popup-ringing.form", "popup-ringing.query"])
@pytest.mark.parametrize("content_type", [FORM, "", "text/plain"])
def test_a_form_and_the_query_of_a_get_say_the_same(recorded, name, content_type):
    read = parse_popup(recorded(name), content_type)
    assert (read.call_id, read.status, read.extension) == (CALL_ID, "Ringing", "aBcD12ef")
    assert (read.phone, read.did, read.answered_at) == ("0505550101", "0722550100", None)


def test_in_a_form_the_call_itself_is_json_text():
    call = {"callerphone": "0505550101", "customdata": {"var_attempt": "A-91xz"}}
    form = urlencode({"ivrid": CALL_ID, "status": "Ringing", "currentCall": json.dumps(call)})
    read = parse_popup(form.encode(), FORM)
    assert (read.phone, read.custom) == ("0505550101", {"attempt": "A-91xz"})


def test_names_and_words_are_read_without_case():
    read = parse_popup(
        json.dumps({"IvrID": CALL_ID, "EXTENUSER": "aB", "Status": "TALKING"}).encode(), JSON
    )
    assert (read.status, read.extension) == ("Talking", "aB")


@pytest.mark.parametrize("word", ["", "Parked", None, 7, [], "x" * 500])
def test_an_unknown_word_is_other(word):
    assert popup(status=word).status is PopUpStatus.OTHER


@pytest.mark.parametrize(
    ("fields", "answered"),
    [
        ({"isAnswered": True}, True),
        ({"isAnswered": "true"}, True),
        ({"isAnswered": 1}, True),
        ({"currentCall": {"answered": 1}}, True),
        ({"isAnswered": False}, False),
        ({"isAnswered": "false"}, False),
        ({}, False),
        ({"isAnswered": ["true"]}, False),
    ],
)
def test_it_knows_whether_it_was_answered(fields, answered):
    assert popup(**fields).is_answered is answered


@pytest.mark.parametrize("odd", [None, "text", [], 7, {}])
def test_what_the_call_says_fills_in_what_is_missing(odd):
    assert popup(currentCall=odd).phone == ""
    read = popup(currentCall={"callerphone": "0505550101", "callStarted": "1795428930"})
    assert (read.phone, read.started_at) == (
        "0505550101",
        datetime.fromtimestamp(1795428930, UTC),
    )


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        (b"", JSON, "unreadable"),
        (b"", FORM, "unreadable"),
        (b"[]", JSON, "unreadable"),
        (b"<a/>", "text/xml", "unreadable"),
        (b"a=1&" * 1000, FORM, "unreadable"),
        (b"status=Ringing", FORM, "no_call_id"),
        (b'{"ivrid": ["x"]}', JSON, "no_call_id"),
        (b'{"a":' * 40_000, JSON, "nested"),
        (b" " * (256 * 1024 + 1), JSON, "too_large"),
    ],
)
def test_what_is_no_popup_is_refused(body, content_type, reason):
    with pytest.raises(PopUpError) as caught:
        parse_popup(body, content_type)
    assert caught.value.reason == reason


def test_numbers_names_and_custom_values_stay_out_of_the_repr(recorded):
    shown = repr(parse_popup(recorded("popup-ringing.json"), JSON)) + repr(popup(callerName="Noa"))
    assert not any(text in shown for text in ("5550101", "L-7f3k", "Noa"))


def test_the_answer_names_the_lead_and_its_page():
    answer = popup_answer(url="https://leads.example/admin/1/", client_name="Noa\nLevi")
    assert answer == {
        "STATUS": "OK",
        "URL": "https://leads.example/admin/1/",
        "CLIENTNAME": "NoaLevi",
        "COMPANY": "",
        "TOTAL": 1,
    }


def test_the_answer_about_someone_unknown_is_ok_too():
    assert popup_answer() == {
        "STATUS": "OK", "URL": "", "CLIENTNAME": "", "COMPANY": "", "TOTAL": 0,
    }  # fmt: skip
    assert popup_answer(company="Green Garden", total=3)["TOTAL"] == 3


@pytest.mark.parametrize("url", ["javascript:alert(1)", "/admin/1/", "https://a@b.example/"])
def test_the_answer_opens_web_pages_only(url):
    with pytest.raises(ValueError, match="url"):
        popup_answer(url=url)
