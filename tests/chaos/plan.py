"""How often each fault strikes: `Plan()` to prove something, QUICK to see that it works."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Counts, and seconds where it says so."""

    workers: int = 3
    extensions: int = 300
    per_second: float = 8.0  # leads, while faults strike

    leads: int = 2000  # while workers are killed
    kills: int = 100

    redis_restarts: int = 10
    redis_flushes: int = 10
    redis_holes: int = 10
    hole: float = 20.0  # seconds

    postgres_restarts: int = 10
    postgres_backends: int = 20
    exhausted: float = 30.0  # seconds

    full_disks: int = 10  # times
    full: float = 20.0  # seconds, after the first leads were not taken

    failpoints: int = 50  # kills at each point
    points: tuple[str, ...] = (
        "committed",
        "connected",
        "sent",
        "answered",
        "recording",
        "recorded",
    )

    provider_faults: int = 200  # of each kind
    lost_records: bool = True

    equal: int = 200  # submissions at the same moment
    rounds: int = 50

    claimers: int = 32  # processes
    contested: int = 20  # extensions
    claims: int = 50_000
    claims_within: float = 600.0  # seconds; then the run ends, however many claims there were
    sleepers: float = 1 / 800  # the share of claims that outsleeps its lease
    guards: tuple[str, ...] = ("index", "lock", "fence")  # taken away in turn
    unguarded_claims: int = 5_000
    unguarded_sleepers: float = 1 / 100

    restarts: int = 10  # of web and of a worker
    between_restarts: float = 8.0  # seconds, at most: records that found no web are sent again

    clock_rounds: int = 5  # in which all clocks are wrong, each by another amount
    clock_round: float = 20.0  # seconds that each lasts

    deploys: int = 20  # of new versions, in each of the ways that docs/deploy.md describes

    # Seconds. A lead whose worker died before it sent anything keeps its extension for the dial
    # times, the longest call and a minute; then a manager gets it.
    settled_within: float = 240.0
    # Whether times are checked, and not only reported. Not in tests, which run on busy machines.
    judges_times: bool = True
    sweep_every: float = 5.0


QUICK = Plan(
    workers=2,
    extensions=30,
    per_second=5,
    leads=20,
    kills=1,
    redis_restarts=1,
    redis_flushes=1,
    redis_holes=1,
    hole=2,
    postgres_restarts=1,
    postgres_backends=2,
    exhausted=2,
    full_disks=1,
    full=2,
    failpoints=1,
    points=("sent",),
    provider_faults=2,
    lost_records=False,
    equal=20,
    rounds=2,
    claimers=4,
    contested=3,
    claims=150,
    sleepers=0,
    guards=(),
    restarts=1,
    between_restarts=1,
    clock_rounds=1,
    clock_round=3,
    deploys=1,
    judges_times=False,
    sweep_every=1,
)
