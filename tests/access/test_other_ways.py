"""A right, or the lack of one, has the same effect whichever page or action somebody uses."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callbacks.access import groups
from callbacks.access.roles import Role
from callbacks.calling import after_talk
from callbacks.calling.after_talk import Writing
from callbacks.models import (
    AlertReceiver,
    CallAttempt,
    ReportSubscription,
    SavedList,
    SavedView,
    Schedule,
)
from callbacks.models.subscriptions import NotSent
from callbacks.subscriptions import sending
from leads.guard import rates
from leads.models import (
    ApiClient,
    ConsentText,
    Disposition,
    Finding,
    FormField,
    Lead,
    LeadStatus,
)
from tests.access import world as worlds
from tests.access.test_moved_leads import asks
from tests.access.test_teams import MARK, text_of, unpacked
from tests.access.world import QUERY, World

LEADS, HELD = "/admin/leads/lead/", "/admin/leads/heldlead/"


# --- held leads -----------------------------------------------------------------------------------


@pytest.fixture
def held(world: World) -> Lead:
    return Lead.objects.get(pk=world.own.rows[worlds.HeldLead].pk)


@pytest.mark.parametrize("way", ["call-now", "call-with", "play", "call_selected"])
@pytest.mark.parametrize("closed_by", ["cancel", "done_selected"])
def test_a_held_lead_that_was_closed_is_called_by_who_may_release_it(
    closed_by: str, way: str, held: Lead, world: World
) -> None:
    def do(client: Client, what: str) -> None:
        more = {"extension": world.own.extension.pk, "record_name": "sorry", "sure": "on"}
        if what.endswith("_selected"):
            more |= {"action": what, "_selected_action": [held.pk]}
            client.post(LEADS, {"confirmed": "yes", **more})
        else:
            client.post(f"{LEADS}{held.pk}/{what}/", {"confirmed": "yes", **more})

    leading, managing = world.as_(Role.TEAM_LEADER), world.as_(Role.MANAGER)
    do(leading, closed_by)
    assert Lead.objects.get(pk=held.pk).status == LeadStatus.CANCELLED
    do(leading, way)
    assert Lead.objects.get(pk=held.pk).status == LeadStatus.CANCELLED
    assert not CallAttempt.objects.filter(lead=held).exists()
    if way != "play":
        do(managing, way)
        assert Lead.objects.get(pk=held.pk).status in (LeadStatus.WAITING, LeadStatus.CALLING)


@pytest.mark.parametrize(("is_closed", "says"), [
    (False, "Ask a manager to release it."), (True, "Ask a manager to call it."),
])  # fmt: skip
def test_the_question_about_several_says_what_is_held_as_that_about_one(
    is_closed: bool, says: str, held: Lead, world: World, leading: Client
) -> None:
    if is_closed:
        Lead.objects.filter(pk=held.pk).update(
            status=LeadStatus.CANCELLED, cancelled_while_held=True, closed_at=timezone.now()
        )
    several = {"action": "call_selected", "_selected_action": [held.pk, world.own.lead.pk]}
    asked = text_of(leading.post(LEADS, several))
    assert (asked.count(says), "Release it first." in asked) == (1, False)
    assert says in text_of(leading.get(f"{LEADS}{held.pk}/call-now/", follow=True))
    managers = text_of(world.as_(Role.MANAGER).post(LEADS, several))
    assert ("Ask a manager" in managers, "Release it first." in managers) == (False, not is_closed)


def test_no_message_is_played_to_a_held_number_by_what_has_joined_it(
    held: Lead, world: World, leading: Client
) -> None:
    now = timezone.now()
    joined = Lead.objects.create(
        source=held.source, name="Again", phone=held.phone, status="duplicate", duplicate_of=held,
        clock_started_at=now, due_at=now, closed_at=now,
    )  # fmt: skip
    posted = {"confirmed": "yes", "record_name": "sorry", "sure": "on"}
    page = f"{LEADS}{joined.pk}/play/"
    for _closed in range(2):
        answer = leading.post(page, posted, follow=True)
        assert not CallAttempt.objects.filter(phone=held.phone).exists(), answer.text
        assert "/play/" not in text_of(leading.get(f"{LEADS}{joined.pk}/change/"))
        leading.post(f"{LEADS}{held.pk}/cancel/", {"confirmed": "yes"})
    world.as_(Role.MANAGER).post(page, posted)
    assert CallAttempt.objects.filter(phone=held.phone).exists()


@pytest.mark.parametrize("is_held", [True, False])
def test_a_corrected_answer_after_a_talk_releases_no_held_lead(
    is_held: bool, held: Lead, world: World
) -> None:
    now, user = timezone.now(), world.own.salesperson
    attempt = CallAttempt.objects.create(
        lead=held, extension=world.own.extension, salesperson=user, phone=held.phone,
        extension_number="101", state="ended", outcome="lead_no_answer", claimed_at=now,
        sent_at=now, answered_at=now, ended_at=now, hold_until=now, call_id="call-of-held",
    )  # fmt: skip
    if not is_held:
        Lead.objects.filter(pk=held.pk).update(status=LeadStatus.WAITING, is_held_back=False)
    stop = Disposition.objects.create(name="An advertiser", effect="stop")
    none = Disposition.objects.create(name="Mistyped", effect="none")
    first = after_talk.write(attempt.pk, Writing(stop), user, now, seen=None)
    assert Lead.objects.get(pk=held.pk).status == LeadStatus.CANCELLED
    after_talk.write(attempt.pk, Writing(none), user, now, seen=first.pk)
    held.refresh_from_db()
    # The sentence that the first answer stopped all calls is gone.
    if not is_held:
        assert (held.status, held.error_message) == (LeadStatus.WAITING, "")
        return
    page, says = f"{LEADS}{held.pk}/change/", "it stays cancelled until a manager has it called"
    assert held.status == LeadStatus.CANCELLED
    assert says in text_of(world.as_(Role.TEAM_LEADER).get(page))
    managing = world.as_(Role.MANAGER)
    text = text_of(managing.get(page))
    assert (says in text, f"{held.pk}/call-now/" in text) == (True, True)
    managing.post(f"{LEADS}{held.pk}/call-now/", {"confirmed": "yes"})
    assert Lead.objects.get(pk=held.pk).status == LeadStatus.WAITING
    assert says not in text_of(managing.get(page))


def test_what_is_held_is_counted_among_ones_own(held: Lead, world: World, leading: Client) -> None:
    """A count of "1 other" would reveal that the sender has also written to another team."""
    theirs = Lead.objects.get(pk=world.other.rows[worlds.HeldLead].pk)
    same = {"submitted_from": "203.0.113.9", "email": "dana@shop.example"}
    Lead.objects.filter(pk__in=[held.pk, theirs.pk]).update(**same)
    for lead in (held, theirs):
        Finding.objects.create(lead=lead, asked=rates.NAME, verdict="hold", reason="Too many")
    text = text_of(leading.get(HELD))
    assert "other held" not in text
    assert "Too many requests (1)" in text
    text = text_of(world.as_(Role.MANAGER).get(HELD))
    assert text.count("1 other held") == 6
    assert "Too many requests (2)" in text


def test_others_held_are_all_those_behind_the_link(
    held: Lead, world: World, leading: Client
) -> None:
    """Also for a lead from another team whose visitor wrote to the leader's team, too."""
    by = uuid.uuid4()
    moved = asks(world.other, "zzother-moved", by)
    Lead.objects.filter(pk=moved.pk).update(
        source=world.own.source, first_source=world.other.source
    )
    assert asks(world.own, "ownside-again", by).duplicate_of == moved
    Lead.objects.filter(pk__in=[held.pk, moved.pk]).update(
        submitted_from="203.0.113.9", email="dana@shop.example", status=LeadStatus.HELD
    )
    for lead in (held, moved):
        Finding.objects.create(lead=lead, asked=rates.NAME, verdict="hold", reason="Too many")
    rows = {it.pk: it for it in leading.get(HELD).context["cl"].result_list}
    for query, of_held, of_moved in (
        ("address=203.0.113.9", rows[held.pk].of_address, rows[moved.pk].of_address),
        ("domain=shop.example", rows[held.pk].of_domain, rows[moved.pk].of_domain),
        (
            "reason=Too many",
            rows[held.pk].of_reason["Too many"],
            rows[moved.pk].of_reason["Too many"],
        ),
    ):
        behind = {it.pk for it in leading.get(f"{HELD}?{query}").context["cl"].result_list}
        assert (of_held, of_moved) == (len(behind - {held.pk}), len(behind - {moved.pk})), query


# --- leads that have come from another team -------------------------------------------------------


@pytest.fixture
def moved(world: World) -> Lead:
    lead = asks(world.other, f"{MARK}-writes")
    asked_for = Disposition.objects.create(name="Zz", effect="stop")
    sender = ApiClient.objects.create(name="Zz sends")
    Lead.objects.filter(pk=lead.pk).update(
        source=world.own.source, first_source=world.other.source, disposition=asked_for,
        assigned_to=world.other.salesperson, api_client=sender, submitted_from="203.0.113.9",
    )  # fmt: skip
    lead.refresh_from_db()
    Finding.objects.create(lead=lead, asked="blocked", verdict="hold", reason=f"A word: {MARK}")
    return lead


def ways_to_guess(lead: Lead) -> dict[str, str]:
    return {
        "the disposition": f"disposition={lead.disposition_id}",
        "the disposition, exactly": f"disposition__exact={lead.disposition_id}",
        "the disposition's id": f"disposition_id={lead.disposition_id}",
        "any disposition": "disposition__isnull=False",
        "who has it": f"assigned_to_id={lead.assigned_to_id}",
        "who has sent it": f"api_client_id={lead.api_client_id}",
        "a name": f"name__startswith={MARK}",
        "a message": f"message__contains={MARK}",
        "an e-mail": f"email__startswith={MARK}",
        "an address": "submitted_from=203.0.113.9",
    }


GUESSES = [
    "the disposition", "the disposition, exactly", "the disposition's id", "any disposition",
    "who has it", "who has sent it", "a name", "a message", "an e-mail", "an address",
]  # fmt: skip


@pytest.mark.parametrize("page", [LEADS, HELD])
@pytest.mark.parametrize("guess", GUESSES)
def test_no_list_is_narrowed_by_what_is_hidden(
    guess: str, page: str, moved: Lead, leading: Client
) -> None:
    if page == HELD:
        Lead.objects.filter(pk=moved.pk).update(status=LeadStatus.HELD)
    assert moved.pk in {it.pk for it in leading.get(page).context["cl"].result_list}
    answer = leading.get(f"{page}?{ways_to_guess(moved)[guess]}")
    assert answer.status_code in (302, 400) or moved.pk not in {
        it.pk for it in answer.context["cl"].result_list
    }


@pytest.mark.parametrize(
    "query", ["address=203.0.113.9", "domain=example.com", f"reason=A word: {MARK}"]
)
def test_a_held_lead_is_not_found_by_what_is_hidden(
    query: str, moved: Lead, world: World, leading: Client
) -> None:
    Lead.objects.filter(pk=moved.pk).update(status=LeadStatus.HELD)
    found = leading.get(f"{HELD}?{query}").context["cl"].result_list
    assert moved.pk not in {it.pk for it in found}
    found = world.as_(Role.MANAGER).get(f"{HELD}?{query}").context["cl"].result_list
    assert moved.pk in {it.pk for it in found}


def test_a_lead_is_not_found_by_the_address_of_another(
    moved: Lead, world: World, leading: Client
) -> None:
    Lead.objects.filter(pk=world.own.lead.pk).update(submitted_from="203.0.113.9")
    query = f"alike=address-{world.own.lead.pk}"
    found = leading.get(f"{LEADS}?{query}").context["cl"].result_list
    assert [it.pk for it in found] == [world.own.lead.pk]


# --- names of what another team has ---------------------------------------------------------------


def test_no_filter_names_another_teams_source(world: World, leading: Client) -> None:
    text = ConsentText.objects.get(source=world.other.source)
    source = f"source__id__exact%3D{world.other.source.pk}"
    for role in (Role.TEAM_LEADER, Role.MANAGER):
        SavedList.objects.create(
            name="Mine", owner=world.people[role], query=source.replace("%3D", "=")
        )
    for page in (
        f"/admin/callbacks/savedlist/add/?query={source}",
        "/admin/callbacks/savedlist/",
        f"{LEADS}?consent={text.pk}",
    ):
        answer = leading.get(page, follow=True)
        assert answer.status_code == 200
        assert MARK not in text_of(answer).casefold(), page
        # A manager's page does have the name, so the check above can fail.
        assert MARK in text_of(world.as_(Role.MANAGER).get(page)).casefold(), page


def test_the_leads_file_has_no_column_of_another_teams_form(world: World, leading: Client) -> None:
    for side in (world.own, world.other):
        FormField.objects.create(
            source=side.source, key=side.mark, kind="text", label=f"Asks {side.mark}"
        )
    found = unpacked(leading.post(f"{LEADS}export/", {"format": "csv"})).casefold()
    assert "asks ownside" in found
    assert MARK not in found


def test_only_schedules_of_ones_own_teams_are_offered(world: World, leading: Client) -> None:
    for side in (world.own, world.other):
        side.team.schedule = Schedule.objects.create(name=f"Hours {side.mark}")
        side.team.save()
    page = "/admin/callbacks/reportsubscription/add/"
    text = text_of(leading.get(page))
    assert "Hours ownside" in text
    assert MARK not in text.casefold()
    leader = world.people[Role.TEAM_LEADER]
    assert leader
    view = SavedView.objects.create(name="Mine", owner=leader, query=QUERY)
    leading.post(page, {
        "view": view.pk, "email": leader.email, "rhythm": "weekly", "weekday": "6", "hour": "7",
        "day_of_month": "1", "zone": "UTC", "is_on": "on", "calendar": world.other.team.schedule_id,
    })  # fmt: skip
    assert not ReportSubscription.objects.filter(user=leader).exists()


# --- rights that somebody has lost, or never had --------------------------------------------------


@pytest.mark.parametrize(
    ("is_shared", "why"), [(True, NotSent.ONLY_OWN), (False, NotSent.NOT_SHARED)]
)
def test_a_shared_view_is_not_mailed_to_who_may_not_see_it_any_more(
    is_shared: bool, why: NotSent, world: World
) -> None:
    """A view's name and words name people and teams (callbacks.reports.saved_views)."""
    user, manager = (
        User.objects.create_user("was", email="was@example.com"),
        world.people[Role.MANAGER],
    )
    assert manager
    groups.give(user, Role.MANAGER)
    view = SavedView.objects.create(name="All", owner=manager, is_shared=True, query=QUERY)
    now = timezone.now()
    subscription = ReportSubscription.objects.create(
        view=view, user=user, zone="UTC", decided_until=now
    )
    assert sending.why_not(subscription, now) is None
    groups.give(user, Role.TEAM_LEADER)
    SavedView.objects.update(is_shared=is_shared)
    again = ReportSubscription.objects.select_related("user", "view").get(pk=subscription.pk)
    assert sending.why_not(again, now) == why


def test_an_integrator_reads_nobodys_address_through_a_receiver(world: World) -> None:
    client = world.as_(Role.INTEGRATOR)
    manager, integrator = world.people[Role.MANAGER], world.people[Role.INTEGRATOR]
    assert manager
    assert integrator
    fields = {
        "name": "Mine", "is_active": "on", "channel": "mail", "timing": "at_once",
        "digest_minutes": "60", "digest_at": "08:00", "least_gap": "30", "time_zone": "UTC",
        "kind_lead_overdue": "5",
    }  # fmt: skip
    page = "/admin/callbacks/alertreceiver/add/"
    for chosen in ({"owner": manager.pk}, {"owner": integrator.pk, "teams": [world.other.team.pk]}):
        text = text_of(client.post(page, fields | chosen, follow=True))
        text += text_of(client.get("/admin/callbacks/alertreceiver/"))
        assert manager.email not in text
        assert MARK not in text.casefold()
    assert not AlertReceiver.objects.filter(name="Mine").exists()
    answer = client.post(page, fields | {"owner": integrator.pk})
    assert AlertReceiver.objects.filter(name="Mine").exists(), answer.context["errors"]
    # What a manager chose stays, whoever saves the receiver.
    made = AlertReceiver.objects.get(name="Mine")
    AlertReceiver.objects.filter(pk=made.pk).update(owner=manager)
    made.teams.add(world.other.team)
    kept = {"owner": manager.pk, "teams": [world.other.team.pk], "name": "Ours"}
    answer = client.post(f"/admin/callbacks/alertreceiver/{made.pk}/change/", fields | kept)
    assert answer.status_code == 302, answer.context["errors"]
    assert AlertReceiver.objects.get(pk=made.pk).owner == manager


def test_a_leads_page_tells_of_no_follow_up_that_another_team_has(
    world: World, leading: Client
) -> None:
    now = timezone.now()
    its = {
        "phone": world.own.lead.phone, "follow_up_of": world.own.lead, "status": "unreached",
        "clock_started_at": now, "due_at": now, "counted_from": now, "closed_at": now,
    }  # fmt: skip
    theirs = Lead.objects.create(source=world.other.source, **its)
    mine = Lead.objects.create(source=world.own.source, **its)
    page = f"{LEADS}{world.own.lead.pk}/change/"
    text = text_of(leading.get(page))
    assert (f"Lead {mine.pk}, " in text, f"Lead {theirs.pk}, " in text) == (True, False)
    everything = text_of(world.as_(Role.MANAGER).get(page))
    assert f"Lead {theirs.pk}, " in everything
