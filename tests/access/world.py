"""People of every role, and two teams with one of everything each."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from callbacks.access import groups
from callbacks.access.roles import Role
from callbacks.admin.access import SALES_MANAGERS
from callbacks.models import (
    Alert,
    AlertMessage,
    AlertReceiver,
    CallAttempt,
    CallPrice,
    CallRecord,
    ExportRecord,
    Extension,
    OutgoingMail,
    Pause,
    ReportSubscription,
    SavedList,
    SavedView,
    Schedule,
    SpendLimit,
    Team,
    UnknownOutcome,
    Wallboard,
)
from callbacks.models.audit import AuditEntry
from callbacks.models.erasures import Erasure, ErasureWay
from callbacks.models.sign_in import Authenticator, SignIn
from leads import consent
from leads.models import (
    ApiClient,
    BlockEntry,
    Disposition,
    HeldLead,
    Lead,
    LeadSource,
    Logo,
    NeverCallNumber,
)

TICKET = "0123456789abcdef0123456789abcdef"
QUERY = "period=today&by=source&show=main"


@dataclass
class Side:
    """What belongs to one team. `mark` is in all names, texts and addresses of people and leads."""

    mark: str
    team: Team
    source: LeadSource
    extension: Extension
    salesperson: User
    lead: Lead
    attempt: CallAttempt
    rows: dict[type[Model], Model] = field(default_factory=dict)


@dataclass
class World:
    """`people`: by role; None is a visitor without a login. `of_no_team`: rows of neither team."""

    own: Side
    other: Side
    people: dict[Role | None, User | None]
    of_no_team: dict[type[Model], Model]

    def row(self, model: type[Model]) -> Model | None:
        """A row that a team leader may see, if rows of this model belong to teams."""
        return self.own.rows.get(model) or self.of_no_team.get(model)

    def as_(self, role: Role | None) -> Client:
        client = Client(raise_request_exception=False)
        if user := self.people[role]:
            client.force_login(user)
        return client


def make() -> World:
    people: dict[Role | None, User | None] = {None: None}
    for role in Role:
        user = User.objects.create_user(f"the-{role}", email=f"{role}@example.com", is_staff=True)
        groups.give(user, role)
        people[role] = User.objects.get(pk=user.pk)
    salesperson = people[Role.SALESPERSON]
    assert salesperson
    own = _side("ownside", 1, salesperson)
    other = _side("zzother", 2, User.objects.create_user("zzother-seller", last_name="Zzother"))
    Extension.objects.create(number="109", team=own.team)  # a phone without a login
    own.team.leaders.add(people[Role.TEAM_LEADER])
    own.rows |= {User: salesperson}
    return World(own, other, people, _shared(own))


def _side(mark: str, number: int, salesperson: User) -> Side:
    now = timezone.now()
    source = LeadSource.objects.create(slug=f"source-{mark}", name=f"Source {mark}")
    logo = {"name": mark, "image": b"", "kind": "image/png", "width": 1, "height": 1}
    Logo.objects.create(source=source, digest="0" * 32, **logo)
    consent.write(source, "en", "You may call me.", None, now)
    team = Team.objects.create(name=f"Team {mark}")
    team.sources.add(source)
    extension = Extension.objects.create(
        number=f"10{number}", name=f"Phone {mark}", team=team, user=salesperson
    )

    def lead(place: int, **values: Any) -> Lead:
        return Lead.objects.create(
            **{
                "source": source, "name": f"Lead {mark}", "email": f"{mark}@example.com",
                "message": f"Message {mark}", "phone": f"+9725055501{number}{place}",
                "status": "connected", "clock_started_at": now, "due_at": now + timedelta(hours=1),
                "closed_at": now, "counted_from": now - timedelta(hours=1), **values,
            }
        )  # fmt: skip

    called = {"by_team": team.pk, "by_user": salesperson.pk, "by_extension": extension.pk}
    talked = lead(1, **called, connected_at=now, rang_at=now, attempts=1)
    failed = lead(2, **called, status="failed")
    held = lead(3, status="held", is_held_back=True, closed_at=None)

    def attempt(its: Lead, **values: Any) -> CallAttempt:
        return CallAttempt.objects.create(
            **{
                "lead": its, "extension": extension, "salesperson": salesperson,
                "phone": its.phone, "extension_number": extension.number, "state": "ended",
                "outcome": "bridged", "claimed_at": now, "sent_at": now, "answered_at": now,
                "ended_at": now, "hold_until": now, "call_id": f"call-{mark}-{its.pk}",
                "recording_url": f"https://recordings.example.com/{mark}.mp3", **values,
            }
        )  # fmt: skip

    bridged = attempt(talked, state="bridged", connected_at=now, rang_at=now, talk_time=60)
    unknown = attempt(failed, outcome="never_known", failure_reason="read_timeout")
    record = CallRecord.objects.create(
        call_id=bridged.call_id, type="Click2Call leg2", leg=2, attempt=bridged, payload={}
    )
    pause = Pause.objects.create(
        extension=extension, salesperson=salesperson, kind="own", reason=f"Lunch {mark}",
        began_at=now - timedelta(minutes=9), ended_at=now,
    )  # fmt: skip
    side = Side(mark, team, source, extension, salesperson, talked, bridged)
    side.rows = {
        Lead: talked,
        HeldLead: HeldLead.objects.get(pk=held.pk),
        LeadSource: source,
        Team: team,
        Extension: extension,
        CallAttempt: bridged,
        UnknownOutcome: UnknownOutcome.objects.get(pk=unknown.pk),
        CallRecord: record,
        Pause: pause,
    }
    return side


def _shared(own: Side) -> dict[type[Model], Model]:
    """Rows that belong to no team. Saved views and the like belong to one person (`theirs`)."""
    now = timezone.now()
    receiver = AlertReceiver.objects.create(
        name="On duty", channel="webhook", url="https://hooks.example.com/x"
    )
    return {
        Group: Group.objects.create(name="Night shift"),
        AccessAttempt: AccessAttempt.objects.create(
            username="dana", ip_address="192.0.2.1", failures_since_start=3
        ),
        Alert: Alert.objects.create(kind="provider_down", subject="x", began_at=now),
        AlertReceiver: receiver,
        AlertMessage: AlertMessage.objects.create(
            receiver=receiver, receiver_name="On duty", channel="webhook", to="https://hooks.example.com/x",
            subject="Alert", text="Alert",
        ),
        ExportRecord: ExportRecord.objects.create(
            username="dana", what="leads", file_format="csv", rows=1
        ),
        Disposition: Disposition.objects.create(name="Interested, later", effect="stop"),
        NeverCallNumber: NeverCallNumber.objects.create(phone="+972505550199"),
        OutgoingMail: OutgoingMail.objects.create(
            kind="report", to="dana@example.com", subject="Report", text="Report",
            message_id="<1@example.com>", state="failed",
        ),
        Schedule: Schedule.objects.create(name="Weekdays"),
        CallPrice: CallPrice.objects.get_or_create(prefix="+972")[0],
        SpendLimit: SpendLimit.objects.first() or SpendLimit.objects.create(scope="all"),
        Erasure: Erasure.objects.create(way=ErasureWay.PAGE),
        ApiClient: ApiClient.objects.create(name="Shop"),
        BlockEntry: BlockEntry.objects.create(kind="domain", value="spam.example.com"),
        AuditEntry: AuditEntry.objects.create(at=now, kind="auth.user", act="changed"),
        Wallboard: Wallboard.objects.create(name="Sales floor"),
    }  # fmt: skip


def theirs(user: User) -> dict[type[Model], Model]:
    """The rows that belong to one person."""
    view = SavedView.objects.create(name="Mine", owner=user, query=QUERY)
    return {
        SavedView: view,
        Authenticator: Authenticator.objects.create(user=user, sealed_key="x", confirmed=False),
        SignIn: SignIn.objects.create(
            user=user,
            begun_at=timezone.now(),
            seen_at=timezone.now(),
            auth_hash="x",
        ),
        SavedList: SavedList.objects.create(name="Mine", owner=user, query="status__exact=held"),
        ReportSubscription: ReportSubscription.objects.create(
            view=view, user=user, zone=settings.TIME_ZONE, decided_until=timezone.now()
        ),
    }


__all__ = ["QUERY", "SALES_MANAGERS", "TICKET", "Side", "World", "make", "theirs"]
