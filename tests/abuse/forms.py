"""Forms that are sent again, and forms sent by robots with and without scripts."""

import itertools
import json

from tests.abuse.arena import REQUESTS_OF_A_PAGE, AbuseArena
from tests.abuse.client import Answer, Stranger, all_of, ask, by_form, page, stay
from tests.abuse.floods import honest
from tests.abuse.judging import judge
from tests.chaos.result import Result
from tests.support.challenges import solve

LOOKS = 1.5  # seconds that a robot waits when it knows the minimum fill time


def replays(arena: AbuseArena, result: Result) -> None:
    """One page's token and stamp are sent with many numbers from many addresses."""
    product, stranger = arena.product(), Stranger()
    product.begin()
    with honest(arena, "replays") as visitors:
        carried = page(product.port, "198.18.100.0")
        stay(LOOKS)
        phones = itertools.islice(arena.numbers, arena.abuse.replays)
        for place, phone in enumerate(phones):
            sender = f"198.18.{100 + place // 250}.{place % 250}"
            stranger.note(phone, by_form(product.port, phone, sender, carried))
    # Fewer than allowed: a request with another number takes back the one before it.
    limit = REQUESTS_OF_A_PAGE
    theirs = judge(arena, product, result, stranger, visitors, allowed=limit, exactly=False)
    held = sum(lead.status == "held" for lead in theirs.values())
    # Of the held leads, each was taken back by the next; only the last is still held.
    result.must("the last of them is held", held == 1, held)


def doubles(arena: AbuseArena, result: Result) -> None:
    """One form is sent many times at the same moment."""
    product, stranger = arena.product(), Stranger()
    product.begin()
    phone = next(arena.numbers)
    with honest(arena, "doubles") as visitors:
        carried = page(product.port, "198.18.110.0")
        stay(LOOKS)

        def send(_place: int) -> None:
            answer = by_form(product.port, phone, "198.18.110.0", carried)
            stranger.note(phone, answer)

        all_of(send, range(arena.abuse.doubles), arena.abuse.at_once)
    theirs = judge(arena, product, result, stranger, visitors, allowed=1)
    result.must("leads of one form", len(theirs) == 1, len(theirs))


def robots(arena: AbuseArena, result: Result) -> None:
    """Robots that never load the page, each from its own address: some run scripts, most do not."""
    rng, product, stranger = arena.rng("robots"), arena.product(), Stranger()
    product.begin()
    plan = arena.abuse
    wrong: list[str] = []
    solved: list[str] = []

    def send(place: int) -> str:
        phone = phones[place]
        sender = f"198.18.{120 + place // 250}.{place % 250}"
        # Some forge a stamp, some a token, and some fill in the hidden field.
        carried = rng.choice([{}, {"shown": "1:x"}, {"token": "x"}, {"reference": "x"}])
        return stranger.note(phone, by_form(product.port, phone, sender, carried)).location

    def challenge(path: str, **fields: str) -> Answer:
        method = "POST" if fields else "GET"
        return ask(product.port, method, f"{path}challenge/", "198.18.120.1", fields or None)

    count = plan.without_scripts + plan.with_scripts
    phones = list(itertools.islice(arena.numbers, count))
    with honest(arena, "robots") as visitors:
        paths = [send(place) for place in range(count)]
        first = ""
        for path in paths[: plan.with_scripts]:
            solution = solve(json.loads(challenge(path).text))
            # Another lead's solution does not count, and a lead's own solution counts only once.
            wrong += [path] if first and challenge(path, altcha=first).status != 400 else []
            solved += [path] if challenge(path, altcha=solution).status == 200 else []
            wrong += [path] if challenge(path, altcha=solution).status != 404 else []
            first = solution
        # Solutions to a challenge that another lead was given.
        for path in paths[plan.with_scripts :]:
            challenge(path)
            wrong += [path] if challenge(path, altcha=first).status != 400 else []
    judge(arena, product, result, stranger, visitors, allowed=plan.with_scripts)
    result.must("challenges solved", len(solved) == plan.with_scripts, len(solved))
    result.none("solutions that counted twice or for another", wrong, of=2 * count)
