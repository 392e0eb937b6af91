"""A call from the first ring to the last hang-up, as the ledger tells it."""

import itertools
from typing import Any

import pytest

from tests.support.simulator import SimulatorProcess, eventually

LEAD = "0505550101"
LONG = 3600


def click(sim: SimulatorProcess, call_id: str, leg: int, verb: str) -> int:
    return sim.http.post(f"{sim.url}/phones/{call_id}/{leg}/{verb}").status_code


def legs(sim: SimulatorProcess) -> tuple[Any, Any]:
    entry = sim.ledger()[0]
    return tuple(leg and leg["status"] for leg in (entry["leg1"], entry["leg2"]))


def becomes(sim: SimulatorProcess, leg1: str | None, leg2: str | None) -> None:
    eventually(lambda: legs(sim) == (leg1, leg2))


def test_an_answered_call_has_all_its_times_in_order(sim: SimulatorProcess) -> None:
    sim.control(answer_after=0.05, talk=0.1)
    sim.call(phone="101", target=LEAD)
    (call,) = sim.ended()
    first, second = call["leg1"], call["leg2"]
    assert (first["status"], second["status"]) == ("ANSWER", "ANSWER")
    times = [
        call["at"],
        first["started_at"],
        first["answered_at"],
        second["started_at"],
        second["answered_at"],
        second["ended_at"],
    ]
    assert times == sorted(times)
    assert first["ended_at"] == second["ended_at"]
    assert first["answered_at"] - first["started_at"] >= 0.04
    assert second["ended_at"] - second["answered_at"] >= 0.09


def test_leg_2_does_not_start_before_leg_1_is_answered(sim: SimulatorProcess) -> None:
    sim.control(mode="manual")
    call_id = sim.call(phone="101", target=LEAD)["CALLID"]
    assert legs(sim) == ("RINGING", None)
    assert click(sim, call_id, 1, "answer") == 200
    assert legs(sim) == ("TALKING", "RINGING")
    assert click(sim, call_id, 2, "answer") == 200
    assert legs(sim) == ("TALKING", "TALKING")
    assert click(sim, call_id, 2, "hangup") == 200
    assert legs(sim) == ("ANSWER", "ANSWER")


@pytest.mark.parametrize(("answer", "status"), [("busy", "BUSY"), ("noanswer", "NOANSWER")])
def test_a_salesperson_who_does_not_answer_ends_it(
    sim: SimulatorProcess, answer: str, status: str
) -> None:
    sim.control(answers={"101": answer}, no_answer_after=0.1)
    sim.call(phone="101", target=LEAD)
    (call,) = sim.ended()
    assert call["leg1"]["status"] == status
    assert call["leg1"]["answered_at"] is None
    assert call["leg2"] is None


@pytest.mark.parametrize(("answer", "status"), [("busy", "BUSY"), ("noanswer", "NOANSWER")])
def test_a_lead_who_does_not_answer_ends_both_legs(
    sim: SimulatorProcess, answer: str, status: str
) -> None:
    sim.control(answers={"+972505550101": answer}, no_answer_after=0.1)
    sim.call(phone="101", target=LEAD)
    (call,) = sim.ended()
    assert (call["leg1"]["status"], call["leg2"]["status"]) == ("ANSWER", status)
    assert call["leg2"]["answered_at"] is None
    assert call["leg1"]["ended_at"] == call["leg2"]["ended_at"]


def test_dial_times_and_maxduration_are_kept_to(sim: SimulatorProcess) -> None:
    """All of them at once, because the shortest time that can be requested is a second."""
    sim.control(talk=LONG, answers={"101": "noanswer", "0505550102": "noanswer"})
    sim.call(phone="101", target=LEAD, phonemaxdialtime=1)
    sim.call(phone="102", target="0505550102", targetmaxdialtime=1)
    sim.call(phone="103", target="0505550103", maxduration=1)
    sim.call(phone="104", action="message", maxduration=1)
    # Live calls adopt a new `answer_after` at once, so the call that answers too late comes last.
    eventually(
        lambda: (
            (e := sim.ledger())[3]["leg1"]["answered_at"]
            and e[1]["leg2"]
            and e[2]["leg2"]
            and e[2]["leg2"]["answered_at"]
        )
    )
    sim.control(answer_after=LONG)
    sim.call(phone="105", target="0505550105", phonemaxdialtime=1)
    rings, second_rings, talks, listens, too_late = sim.ended(5)
    assert rings["leg1"]["status"] == "NOANSWER"
    assert rings["leg1"]["ended_at"] - rings["leg1"]["started_at"] >= 0.95
    assert rings["leg2"] is None
    assert second_rings["leg2"]["status"] == "NOANSWER"
    assert second_rings["leg2"]["ended_at"] - second_rings["leg2"]["started_at"] >= 0.95
    assert talks["leg2"]["ended_at"] - talks["leg2"]["answered_at"] >= 0.95
    assert listens["leg1"]["ended_at"] - listens["leg1"]["answered_at"] >= 0.95
    assert too_late["leg1"]["status"] == "NOANSWER"


def test_auto_answer_picks_up_at_once(sim: SimulatorProcess) -> None:
    sim.control(mode="manual")
    sim.call(phone="101", target="102", phoneautoanswer="true", targetautoanswer="1")
    becomes(sim, "TALKING", "TALKING")


def test_a_telephone_number_does_not_answer_itself(sim: SimulatorProcess) -> None:
    sim.control(mode="manual")
    sim.call(phone="101", target=LEAD, phoneautoanswer="true", targetautoanswer="1")
    becomes(sim, "TALKING", "RINGING")


def test_an_extension_in_a_call_is_busy_for_the_next(sim: SimulatorProcess) -> None:
    sim.control(talk=LONG)
    assert sim.call(phone="101", target=LEAD)["ERRORCODE"] == 0
    assert sim.call(phone="101", target="0505550102")["ERRORCODE"] == 0
    second = sim.ledger()[1]
    assert second["leg1"]["status"] == "BUSY"
    assert second["leg2"] is None


def test_a_lead_in_a_call_is_busy_in_every_spelling(sim: SimulatorProcess) -> None:
    sim.control(talk=LONG)
    sim.call(phone="101", target="0505550101")
    becomes(sim, "TALKING", "TALKING")
    sim.call(phone="102", target="972505550101")
    eventually(lambda: sim.ledger()[1]["leg2"])
    assert sim.ledger()[1]["leg2"]["status"] == "BUSY"


def test_a_phone_called_with_itself_is_busy(sim: SimulatorProcess) -> None:
    sim.call(phone="101", target="101")
    (call,) = sim.ended()
    assert (call["leg1"]["status"], call["leg2"]["status"]) == ("ANSWER", "BUSY")


def test_an_extension_set_to_busy_is_busy(sim: SimulatorProcess) -> None:
    sim.control(extensions={"101": "busy"})
    assert sim.call(phone="101", target=LEAD)["ERRORCODE"] == 0
    assert legs(sim) == ("BUSY", None)


def test_a_trunk_carries_many_calls(sim: SimulatorProcess) -> None:
    sim.control(mode="manual")
    for number in ("0505550101", "0505550102"):
        sim.call(phone="SIPTRUNK", target=number)
    assert [entry["leg1"]["status"] for entry in sim.ledger()] == ["RINGING", "RINGING"]


def test_a_freed_extension_can_be_called_again(sim: SimulatorProcess) -> None:
    for count in (1, 2):
        sim.call(phone="101", target=LEAD)
        assert [call["leg2"]["status"] for call in sim.ended(count)] == ["ANSWER"] * count


@pytest.mark.parametrize(
    ("clicks", "status"),
    [
        ([], ("CANCEL", None)),
        ([1], ("ANSWER", "CANCEL")),
        ([1, 2], ("ANSWER", "ANSWER")),
    ],
)
def test_terminate_ends_the_call_on_the_extension(
    sim: SimulatorProcess, clicks: list[int], status: tuple[str, str]
) -> None:
    sim.control(mode="manual")
    call_id = sim.call(phone="101", target=LEAD)["CALLID"]
    for leg in clicks:
        click(sim, call_id, leg, "answer")
    answer = sim.call(phone="101", action="terminate")
    assert (answer["ERRORCODE"], answer["CALLID"]) == (0, call_id)
    assert legs(sim) == status
    assert sim.ledger()[1]["action"] == "terminate"


def test_terminate_without_a_call_says_so(sim: SimulatorProcess) -> None:
    answer = sim.call(phone="101", action="terminate")
    assert (answer["ERRORCODE"], answer["CALLID"]) == (2, "")
    assert answer["ERRORMESSAGE"] == "No active call on this extension"


@pytest.mark.parametrize("leg", [1, 2])
def test_a_rejected_phone_is_busy(sim: SimulatorProcess, leg: int) -> None:
    sim.control(mode="manual")
    call_id = sim.call(phone="101", target=LEAD)["CALLID"]
    if leg == 2:
        click(sim, call_id, 1, "answer")
    assert click(sim, call_id, leg, "reject") == 200
    assert legs(sim) == (("BUSY", None) if leg == 1 else ("ANSWER", "BUSY"))


def test_a_click_that_comes_too_late_changes_nothing(sim: SimulatorProcess) -> None:
    sim.control(mode="manual")
    call_id = sim.call(phone="101", target=LEAD)["CALLID"]
    assert click(sim, call_id, 2, "answer") == 409
    assert click(sim, call_id, 2, "hangup") == 409
    assert click(sim, call_id, 1, "answer") == 200
    assert click(sim, call_id, 1, "answer") == 409
    assert click(sim, call_id, 1, "reject") == 409
    assert click(sim, call_id, 1, "hangup") == 200
    before = sim.ledger()
    for leg, verb in itertools.product((1, 2), ("answer", "reject", "hangup")):
        assert click(sim, call_id, leg, verb) == 404
    assert sim.ledger() == before
    assert click(sim, call_id, 3, "answer") == 404
    assert click(sim, call_id, 1, "sing") == 404


def test_phones_that_ring_answer_when_the_switch_is_turned_on(sim: SimulatorProcess) -> None:
    sim.control(mode="manual")
    sim.call(phone="101", target=LEAD)
    assert legs(sim) == ("RINGING", None)
    sim.control(mode="auto")
    (call,) = sim.ended()
    assert call["leg2"]["status"] == "ANSWER"


def test_phones_that_ring_wait_when_the_switch_is_turned_off(sim: SimulatorProcess) -> None:
    sim.control(answer_after=LONG)
    sim.call(phone="101", target=LEAD)
    sim.control(mode="manual", answer_after=0.0)
    # Meanwhile another call goes all the way.
    sim.control(answers={"102": "answer", "0505550102": "busy"})
    sim.call(phone="102", target="0505550102")
    eventually(lambda: sim.ledger()[1]["leg1"]["ended_at"])
    assert legs(sim) == ("RINGING", None)


def test_a_scripted_number_follows_its_script_in_manual_mode_too(sim: SimulatorProcess) -> None:
    sim.control(mode="manual", answers={"101": "answer", LEAD: "busy"})
    sim.call(phone="101", target=LEAD)
    (call,) = sim.ended()
    assert call["leg2"]["status"] == "BUSY"
