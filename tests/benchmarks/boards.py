"""What open wallboards cost: processor time while they ask, less the same time without them."""

import time
from dataclasses import dataclass
from typing import Any

import httpx

from tests.benchmarks import processor
from tests.benchmarks.figures import Target
from tests.benchmarks.load import NotTaken
from tests.support.measuring import Say

# The limit, in per cent of one core.
MOST = 1.0
# Seconds between two requests of one board (static/wallboard/wallboard.js).
EVERY = 5.0


@dataclass(frozen=True)
class BoardsPlan:
    """How many boards are open, and for how many seconds they are watched."""

    boards: int = 20
    seconds: float = 60.0


def watch(plan: BoardsPlan, address: str, roots: processor.Roots, say: Say) -> dict[str, Any]:
    """Per cent of one core, by part. The boards keep their connections, as browsers do.

    Raises NotTaken when a request is not answered.
    """
    say(f"{plan.boards} wallboards")
    idle = _used(roots, plan.seconds, lambda: None, 1.0)
    with httpx.Client(timeout=30) as browser:

        def ask() -> None:
            if browser.get(address).status_code != 200:
                raise NotTaken("a wallboard was not answered")

        asked = _used(roots, plan.seconds, ask, EVERY / plan.boards)
    by_part = {part: (asked[part] - idle[part]) * 100 / plan.seconds for part in asked}
    found = {"boards": plan.boards, "by_part": by_part, "total": sum(by_part.values())}
    say(f"  {found['total']:.2f} % of one core")
    return found


def targets(found: dict[str, Any]) -> list[Target]:
    """The figure beside its promised limit."""
    title = f"{found['boards']} wallboards, % of one core"
    return [Target(title, found["total"], MOST, at_most=True)]


def _used(roots: processor.Roots, seconds: float, act: Any, every: float) -> dict[str, float]:
    before, began = processor.seconds(roots), time.monotonic()
    turn = 0
    while (now := time.monotonic() - began) < seconds:
        if now >= turn * every:
            act()
            turn += 1
        else:
            time.sleep(turn * every - now)
    after = processor.seconds(roots)
    return {part: after[part] - before[part] for part in after}
