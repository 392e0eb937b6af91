"""The page on lateness: its causes compared with plain sums, its links, and who may see it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission, User
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from callbacks.lateness import explained, studies, words
from callbacks.lateness.remedies import is_near
from callbacks.models import Study, Team
from callbacks.models.studies import StudyKind
from callbacks.policy.rules import Outcome
from callbacks.reports import filters
from leads.models import Lead, LeadSource
from tests.lateness.story import Story
from tests.leads.test_not_stored import reading_only

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/admin/reports/lateness/"
DAY = "period=days&first=2026-11-23&last=2026-11-23"


@pytest.fixture
def story(source: LeadSource, team: Team) -> Iterator[Story]:
    """Two phones, both on calls until ten minutes past noon; meanwhile five leads arrive."""
    story = Story(source, team)
    story.busy_call(-20, 600)
    story.busy_call(-10, 600)
    leads = [story.submit(60 * number) for number in range(5)]
    story.calls_end()
    at = 600.0
    for lead in leads:
        story.rings(story.accepted(lead, at), at + 4, lasts=20)
        at += 30
    refused = story.submit(1000)
    story.refused(refused, 1001, Outcome.PROVIDER_ERROR)
    for _ in range(3):
        story.refused(refused, story.next_call(refused), Outcome.PROVIDER_ERROR)
    again = story.next_call(refused)
    story.rings(story.accepted(refused, again), again + 4)
    story.at(3600)
    yield story
    story.close()


def _page(client: Client, address: str = f"{ADDRESS}?{DAY}") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def _worked_out(client: Client, address: str = f"{ADDRESS}?{DAY}") -> str:
    """The page after a worker has calculated it."""
    _page(client, address)
    for study in Study.objects.filter(started_at=None):
        studies.run(study.pk)
    return _page(client, address)


def test_its_sums_are_those_of_the_leads(admin_client: Client, story: Story) -> None:
    page = _worked_out(admin_client)
    seconds: dict[str, float] = defaultdict(float)
    leads: Counter[str] = Counter()
    late = [it for lead in Lead.objects.all() if (it := explained.of_lead(lead, timezone.now()))]
    assert len(late) == 6
    for its in late:
        for part in its.parts:
            key = f"{part.cause.value}:{part.after}" if part.after else part.cause.value
            seconds[key] += part.took.total_seconds()
            leads[key] += 1
    result = Study.objects.get().result
    assert result["leads"] == len(late)
    assert result["seconds"] == pytest.approx(sum(it.took.total_seconds() for it in late))
    assert {it["key"]: it["seconds"] for it in result["causes"]} == pytest.approx(dict(seconds))
    assert {it["key"]: len(it["leads"]) for it in result["causes"]} == leads
    largest = [it["key"] for it in result["causes"]][:3]
    assert largest == sorted(seconds, key=lambda it: -seconds[it])[:3]
    assert largest[:2] == ["busy", "retry:provider_error"]
    for key in largest:
        assert words.name(key) in page


def test_each_number_leads_to_just_so_many_leads(admin_client: Client, story: Story) -> None:
    page = _worked_out(admin_client)
    links = re.findall(r'href="(/admin/leads/lead/\?late_for=[^"]+)">(?:Leads: )?([0-9,]+)<', page)
    assert len(links) >= 4
    for address, count in links:
        listed = admin_client.get(address)
        assert listed.context["cl"].result_count == int(count), address
        assert "s late: " in listed.content.decode()


def test_what_would_have_helped(admin_client: Client, story: Story) -> None:
    page = _worked_out(admin_client)
    result = Study.objects.get().result
    by_cause = {it["cause"]: it for it in result["remedies"]}
    assert by_cause["busy"]["change"]["people"] == 1
    hours = by_cause["busy"]["change"]["from_hour"], by_cause["busy"]["change"]["to_hour"]
    assert hours[0] <= 14 < hours[1] == hours[0] + 2  # noon in Greenwich
    assert by_cause["busy"]["p90"] <= result["simulated"]
    assert is_near(result["really"], result["simulated"]) == ("Based on the replay" in page)


def test_a_replay_that_is_far_off_tells_nothing(admin_client: Client, story: Story) -> None:
    _worked_out(admin_client)
    study = Study.objects.get()
    study.result["simulated"] = study.result["really"] * 3 + 100
    study.save()
    page = _page(admin_client)
    assert "What would have helped is not known" in page
    assert "would have reduced" not in page


def test_it_says_of_when_it_is_and_is_worked_out_anew(admin_client: Client, story: Story) -> None:
    page = _worked_out(admin_client)
    assert "as of 23 Nov 15:00:00" in page  # in Jerusalem
    story.at(3600 + 299)
    assert "15:00:00" in _page(admin_client)
    assert Study.objects.count() == 1
    story.at(3600 + 301)  # today is not over, so the result is old after five minutes
    page = _page(admin_client)
    assert "Calculating." in page
    assert "as of 23 Nov 15:00:00" in page
    page = _worked_out(admin_client)
    assert "as of 23 Nov 15:05:01" in page
    answer = admin_client.post(f"{ADDRESS}?{DAY}")
    assert answer.status_code == 302
    assert Study.objects.filter(started_at=None).count() == 1


def test_a_worker_that_died_is_told_of(admin_client: Client, story: Story) -> None:
    _page(admin_client)
    Study.objects.update(started_at=timezone.now(), told_at=timezone.now())
    story.at(3600 + 181)
    _page(admin_client)
    assert "The calculation was interrupted. Start it again." in _page(admin_client)


def test_who_reads_it_writes_nothing_while_the_database_only_reads(
    admin_client: Client, story: Story
) -> None:
    not_now = "This cannot be calculated now because the database is read-only."
    admin_client.get("/admin/")  # signed in
    with reading_only():
        assert not_now in _page(admin_client)
    _worked_out(admin_client)
    story.at(3600 + 301)  # the stored result is old
    with reading_only():
        page = _page(admin_client)
    assert not_now in page
    assert "as of 23 Nov 15:00:00" in page
    assert not_now not in _page(admin_client)


def test_one_at_a_time(source: LeadSource, team: Team) -> None:
    now = timezone.now()
    asked = filters.read(QueryDict(DAY), now).query().urlencode()
    first, other = (studies.ask(StudyKind.LATENESS, asked, None, now) for _ in range(2))
    Study.objects.filter(pk=first.pk).update(started_at=now, told_at=now)
    studies.run(other.pk)
    other.refresh_from_db()
    assert other.started_at is None
    Study.objects.filter(pk=first.pk).update(finished_at=now)
    studies.run(other.pk)
    other.refresh_from_db()
    assert other.finished_at
    assert other.result == {"leads": 0, "all": [], "seconds": 0.0, "causes": []}


def test_a_long_one_ends_with_a_sentence(
    admin_client: Client, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studies, "_LONGEST", 0.0)
    assert "more than a minute and a half" in _worked_out(admin_client)


@pytest.mark.parametrize(
    ("rights", "status"),
    [((), 403), (("view_lead",), 200), (("change_lead",), 200), (("view_team",), 403)],
    ids=["none", "sees leads", "changes leads", "sees teams"],
)
def test_who_may_see_it(client: Client, rights: tuple[str, ...], status: int) -> None:
    user = User.objects.create_user("dana", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(user)
    assert client.get(ADDRESS).status_code == status


@pytest.mark.parametrize(
    "query",
    ["period=days&first=2026-11-23&last=2026-11-01", "period=never", "source=99", "first=9999-1-1"],
)
def test_what_cannot_be_understood_is_said(admin_client: Client, query: str) -> None:
    page = _page(admin_client, f"{ADDRESS}?{query}")
    assert 'class="wrong"' in page
    assert ">Yesterday</a>" in page
    assert not Study.objects.exists()


@pytest.mark.parametrize("text", ["nothing", "nothing:busy", f"{'0' * 32}:busy", ""])
def test_a_list_whose_study_is_gone(admin_client: Client, text: str, source: LeadSource) -> None:
    answer = admin_client.get(f"/admin/leads/lead/?late_for={text}")
    assert answer.status_code == 200


def test_the_report_leads_here_with_its_filters(admin_client: Client, source: LeadSource) -> None:
    page = _page(admin_client, f"/admin/reports/callback-times/?{DAY}&source={source.pk}&by=day")
    link = re.search(r'href="(/admin/reports/lateness/\?[^"]+)"', page)
    assert link
    query = QueryDict(link[1].partition("?")[2].replace("&amp;", "&"))
    assert query.dict() == {
        "period": "days", "first": "2026-11-23", "last": "2026-11-23", "source": str(source.pk),
    }  # fmt: skip
