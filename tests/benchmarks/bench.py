"""The order of the benchmark: both sides in turn, on the same servers and the same simulator."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis

from callbacks.localrun.servers import servers
from tests.benchmarks import boards, figures, lives, popups, reports, sizes
from tests.benchmarks.boards import BoardsPlan
from tests.benchmarks.claims import MIGRATED, Claims, ClaimsPlan, claiming, migrate
from tests.benchmarks.figures import Round
from tests.benchmarks.lives import Lives
from tests.benchmarks.load import NotTaken, post, submit
from tests.benchmarks.memory import Memory
from tests.benchmarks.reports import ReportsPlan
from tests.benchmarks.sides import FLOOR, Running, Side, project
from tests.support.measuring import new_database, numbers
from tests.support.simulator import SimulatorProcess
from tests.support.stack import CODE

# Seconds. A call that keeps ringing for as long as the pop-up requests last.
RINGING = 3600.0
# The longest time, in seconds, from the last lead's submission to its call.
PATIENCE = 120.0


@dataclass(frozen=True)
class Plan:
    """How many leads, how often. `per_second` is the pace of the paced rounds and of the pop-ups.

    `ringing`: how many calls are under way while the provider asks three times about each.
    `answer_after`, `talk`: seconds. A call lasts 3 s, so that calls end, and their records come in,
    while others begin: as many at a time as on a busy day.
    """

    paced: int = 300
    per_second: float = 20.0
    burst: int = 3000
    ringing: int = 100
    rounds: int = 2
    warm_up: int = 40
    answer_after: float = 0.5
    talk: float = 2.0
    few: int = 4
    queued: int = 200
    lives: int = 300
    lives_at_once: int = 600
    claims: ClaimsPlan = field(default_factory=ClaimsPlan)
    reports: ReportsPlan = field(default_factory=ReportsPlan)
    boards: BoardsPlan = field(default_factory=BoardsPlan)

    @property
    def extensions(self) -> int:
        """One for every lead of a burst and every call left ringing, so that no lead waits."""
        return self.burst + self.warm_up + self.rounds * self.ringing


@dataclass
class Results:
    """The results, by the name of the side."""

    paced: dict[str, list[Round]] = field(default_factory=lambda: {"floor": [], "ours": []})
    burst: dict[str, list[Round]] = field(default_factory=lambda: {"floor": [], "ours": []})
    # Milliseconds.
    popups: dict[str, list[tuple[float, ...]]] = field(
        default_factory=lambda: {"floor": [], "ours": []}
    )
    # Milliseconds from the end of a call to the next one through the same extension.
    wake_ups: tuple[float, ...] = ()
    claims: dict[str, Any] = field(default_factory=dict)
    lives: Lives = field(default_factory=Lives)
    reports: dict[str, Any] = field(default_factory=dict)
    boards: dict[str, Any] = field(default_factory=dict)
    sizes: dict[str, Any] = field(default_factory=dict)
    # Above the number of cores, other programs were running, and the figures mean little.
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])
    memory: Memory = field(default_factory=lambda: Memory(0, 0))


class Bench:
    """One run. `say` takes lines of progress; what the processes write goes to `logs`."""

    def __init__(self, plan: Plan, logs: Path, say: Callable[[str], None], only: str = "") -> None:
        self._plan = plan
        self._only = only
        self._logs = logs
        self._say = say
        self._numbers = numbers()
        self._databases: dict[str, str] = {}
        self._results = Results()

    def run(self) -> Results:
        """Everything, in the main thread (the servers end with it).

        Raises NotOnce, NotTaken, CannotStart.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="callbacks-bench-") as directory:
            self._say("starting PostgreSQL, Redis and the simulator")
            with servers(Path(directory)) as urls:
                self._server_url = urls.database_url
                if self._only == "reports":
                    migrate(self._server_url)
                    self._report()
                    return self._results
                base = urls.redis_url.rpartition("/")[0]
                self._redis = {"floor": f"{base}/1", "ours": f"{base}/2"}
                with SimulatorProcess(code=CODE) as self._simulator:
                    self._sides = (FLOOR, project(self._plan.extensions))
                    for side in self._sides:
                        self._set_up(side)
                    if self._only in {"", "lives"}:
                        self._live()
                    if self._only != "lives":
                        self._watch_boards()
                    if self._only:
                        return self._results
                    self._measure()
                claims = Claims(self._plan.claims, urls.database_url, self._say)
                self._results.claims = claims.run()
                self._report()
        return self._results

    def _report(self) -> None:
        self._results.reports = reports.run(self._plan.reports, self._server_url, self._say)

    def _watch_boards(self) -> None:
        ours = self._sides[1]
        token = claiming(self._databases[ours.name], what="board", name="Sales floor")["token"]
        servers = lives.server_pids(self._databases[ours.name], self._redis[ours.name])
        with self._running(ours, "wallboards") as running:
            self._results.sizes = sizes.measure(f"http://127.0.0.1:{running.port}")
            if self._only == "sizes":
                return
            address = f"http://127.0.0.1:{running.port}/wallboard/{token}/now/"
            roots = servers | running.pids()
            self._results.boards = boards.watch(self._plan.boards, address, roots, self._say)

    def _measure(self) -> None:
        plan, results = self._plan, self._results
        for number in range(1, plan.rounds + 1):
            for side in self._sides:
                with self._running(side, f"round {number}/{plan.rounds}") as running:
                    self._say("  paced")
                    done = self._round(running, plan.paced, plan.per_second)
                    results.paced[side.name].append(done)
                    self._say("  " + _in_words(figures.latencies([done.milliseconds])))
                    self._say("  burst")
                    done = self._round(running, plan.burst)
                    results.burst[side.name].append(done)
                    self._say(f"  {done.dials_per_second:.0f} dials/s")
                    if side is not FLOOR:
                        results.memory = max(results.memory, running.memory(), key=lambda m: m.pss)
                    self._say("  pop-up requests")
                    asked = self._ask_who_calls(running)
                    results.popups[side.name].append(asked)
                    self._say("  " + _in_words(figures.latencies([asked])))
                    if side is not FLOOR:
                        self._say("  leads that wait for a few extensions")
                        results.wake_ups += self._wait_in_line(running)
                        self._say("  " + _in_words(figures.latencies([results.wake_ups])))

    def _live(self) -> None:
        """What a lead costs over its whole life: in a burst, then at a quarter of that pace."""
        plan, found = self._plan, self._results.lives
        for side in self._sides:
            found.burst[side.name].append(self._life(side, plan.lives_at_once))
        slower = min(costs[0].per_second for costs in found.burst.values())
        found.paced_at = slower / 4
        for _ in range(plan.rounds):
            for side in self._sides:
                found.paced[side.name].append(self._life(side, plan.lives, found.paced_at))

    def _life(self, side: Side, leads: int, per_second: float | None = None) -> lives.Cost:
        plan, simulator = self._plan, self._simulator
        with self._running(side, "whole lives") as running:
            # This measures what a burst costs, not whether a busy machine keeps up with it.
            simulator.control(
                cdr_url=running.records_url, popup_url=running.popup_url, popup_limit=60.0
            )
            cost = lives.live(
                running,
                simulator,
                lives.server_pids(self._databases[side.name], self._redis[side.name]),
                self._numbers,
                leads,
                call_length=plan.answer_after + plan.talk,
                per_second=per_second,
            )
        self._say(f"  {cost.total:.1f} ms of processor per lead, {cost.per_second:.1f} leads/s")
        return cost

    def _set_up(self, side: Side) -> None:
        name = f"bench_{side.name}"
        if side is FLOOR:
            self._databases[side.name] = new_database(self._server_url, name)
            self._prepared(side).set_up()
            return
        migrate(self._server_url)
        self._databases[side.name] = new_database(self._server_url, name, MIGRATED)
        self._prepared(side).set_up()
        claiming(self._databases[side.name], what="few", extensions=self._plan.few)
        with psycopg.connect(self._databases[side.name]) as connection:
            # Our client has no API key: without this, its leads would be held.
            connection.execute("UPDATE leads_leadsource SET without_key = 'accepted'")

    @contextmanager
    def _running(self, side: Side, what: str) -> Iterator[Running]:
        """Runs only the side that is measured; it is warm when the block begins."""
        self._say(f"{what}: {side.name}")
        running = self._prepared(side)
        # As autovacuum does within a minute of so many new rows; no result may depend on its
        # timing.
        with psycopg.connect(self._databases[side.name], autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        self._simulator.control(reset=True)
        self._simulator.control(
            answer_after=self._plan.answer_after,
            talk=self._plan.talk,
            cdr_url=running.records_url if side.takes_records else None,
        )
        with running:
            self._round(running, self._plan.warm_up, per_second=20)
            if side is not FLOOR:
                with redis.Redis.from_url(self._redis[side.name]) as counters:
                    check_counted(counters)
            yield running

    def _prepared(self, side: Side) -> Running:
        return Running(
            side,
            self._databases[side.name],
            self._redis[side.name],
            self._simulator.click2call_url,
            self._logs,
        )

    def _round(self, running: Running, leads: int, per_second: float | None = None) -> Round:
        """Submits, waits until all calls are over and recorded, and reads the ledger."""
        since = self._simulator.status()["requests"]
        phones = [next(self._numbers) for _ in range(leads)]
        submitted = submit(running.port, running.side.path, phones, per_second)
        self._wait(lambda: self._simulator.status()["requests"] >= since + leads)
        self._wait(lambda: self._simulator.status()["live_calls"] == 0)
        if running.side.takes_records:
            self._wait(lambda: self._all_recorded(since))
        return figures.match(submitted, self._simulator.ledger(since))

    def _ask_who_calls(self, running: Running) -> tuple[float, ...]:
        """Asks about every call at a steady pace, after one round of questions to warm up."""
        plan, side = self._plan, running.side
        if side is FLOOR:
            questions: list[dict[str, Any]] = popups.of_the_floor(
                plan.warm_up, len(popups.STATUSES) * plan.ringing
            )
        else:
            questions = popups.of_calls(self._ring(running))
        # The product notes the ringing of a call once; further requests that say the same add
        # nothing.
        warm_up = questions[: plan.ringing]
        popups.milliseconds(post(running.port, side.popup_path, warm_up))
        return popups.milliseconds(post(running.port, side.popup_path, questions, plan.per_second))

    def _wait_in_line(self, running: Running) -> tuple[float, ...]:
        """Short calls through a few extensions, for which many leads wait."""
        plan, simulator = self._plan, self._simulator
        simulator.control(reset=True)
        simulator.control(answer_after=0.1, talk=0.2, cdr_url=running.records_url)
        phones = [next(self._numbers) for _ in range(plan.queued)]
        submitted = submit(running.port, running.side.path, phones, source="few")
        self._wait(lambda: simulator.status()["requests"] >= plan.queued)
        self._wait(lambda: simulator.status()["live_calls"] == 0)
        # During the submissions the web server had other things to do.
        last = max(lead.at for lead in submitted)
        return figures.wake_ups(simulator.ledger(0), since=last + 1)

    def _ring(self, running: Running) -> list[dict[str, Any]]:
        """Makes calls that keep ringing; returns what the provider asked about each of them."""
        simulator = self._simulator
        simulator.control(answer_after=RINGING, popup_url=running.popup_url)
        since = len(simulator.seen("/popups"))
        phones = [next(self._numbers) for _ in range(self._plan.ringing)]
        submit(running.port, running.side.path, phones, self._plan.per_second)
        self._wait(lambda: len(self._answered(since)) >= len(phones))
        if len(answered := self._answered(since)) != len(phones):
            raise NotTaken(f"{len(answered)} of {len(phones)} pop-up requests were answered")
        return [popup["sent"] for popup in answered]

    def _answered(self, since: int) -> list[dict[str, Any]]:
        return [popup for popup in self._simulator.seen("/popups")[since:] if not popup["problem"]]

    def _all_recorded(self, since: int) -> bool:
        calls = self._simulator.ledger(since)
        return all(call["cdrs"] and all(n["delivered"] for n in call["cdrs"]) for call in calls)

    @staticmethod
    def _wait(until: Callable[[], bool]) -> None:
        """Looks seldom, to leave the simulator free; `match` reports what is missing."""
        end = time.monotonic() + PATIENCE
        while not until() and time.monotonic() < end:
            time.sleep(0.5)


def check_counted(counters: redis.Redis) -> None:
    """Raises NotTaken if Redis counted no submission: counting is part of a submission's cost."""
    if next(counters.scan_iter("callbacks:rates:*"), None) is None:
        raise NotTaken("the rates of strangers' submissions were not counted")


def _in_words(milliseconds: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.1f} ms" for name, value in milliseconds.items())
