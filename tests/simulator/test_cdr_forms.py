"""The forms in which senders are known to post records, and when records are sent."""

import json
import time
from typing import Any
from urllib.parse import parse_qsl

import pytest
from defusedxml import ElementTree

from callbacks.simulator.posts.packing import Spelling, pack
from tests.support.simulator import Post, Receiver, SimulatorProcess, eventually

LEAD = "0505550101"
TYPES = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "xml": "text/xml",
}
STEP = {"layer_id": 7, "layer_name": "תפריט <ראשי>", "Dtmf": 1}


def value_of(element: Any) -> Any:
    """The Python value of an XML-RPC value."""
    (kind,) = element
    if kind.tag == "struct":
        return {m.findtext("name"): value_of(m.find("value")) for m in kind}
    if kind.tag == "array":
        return [value_of(value) for value in kind.find("data")]
    return int(kind.text) if kind.tag == "int" else kind.text or ""


def fields_of(post: Post) -> dict[str, Any]:
    if post.content_type.startswith("text/xml"):
        call = ElementTree.fromstring(post.body)
        assert call.tag == "methodCall"
        assert call.findtext("methodName")
        found = value_of(call.find("params/param/value"))
        assert isinstance(found, dict)
        return found
    if "urlencoded" in post.content_type:
        return dict(parse_qsl(post.body.decode(), keep_blank_values=True))
    found = json.loads(post.body)
    assert isinstance(found, dict)
    return found


def posts(hook: Receiver, count: int) -> list[Post]:
    return eventually(lambda: hook.posts if len(hook.posts) >= count else [])


@pytest.mark.parametrize("form", list(TYPES))
def test_a_record_says_the_same_in_every_form(
    sim: SimulatorProcess, hook: Receiver, form: str
) -> None:
    sim.control(cdr_url=hook.url, cdr_format=form, ivr=[STEP], names={"101": "Dana"})
    call_id = sim.call(phone="101", target=LEAD, var_lead="<א> & b")["CALLID"]
    first, second = posts(hook, 2)
    assert first.content_type.startswith(TYPES[form])
    fields = fields_of(second)
    assert fields["ivruniqueid"] == call_id
    assert fields["type"] == "Click2Call leg2"
    assert str(fields["isAnswer"]) == "1"
    assert fields["representative_name"] == "Dana"
    custom, ivr = fields["CustomData"], fields["IVR"]
    if form == "form":
        custom, ivr = json.loads(custom), json.loads(ivr)
    assert custom == {"var_lead": "<א> & b"}
    assert ivr == [STEP]


@pytest.mark.parametrize("form", list(TYPES))
def test_a_record_in_any_form_is_posted_again_until_it_is_taken(
    sim: SimulatorProcess, hook: Receiver, form: str
) -> None:
    hook.will_answer((500, b""), (200, b"nonsense"))
    sim.control(cdr_url=hook.url, cdr_format=form, cdr_backoff=0.01, answers={"101": "busy"})
    sim.call(phone="101", target=LEAD)
    eventually(lambda: any(note["delivered"] for note in sim.ledger()[0]["cdrs"]))
    first, second, third = hook.posts
    assert first == second == third
    assert sim.ledger()[0]["cdrs"] == [{"type": "Click2Call leg1", "posts": 3, "delivered": True}]


@pytest.mark.parametrize("form", list(TYPES))
@pytest.mark.parametrize("name", ["CustomData", "CUSTOM_DATA", "customdata", "flat"])
@pytest.mark.parametrize("prefix", [True, False])
def test_custom_data_comes_in_every_spelling(form: str, name: str, prefix: bool) -> None:
    record = {"status": "ANSWER", "IVR": [], "CustomData": {"var_lead": "7", "var_Ab": "x"}}
    body, kind = pack(record, Spelling(form=form, custom=name, prefix=prefix))
    fields = fields_of(Post("POST", "/", kind, body))
    wanted = {"var_lead": "7", "var_Ab": "x"} if prefix else {"lead": "7", "Ab": "x"}
    if name == "flat":
        assert fields.items() >= wanted.items()
        assert not {"CustomData", "CUSTOM_DATA", "customdata"} & fields.keys()
    else:
        custom = fields[name]
        assert (json.loads(custom) if isinstance(custom, str) else custom) == wanted


def test_no_custom_name_takes_the_place_of_a_field() -> None:
    record = {"status": "ANSWER", "IVR": [], "CustomData": {"var_status": "forged"}}
    body, _ = pack(record, Spelling(custom="flat", prefix=False))
    assert json.loads(body)["status"] == "ANSWER"


def test_the_control_chooses_the_spelling(sim: SimulatorProcess, hook: Receiver) -> None:
    sim.control(
        cdr_url=hook.url,
        custom_data="flat",
        custom_prefix=False,
        ivr=[STEP],
        ivr_as="string",
        answers={"101": "busy"},
    )
    sim.call(phone="101", target=LEAD, var_lead="7")
    (record,) = eventually(lambda: hook.taken)
    assert record["lead"] == "7"
    assert json.loads(record["IVR"]) == [STEP]


def test_xml_stays_readable_whatever_was_sent() -> None:
    record = {"IVR": [], "time": 2**31, "none": None, "CustomData": {"var_x": "\x00\x1b]]>&\ud800"}}
    body, kind = pack(record, Spelling(form="xml"))
    fields = fields_of(Post("POST", "/", kind, body))
    assert fields["CustomData"]["var_x"].endswith("]]>&\ufffd")
    assert fields["time"] == str(2**31)


def test_a_delayed_record_comes_that_much_later(sim: SimulatorProcess, hook: Receiver) -> None:
    sim.control(cdr_url=hook.url, cdr_delay=2.0)
    sim.call(phone="101", target=LEAD)
    (call,) = sim.ended()
    assert hook.posts == []
    posts(hook, 2)
    assert time.time() - call["leg1"]["ended_at"] >= 1.99


def test_reset_forgets_a_delayed_record(sim: SimulatorProcess, hook: Receiver) -> None:
    sim.control(cdr_url=hook.url, cdr_delay=1.5, answers={"101": "busy"})
    sim.call(phone="101", target=LEAD)
    sim.ended()
    # The second call's record is due after the first one's would have been.
    sim.control(reset=True, cdr_url=hook.url, cdr_delay=1.7, answers={"102": "busy"})
    sim.call(phone="102", target=LEAD)
    posts(hook, 1)
    assert [record["target"] for record in hook.taken] == ["102"]


class TestPerLeg:
    """`cdr_when`: leg. Each record is posted as soon as its leg ends."""

    def test_whoever_ends_first_is_posted_first(
        self, sim: SimulatorProcess, hook: Receiver
    ) -> None:
        sim.control(cdr_url=hook.url, cdr_when="leg", linger=0.5)
        sim.call(phone="101", target=LEAD)
        posts(hook, 2)
        assert [r["type"][-1] for r in hook.taken] == ["2", "1"]

    def test_reordered_ones_wait_for_each_other(
        self, sim: SimulatorProcess, hook: Receiver
    ) -> None:
        sim.control(
            cdr_url=hook.url, cdr_when="leg", linger=0.05, faults=[{"kind": "cdr_reordered"}]
        )
        sim.call(phone="101", target=LEAD)
        posts(hook, 2)
        assert [r["type"][-1] for r in hook.taken] == ["1", "2"]

    def test_the_answer_can_wait_for_all_of_them(
        self, sim: SimulatorProcess, hook: Receiver
    ) -> None:
        sim.control(
            cdr_url=hook.url, cdr_when="leg", linger=0.05, faults=[{"kind": "cdr_before_answer"}]
        )
        answer = sim.call(phone="101", target=LEAD)
        assert [r["ivruniqueid"] for r in hook.taken] == [answer["CALLID"]] * 2

    @pytest.mark.parametrize(("leg", "left"), [(1, "2"), (2, "1")])
    def test_one_of_them_can_be_lost(
        self, sim: SimulatorProcess, hook: Receiver, leg: int, left: str
    ) -> None:
        sim.control(cdr_url=hook.url, cdr_when="leg", faults=[{"kind": "cdr_lost", "leg": leg}])
        sim.call(phone="101", target=LEAD)
        eventually(lambda: any(note["delivered"] for note in sim.ledger()[0]["cdrs"]))
        assert [r["type"][-1] for r in hook.taken] == [left]
        assert sorted(note["posts"] for note in sim.ledger()[0]["cdrs"]) == [0, 1]
