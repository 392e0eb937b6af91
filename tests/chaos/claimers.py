r"""Many processes that claim few extensions, as fast as they can, and a sweep that frees them.

    python -m tests.chaos.claimers \
        '{"processes": 32, "extensions": 20, "claims": 50000, "sleepers": 0.001, "seed": 1,
          "without": "", "seconds": 1800}'

with the product's settings in the environment. Each process claims a lead and an extension with
`matching.claim`, dials with `dialling.dial_call`, "talks", and ends the attempt. Now and then one
falls asleep between claim and dial for longer than its lease lasts; a sweep then frees what it
holds, and others claim it. The provider is a table in shared memory that notes who is on which
extension and which leads were called: the witness. `without` takes a guard away: the `index` over
live attempts (or "", "lock", "fence").

Times are shorter than in the product, in about the same proportion: SEND_WITHIN seconds to send in,
a LEASE of ten times that.
"""

import json
import multiprocessing
import os
import random
import signal
import sys
import time
from ctypes import c_int
from datetime import timedelta
from typing import Any

from tests.asking import asked

SEND_WITHIN = 0.5
LEASE = 5.0
ASLEEP = 7.0
TALKS = 0.004
AHEAD, BEHIND = 60, 200

_fork = multiprocessing.get_context("fork")


class Witness:
    """Who is on which extension, and how often each lead was called; shared by all processes."""

    def __init__(self, extensions: int, leads: int) -> None:
        self._lock = _fork.Lock()
        self._on = _fork.Array(c_int, extensions, lock=False)
        self._called = _fork.Array(c_int, leads, lock=False)
        self.counts = {
            name: _fork.Value(c_int, 0)
            for name in ("claims", "calls", "overlaps", "twice", "index_hits", "asleep", "not_sent")
        }

    def add(self, name: str) -> int:
        """Counts one; how many there are now."""
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


def main(options: dict[str, Any]) -> dict[str, int]:
    """Runs all processes until so many claims were won or the time is up; what the witness saw."""
    import django

    django.setup()
    from django.db import connection

    leads = _make_leads(options["claims"] + AHEAD + BEHIND)
    _keep_extensions(options["extensions"])
    _take_away(options["without"])
    connection.close()
    connection.close_pool()
    witness = Witness(options["extensions"], leads.stop - leads.start)
    done, enough = _fork.Event(), _fork.Event()
    claimers = [
        _fork.Process(target=_claim, args=(witness, leads, options, number, enough))
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


def _make_leads(count: int) -> range:
    """Waiting leads, no two of one number; their ids."""
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

    from callbacks import dialling, matching

    dialling.SEND_WITHIN = timedelta(seconds=SEND_WITHIN)
    match guard:
        case "index":
            with connection.cursor() as cursor:
                cursor.execute("DROP INDEX attempt_one_live_per_extension")
        case "lock":
            matching.CLAIM_FREE = without_locks(matching.CLAIM_FREE)
        case "fence":
            dialling.SEND_WITHIN = timedelta(days=1)


def without_locks(statement: str) -> str:
    """The claim as it would be without its row locks. ValueError when it has none to take away."""
    bare = statement.replace("FOR UPDATE OF extension SKIP LOCKED", "")
    bare = bare.replace("FOR UPDATE SKIP LOCKED", "")
    if statement.count("SKIP LOCKED") != 5 or "SKIP LOCKED" in bare:
        raise ValueError("the claim's locks are others than those known here")
    return bare


def _say(witness: Witness) -> None:
    """Progress, for whoever reads stderr."""
    counts = {name: count.value for name, count in witness.counts.items()}
    print(json.dumps(counts), file=sys.stderr, flush=True)


def _claim(
    witness: Witness, leads: range, options: dict[str, Any], number: int, enough: Any
) -> None:
    from django.db import IntegrityError
    from django.utils import timezone

    from callbacks import dialling, matching
    from callbacks.models import Extension, Team
    from callbacks.models.calls import AttemptState
    from callbacks.setup import current as current_setup
    from callbacks.voicenter import Accepted
    from leads.models import Lead, LeadSource

    rng = random.Random(f"{options['seed']} {number}")
    team = Team.objects.get().pk
    source = LeadSource.objects.get().pk
    places = {
        pk: n for n, pk in enumerate(Extension.objects.order_by("pk").values_list("pk", flat=True))
    }
    claim_once = matching._claim

    def counted(statement: str, parameters: dict[str, Any]) -> Any:
        try:
            return claim_once(statement, parameters)
        except IntegrityError:
            witness.add("index_hits")
            raise

    matching._claim = counted

    class Provider:
        """Accepts every call."""

        def __init__(self, claim: matching.Claim, extension: int) -> None:
            self._claim = claim
            self._extension = extension

        def call(self, _call: object) -> Accepted:
            attempt = self._claim.attempt
            witness.begin(self._extension, attempt.lead_id - leads.start)
            return Accepted(call_id=f"call-{attempt.pk}", error_code=0, error_message="OK")

    while (so_far := witness.counts["claims"].value) < options["claims"] and not enough.is_set():
        lead_id = leads.start + rng.randint(max(0, so_far - BEHIND), so_far + AHEAD)
        claim = matching.claim(lead_id, asked(team), timezone.now(), timedelta(seconds=LEASE))
        if claim is None:
            time.sleep(rng.random() * 0.01)
            continue
        witness.add("claims")
        if rng.random() < options["sleepers"]:
            witness.add("asleep")
            time.sleep(ASLEEP)
        extension = places[claim.attempt.extension_id]
        provider: Any = Provider(claim, extension)
        dialling.dial_call(provider, claim, Lead(pk=lead_id, source_id=source), current_setup())
        if claim.attempt.state != AttemptState.ACCEPTED:
            witness.add("not_sent")
            continue
        time.sleep(rng.random() * TALKS)
        witness.end(extension)
        now = timezone.now()
        claim.attempt.finish(AttemptState.BRIDGED, now, connected_at=now)
        Lead.objects.filter(pk=lead_id).update(status="connected", connected_at=now, closed_at=now)


def _sweep(done: Any) -> None:
    from callbacks import reconcile, wakeups

    # Nobody listens; the claimers look for themselves.
    wakeups.publish = lambda *_: True
    while not done.wait(0.2):
        reconcile.free_expired_holds()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(os.getpid(), signal.SIGKILL))
    print(json.dumps(main(json.loads(sys.argv[1]))))
