"""The ledger's witness sees what must not happen, and nothing else."""

from typing import Any

import pytest

from tests.chaos import witness
from tests.chaos.result import Result, bound, percentile

NUMBER, OTHER = "972505550101", "972505550102"


def call(
    at: float, *, phone: str = "101", target: str = NUMBER, agent: bool = True, lead: bool = True
) -> dict[str, Any]:
    """A call of two seconds from `at`; `agent` and `lead`: who picked up."""
    leg1 = {"answered_at": at + 0.5 if agent else None, "ended_at": at + 2.0}
    leg2 = {"answered_at": at + 1.0 if lead else None, "ended_at": at + 2.0} if agent else None
    return {
        "action": "call",
        "accepted": True,
        "at": at,
        "phone": phone,
        "target": target,
        "call_id": f"id-{at}-{phone}",
        "leg1": leg1,
        "leg2": leg2,
    }


def refused(at: float) -> dict[str, Any]:
    return call(at) | {"accepted": False, "leg1": None, "leg2": None}


def on(at: float, **values: Any) -> dict[str, Any]:
    """A call that is not over."""
    one = call(at, **values)
    return one | {"leg1": one["leg1"] | {"ended_at": None}}


@pytest.mark.parametrize(
    ("ledger", "problem"),
    [
        pytest.param([call(0), call(10)], "called again after they had talked", id="talked"),
        pytest.param([call(0, lead=False), call(1)], "called while a call was on", id="overlap"),
        pytest.param([on(0), call(500)], "called while a call was on", id="never over"),
        pytest.param([call(0, lead=False), call(60)], "called again too soon", id="too soon"),
        pytest.param([call(n * 200, lead=False) for n in range(6)], "rung 6 times", id="too often"),
    ],
)
def test_it_sees_a_call_that_the_policy_forbids(ledger: list[Any], problem: str) -> None:
    [(number, words)] = witness.more_calls_than_allowed(ledger).items()
    assert number == NUMBER
    assert problem in words


@pytest.mark.parametrize(
    "ledger",
    [
        pytest.param([call(0)], id="once"),
        pytest.param([refused(0), call(0.1)], id="refused before"),
        pytest.param([call(0, agent=False), call(2.1)], id="salesperson did not answer"),
        pytest.param([call(0, lead=False), call(130)], id="lead did not answer, later again"),
        pytest.param([call(0), call(1, phone="102", target=OTHER)], id="two leads"),
    ],
)
def test_it_lets_pass_what_the_policy_allows(ledger: list[Any]) -> None:
    assert witness.more_calls_than_allowed(ledger) == {}


def test_it_sees_an_extension_that_is_rung_while_it_is_on_a_call() -> None:
    ledger = [call(0), call(1.9, target=OTHER)]
    assert list(witness.two_calls_at_once(ledger)) == ["101"]
    assert witness.two_calls_at_once([call(0), call(2.1, target=OTHER)]) == {}


def test_it_sees_calls_that_nobody_asked_for() -> None:
    assert witness.never_submitted([call(0), call(9, target=OTHER)], ["+" + NUMBER]) == [
        "+" + OTHER
    ]


def test_after_no_failure_among_n_the_share_is_below_three_nths() -> None:
    assert bound(2000) == pytest.approx(0.0015)
    assert bound(0) is None


@pytest.mark.parametrize(("share", "value"), [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0)])
def test_a_percentile_is_one_of_the_values(share: float, value: float) -> None:
    assert percentile([float(n) for n in range(1, 101)], share) == value


def test_a_scenario_without_anything_to_check_has_not_held() -> None:
    result = Result("nothing")
    assert not result.ok
    result.none("leads that are lost", [], of=0)
    assert not result.ok
