"""What happens to live calls when the simulator is stopped: their last records are still sent."""

import os
import signal
import socket
from collections import Counter
from urllib.parse import urlsplit

import pytest

from tests.support.simulator import Receiver, SimulatorProcess, eventually, receiver

LEAD = "0505550101"


def closed(sim: SimulatorProcess) -> bool:
    """Whether nothing listens any longer."""
    where = urlsplit(sim.url)
    try:
        socket.create_connection((where.hostname, where.port)).close()
    except OSError:
        return True
    return False


def faults(said: str) -> list[str]:
    """What it printed, apart from records that could not be posted."""
    told = (" could not be posted yet: ", " gave up on ")
    return [line for line in said.splitlines() if not any(words in line for words in told)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_live_calls_are_hung_up_and_their_records_delivered(
    hook: Receiver, number: signal.Signals
) -> None:
    with receiver() as screen, SimulatorProcess(cdr_url=hook.url, talk=3600) as sim:
        sim.control(
            popup_url=screen.url,
            cdr_when="leg",
            cdr_backoff=3600,
            linger=3600,
            answers={"102": "noanswer", "0505550103": "busy"},
        )
        # This call's record of the lead's leg waits for another try; its leg 1 is still live.
        hook.will_answer((500, b""))
        sim.call(phone="103", target="0505550103")
        eventually(lambda: (e := sim.ledger()[0])["cdrs"] and e["cdrs"][0]["posts"] == 1)
        sim.call(phone="101", target=LEAD)
        sim.call(phone="102", target="0505550102")
        eventually(lambda: (e := sim.ledger()[1])["leg2"] and e["leg2"]["answered_at"])
        # Our side is slow: the simulator waits for each answer before it posts the next record.
        hook.free.clear()
        os.kill(sim.pid, number)
        eventually(lambda: closed(sim))
        hook.free.set()
        assert faults(sim.stop()) == []
        assert sim.exit_code == 0
        popups = list(screen.taken)
    assert Counter((r["target"], r["status"]) for r in hook.taken) == {
        ("0505550103", "BUSY"): 2,
        ("103", "ANSWER"): 1,
        ("101", "ANSWER"): 1,
        (LEAD, "ANSWER"): 1,
        ("102", "CANCEL"): 1,
    }
    hangups = {popup["extenUser"] for popup in popups if popup["status"] == "Hangup"}
    assert hangups == {"101", "102", "103"}


def test_it_gives_up_quickly_when_nobody_takes_them() -> None:
    with SimulatorProcess(cdr_url="http://127.0.0.1:9/hook/", talk=3600) as sim:
        sim.control(popup_url="http://127.0.0.1:9/popup/", cdr_backoff=3600)
        for n in range(20):
            sim.call(phone=f"1{n:02d}", target=f"05055501{n:02d}")
        assert faults(sim.stop()) == []
        assert sim.exit_code == 0


def test_a_receiver_that_never_answers_does_not_keep_it_from_ending(hook: Receiver) -> None:
    hook.free.clear()
    with SimulatorProcess(cdr_url=hook.url, talk=3600) as sim:
        sim.call(phone="101", target=LEAD)
        assert sim.stop() == ""
        assert sim.exit_code == 0
    assert len(hook.posts) == 1
