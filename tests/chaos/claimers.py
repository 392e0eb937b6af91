r"""Many processes that claim few extensions, as fast as they can, and a sweep that frees them.

    python -m tests.chaos.claimers \
        '{"processes": 32, "extensions": 20, "claims": 50000, "sleepers": 0.001, "seed": 1,
          "without": "", "seconds": 1800}'

with the product's settings in the environment. Each process claims a lead and an extension with
`claim.claim`, dials with `dial.dial_call`, "talks", and ends the attempt. Now and then one
falls asleep between claim and dial for longer than its lease lasts; a sweep then frees what it
holds, and others claim it. The provider is a table in shared memory that notes who is on which
extension and which leads were called: the witness. `without` takes a guard away: the "index" over
live attempts, the "lock" on rows, or the "fence" against late dials; "" takes none.

There are more claimers than extensions: they wait, and then a handful of them go for as many free
extensions at once. Many claims are for a lead that another claimer has just chosen, so that claims
meet over leads, too.

Times are shorter than in the product, in about the same proportion: SEND_WITHIN seconds to send,
and a LEASE of ten times that.
"""

import json
import multiprocessing
import os
import random
import signal
import sys
import time
from ctypes import c_bool, c_int
from datetime import timedelta
from typing import Any

SEND_WITHIN = 0.5
LEASE = 5.0
ASLEEP = 7.0
TALKS = 0.004
# The share of claims for a lead that others claim, and how many leads back such a lead is.
INTRUSIONS, BEHIND = 0.2, 40
# Claimers are woken this many at once, when this many extensions are free.
RUSH = 4
# Seconds after which a waiting claimer looks again: a sweep that frees an extension wakes nobody.
LOOKS_AGAIN = 0.1

_fork = multiprocessing.get_context("fork")


class Witness:
    """Who is on which extension, and how often each lead was called; shared by all processes."""

    def __init__(self, extensions: int, leads: int) -> None:
        self._lock = _fork.Lock()
        self._on = _fork.Array(c_int, extensions, lock=False)
        self._called = _fork.Array(c_int, leads, lock=False)
        self.counts = {
            name: _fork.Value(c_int, 0)
            for name in (
                *("tries", "claims", "calls", "overlaps", "twice"),
                *("index_hits", "asleep", "not_sent"),
            )
        }

    def add(self, name: str) -> int:
        """Counts one; returns the new count."""
        with self.counts[name].get_lock():
            self.counts[name].value += 1
            return int(self.counts[name].value)

    def begin(self, extension: int, lead: int) -> None:
        """A call rings the extension, and then the lead."""
        with self._lock:
            self._on[extension] += 1
            self._called[lead] += 1
            is_overlap, is_second = self._on[extension] > 1, self._called[lead] > 1
        self.add("calls")
        if is_overlap:
            self.add("overlaps")
        if is_second:
            self.add("twice")

    def end(self, extension: int) -> None:
        """The call is over."""
        with self._lock:
            self._on[extension] -= 1


class Queue:
    """The leads in their order, and the claimers who wait for an extension; shared by all.

    Claimers that poll take the processor from those that call: on two cores, thirty leave nothing.
    """

    def __init__(self, leads: range) -> None:
        self._leads = leads
        self._drawn = _fork.Value(c_int, 0)
        self._claimed = _fork.Array(c_bool, len(leads), lock=False)
        self._free = _fork.Value(c_int, 0, lock=False)
        self._are_free = _fork.Condition()

    def next(self) -> int:
        """The next lead that nobody has drawn."""
        with self._drawn.get_lock():
            self._drawn.value += 1
            return self._leads[self._drawn.value - 1]

    def one_of_others(self, rng: random.Random) -> int:
        """A lead that somebody is claiming now, or claimed a little while ago."""
        return self._leads[max(0, self._drawn.value - 1 - rng.randrange(BEHIND))]

    def note_claim(self, lead_id: int) -> None:
        """Notes that the lead was claimed."""
        self._claimed[lead_id - self._leads.start] = True

    def is_claimed(self, lead_id: int) -> bool:
        """Whether anybody has claimed the lead."""
        return bool(self._claimed[lead_id - self._leads.start])

    def wait_for_extensions(self) -> None:
        """Waits until RUSH of them are free, or for LOOKS_AGAIN seconds."""
        with self._are_free:
            self._are_free.wait(LOOKS_AGAIN)

    def note_end(self) -> None:
        """A call has ended: one more extension is free."""
        with self._are_free:
            self._free.value += 1
            if self._free.value == RUSH:
                self._free.value = 0
                self._are_free.notify(RUSH)


def main(options: dict[str, Any]) -> dict[str, int]:
    """Runs all processes until enough claims are won or the time is up; returns the counts."""
    import django

    django.setup()
    from django.db import connection

    # Loaded once here instead of by each claimer.
    import callbacks.calling.dial
    import callbacks.reconciliation.records  # noqa: F401

    _commit_without_waiting_for_the_disk()
    leads = _make_leads(options["claims"] + 2 * options["processes"])
    _keep_extensions(options["extensions"])
    _take_away(options["without"])
    connection.close()
    connection.close_pool()
    witness = Witness(options["extensions"], leads.stop - leads.start)
    queue = Queue(leads)
    done, enough = _fork.Event(), _fork.Event()
    claimers = [
        _fork.Process(target=_claim, args=(witness, queue, leads.start, options, number, enough))
        for number in range(options["processes"])
    ]
    sweeper = _fork.Process(target=_sweep, args=(done,))
    for process in (*claimers, sweeper):
        process.start()
    end = time.monotonic() + options["seconds"]
    while any(process.is_alive() for process in claimers):
        time.sleep(1)
        _say(witness)
        if time.monotonic() > end:
            enough.set()
    done.set()
    sweeper.join()
    failed = sum(process.exitcode != 0 for process in (*claimers, sweeper))
    return {name: count.value for name, count in witness.counts.items()} | {"failed": failed}


def _commit_without_waiting_for_the_disk() -> None:
    """For new connections. Nothing is struck down here, so the witness sees the same."""
    from django.db import connection

    with connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")


def _make_leads(count: int) -> range:
    """Waiting leads, each with a different number; returns their ids."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_lead (public_id, source_id, submission_key, name, phone, email,"
            " message, status, submitted_at, clock_started_at, due_at, call_after, counted_from,"
            " call_id, error_message, attempts)"
            " SELECT gen_random_uuid(), (SELECT min(id) FROM leads_leadsource), gen_random_uuid(),"
            " 'Noa Levi', '+9725' || lpad(n::text, 8, '0'), '', '', 'waiting', now(), now(), now(),"
            " now(), now(), '', '', 0 FROM generate_series(1, %s) n",
            [count],
        )
        cursor.execute("SELECT min(id), max(id) FROM leads_lead")
        first, last = cursor.fetchone()
        cursor.execute("ANALYZE")
    return range(first, last + 1)


def _keep_extensions(count: int) -> None:
    from callbacks.models import Extension

    kept = Extension.objects.order_by("pk").values_list("pk", flat=True)[:count]
    Extension.objects.exclude(pk__in=list(kept)).delete()


def _take_away(guard: str) -> None:
    from django.db import connection

    from callbacks.calling import dial
    from callbacks.routing import claim

    dial.SEND_WITHIN = timedelta(seconds=SEND_WITHIN)
    match guard:
        case "index":
            with connection.cursor() as cursor:
                cursor.execute("DROP INDEX attempt_one_live_per_extension")
                # While the claim looks again at what it locked, nothing gets as far as the index.
                cursor.execute(without_recheck(claim.SQL_FILE.read_text()))
        case "lock":
            with connection.cursor() as cursor:
                cursor.execute(without_locks(claim.SQL_FILE.read_text()))
        case "fence":
            dial.SEND_WITHIN = timedelta(days=1)


# On the lead, and on the extension, whichever rule chooses it.
_LOCKS = ("FOR UPDATE OF lead SKIP LOCKED", "FOR UPDATE OF extension SKIP LOCKED")


def without_recheck(function: str) -> str:
    """The claim without its second look at a row it has locked. ValueError when there is none."""
    recheck = "as_seen.last_called_at IS DISTINCT FROM extension.last_called_at"
    if recheck not in function:
        raise ValueError("the claim does not look again at what it has locked")
    return function.replace(recheck, "false")


def without_locks(function: str) -> str:
    """The claim without its row locks. ValueError when it has other locks than these."""
    bare = function
    for lock in _LOCKS:
        if lock not in bare:
            raise ValueError(f"the claim has no lock {lock!r}")
        bare = bare.replace(lock, "")
    if "FOR UPDATE" in bare:
        raise ValueError("the claim has locks that are not known here")
    return bare


def _say(witness: Witness) -> None:
    """Progress, for whoever reads stderr."""
    counts = {name: count.value for name, count in witness.counts.items()}
    print(json.dumps(counts), file=sys.stderr, flush=True)


def _claim(
    witness: Witness, queue: Queue, first: int, options: dict[str, Any], number: int, enough: Any
) -> None:
    from django.utils import timezone

    from callbacks.calling import dial
    from callbacks.common import task_publisher
    from callbacks.models import Extension, Team
    from callbacks.models.attempt_states import AttemptState
    from callbacks.routing import claim as claims
    from callbacks.routing.config import current as current_config
    from callbacks.voicenter import Accepted
    from leads import log_context
    from leads.models import Lead, LeadSource
    from tests.support.asking import asked

    rng = random.Random(f"{options['seed']} {number}")
    team = Team.objects.get().pk
    source = LeadSource.objects.get().pk
    config = current_config()
    places = {
        pk: n for n, pk in enumerate(Extension.objects.order_by("pk").values_list("pk", flat=True))
    }
    _count_index_hits(witness)
    task_publisher.publish = lambda *_: True

    class Provider:
        """Accepts every call."""

        def __init__(self, claim: claims.Claim, extension: int) -> None:
            self._claim = claim
            self._extension = extension

        def call(self, _call: object) -> Accepted:
            attempt = self._claim.attempt
            witness.begin(self._extension, attempt.lead_id - first)
            return Accepted(call_id=f"call-{attempt.pk}", error_code=0, error_message="OK")

    mine = queue.next()
    while witness.counts["claims"].value < options["claims"] and not enough.is_set():
        if queue.is_claimed(mine):
            mine = queue.next()
        intrudes = rng.random() < INTRUSIONS
        lead = Lead(pk=queue.one_of_others(rng) if intrudes else mine, source_id=source)
        log_context.follow(lead.pk)
        witness.add("tries")
        claim = claims.claim(lead.pk, asked(team), timezone.now(), timedelta(seconds=LEASE))
        if claim is None:
            if not intrudes:
                queue.wait_for_extensions()
            continue
        queue.note_claim(lead.pk)
        witness.add("claims")
        if rng.random() < options["sleepers"]:
            witness.add("asleep")
            time.sleep(ASLEEP)
        extension = places[claim.attempt.extension_id]
        provider: Any = Provider(claim, extension)
        dial.dial_call(provider, claim, lead, config)
        if claim.attempt.state != AttemptState.ACCEPTED:
            witness.add("not_sent")
            queue.note_end()
            continue
        time.sleep(rng.random() * TALKS)
        witness.end(extension)
        now = timezone.now()
        claim.attempt.finish(AttemptState.BRIDGED, now, connected_at=now)
        Lead.objects.filter(pk=lead.pk).update(status="connected", connected_at=now, closed_at=now)
        queue.note_end()
        queue.wait_for_extensions()


def _count_index_hits(witness: Witness) -> None:
    from django.db import IntegrityError

    from callbacks.routing import claim as claims

    claim_once = claims._claim

    def counted(*parameters: Any) -> Any:
        try:
            return claim_once(*parameters)
        except IntegrityError:
            witness.add("index_hits")
            raise

    claims._claim = counted


def _sweep(done: Any) -> None:
    from callbacks.common import task_publisher
    from callbacks.reconciliation import holds

    # Nobody listens for tasks; the claimers look for themselves.
    task_publisher.publish = lambda *_: True
    while not done.wait(0.2):
        holds.free_expired_holds()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(os.getpid(), signal.SIGKILL))
    print(json.dumps(main(json.loads(sys.argv[1]))))
