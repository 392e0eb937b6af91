"""Where the time of a call goes: a table, and sums that are exact whatever the provider says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.models.attempt_states import AttemptState
from callbacks.models.time_accounting import Facts, LegTimes, Times, divide

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
S = AttemptState


def after(seconds: float | None) -> datetime | None:
    return None if seconds is None else AT + timedelta(seconds=seconds)


def leg(started: float | None, rang: int | None, *, answered: bool = True) -> LegTimes:
    return LegTimes(answered=answered, started_at=after(started), dial_time=rang)


def facts(
    state: str,
    answered: float | None = 0.4,
    picked_up: float | None = None,
    connected: float | None = None,
    **legs: LegTimes,
) -> Facts:
    numbered = {int(name[-1]): it for name, it in legs.items()}
    return Facts(state, AT, after(answered), after(picked_up), after(connected), numbered)


def seconds(*parts: float) -> Times:
    """Provider, leg 1, leg 2 and unknown seconds."""
    return Times(*[timedelta(seconds=part) for part in parts])


@pytest.mark.parametrize(
    ("known", "until", "wanted"),
    [
        pytest.param(facts(S.REFUSED, 0.7), 0.7, (0.7, 0, 0, 0), id="refused"),
        pytest.param(facts(S.NOT_SENT, None), 2, (2, 0, 0, 0), id="not sent"),
        pytest.param(
            facts(S.NOT_SENT, 2), 9, (2, 0, 0, 7), id="given up, then known not to be sent"
        ),
        pytest.param(facts(S.NEVER_PLACED, 10), 430, (10, 0, 0, 420), id="lost, never placed"),
        pytest.param(facts(S.ENDED, 10), 910, (10, 0, 0, 900), id="lost, and nobody knows"),
        pytest.param(facts(S.ENDED), 910, (0.4, 0, 0, 909.6), id="no record came"),
        pytest.param(
            facts(S.ENDED, 0.4, 5), 910, (0.4, 4.6, 0, 905), id="picked up, and no record came"
        ),
        pytest.param(facts(S.BRIDGED, 0.4, 5, 15), 15, (0.4, 4.6, 10, 0), id="told live"),
        pytest.param(
            facts(S.BRIDGED, 0.4, 5, 15, leg1=leg(1, 9)), 15, (0.4, 4.6, 10, 0),
            id="told live, and otherwise by the record",
        ),
        pytest.param(
            facts(S.BRIDGED, 0.4, None, 15, leg1=leg(1, 4), leg2=leg(9, 6)), 15, (0.4, 4.6, 10, 0),
            id="by the record of leg 1",
        ),
        pytest.param(
            facts(S.BRIDGED, 0.4, None, 15, leg1=leg(1, 4, answered=False), leg2=leg(9, 6)), 15,
            (0.4, 8.6, 6, 0), id="by the start of leg 2, as leg 1 was not answered",
        ),
        pytest.param(
            facts(S.BRIDGED, 0.4, None, 15, leg1=leg(7200, 4), leg2=leg(9, 6)), 15,
            (0.4, 8.6, 6, 0), id="leg 1 in another time zone",
        ),
        pytest.param(
            facts(S.BRIDGED, 0.4, None, 15), 15, (0.4, 14.6, 0, 0), id="nobody told: it is leg 1's"
        ),
        pytest.param(
            facts(S.BRIDGED, 0.4, None, 15, leg1=leg(-60, 4)), 15, (0.4, 0, 14.6, 0),
            id="by a clock that is behind",
        ),
        pytest.param(
            facts(S.BRIDGED, 0.4, None, 15, leg1=leg(60, 4)), 15, (0.4, 14.6, 0, 0),
            id="by a clock that is ahead",
        ),
        pytest.param(
            facts(S.BRIDGED, 0.4, 5, 15), 60, (0.4, 4.6, 10, 45),
            id="they talked, and nobody knew until 60",
        ),
        pytest.param(facts(S.AGENT_NO_ANSWER), 30.4, (0.4, 30, 0, 0), id="no salesperson"),
        pytest.param(
            facts(S.AGENT_NO_ANSWER, leg1=leg(1, 28, answered=False)), 30.4, (0.4, 30, 0, 0),
            id="no salesperson, the record seconds later",
        ),
        pytest.param(
            facts(S.AGENT_NO_ANSWER, leg1=leg(1, 30, answered=False)), 330.4, (0.4, 30, 0, 300),
            id="no salesperson, the record minutes later",
        ),
        pytest.param(facts(S.LEAD_NO_ANSWER, 0.4, 5), 35, (0.4, 4.6, 30, 0), id="no lead"),
        pytest.param(
            facts(S.LEAD_NO_ANSWER, 0.4, 5, leg2=leg(6, 30, answered=False)), 335,
            (0.4, 4.6, 30, 300), id="no lead, the record minutes later",
        ),
        pytest.param(facts(S.DIALING, None), 3, (3, 0, 0, 0), id="on its way"),
        pytest.param(facts(S.UNKNOWN, 10), 15, (10, 0, 0, 5), id="lost, and not known yet"),
        pytest.param(facts(S.ACCEPTED), 5.4, (0.4, 5, 0, 0), id="rings at the salesperson's"),
        pytest.param(facts(S.ACCEPTED, 0.4, 5), 9, (0.4, 4.6, 4, 0), id="rings at the lead's"),
        pytest.param(facts(S.ACCEPTED, 3), -2, (0, 0, 0, 0), id="a clock that is behind"),
    ],
)  # fmt: skip
def test_the_time_of_a_call_is_divided(
    known: Facts, until: float, wanted: tuple[float, ...]
) -> None:
    assert divide(known, AT + timedelta(seconds=until)) == seconds(*wanted)


FAR = st.integers(-(10**11), 10**11).map(lambda us: AT + timedelta(microseconds=us))
NEAR = st.integers(-(10**8), 10**8).map(lambda us: AT + timedelta(microseconds=us))
ANY = st.none() | NEAR | FAR
ENDS_OF_TIME = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]
LEGS = st.builds(
    LegTimes,
    answered=st.booleans(),
    started_at=ANY | st.sampled_from(ENDS_OF_TIME),
    dial_time=st.none() | st.integers(0, 99) | st.just(2**31 - 1),
)  # fmt: skip
FACTS = st.builds(
    Facts,
    state=st.sampled_from(AttemptState.values),
    claimed_at=st.just(AT),
    answered_at=ANY,
    picked_up_at=ANY,
    connected_at=ANY,
    legs=st.dictionaries(st.sampled_from([1, 2, None]), LEGS),
)


@given(known=FACTS, until=NEAR | FAR)
def test_the_parts_are_all_of_it_whatever_the_provider_says(known: Facts, until: datetime) -> None:
    times = divide(known, until)
    assert times.total == max(until - AT, timedelta(0))
    assert all(part >= timedelta(0) for part in times.columns().values())
