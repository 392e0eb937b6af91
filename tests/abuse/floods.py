"""Programs without a key, an address with many numbers, a number from many addresses, and made-up
headers.
"""

import itertools
import uuid

from tests.abuse.arena import (
    CALLS_OF_A_NUMBER,
    NUMBERS_OF_AN_ADDRESS,
    STORED_OF_AN_ADDRESS,
    AbuseArena,
)
from tests.abuse.client import Stranger, all_of, by_api
from tests.abuse.honest import Honest
from tests.abuse.judging import judge
from tests.chaos.result import Result


def honest(arena: AbuseArena, scenario: str) -> Honest:
    """The visitors in the background."""
    rng, pace = arena.rng(f"honest {scenario}"), arena.abuse.honest_per_second
    return Honest(arena.product().port, arena.numbers, pace, rng)


def address(arena: AbuseArena, result: Result) -> None:
    """One address sends requests for many numbers, as fast as it can."""
    product, stranger = arena.product(), Stranger()
    product.begin()

    def send(phone: str) -> None:
        stranger.note(phone, by_api(product.port, phone, "198.18.0.1"))

    with honest(arena, "address") as visitors:
        phones = list(itertools.islice(arena.numbers, arena.abuse.numbers))
        all_of(send, phones, arena.abuse.at_once)
    judge(arena, product, result, stranger, visitors, allowed=NUMBERS_OF_AN_ADDRESS)
    _judge_stored(result, stranger, arena.abuse.numbers)


def api(arena: AbuseArena, result: Result) -> None:
    """Many programs without a key, each from its own address with a number of its own."""
    product, stranger = arena.product(), Stranger()
    arena.without_key(product, "held")  # as a new source says
    product.begin()

    def send(request: tuple[int, str]) -> None:
        place, phone = request
        sender = f"198.18.{30 + place // 250}.{place % 250}"
        stranger.note(phone, by_api(product.port, phone, sender))

    with honest(arena, "api") as visitors:
        phones = itertools.islice(arena.numbers, arena.abuse.programs)
        all_of(send, list(enumerate(phones)), arena.abuse.at_once)
    judge(arena, product, result, stranger, visitors, allowed=0)
    arena.without_key(product, "accepted")
    stored = stranger.count(201)
    result.must("requests without a key stored", stored == arena.abuse.programs, stored)


def number(arena: AbuseArena, result: Result) -> None:
    """Many addresses ask for one number, each once."""
    product, stranger = arena.product(), Stranger()
    product.begin()
    phone = next(arena.numbers)

    def send(place: int) -> None:
        sender = f"198.18.{1 + place // 250}.{place % 250}"
        stranger.note(phone, by_api(product.port, phone, sender))

    with honest(arena, "number") as visitors:
        all_of(send, range(arena.abuse.addresses), arena.abuse.at_once)
    # Fewer than allowed: a request that comes while a call to its number is pending joins it.
    limit = CALLS_OF_A_NUMBER
    judge(arena, product, result, stranger, visitors, allowed=limit, exactly=False)
    result.must(
        "requests of different addresses stored",
        stranger.count(201) == arena.abuse.addresses,
        stranger.count(201),
    )


def headers(arena: AbuseArena, result: Result) -> None:
    """One address claims in headers to be many others; the proxy adds the true address."""
    rng, product, stranger = arena.rng("headers"), arena.product(), Stranger()
    product.begin()

    def forged(place: int) -> dict[str, str]:
        other = f"203.0.{place // 250}.{place % 250}"
        chain = rng.choice(["{0}", "{0}, 127.0.0.1", "127.0.0.1, {0}", "[2001:db8::{1}]", "_x, "])
        return {
            "X-Forwarded-For": f"{chain.format(other, place)}, 198.18.0.2",
            "X-Real-IP": other,
            "Forwarded": f"for={other}",
            "True-Client-IP": other,
            "Idempotency-Key": str(uuid.UUID(int=rng.getrandbits(128))),
        }

    made_up = [forged(place) for place in range(arena.abuse.forged)]
    phones = itertools.islice(arena.numbers, arena.abuse.forged)

    def send(request: tuple[str, dict[str, str]]) -> None:
        phone, sent = request
        stranger.note(phone, by_api(product.port, phone, "198.18.0.2", sent))

    with honest(arena, "headers") as visitors:
        all_of(send, list(zip(phones, made_up, strict=True)), arena.abuse.at_once)
    judge(arena, product, result, stranger, visitors, allowed=NUMBERS_OF_AN_ADDRESS)
    _judge_stored(result, stranger, arena.abuse.forged)


def _judge_stored(result: Result, stranger: Stranger, sent: int) -> None:
    stored, refused = stranger.count(201), stranger.count(429)
    found = f"{stored} stored, {refused} refused of {sent:,}"
    holds = stored == STORED_OF_AN_ADDRESS and refused == sent - STORED_OF_AN_ADDRESS
    result.must(f"requests of one address stored (exactly {STORED_OF_AN_ADDRESS})", holds, found)
