"""What claims cost, with a process for each claimer, on one database.

    python -m tests.benchmarks.claiming '{"what": "growth", ...}'

prints one JSON object. The claims are the product's (claim.claim, queue.next_leads); nothing
is sent. Each call ends as soon as it begins, by one UPDATE that is not measured.
"""

# Django has to be set up before the product is imported.

import json
import sys
import time
from collections import Counter, defaultdict, deque
from datetime import timedelta
from statistics import median
from typing import Any

HOLD = timedelta(hours=1)

_EXTENSIONS = """
    INSERT INTO callbacks_extension (kind, number, name, team_id, is_active, is_paused, is_blocked,
        unavailable_reason, missed_in_a_row, weight)
    SELECT 'sip', %(team)s || 'x' || n, '', %(team)s, true, false, false, '', 0, 1
    FROM generate_series(1, %(count)s) n
"""
_LEADS = """
    INSERT INTO leads_lead (public_id, source_id, submission_key, name, phone, email, message,
        status, submitted_at, clock_started_at, due_at, call_after, counted_from, call_id,
        error_message, attempts)
    SELECT gen_random_uuid(), %(source)s, gen_random_uuid(), 'Noa Levi',
        '+9725' || lpad((%(first)s + n)::text, 8, '0'), '', '', 'waiting', now(), now(), now(),
        now() - interval '1 minute', now(), '', '', 0
    FROM generate_series(1, %(count)s) n RETURNING id
"""
# Every second extension is on a call, as on a busy day.
_ON_CALLS = """
    INSERT INTO callbacks_callattempt (public_id, kind, lead_id, extension_id, phone,
        extension_number, record_name, state, claimed_at, sent_at, hold_until, call_id,
        error_message, failure_reason, recording_url)
    SELECT gen_random_uuid(), 'call', lead.id, extension.id, lead.phone, extension.number, '',
        'accepted', now(), now(), now() + interval '1 hour', 'busy-' || extension.id, '', '', ''
    FROM (
        SELECT id, number, row_number() OVER (ORDER BY id) AS nth FROM callbacks_extension
        WHERE id %% 2 = 0
    ) extension JOIN (
        SELECT id, phone, row_number() OVER (ORDER BY id) AS nth FROM leads_lead
        WHERE id = ANY(%(leads)s)
    ) lead USING (nth)
"""
_BUSY_ARE_LAST = """
    UPDATE callbacks_extension SET queue_position = CASE WHEN id %% 2 = 0
        THEN EXTRACT(epoch FROM now()) ELSE id END
"""
# Calls of other days: tables are not empty when somebody claims.
_HISTORY = """
    INSERT INTO callbacks_callattempt (public_id, kind, lead_id, extension_id, phone,
        extension_number, record_name, state, claimed_at, sent_at, ended_at, hold_until, call_id,
        error_message, failure_reason, recording_url)
    SELECT gen_random_uuid(), 'call', lead.id, extension.id, lead.phone, extension.number, '',
        'lead_no_answer', day, day, day, day, 'old-' || lead.id, '', '', ''
    FROM leads_lead lead
    CROSS JOIN LATERAL (SELECT now() - lead.id * interval '5 minutes' AS day) AS days
    JOIN (
        SELECT id, number, row_number() OVER (ORDER BY id) AS nth FROM callbacks_extension
    ) extension ON extension.nth = 1 + lead.id %% (SELECT count(*) FROM callbacks_extension)
    WHERE lead.id = ANY(%(leads)s)
"""
_OVER = """
    UPDATE callbacks_callattempt SET state = 'ended', ended_at = now() WHERE id = %(attempt)s
"""


class Board:
    """The tables, and what is claimed on them."""

    def __init__(self) -> None:
        self._numbers = 0
        self._setup: Any = None

    def run(self, statement: str, **values: Any) -> list[int]:
        """Runs SQL; returns the ids that it returns, if any."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return [row[0] for row in cursor.fetchall()] if cursor.description else []

    def team(self, name: str, extensions: int, **values: Any) -> tuple[int, int]:
        """A team with a source of its own; returns their ids."""
        from callbacks.models import Team
        from leads.models import LeadSource

        source = LeadSource.objects.create(slug=name, name=name)
        team = Team.objects.create(name=name, sticky_agent_days=30, **values)
        team.sources.add(source)
        self.run(_EXTENSIONS, team=team.pk, count=extensions)
        self._setup = None
        return team.pk, source.pk

    def leads(self, source: int, count: int) -> list[int]:
        """Adds waiting leads that are due; returns their ids."""
        self._numbers += count
        return self.run(_LEADS, source=source, first=self._numbers - count, count=count)

    def history(self, source: int, calls: int) -> None:
        """Adds calls that ended long ago."""
        leads = self.leads(source, calls)
        over = (
            "UPDATE leads_lead SET status = 'failed', closed_at = now() WHERE id = ANY(%(leads)s)"
        )
        self.run(over, leads=leads)
        self.run(_HISTORY, leads=leads)

    def tidy(self) -> None:
        """As autovacuum does."""
        self.run("VACUUM ANALYZE leads_lead, callbacks_callattempt, callbacks_extension")

    def claim(self, source: int, lead: int) -> Any:
        """Claims as dispatch.call_lead does, but with the set-up loaded before."""
        from django.utils import timezone

        from callbacks.routing import claim as claims
        from callbacks.routing import config

        now = timezone.now()
        current = self._setup = self._setup or config.current()
        asked = current.asked(source, timedelta(minutes=1), now)
        closed = current.closed_shifts((turn.team_id for turn in asked), now)
        return claims.claim(lead, asked, now, HOLD, closed)


def growth(options: dict[str, Any]) -> dict[str, Any]:
    """Milliseconds of a claim, and of finding the next lead, by team size.

    `waiting` other leads wait as well. All teams are in one database and take turns, one round for
    each line of our input. So the caller can let processes with more or fewer leads take turns as
    well, and whatever else the machine does affects all of them.
    """
    from django.utils import timezone

    from callbacks.routing import queue

    board = Board()
    teams = {size: board.team(f"team-{size}", size) for size in options["sizes"]}
    busy = board.leads(teams[options["sizes"][0]][1], sum(options["sizes"]) // 2 + 1)
    board.run("UPDATE leads_lead SET status = 'calling' WHERE id = ANY(%(leads)s)", leads=busy)
    board.run(_ON_CALLS, leads=busy)
    board.run(_BUSY_ARE_LAST)
    board.history(teams[options["sizes"][0]][1], options["history"])
    for _team, source in teams.values():
        board.leads(source, options["waiting"] // len(teams))
    queues = {
        size: iter(board.leads(source, options["claims"])) for size, (_, source) in teams.items()
    }
    board.tidy()
    claims: dict[int, list[float]] = defaultdict(list)
    nexts: dict[int, list[float]] = defaultdict(list)
    print(flush=True)
    turns = deque(teams.items())
    for _ in sys.stdin:
        turns.rotate()  # the first claim after a pause finds cold caches
        for size, (team, source) in turns:
            started = time.perf_counter()
            claim = board.claim(source, next(queues[size]))
            claims[size].append(time.perf_counter() - started)
            board.run(_OVER, attempt=claim.attempt.pk)
            started = time.perf_counter()
            found = queue.next_leads(team, timezone.now(), at_most=10)
            nexts[size].append(time.perf_counter() - started)
            assert found or not options["waiting"]
        print(flush=True)
    return {
        str(size): {
            "claim_ms": median(claims[size]) * 1000,
            "next_ms": median(nexts[size]) * 1000,
        }
        for size in teams
    }


def prepare(options: dict[str, Any]) -> dict[str, Any]:
    """A team that many processes claim from at once, with a lead for each claim."""
    board = Board()
    team, source = board.team("crowd", options["extensions"])
    board.history(source, options["history"])
    leads = board.leads(source, options["claims"])
    board.tidy()
    return {"team": team, "source": source, "first": min(leads), "claims": len(leads)}


def crowd(options: dict[str, Any]) -> dict[str, Any]:
    """One of several processes: claims its share of the leads, from an agreed moment on."""
    board = Board()
    mine = range(
        options["first"] + options["nth"], options["first"] + options["claims"], options["of"]
    )
    warm = mine[: options["warm"]]
    for lead in warm:
        assert board.claim(options["source"], lead)
    time.sleep(max(0.0, options["at"] - time.time()))
    started = time.time()
    made = sum(board.claim(options["source"], lead) is not None for lead in mine[len(warm) :])
    return {"made": made, "asked": len(mine) - len(warm), "from": started, "to": time.time()}


def fairness(options: dict[str, Any]) -> dict[str, Any]:
    """Calls by extension under each strategy: the largest deviation from the fair share."""
    from django.utils import timezone

    from callbacks.policy.rules import Outcome
    from callbacks.routing.rotation import after_call

    board = Board()
    board.run("SET synchronous_commit TO off")  # counted, not timed
    weights = options["weights"]
    result = {}
    for strategy in ("longest_idle", "fair", "weighted"):
        _team, source = board.team(strategy, len(weights), strategy=strategy)
        given = weights if strategy == "weighted" else [1] * len(weights)
        ids = board.run(
            "SELECT id FROM callbacks_extension WHERE team_id = %(team)s ORDER BY id", team=_team
        )
        for extension, weight in zip(ids, given, strict=True):
            board.run(
                "UPDATE callbacks_extension SET weight = %(w)s WHERE id = %(id)s",
                w=weight,
                id=extension,
            )
        count: Counter[int] = Counter()
        for nth, lead in enumerate(board.leads(source, options["claims"])):
            claim = board.claim(source, lead)
            count[claim.attempt.extension_id] += 1
            board.run(_OVER, attempt=claim.attempt.pk)
            outcome = Outcome.BRIDGED if nth % 3 else Outcome.LEAD_NO_ANSWER
            if strategy != "fair" or outcome is Outcome.BRIDGED:
                after_call(claim.attempt.extension_id, outcome, timezone.now())
            else:
                after_call(claim.attempt.extension_id, outcome, timezone.now())
                count[claim.attempt.extension_id] -= 1  # only conversations count for the shares
        total = sum(count.values())
        result[strategy] = max(
            abs(count[extension] / total * sum(given) / weight - 1)
            for extension, weight in zip(ids, given, strict=True)
        )
    return result


def few(options: dict[str, Any]) -> dict[str, Any]:
    """A source with only a few extensions, so that its leads have to wait."""
    Board().team("few", options["extensions"])
    return {}


def board(options: dict[str, Any]) -> dict[str, str]:
    """A wallboard; returns the token of its address."""
    from callbacks.models import Wallboard

    return {"token": Wallboard.objects.create(**options).token}


def main() -> None:
    """Runs what the options name, and prints the result."""
    import django

    django.setup()
    options = json.loads(sys.argv[1])
    print(json.dumps(globals()[options.pop("what")](options)))


if __name__ == "__main__":
    main()
