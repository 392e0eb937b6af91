"""The running product, with servers that can be struck down under it."""

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from callbacks.localrun.servers import servers
from tests.chaos.client import Visitors, until
from tests.chaos.plan import Plan
from tests.chaos.result import Result
from tests.chaos.servers import Server
from tests.chaos.tables import OPEN, LeadRow, Tables
from tests.chaos.witness import (
    calls,
    more_calls_than_allowed,
    never_submitted,
    two_calls_at_once,
    was_answered,
)
from tests.support.measuring import Say, new_database, numbers, without_spending_limits
from tests.support.stack import ROOT, Stack
from tests.support.tunnel import Tunnel

TEMPLATE = "chaos_template"
# Seconds. A call is short, so that thousands of them fit; the settings below are in proportion.
RINGS = 0.1
TALKS = 0.2
SETTINGS = {
    # A lost answer is found out after VOICENTER_CONNECT_TIMEOUT, VOICENTER_TIMEOUT and ten seconds.
    "VOICENTER_CONNECT_TIMEOUT": "1",
    "LEAST_TALK": "0",
    "NEW_CALLING_HOURS": "off",
    "NEW_CALLS_A_DAY": "0",
    "VOICENTER_TIMEOUT": "5",
    # Without a record, an extension is kept for the sum of these and a minute.
    "VOICENTER_PHONE_MAX_DIAL_TIME": "5",
    "VOICENTER_TARGET_MAX_DIAL_TIME": "5",
    "VOICENTER_MAX_DURATION": "60",
    # A call that nobody finds counts as never placed after the sum of all these.
    "VOICENTER_LOG_DELAY": "15",
    "SECRET_KEY": "only-for-the-fault-runs-" + "x" * 40,
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
}


class Arena:
    """Servers, simulator and product; shared by all scenarios, which leave them as they found them.

    After a scenario that failed, `renew` lets the next one start with a new product.
    """

    def __init__(self, plan: Plan, seed: int, logs: Path, say: Say, broker_url: str = "") -> None:
        self.plan = plan
        self.say = say
        self.seed = seed
        self.numbers: Iterator[str] = numbers()
        self._logs = logs
        self._broker_url = broker_url
        self._running = ExitStack()
        self._product: Product | None = None
        self._has_template = False
        self._databases = 0

    def __enter__(self) -> Self:
        with self._running as running:
            data = Path(
                running.enter_context(tempfile.TemporaryDirectory(prefix="callbacks-chaos-"))
            )
            self.say("starting PostgreSQL and Redis")
            # Durable: what was committed must survive an immediate shutdown.
            self.urls = running.enter_context(servers(data))
            redis = urlsplit(self.urls.redis_url)
            postgres = urlsplit(self.urls.database_url)
            assert redis.port
            assert postgres.port
            [configuration] = data.glob("*/redis.conf")
            self.redis = running.enter_context(
                Server(
                    configuration.parent,
                    redis.port,
                    data / "log" / "redis.log",
                    arguments=[configuration.name],
                )
            )
            self.postgres = running.enter_context(
                Server(data / "postgres", postgres.port, data / "log" / "postgres.log")
            )
            self.tunnel = running.enter_context(Tunnel("127.0.0.1", redis.port))
            self._running = running.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.renew()
        finally:
            self._running.__exit__(kind, error, traceback)

    def rng(self, scenario: str) -> random.Random:
        """A scenario draws the same numbers, whichever others ran before it."""
        return random.Random(f"{self.seed} {scenario}")

    def database(self, name: str) -> str:
        """A database with tables, a website and the extensions; its address."""
        if not self._has_template:
            self._has_template = True
            url = new_database(self.urls.database_url, TEMPLATE)
            self.prepare(url)
        return new_database(self.urls.database_url, f"chaos_{name}", TEMPLATE)

    def manage(self, database_url: str, *command: str) -> None:
        """Runs a command of the product's `manage.py` on that database."""
        settings = {"DJANGO_SETTINGS_MODULE": "callbacks.config.settings"}
        done = subprocess.run(
            [sys.executable, "-m", "django", *command, "--verbosity", "0"],
            cwd=ROOT,
            env=os.environ | self.settings(database_url) | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout

    def settings(self, database_url: str) -> dict[str, str]:
        """The settings of the product's processes; Redis lies behind the tunnel."""
        redis = urlsplit(self.urls.redis_url)
        credentials = redis.netloc.rpartition("@")[0]
        through = redis._replace(netloc=f"{credentials}@127.0.0.1:{self.tunnel.port}")
        return {
            **SETTINGS,
            "SWEEP_EVERY": str(self.plan.sweep_every),
            "DATABASE_URL": database_url,
            "REDIS_URL": urlunsplit(through),
            "BROKER_URL": self._broker_url,
            "CDR_SECRET": "a-secret-for-the-tests-0123456789",
            "VOICENTER_CODE": "code-for-tests",
        }

    def product(self) -> "Product":
        """The product, running on a database of its own."""
        if self._product is None:
            self.say("starting the product")
            self._databases += 1
            name = f"product{self._databases}"
            self._product = self.product_on(self.database(name), name)
            self._product.__enter__()
        return self._product

    def product_on(self, database_url: str, name: str) -> "Product":
        """Another product, on a database that has its tables; the scenario enters it.

        One at a time, since all have the same Redis.
        """
        self.renew()
        directory = self._logs / name
        directory.mkdir(parents=True, exist_ok=True)
        for old in directory.glob("*.log"):
            old.unlink()
        return Product(self, database_url, directory)

    def prepare(self, database_url: str) -> None:
        """Makes the tables, a website and the extensions."""
        self.manage(database_url, "migrate")
        self.manage(database_url, "demo", "--extensions", str(self.plan.extensions))
        without_spending_limits(database_url)

    def renew(self) -> None:
        """Ends the product, if it runs."""
        product, self._product = self._product, None
        if product:
            product.__exit__(None, None, None)


class Product(Stack):
    """Web, several workers and beat on the arena's servers; the simulator; and the checks."""

    def __init__(self, arena: Arena, database_url: str, directory: Path) -> None:
        settings = arena.settings(database_url)
        redis_url = settings.pop("REDIS_URL")
        del settings["DATABASE_URL"]
        workers = [f"worker{number}" for number in range(1, arena.plan.workers + 1)]
        super().__init__(database_url, redis_url, directory, workers=workers, **settings)
        self.arena = arena
        self.plan = arena.plan
        self.say = arena.say
        self.tables = Tables(database_url)

    def begin(self, **control: Any) -> None:
        """All processes run, ledger empty, extensions free, the provider set as `control` says."""
        self.restart_missing_workers()
        self.tables.free_all()
        settings = {"answer_after": RINGS, "talk": TALKS, "seed": self.arena.seed} | control
        # So that the account's list of active calls also shows idle extensions.
        account = dict.fromkeys(self.tables.extensions(), "online") | settings.get("extensions", {})
        self.simulator.control(
            reset=True, cdr_url=self.cdr_url, **settings | {"extensions": account}
        )

    def visitors(
        self, rng: random.Random, count: int | None = None, per_second: float | None = None
    ) -> Visitors:
        """Visitors who submit leads, without end if there is no `count`."""
        pace = per_second or self.plan.per_second
        return Visitors(self.port, self.arena.numbers, pace, rng, count)

    def settle(self) -> None:
        """Waits until no lead waits and no attempt is live; the checks will tell what is left."""
        self.say("  waiting until everything is settled")

        def is_settled() -> bool:
            return self.tables.unsettled() == (0, 0) and self.simulator.status()["live_calls"] == 0

        until(is_settled, self.plan.settled_within, every=0.5)
        if left := self.tables.left():
            (self.directory / "left.json").write_text(json.dumps(left, indent=1))

    def restart_missing_workers(self) -> None:
        """Starts the workers that are missing, and waits until all take tasks."""
        for name in self.workers:
            if self.processes[name].poll() is not None:
                self.start(name)
        until(lambda: all(self.is_ready(name) for name in self.workers), within=60)

    def judge(
        self, result: Result, visitors: Sequence[Visitors], ledger: Sequence[Any]
    ) -> list[LeadRow]:
        """Makes the checks that every scenario shares; returns the leads of the receipts."""
        leads = self.tables.leads()
        receipts = [receipt for shift in visitors for receipt in shift.receipts]
        total = len(receipts)
        ours = [leads[r.public_id] for r in receipts if r.public_id in leads]
        lost = [r.public_id for r in receipts if r.public_id not in leads]
        result.none("receipts without a lead", lost, of=total)
        given_up = [phone for shift in visitors for phone in shift.given_up]
        begun = sum(shift.begun for shift in visitors)
        result.none("submissions never acknowledged", given_up, of=begun)
        open_leads = [lead.public_id for lead in ours if lead.status in OPEN]
        result.none("leads neither final nor a manager's", open_leads, of=total)
        made = calls(ledger)
        result.none(
            "leads with more accepted calls than their policy allows",
            more_calls_than_allowed(ledger),
            of=total,
        )
        result.none("extensions in two calls at once", two_calls_at_once(ledger), of=len(made))
        phones = {phone for shift in visitors for phone in shift.phones}
        strangers = never_submitted(ledger, phones)
        result.none("calls that nobody asked for", strangers, of=len(made))
        talked = {"+" + call["target"] for call in made if was_answered(call)}
        called = {"+" + call["target"] for call in made}
        boasts = [
            lead.public_id
            for lead in ours
            if (lead.status == "connected" and lead.phone not in talked)
            or (lead.status == "called" and lead.phone not in called)
        ]
        result.none("leads said to be called that were not", boasts, of=total)
        _waiting, live = self.tables.unsettled()
        result.must("extensions all free at the end", live == 0, f"{live} still held")
        statuses: dict[str, int] = {}
        for lead in ours:
            statuses[lead.status] = statuses.get(lead.status, 0) + 1
        attempts = [a for a in self.tables.attempts() if a.phone in phones]
        result.figures |= {
            "leads": total,
            "accepted calls": len(made),
            "leads by status": statuses,
            "attempts": len(attempts),
            "attempts ever unknown": sum(attempt.was_unknown for attempt in attempts),
            "load average": round(os.getloadavg()[0], 1),
        }
        return ours
