"""What a phone can be told to do, and what the record then says."""

import pytest

from callbacks.simulator.engine.calls import ANSWERED, AT_ONCE, REACTIONS, RUNG_OUT
from callbacks.simulator.engine.parameters import Order, examine
from tests.support.simulator import Receiver, SimulatorProcess, eventually

LEAD = "0505550101"


@pytest.mark.parametrize("reaction", sorted(REACTIONS - ANSWERED))
def test_each_word_is_the_status_of_the_leg(sim: SimulatorProcess, reaction: str) -> None:
    sim.control(answers={LEAD: reaction, "102": reaction}, no_answer_after=0.05)
    sim.call(phone="101", target=LEAD)
    sim.call(phone="102", target="0505550102")
    connected, unconnected = sim.ended(2)
    assert (connected["leg1"]["status"], connected["leg2"]["status"]) == (
        "ANSWER",
        reaction.upper(),
    )
    assert connected["leg2"]["answered_at"] is None
    assert (unconnected["leg1"]["status"], unconnected["leg2"]) == (reaction.upper(), None)


def test_a_network_that_fails_does_not_ring(sim: SimulatorProcess) -> None:
    sim.control(mode="manual", answers={f"1{n}": word for n, word in enumerate(sorted(AT_ONCE))})
    for n in range(len(AT_ONCE)):
        sim.call(phone=f"1{n}", target=LEAD)
    assert [e["leg1"]["status"] for e in sim.ended(len(AT_ONCE))] == [
        word.upper() for word in sorted(AT_ONCE)
    ]


def test_no_answer_is_known_only_when_it_has_rung_out(sim: SimulatorProcess) -> None:
    sim.control(answers=dict(zip(("101", "102"), sorted(RUNG_OUT), strict=True)), answer_after=0)
    sim.call(phone="101", target=LEAD)
    sim.call(phone="102", target=LEAD)
    assert [e["leg1"]["status"] for e in sim.ledger()] == ["RINGING"] * 2
    sim.control(no_answer_after=0.01)
    assert [e["leg1"]["status"] for e in sim.ended(2)] == ["NOANSWER", "TIMEOUT"]


def test_a_leads_voicemail_picks_up_and_is_no_conversation(
    sim: SimulatorProcess, hook: Receiver
) -> None:
    sim.control(cdr_url=hook.url, answers={LEAD: "voicemail"})
    sim.call(phone="101", target=LEAD, record="true")
    (call,) = sim.ended()
    assert (call["leg1"]["status"], call["leg2"]["status"]) == ("ANSWER", "VOICEMAIL")
    assert call["leg2"]["answered_at"]
    first, second = eventually(lambda: hook.taken if len(hook.taken) == 2 else [])
    assert (first["isAnswer"], second["isAnswer"]) == (1, 0)
    assert second["status"] == "VOICEMAIL"
    assert second["record"] == ""
    assert second["actualCallDuration"] >= 1


def test_a_salespersons_voicemail_ends_the_call(sim: SimulatorProcess) -> None:
    sim.control(answers={"101": "voicemail"})
    sim.call(phone="101", target=LEAD, phoneautoanswer="true")
    (call,) = sim.ended()
    assert (call["leg1"]["status"], call["leg2"]) == ("VOICEMAIL", None)


def test_a_voicemail_takes_a_message(sim: SimulatorProcess) -> None:
    sim.control(answers={LEAD: "voicemail"})
    sim.call(action="message", phone=LEAD, pre_rec="hello")
    (call,) = sim.ended()
    assert call["leg1"]["status"] == "VOICEMAIL"
    assert call["leg1"]["answered_at"]


@pytest.mark.parametrize(
    ("action", "rings", "lasts"),
    [("call", 60, 7200), ("message", 30, 30), ("callference", 30, 30)],
)
def test_each_action_has_the_pages_own_defaults(action: str, rings: int, lasts: int) -> None:
    values = {"code": "x", "action": action, "phone": "101", "target": LEAD}
    order = examine(values, "", {})
    assert isinstance(order, Order)
    assert (order.phone_rings, order.max_duration) == (rings, lasts)
    assert order.phone_answers_itself is order.target_answers_itself is order.record is False
    named = examine(
        values | {"phonemaxdialtime": "7", "targetmaxdialtime": "8", "maxduration": "9"}, "", {}
    )
    assert isinstance(named, Order)
    assert (named.phone_rings, named.max_duration) == (7, 9)
    assert named.target_rings == 8


@pytest.mark.parametrize("action", ["message", "callference"])
def test_one_leg_actions_answer_themselves_and_are_checked_too(
    sim: SimulatorProcess, action: str
) -> None:
    sim.control(mode="manual", extensions={"102": "offline"})
    sim.call(action=action, phone="101", phoneautoanswer="1")
    eventually(lambda: sim.ledger()[0]["leg1"]["status"] == "TALKING")
    assert sim.call(action=action, phone="102")["ERRORCODE"] == 3
    assert sim.call(action=action, phone="102", checkphonedevicestate="0")["ERRORCODE"] == 0


class TestLinger:
    def test_leg_1_stays_on_the_line_for_a_while(
        self, sim: SimulatorProcess, hook: Receiver
    ) -> None:
        sim.control(cdr_url=hook.url, cdr_when="leg", linger=3600, answers={LEAD: "busy"})
        call_id = sim.call(phone="101", target=LEAD)["CALLID"]
        (early,) = eventually(lambda: hook.taken)
        assert (early["type"], early["status"]) == ("Click2Call leg2", "BUSY")
        (entry,) = sim.ledger()
        assert entry["leg2"]["ended_at"]
        assert (entry["leg1"]["status"], entry["leg1"]["ended_at"]) == ("TALKING", None)
        # The extension is still busy; the lead's phone is free.
        sim.call(phone="101", target="0505550102")
        assert sim.ledger()[1]["leg1"]["status"] == "BUSY"
        assert sim.call(action="terminate", phone="101")["CALLID"] == call_id
        # The second call's only record and the first call's last one, in either order.
        taken = eventually(lambda: hook.taken if len(hook.taken) == 3 else [])
        [late] = [record for record in taken[1:] if record["ivruniqueid"] == call_id]
        assert (late["type"], late["status"]) == ("Click2Call leg1", "ANSWER")
        (entry, *_) = sim.ledger()
        assert entry["leg1"]["ended_at"] > entry["leg2"]["ended_at"]

    def test_it_does_not_when_the_salesperson_hangs_up(self, sim: SimulatorProcess) -> None:
        sim.control(linger=3600, talk=3600)
        sim.call(phone="101", target=LEAD)
        eventually(lambda: (e := sim.ledger()[0])["leg2"] and e["leg2"]["answered_at"])
        sim.call(action="terminate", phone="101")
        entry = sim.ledger()[0]
        assert entry["leg1"]["ended_at"] == entry["leg2"]["ended_at"]
