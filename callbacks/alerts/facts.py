"""What needs attention now, by kind of alert, counted as on the overview's tiles.

No query becomes slower with closed leads or old calls, and none returns more than MOST rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db.models import Q, QuerySet

from callbacks.explain import nobody_now, unroutable
from callbacks.models import AlertReceiver, CallAttempt, Extension, OutgoingMail, Team
from callbacks.models.outgoing_mail import MailState
from callbacks.monitoring import notices, people
from callbacks.reconciliation import manual_resolution
from callbacks.spending import limits
from callbacks.telephony import account_refusals
from leads import sla
from leads.models import Lead

MOST = 1000
_MAIL_OF = timedelta(days=7)


@dataclass(frozen=True)
class Found:
    """One thing that needs attention. `facts`: the values in its sentence, none about visitors.

    `began_at` None: its beginning is unknown, so it counts from when it is first seen.
    """

    subject: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    began_at: datetime | None = None
    lead_id: int | None = None
    source_id: int | None = None
    team_id: int | None = None


Finder = Callable[[datetime], list[Found]]


def overdue(now: datetime) -> list[Found]:
    """Open leads past their due time whose phone has not rung, the latest first."""
    return _leads(sla.overdue_and_follow_ups(now), began="due_at")


def nobody_will_call(now: datetime) -> list[Found]:
    """Waiting leads that nobody will ever call with the current setup."""
    return _leads(unroutable.leads(now))


def no_free_extension(now: datetime) -> list[Found]:
    """Open teams in which everybody is on a call, resting, paused or away, as on the wallboard."""
    teams = list(Team.objects.filter(is_active=True).order_by("name", "pk"))
    found = []
    for team in people.by_team(teams, now):
        busy, away = team.on_call + team.wrap_up, team.paused + team.away
        if not team.free and busy + away:
            facts = {"team": team.name, "busy": busy, "away": away}
            found.append(Found(f"team:{team.team_id}", facts, team_id=team.team_id))
    return found


def nobody_can_be_rung(now: datetime) -> list[Found]:
    """Sources for whose leads no phone can be rung, although a team is open."""
    return [
        Found(f"source:{it.source_id}", {"source": it.name, "why": it.why}, source_id=it.source_id)
        for it in nobody_now.sources(now)
    ]


def provider_refuses(now: datetime) -> list[Found]:
    """Whether none of the newest calls was placed, unless the provider refuses the account."""
    troubles = (notices.Trouble.AWAY, notices.Trouble.REFUSES)
    if notices.provider_trouble(now) not in troubles or account_refusals.current():
        return []
    failed = CallAttempt.objects.filter(notices.not_placed(now)).count()
    return [Found("", {"failed": failed})]


def account_refused(_now: datetime) -> list[Found]:
    """The provider's refusal of the account, if there is one."""
    refusal = account_refusals.current()
    if refusal is None:
        return []
    return [Found("", {"sentence": notices.account_refused(refusal)}, began_at=refusal.since)]


def spending_near(now: datetime) -> list[Found]:
    """Spending limits that are nearly or completely used, by hour and by day."""
    return [
        Found(
            f"limit:{it.limit_id}:{it.span}",
            {"sentence": limits.of_its_use(it), "id": it.limit_id},
            source_id=it.source_id,
        )
        for it in limits.near(limits.standings(now))
    ]


def extensions_blocked(_now: datetime) -> list[Found]:
    """Extensions that the provider blocked."""
    rows = Extension.objects.filter(is_blocked=True).order_by("pk")[:MOST]
    return [
        Found(f"extension:{it.pk}", {"extension": str(it), "id": it.pk}, team_id=it.team_id)
        for it in rows
    ]


def unknown_outcomes(_now: datetime) -> list[Found]:
    """Calls with an unknown outcome, which a person has to find out."""
    rows = manual_resolution.open_questions().select_related("lead__source").order_by("pk")[:MOST]
    return [
        Found(
            f"attempt:{it.pk}",
            {"lead": it.lead_id, "source": it.lead.source.name},
            it.ended_at,
            lead_id=it.lead_id,
            source_id=it.lead.source_id,
        )
        for it in rows
    ]


def processes_away(_now: datetime) -> list[Found]:
    """Parts of the system that are unavailable while this one still runs."""
    return [Found(name, {"sentence": str(words)}) for name, words in notices.processes_away()]


def wrong_clocks(_now: datetime) -> list[Found]:
    """Machines whose clock differs from the database's."""
    return [
        Found(f"clock:{it.machine}", {"machine": it.machine, "sentence": it.sentence()})
        for it in notices.wrong_clocks()
    ]


def webhooks_stopped(_now: datetime) -> list[Found]:
    """Receivers of alerts whose webhook failed too often."""
    rows = AlertReceiver.objects.filter(is_active=True, stopped_at__isnull=False).order_by("pk")
    return [
        Found(f"receiver:{it.pk}", {"receiver": it.name, "id": it.pk}, it.stopped_at) for it in rows
    ]


def mail_failed(now: datetime) -> list[Found]:
    """Addresses whose newest finished mail, of the last seven days, was not delivered."""
    over = OutgoingMail.objects.filter(
        state__in=(MailState.SENT, MailState.FAILED), created_at__gt=now - _MAIL_OF
    )
    newest: dict[str, OutgoingMail] = {}
    for mail in over.only("to", "state", "created_at").order_by("-created_at", "-pk")[:MOST]:
        newest.setdefault(mail.to.lower(), mail)
    return [
        Found(
            f"to:{sha256(to.encode()).hexdigest()[:32]}", {"to": mail.to, "id": mail.pk},
            mail.created_at,
        )
        for to, mail in newest.items()
        if mail.state == MailState.FAILED
    ]  # fmt: skip


def _leads(condition: Q, began: str = "") -> list[Found]:
    rows: QuerySet[Lead] = Lead.objects.filter(condition).select_related("source")
    rows = rows.order_by(began or "pk", "pk")[:MOST]
    return [
        Found(
            f"lead:{it.pk}",
            {"lead": it.pk, "source": it.source.name},
            getattr(it, began) if began else None,
            lead_id=it.pk,
            source_id=it.source_id,
        )
        for it in rows
    ]
