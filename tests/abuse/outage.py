"""Redis, which counts requests and carries wake-ups, is killed while a stranger goes on."""

import itertools
import signal
import time

from tests.abuse.arena import NUMBERS_OF_AN_ADDRESS, AbuseArena
from tests.abuse.client import Stranger, all_of, by_api
from tests.abuse.floods import honest
from tests.abuse.judging import judge
from tests.chaos.arena import Product
from tests.chaos.client import until
from tests.chaos.result import Result

BEFORE = 5
# Seconds. Redis writes its data to disk once a second.
WRITTEN = 2.5
SENDER = "198.18.0.3"


def redis(arena: AbuseArena, result: Result) -> None:
    """A request that cannot be counted is not called; once Redis is back, the limits hold again."""
    product, stranger = arena.product(), Stranger()
    product.begin()

    def send(phone: str) -> None:
        stranger.note(phone, by_api(product.port, phone, SENDER))

    with honest(arena, "redis") as visitors:
        all_of(send, itertools.islice(arena.numbers, BEFORE), 1)
        time.sleep(WRITTEN)
        arena.redis.strike(signal.SIGKILL)
        all_of(send, itertools.islice(arena.numbers, arena.abuse.outage), arena.abuse.at_once)
        time.sleep(WRITTEN)
        arena.redis.start()
        back = time.time()
    product.restart_missing_workers()
    until(lambda: _unanswered(product) == 0, within=180, every=0.5)
    allowed = NUMBERS_OF_AN_ADDRESS
    judge(arena, product, result, stranger, visitors, allowed=allowed, away_until=back)
    sent = BEFORE + arena.abuse.outage
    result.must("requests stored while it was away", stranger.count(201) == sent, f"of {sent}")


def _unanswered(product: Product) -> int:
    """How many leads wait for Redis's answer."""
    with product.tables.connect() as connection:
        row = connection.execute(
            "SELECT count(*) FROM leads_finding WHERE is_unanswered"
        ).fetchone()
    return int(row[0]) if row else 0
