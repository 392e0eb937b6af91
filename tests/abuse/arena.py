"""The running product behind a proxy that it trusts, and how much of each attack there is."""

from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from leads.guard.counters import PREFIX
from tests.chaos.arena import Arena, Product
from tests.chaos.plan import Plan as ProductPlan
from tests.support.measuring import Say

# How much one stranger may cause. The counts are mostly the defaults; each limit spans an hour
# instead of ten minutes, so that no run outlasts it.
NUMBERS_OF_AN_ADDRESS = 10
STORED_OF_AN_ADDRESS = 100
CALLS_OF_A_NUMBER = 5
REQUESTS_OF_A_PAGE = 4
CALLS_OF_A_SOURCE = 5
LIMITS = {
    "RATE_ADDRESS": "20/h, 100/d",
    "RATE_ADDRESS_NUMBERS": f"{NUMBERS_OF_AN_ADDRESS}/h, 30/d",
    "RATE_ADDRESS_REFUSED": f"{STORED_OF_AN_ADDRESS}/h, 1000/d",
    "RATE_KEYLESS": "200/h, 300/d",
    "RATE_NUMBER": f"{CALLS_OF_A_NUMBER}/h, 10/d",
    # Twice what a good day brings, as docs/deploy.md recommends; here a good day is a few minutes.
    "RATE_SOURCE": "4000/h, 9000/d",
    "LEAST_FILL_TIME": "1",
    # The tests act as the proxy: each request names the address it came from.
    "TRUSTED_PROXIES": "127.0.0.1",
}
# Seconds from the submission to the call: the target that the source has by default.
PROMISED = 60.0


@dataclass(frozen=True)
class Plan:
    """How many of everything. `judges_times` is off in tests, which run on busy machines."""

    numbers: int = 10_000  # from one address
    addresses: int = 1_000  # for one number
    programs: int = 1_000  # via the API without a key, each with its own number and address
    forged: int = 2_000  # requests of one address, each with other headers
    replays: int = 300  # of one page
    doubles: int = 50  # times that one form is sent
    without_scripts: int = 200
    with_scripts: int = 40
    outage: int = 400  # requests while Redis is away
    spenders: int = 300  # addresses that behave as visitors do
    at_once: int = 8
    honest_per_second: float = 1.5
    extensions: int = 100
    workers: int = 2
    judges_times: bool = True


QUICK = Plan(
    numbers=250,
    addresses=40,
    programs=210,  # more than RATE_KEYLESS; the attacks that follow must not be affected
    forged=150,
    replays=12,
    doubles=8,
    without_scripts=6,
    with_scripts=3,
    outage=30,
    spenders=10,
    honest_per_second=1.0,
    extensions=30,
    workers=1,
    judges_times=False,
)


class AbuseArena(Arena):
    """The arena of the fault runs, with the limits above."""

    def __init__(self, plan: Plan, seed: int, logs: Path, say: Say) -> None:
        product = ProductPlan(workers=plan.workers, extensions=plan.extensions, sweep_every=2.0)
        super().__init__(product, seed, logs, say)
        self.abuse = plan

    def product(self) -> Product:
        """The product, with a source that calls requests sent by the API without a key."""
        is_new = self._product is None
        product = super().product()
        if is_new:
            self.without_key(product, "accepted")
        return product

    def forget_counted(self) -> None:
        """Resets all counters, so that each attack starts fresh, whatever ran before it."""
        with Redis.from_url(self.urls.redis_url) as counting:
            for key in counting.scan_iter(f"{PREFIX}*", count=1_000):
                counting.delete(key)

    def without_key(self, product: Product, says: str) -> None:
        """Sets what the source does with API requests without a key."""
        with product.tables.connect() as connection:
            connection.execute("UPDATE leads_leadsource SET without_key = %s", [says])

    def settings(self, database_url: str) -> dict[str, str]:
        """The product's settings, with the limits above."""
        return super().settings(database_url) | LIMITS
