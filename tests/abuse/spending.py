"""Strangers that no rate limit can tell from visitors: only the spending limit stops them."""

import itertools
from datetime import UTC, datetime

from psycopg import sql

from tests.abuse.arena import CALLS_OF_A_SOURCE, AbuseArena
from tests.abuse.client import Stranger, all_of, by_form, page, stay
from tests.abuse.floods import honest
from tests.abuse.judging import judge
from tests.chaos.arena import Product
from tests.chaos.client import until
from tests.chaos.result import Result

SHOP = "shop"
FORM = f"/contact/{SHOP}/"
LOOKS = 1.5  # seconds
# A source beside the honest visitors' own, answered by the same people.
_SOURCE = f"""
source = LeadSource.objects.create(slug="{SHOP}", name="Shop")
Team.objects.get().sources.add(source)
SpendLimit.objects.create(
    scope="source", source=source, calls_a_day={CALLS_OF_A_SOURCE}, time_zone="{{zone}}"
)
"""


def spending(arena: AbuseArena, result: Result) -> None:
    """Many addresses, each with a browser and a number, at a source with a spending limit."""
    product, stranger = arena.product(), Stranger()
    product.begin()
    arena.manage(
        product.environment["DATABASE_URL"], "shell", "-c", _SOURCE.format(zone=_zone_at_noon())
    )
    count = arena.abuse.spenders
    phones = list(itertools.islice(arena.numbers, count))

    def send(place: int) -> None:
        sender = f"198.18.{130 + place // 250}.{place % 250}"
        carried = page(product.port, sender, FORM)
        stay(LOOKS)
        stranger.note(phones[place], by_form(product.port, phones[place], sender, carried, FORM))

    with honest(arena, "spending") as visitors:
        all_of(send, range(count), arena.abuse.at_once)
        waiting = until(lambda: _wait_alone(product), within=product.plan.settled_within)
    result.must(
        "of the strangers' leads the limit keeps all others waiting",
        waiting == count - CALLS_OF_A_SOURCE,
        f"{waiting} of {count}",
    )
    _take_back(product)  # they would be called tomorrow
    judge(arena, product, result, stranger, visitors, allowed=CALLS_OF_A_SOURCE)


def _zone_at_noon() -> str:
    """A time zone whose day does not end during the run."""
    east = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-east:+d}" if east else "UTC"


def _of_the_shop(statement: str) -> sql.Composed:
    return sql.SQL(statement).format(
        sql.SQL("(SELECT id FROM leads_leadsource WHERE slug = {})").format(SHOP)
    )


def _wait_alone(product: Product) -> int:
    """How many of the shop's leads wait once the limit is reached and no call is on; 0 before."""
    with product.tables.connect() as connection:
        row = connection.execute(
            _of_the_shop(
                "SELECT count(*) FILTER (WHERE status = 'waiting'),"
                " count(*) FILTER (WHERE status = 'calling'),"
                " (SELECT count(*) FROM callbacks_callattempt WHERE sent_at IS NOT NULL"
                "   AND lead_id IN (SELECT id FROM leads_lead WHERE source_id = {0}))"
                " FROM leads_lead WHERE source_id = {0}"
            )
        ).fetchone()
    assert row is not None
    waiting, calling, called = row
    return int(waiting) if not calling and called >= CALLS_OF_A_SOURCE else 0


def _take_back(product: Product) -> None:
    with product.tables.connect() as connection:
        connection.execute(
            _of_the_shop(
                "UPDATE leads_lead SET status = 'cancelled', closed_at = now()"
                " WHERE status = 'waiting' AND source_id = {}"
            )
        )
