"""Leads that cannot be called: no call is offered, and whoever tries reads why and what to do."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from callbacks.models import CallAttempt, Extension
from leads import never_call
from leads.models import BlockEntry, BlockKind, BlockVerdict, Lead, TakenBack
from tests.support.admin_posting import confirm, said

pytestmark = pytest.mark.django_db
MakeLead = Callable[..., Lead]
PHONE = "+972505550150"
CLOSED = {"status": "unreached", "closed_at": "2026-01-01T00:00Z"}
RELEASE_FIRST = "This request is held, so nobody calls it."
RINGS = ("call-now", "call-with", "play")


def held(make_lead: MakeLead) -> Lead:
    return make_lead(PHONE, status="held", is_held_back=True)


def listed(make_lead: MakeLead) -> Lead:
    lead = make_lead(PHONE, **CLOSED)
    never_call.add(PHONE, "asked us to", None)
    return lead


def blocked(make_lead: MakeLead) -> Lead:
    lead = make_lead(PHONE, **CLOSED)
    BlockEntry.objects.create(kind=BlockKind.NUMBER, value=PHONE, verdict=BlockVerdict.REFUSE)
    return lead


def repeated(make_lead: MakeLead) -> Lead:
    first = make_lead(PHONE)
    return make_lead(
        "+972505550151", status="duplicate", duplicate_of=first, closed_at=timezone.now()
    )


def foreign(make_lead: MakeLead) -> Lead:
    lead = make_lead(PHONE, **CLOSED)
    lead.source.allowed_countries = ["GB"]
    lead.source.save()
    return lead


def not_theirs(make_lead: MakeLead) -> Lead:
    lead = make_lead(PHONE, status="cancelled", closed_at="2026-01-01T00:00Z")
    TakenBack.objects.create(lead=lead, why="not_theirs")
    return lead


# The lead, the reason that whoever tries reads, and which of RINGS are offered.
LEADS: list[tuple[Callable[[MakeLead], Lead], str, tuple[str, ...]]] = [
    (held, RELEASE_FIRST, ()),
    (listed, "This number is on the never-call list: asked us to.", ()),
    (blocked, "block list", ()),
    (repeated, "This is a repeated request. Open lead", ("play",)),
    (foreign, "", ()),
    (not_theirs, "The visitor said that this number is not theirs.", ()),
]
IDS = [it[0].__name__ for it in LEADS]


@pytest.mark.parametrize(("make", "why", "offered"), LEADS, ids=IDS)
def test_what_is_offered_and_what_is_told(
    make: Callable[[MakeLead], Lead],
    why: str,
    offered: tuple[str, ...],
    managing: Client,
    make_lead: MakeLead,
    extension: Extension,
) -> None:
    lead = make(make_lead)
    before = Lead.objects.filter(pk=lead.pk).values().get()
    page = f"/admin/leads/lead/{lead.pk}/"
    text = managing.get(f"{page}change/").content.decode()
    assert [it for it in RINGS if f"{page}{it}/" in text] == list(offered)
    for name in set(RINGS) - set(offered):
        asked = managing.get(f"{page}{name}/", follow=True)
        assert asked.redirect_chain[-1][0] == f"{page}change/"
        [sentence] = said(asked)
        assert why in sentence
        [sentence] = said(confirm(managing, f"{page}{name}/", extension=extension.pk))
        assert why in sentence
    assert Lead.objects.filter(pk=lead.pk).values().get() == before
    assert not CallAttempt.objects.exists()


@pytest.mark.parametrize(("make", "why", "_offered"), LEADS, ids=IDS)
def test_many_at_once(
    make: Callable[[MakeLead], Lead],
    why: str,
    _offered: tuple[str, ...],
    managing: Client,
    make_lead: MakeLead,
    extension: Extension,
) -> None:
    """The question says which lead will be refused; the other one is called."""
    lead = make(make_lead)
    other = make_lead("+442075550199" if make is foreign else "+972505550188", **CLOSED)
    chosen = {"action": "call_selected", "_selected_action": [lead.pk, other.pk]}
    question = managing.post("/admin/leads/lead/", chosen).context["question"]
    assert sum(why in str(line) for line in question.things) == 1 if why else 3
    sentences = said(confirm(managing, "/admin/leads/lead/", **chosen))
    assert len(sentences) == 2
    assert sum(why in it for it in sentences) == 1 if why else 2
    other.refresh_from_db()
    assert other.status == "waiting"


def test_a_held_one_leads_to_the_queue_and_is_released_on_its_page(
    managing: Client, make_lead: MakeLead, extension: Extension
) -> None:
    lead = held(make_lead)
    page = f"/admin/leads/lead/{lead.pk}/"
    text = managing.get(f"{page}call-now/", follow=True).content.decode()
    way_out = f"/admin/leads/heldlead/?id__exact={lead.pk}"
    assert f'<a class="way-out" href="{way_out}">Release it first.</a>' in text
    assert [it.pk for it in managing.get(way_out).context["cl"].result_list] == [lead.pk]
    assert f"{page}release/" in text
    confirm(managing, f"{page}release/")
    lead.refresh_from_db()
    assert lead.status == "waiting"
    text = managing.get(f"{page}change/").content.decode()
    assert f"{page}release/" not in text
    assert f"{page}call-now/" in text


def test_a_name_with_a_tag_stays_a_name(managing: Client, make_lead: MakeLead) -> None:
    lead = held(make_lead)
    Lead.objects.filter(pk=lead.pk).update(name="<b>Noa</b>")
    text = managing.get(f"/admin/leads/lead/{lead.pk}/call-now/", follow=True).content.decode()
    assert "<b>Noa</b>" not in text
    assert "&lt;b&gt;Noa&lt;/b&gt;: This request is held" in text


def test_whoever_may_not_release_is_offered_neither(staff_with: Any, make_lead: MakeLead) -> None:
    lead = held(make_lead)
    page = f"/admin/leads/lead/{lead.pk}/"
    text = staff_with("leads.view_lead", "leads.call_lead").get(f"{page}change/").content.decode()
    assert [it for it in (*RINGS, "release") if f"{page}{it}/" in text] == []
