"""AI data of every size, depth and shape: the rest of the record is read as if it had none."""

import json
import xmlrpc.client
from urllib.parse import urlencode

import pytest

from callbacks.simulator.engine import ai_data as invented
from callbacks.simulator.posts.packing import Spelling, pack
from callbacks.voicenter import parse_cdr, read_analysis
from callbacks.voicenter.events.ai_data import MAX_KEPT, MAX_READ
from callbacks.voicenter.events.analysis import (
    MAX_ANSWERS,
    MAX_LINES,
    MAX_SPOKEN,
    MAX_TEXT,
    Answer,
    Line,
    Mood,
)

RECORD = {
    "ivruniqueid": "C-1",
    "type": "Click2Call leg2",
    "status": "ANSWER",
    "actualCallDuration": 60,
    "price": 12,
    "record": "https://recordings.example/C-1.mp3",
}
LINE = {"speaker": "Speaker0", "text": "שלום וברכה " * 8, "startTime": 1.5, "endTime": 2}
TALK = {"insights": {"summary": "נועה"}, "transcript": [LINE]}


def talk(lines):
    return {**TALK, "transcript": [LINE] * lines}


def nested(levels):
    return '{"a":' * levels + "1" + "}" * levels


# name: (the text after "aiData": in the JSON, what is kept, what is lost)
SENT = {
    "an object": (json.dumps(TALK), TALK, ""),
    "brackets and quotes in a text": (json.dumps({"a": '}]", "x": {['}), {"a": '}]", "x": {['}, ""),
    "text of an object": (json.dumps(json.dumps(TALK)), TALK, ""),
    "text": ('"Noa, and {more}"', "Noa, and {more}", ""),
    "text that only begins as an object": ('"{Noa}"', "{Noa}", ""),
    "a list": ("[1, null]", [1, None], ""),
    "a number": ("7", 7, ""),
    "true": ("true", True, ""),
    "null": ("null", None, ""),
    "an empty object": ("{}", None, ""),
    "an empty text": ('" "', None, ""),
    "no number": ('{"a": NaN}', {"a": None}, ""),
    "halves of letters": (r'{"a": "\ud800\u0000"}', {"a": "\ufffd"}, ""),
    "a talk of an hour, escaped": (json.dumps(talk(800)), talk(800), ""),
    "as deep as it may be": (nested(31), json.loads(nested(31)), ""),
    "a level deeper": (nested(32), None, "nested"),
    "300 levels": (nested(300), None, "nested"),
    "a million levels": ("[" * 1_000_000 + "]" * 1_000_000, None, "nested"),
    "a million levels in a text": (json.dumps("[" * 1_000_000), None, "nested"),
    "no JSON inside": ('{"a" 1}', None, "unreadable"),
    "a text larger than is read": (json.dumps("a" * MAX_READ), None, "too_large"),
    "an object larger than is read": (json.dumps({"a": "a" * MAX_READ}), None, "too_large"),
}


@pytest.mark.parametrize(("sent", "kept", "loss"), SENT.values(), ids=SENT.keys())
@pytest.mark.parametrize("name", ["aiData", "AIDATA", r"ai\u0044ata"])
def test_in_json_it_costs_nothing_but_itself(name, sent, kept, loss):
    fields = json.dumps(RECORD)[1:-1]
    body = f'{{"CustomData": {{"lead": "L1"}}, "{name}" : {sent} , {fields}}}'
    record = parse_cdr(body.encode(), "application/json")
    assert (record.call_id, record.leg, record.status) == ("C-1", 2, "ANSWER")
    assert (record.talk_time, record.price, record.record_url) == (60, 12, RECORD["record"])
    assert record.custom == {"lead": "L1"}
    assert set(record.raw) == {*RECORD, "CustomData"}
    assert record.ai_data_loss == loss
    assert record.ai_data == kept


@pytest.mark.parametrize(
    ("sent", "kept", "loss"),
    [
        (json.dumps(TALK), TALK, ""),
        (json.dumps(talk(2_000)), talk(2_000), ""),
        (nested(300), None, "nested"),
        ("Noa", "Noa", ""),
        ("{Noa", "{Noa", ""),
        ("", None, ""),
        (json.dumps({"a": "a" * MAX_READ}), None, "too_large"),
    ],
    ids=["object", "large", "deep", "text", "almost JSON", "empty", "too large"],
)
def test_in_a_form_too(sent, kept, loss):
    body = urlencode(RECORD | {"aiData": sent, "var_lead": "L1"}).encode()
    record = parse_cdr(body, "application/x-www-form-urlencoded")
    assert (record.price, record.custom) == (12, {"lead": "L1"})
    assert (record.ai_data, record.ai_data_loss) == (kept, loss)


def in_xml(value):
    document = xmlrpc.client.dumps((RECORD | {"aiData": "HERE", "z": "last"},), methodname="cdr")
    return document.replace("<string>HERE</string>", value).encode()


TEXT = {"insights": {"summary": "נועה"}}
STRUCT = xmlrpc.client.dumps((TEXT,)).split("<param>\n<value>")[1].split("</value>\n</param>")[0]
DEEP = "<struct><member><name>a</name><value>" * 40 + "</value></member></struct>" * 40


@pytest.mark.parametrize(
    ("sent", "kept", "loss"),
    [
        (STRUCT, TEXT, ""),
        (f"<string>{json.dumps(TEXT)}</string>", TEXT, ""),
        (DEEP, None, "nested"),
        ("<a>" * 5_000 + "</a>" * 5_000, None, "nested"),
        ("<string><b/></string>", None, "unreadable"),
        ("<string>a</string><string>b</string>", None, "unreadable"),
        ("<array><data>" + "<value/>" * 300_000 + "</data></array>", None, "too_large"),
    ],
    ids=["struct", "text", "deep", "very deep", "no scalar", "two types", "too many"],
)
def test_in_xml_too(sent, kept, loss):
    record = parse_cdr(in_xml(sent), "text/xml")
    assert (record.call_id, record.price, record.raw["z"]) == ("C-1", 12, "last")
    assert (record.ai_data, record.ai_data_loss) == (kept, loss)


LOSSES = {"large": "cut", "huge": "too_large", "deep": "nested"}


@pytest.mark.parametrize("form", ["json", "form", "xml"])
@pytest.mark.parametrize("kind", invented.KINDS)
def test_all_that_the_simulator_sends_is_taken(kind, form):
    sent = RECORD | {"aiData": invented.KINDS[kind](), "CustomData": {"var_lead": "L1"}, "IVR": []}
    record = parse_cdr(*pack(sent, Spelling(form=form)))
    assert (record.call_id, record.price, record.custom) == ("C-1", 12, {"lead": "L1"})
    assert bool(record.ai_data) == (
        kind not in ("null", "deep") and record.ai_data_loss in ("", "cut")
    )
    assert bool(record.ai_data_loss) == (kind in LOSSES)
    if form == "json":
        assert record.ai_data_loss == LOSSES.get(kind, "")


def test_of_what_is_too_large_the_transcript_is_cut_first():
    sentences = [{"emotion": "joy", "emotion_direction": "positive"}] * 100
    sent = {
        "transcript": [LINE] * 20_000,
        "emotions": {"sentences": sentences},
        "insights": TALK["insights"],
        "topics": ["delivery"],
    }
    body = json.dumps(RECORD | {"aiData": sent}, ensure_ascii=False).encode()
    record = parse_cdr(body, "application/json")
    kept = record.ai_data
    assert record.ai_data_loss == "cut"
    for whole in ("emotions", "insights", "topics"):
        assert kept[whole] == sent[whole]
    assert kept["transcript"] == [LINE] * len(kept["transcript"])
    size = len(json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode())
    assert MAX_KEPT - 1000 < size <= MAX_KEPT


@pytest.mark.parametrize(
    "sent",
    [
        {"insights": {"summary": "x" * MAX_KEPT}},
        {"x" * MAX_KEPT: 1, "insights": {}},
        [[LINE] * 20_000],
        [LINE] * 20_000,
        {"a": {"b": {"c": [LINE] * 20_000}}},
        {str(n): "y" * 100 for n in range(30_000)},
        "\x01" * (MAX_KEPT // 2),
    ],
    ids=["a text", "a name", "a list in a list", "a list", "far inside", "many", "escapes"],
)
def test_no_shape_is_kept_beyond_the_bound(sent):
    body = json.dumps(RECORD | {"aiData": sent}, ensure_ascii=False).encode()
    record = parse_cdr(body, "application/json")
    assert record.ai_data_loss == "cut"
    assert len(json.dumps(record.ai_data, ensure_ascii=False).encode()) <= MAX_KEPT * 1.1


def test_what_it_says():
    found = read_analysis(
        {
            "Insights": {
                "summary": " Delivery on Wednesday. ",
                "questions": [
                    {"key": "interest", "question": "Interested?", "answer": True},
                    {"key": "rating", "answer": 4},
                    {"question": "Which?", "answer": ["a", "b"]},
                    {},
                ],
                "participants": {"Speaker0": "Dana", "Speaker1": "Noa"},
            },
            "emotions": {
                "sentences": [
                    {"emotion": "joy", "emotion_direction": "positive"},
                    {"emotion": "anger", "emotion_direction": "negative"},
                    {"emotion": "joy", "emotion_direction": "positive"},
                ]
            },
            "transcript": [
                {"speaker": "Speaker0", "text": "Hello", "startTime": 0},
                {"speaker": "speaker 1", "text": "שלום", "startTime": "61.5"},
                {"speaker": "Bot", "text": "Beep", "startTime": "soon"},
            ],
        }
    )
    assert found.summary == "Delivery on Wednesday."
    assert found.participants == ("Dana", "Noa")
    assert found.answers == (
        Answer("Interested?", "true"), Answer("rating", "4"), Answer("Which?", "a, b"),
    )  # fmt: skip
    assert found.moods == (Mood("joy", "positive", 2), Mood("anger", "negative", 1))
    assert found.lines == (
        Line("Hello", "Speaker0", 1, 0.0), Line("שלום", "speaker 1", 2, 61.5), Line("Beep", "Bot"),
    )  # fmt: skip


ODD = [None, True, 7, 1e308, "text", "{", [], [None], [[]], [7, "a"], {}, {"a": {}}, {"text": []}]


@pytest.mark.parametrize("odd", ODD, ids=json.dumps)
def test_nothing_of_another_shape_is_an_error(odd):
    for sent in (
        odd,
        {"insights": odd, "emotions": odd, "transcript": odd},
        {"insights": {"summary": odd, "questions": odd, "participants": odd}},
        {"insights": {"questions": [odd, {"question": odd, "key": odd, "answer": odd}]}},
        {"emotions": {"sentences": odd}},
        {"emotions": [odd, {"emotion": odd, "emotion_direction": odd}]},
        {"transcript": [odd, {"speaker": odd, "text": odd, "startTime": odd}]},
        {"transcript": [{"text": "a", "startTime": odd, "speaker": odd}]},
    ):
        found = read_analysis(sent)
        assert len(repr(found)) < 10_000


def test_what_is_read_is_bounded():
    said = {"text": "a" * 1000}
    asked = {"question": "b" * 1000, "answer": "c" * 1000}
    found = read_analysis(
        {
            "insights": {"summary": "d" * 100_000, "questions": [asked] * 200},
            "transcript": [said] * 1_000,
        }
    )
    assert len(found.summary) == MAX_TEXT + 1
    assert (len(found.lines), found.more_lines) == (MAX_SPOKEN // 1000, 1_000 - MAX_SPOKEN // 1000)
    assert (len(found.answers), found.more_answers) == (25, 175)
    short = read_analysis(
        {
            "insights": {"questions": [{"key": "k"}] * (MAX_ANSWERS + 2)},
            "transcript": ["a"] * (MAX_LINES + 3),
        }
    )
    assert (len(short.answers), short.more_answers) == (MAX_ANSWERS, 2)
    assert (len(short.lines), short.more_lines) == (MAX_LINES, 3)
