"""What the application's own tables say: compared with the witnesses, never trusted."""

from dataclasses import dataclass
from typing import Any

import psycopg

NAME = "chaos"  # of our own connections
# The product still has something to do, and no person is asked to.
OPEN = ("waiting", "calling")
# States with reasons of their own (callbacks.calling.dial). In any other state, a reason says that
# the answer was lost, at least for a while.
ANSWERED = ("refused", "not_sent")


@dataclass(frozen=True)
class LeadRow:
    """A lead as it is stored."""

    public_id: str
    phone: str
    status: str
    error_message: str


@dataclass(frozen=True)
class AttemptRow:
    """An attempt as it is stored."""

    phone: str
    state: str
    reason: str
    call_id: str

    @property
    def was_unknown(self) -> bool:
        """Whether the outcome is or was unknown: that leaves a reason behind."""
        return self.state == "unknown" or bool(self.reason and self.state not in ANSWERED)


class Tables:
    """Reads the product's database over a connection of its own."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    def connect(self) -> psycopg.Connection:
        """A connection of ours, as the role of the product."""
        return psycopg.connect(self._url, autocommit=True, connect_timeout=5, application_name=NAME)

    def leads(self) -> dict[str, LeadRow]:
        """All leads by their public id."""
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT public_id::text, phone, status, error_message FROM leads_lead"
            ).fetchall()
        return {row[0]: LeadRow(*row) for row in rows}

    def attempts(self) -> list[AttemptRow]:
        """All attempts, oldest first."""
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT phone, state, failure_reason, call_id"
                " FROM callbacks_callattempt ORDER BY id"
            ).fetchall()
        return [AttemptRow(*row) for row in rows]

    def unsettled(self) -> tuple[int, int]:
        """Leads that still need something done, and live attempts."""
        with self.connect() as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM leads_lead WHERE status = ANY(%s)),"
                " (SELECT count(*) FROM callbacks_callattempt WHERE ended_at IS NULL)",
                [list(OPEN)],
            ).fetchone()
        assert row is not None
        return row[0], row[1]

    def left(self) -> list[dict[str, Any]]:
        """Every column of what is unsettled, and of its records, for whoever looks into it."""
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT jsonb_build_object('lead', to_jsonb(lead), 'attempts', ("
                "  SELECT jsonb_agg(to_jsonb(attempt) ORDER BY id)"
                "  FROM callbacks_callattempt attempt"
                "  WHERE attempt.lead_id = lead.id"
                "), 'records', ("
                "  SELECT jsonb_agg(to_jsonb(record) - 'payload' ORDER BY record.id)"
                "  FROM callbacks_callrecord record JOIN callbacks_callattempt attempt"
                "  ON attempt.id = record.attempt_id WHERE attempt.lead_id = lead.id"
                ")) FROM leads_lead lead WHERE lead.status = ANY(%s) ORDER BY lead.id LIMIT 100",
                [list(OPEN)],
            ).fetchall()
        return [row[0] for row in rows]

    def extensions(self) -> list[str]:
        """The numbers of all extensions."""
        with self.connect() as connection:
            rows = connection.execute("SELECT number FROM callbacks_extension").fetchall()
        return [row[0] for row in rows]

    def free_all(self) -> None:
        """Between scenarios: extensions that were out or paused are back, and old records are gone.

        The simulator then forgets its calls. Their records would be calls that its Call Log lacks,
        and a log that lacks what was posted to us is not believed at all
        (callbacks.reconciliation.lookup).
        """
        with self.connect() as connection:
            connection.execute("DELETE FROM callbacks_aidata")
            connection.execute("DELETE FROM callbacks_callrecord")
            connection.execute(
                "UPDATE callbacks_extension SET is_paused = false, is_blocked = false,"
                " unavailable_until = NULL, missed_in_a_row = 0"
            )
