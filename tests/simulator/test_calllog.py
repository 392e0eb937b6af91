"""The Call Log: what is found, in which order, how much, and what is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.simulator import CODE, SimulatorProcess, eventually

LEAD = "0505550101"
PATH = "/hub/cdr/"
EVER = {"fromdate": "2020-01-01T00:00:00", "todate": "2099-01-01T00:00:00"}
FIELDS = {
    "CallerNumber", "TargetNumber", "Date", "DateEpoch", "Duration", "CallID", "Type", "CdrType",
    "DialStatus", "TargetExtension", "CallerExtension", "DID", "RecordURL", "RingTime", "Price",
    "RepresentativeName", "RepresentativeCode", "CustomData",
}  # fmt: skip


@pytest.fixture
def calls(sim: SimulatorProcess) -> list[str]:
    """The CALLIDs of an answered call, a call to a busy lead, and a callference."""
    sim.control(answers={"0505550102": "busy"}, names={"101": "Dana"})
    ids = [
        sim.call(phone="101", target=LEAD, record="true", var_lead="a-1")["CALLID"],
        sim.call(phone="SIPanna", target="972505550102")["CALLID"],
        sim.call(action="callference", phone="103")["CALLID"],
    ]
    sim.ended(3)
    return ids


def find(sim: SimulatorProcess, **search: Any) -> list[dict[str, Any]]:
    status, answer = sim.ask(PATH, search=EVER | search)
    assert (status, answer["ERROR_NUMBER"], answer["STATUS_CODE"]) == (200, 0, 200)
    assert answer["ERROR_DESCRIPTION"] == "OK"
    assert answer["TOTAL_HITS"] == answer["RETURN_HITS"] == len(answer["CDR_LIST"])
    rows: list[dict[str, Any]] = answer["CDR_LIST"]
    return rows


def kinds(rows: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return sorted((row["CdrType"], row["DialStatus"]) for row in rows)


def test_every_leg_is_a_record(sim: SimulatorProcess, calls: list[str]) -> None:
    rows = find(sim)
    assert kinds(rows) == [
        (9, "ANSWER"),
        (9, "ANSWER"),
        (10, "ANSWER"),
        (10, "BUSY"),
        (12, "ANSWER"),
    ]
    (leg2,) = find(sim, callID=calls[0], cdrTypes=[10])
    assert leg2.keys() == FIELDS
    assert (leg2["CallerNumber"], leg2["TargetNumber"]) == ("101", LEAD)
    assert (leg2["Type"], leg2["CallerExtension"]) == ("Click2Call leg2", "101")
    assert leg2["RecordURL"].endswith(f"{calls[0]}.mp3")
    assert leg2["RepresentativeName"] == "Dana"
    assert leg2["CustomData"] == {"var_lead": "a-1"}
    written = datetime.fromisoformat(leg2["Date"]).replace(tzinfo=UTC)
    assert written.timestamp() == leg2["DateEpoch"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({"phones": ["972505550101"]}, [(9, "ANSWER"), (10, "ANSWER")]),
        ({"phones": ["0505550102", "0505550199"]}, [(9, "ANSWER"), (10, "BUSY")]),
        ({"extensions": ["SIPanna"]}, [(9, "ANSWER"), (10, "BUSY")]),
        ({"extensions": ["sipanna"]}, []),
        ({"cdrTypes": [12]}, [(12, "ANSWER")]),
        ({"cdrTypes": ["10", 12], "phones": LEAD}, [(10, "ANSWER")]),
        ({"callID": "unknown"}, []),
        ({"IdentityCriteria": "Account", "cdrTypes": 12}, [(12, "ANSWER")]),
        ({"fromdate": "2098-01-01T00:00:00Z"}, []),
        ({"todate": "2021-01-01"}, []),
    ],
)
def test_it_finds_what_is_asked_for(
    sim: SimulatorProcess, calls: list[str], search: dict[str, Any], found: list[Any]
) -> None:
    assert kinds(find(sim, **search)) == found


def test_a_get_asks_the_same(sim: SimulatorProcess, calls: list[str]) -> None:
    query = {"code": CODE, **EVER, "callid": calls[0], "fields": "CallID,DialStatus"}
    answer = sim.http.get(sim.url + PATH, params=query).json()
    assert answer["CDR_LIST"] == [{"CallID": calls[0], "DialStatus": "ANSWER"}] * 2
    repeated = [*query.items(), ("cdrTypes", "9"), ("cdrTypes", "12")]
    assert sim.http.get(sim.url + PATH, params=repeated).json()["RETURN_HITS"] == 1


def test_only_the_wanted_fields_come(sim: SimulatorProcess, calls: list[str]) -> None:
    _, answer = sim.ask(PATH, search=EVER, fields=["CALLID", "price", "unheard_of"])
    assert all(row.keys() == {"CallID", "Price"} for row in answer["CDR_LIST"])


def test_keys_can_be_small_as_real_answers_have_them(
    sim: SimulatorProcess, calls: list[str]
) -> None:
    sim.control(log_keys="lower")
    assert find(sim)[0].keys() == {name.lower() for name in FIELDS}


@pytest.mark.parametrize(
    "sort",
    [
        "DateEpoch desc",
        ["dateepoch DESC"],
        {"field": "date", "order": "desc"},
        [{"Field": "Date", "Order": "Desc"}],
    ],
)
def test_it_sorts_downwards_and_upwards(sim: SimulatorProcess, sort: Any) -> None:
    sim.control(log_history={"count": 6, "from": "2026-01-01", "to": "2026-01-02"})
    moments = [row["DateEpoch"] for row in find(sim)]
    assert moments == sorted(moments)
    _, answer = sim.ask(PATH, search=EVER, sort=sort)
    assert [row["DateEpoch"] for row in answer["CDR_LIST"]] == moments[::-1]


def test_it_sorts_by_several_fields(sim: SimulatorProcess) -> None:
    sim.control(log_history={"count": 20, "from": "2026-01-01", "to": "2026-01-02"})
    _, answer = sim.ask(
        PATH, search=EVER, sort=[{"field": "DialStatus", "order": "asc"}, "RingTime desc"]
    )
    rows = [(row["DialStatus"], -row["RingTime"]) for row in answer["CDR_LIST"]]
    assert rows == sorted(rows)


def test_records_come_late(sim: SimulatorProcess) -> None:
    sim.control(log_delay=2.0, log_per_minute=None, answers={"101": "busy"})
    sim.call(phone="101", target=LEAD)
    sim.ended()
    assert find(sim) == []
    (row,) = eventually(lambda: find(sim))
    assert row["DialStatus"] == "BUSY"


def test_a_call_that_lives_is_not_in_it(sim: SimulatorProcess) -> None:
    sim.control(mode="manual")
    sim.call(phone="101", target=LEAD)
    assert find(sim) == []


def test_a_record_that_was_never_posted_is_in_it(sim: SimulatorProcess) -> None:
    sim.control(faults=[{"kind": "cdr_lost"}])
    sim.call(phone="101", target=LEAD)
    sim.ended()
    assert len(find(sim)) == 2


def test_no_more_than_ten_thousand_come_at_once(sim: SimulatorProcess) -> None:
    sim.control(log_history={"count": 10_050, "from": 1_767_225_600, "to": 1_767_312_000})
    _, answer = sim.ask(PATH, search=EVER, fields=["DateEpoch"])
    assert (answer["TOTAL_HITS"], answer["RETURN_HITS"]) == (10_050, 10_000)
    assert len(answer["CDR_LIST"]) == 10_000
    last = answer["CDR_LIST"][-1]["DateEpoch"]
    rest = find(sim, fromdate=f"{datetime.fromtimestamp(last, UTC):%Y-%m-%dT%H:%M:%S}")
    assert len(rest) == 51


def test_the_limit_can_be_made_small(sim: SimulatorProcess) -> None:
    sim.control(log_at_most=3, log_history={"count": 5, "from": "2026-01-01", "to": "2026-01-01"})
    _, answer = sim.ask(PATH, search=EVER)
    assert (answer["TOTAL_HITS"], answer["RETURN_HITS"]) == (5, 3)


def test_made_up_records_are_the_same_with_the_same_seed(sim: SimulatorProcess) -> None:
    history = {"count": 40, "from": "2026-01-01", "to": "2026-01-02"}

    def rows(seed: int) -> list[dict[str, Any]]:
        sim.control(reset=True, seed=seed, log_history=history)
        return find(sim)

    assert rows(5) == rows(5)
    assert rows(5) != rows(6)
    sim.control(log_history=None)
    assert find(sim) == []


@pytest.mark.parametrize(
    ("body", "error", "status"),
    [
        ({"code": "wrong", "search": EVER}, 2, 403),
        ({"code": "", "search": EVER}, 2, 403),
        ({"search": {"fromdate": "2026-01-01"}}, 5, 404),
        ({"search": {"fromdate": "soon", "todate": "2026-01-01"}}, 5, 404),
        ({"search": {"fromdate": "2026-01-02", "todate": "2026-01-01"}}, 5, 404),
        ({"search": {"fromdate": [], "todate": {}}}, 5, 404),
        ({"search": EVER | {"phones": [["1"]]}}, 5, 404),
        ({"search": EVER | {"IdentityCriteria": "Nobody"}}, 5, 404),
        ({"search": EVER, "sort": [{"field": "Luck"}]}, 5, 404),
        ({"search": EVER, "sort": "Date sideways"}, 5, 404),
        ({"search": 7}, 5, 404),
        ({}, 5, 404),
    ],
)
def test_errors_have_their_number_and_status(
    sim: SimulatorProcess, body: dict[str, Any], error: int, status: int
) -> None:
    got, answer = sim.ask(PATH, **body)
    assert (got, answer["STATUS_CODE"], answer["ERROR_NUMBER"]) == (status, status, error)
    assert answer["ERROR_DESCRIPTION"]
    assert (answer["TOTAL_HITS"], answer["CDR_LIST"]) == (0, [])


def test_a_wrong_address_is_error_4(sim: SimulatorProcess) -> None:
    sim.control(forbid=True)
    status, answer = sim.ask(PATH, search=EVER)
    assert (status, answer["ERROR_NUMBER"]) == (403, 4)


def test_more_than_thirty_a_minute_are_error_1(sim: SimulatorProcess) -> None:
    for _ in range(30):
        find(sim)
    status, answer = sim.ask(PATH, search=EVER)
    assert (status, answer["STATUS_CODE"], answer["ERROR_NUMBER"]) == (403, 403, 1)
    assert [r["status"] for r in sim.seen("/requests")] == [200] * 30 + [403]
    sim.control(log_per_minute=31)
    find(sim)
    assert sim.ask(PATH, search=EVER)[1]["ERROR_NUMBER"] == 1


def test_the_code_may_be_a_bearer_token(sim: SimulatorProcess) -> None:
    answer = sim.http.post(
        sim.url + PATH, json={"search": EVER}, headers={"authorization": f"Bearer {CODE}"}
    )
    assert answer.json()["ERROR_NUMBER"] == 0
