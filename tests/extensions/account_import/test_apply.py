"""Carrying out the chosen changes, on PostgreSQL."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks.extensions import account_import
from callbacks.extensions.account_import import ImportChoice, ImportResult, PlanChanged
from callbacks.models import CallAttempt, Extension, Team
from callbacks.voicenter import AccountExtension as Theirs
from leads.models import Lead
from tests.support.queue import queued

ACCOUNT = [Theirs("101", "Dana Levi"), Theirs("105", "Noa"), Theirs("106", "Lior")]


def carry_out(choice: ImportChoice) -> ImportResult:
    return account_import.apply(ACCOUNT, account_import.plan_for(ACCOUNT).fingerprint, choice)


def rows() -> list[tuple[str, str, bool]]:
    return list(Extension.objects.order_by("number").values_list("number", "name", "is_active"))


def test_only_what_was_chosen_is_done(extension: Extension, team: Team) -> None:
    Extension.objects.create(number="109", name="Omer", team=team)
    done = carry_out(ImportChoice(team_id=team.pk, add={"105"}))
    assert [it.number for it in done.added] == ["105"]
    assert rows() == [("101", "Dana", True), ("105", "Noa", True), ("109", "Omer", True)]


def test_names_follow_the_account_and_what_is_gone_is_switched_off(
    extension: Extension, team: Team
) -> None:
    Extension.objects.create(number="109", name="Omer", team=team, is_paused=True)
    done = carry_out(ImportChoice(rename={"101"}, switch_off={"109"}))
    assert [(it.number, before) for it, before in done.renamed] == [("101", "Dana")]
    assert rows() == [("101", "Dana Levi", True), ("109", "Omer", False)]
    assert Extension.objects.get(number="109").is_paused


def test_what_is_gone_keeps_its_history(
    extension: Extension, team: Team, make_lead: Callable[..., Lead]
) -> None:
    gone = Extension.objects.create(number="109", team=team)
    lead = make_lead()
    now = timezone.now()
    attempt = CallAttempt.objects.create(
        lead=lead, extension=gone, phone=lead.phone, extension_number="109", state="accepted",
        call_id="C-1", claimed_at=now, hold_until=now + timedelta(hours=1),
    )  # fmt: skip
    carry_out(ImportChoice(switch_off={"109"}))
    attempt.refresh_from_db()
    assert (attempt.extension_id, attempt.state) == (gone.pk, "accepted")


def test_what_the_plan_does_not_have_cannot_be_chosen(extension: Extension, team: Team) -> None:
    done = carry_out(
        ImportChoice(team_id=team.pk, add={"999"}, rename={"105"}, switch_off={"101", "105"})
    )
    assert done == ImportResult()
    assert rows() == [("101", "Dana", True)]


def test_another_plan_by_now_is_not_carried_out(extension: Extension, team: Team) -> None:
    seen = account_import.plan_for(ACCOUNT).fingerprint
    Extension.objects.create(number="105", name="Noa", team=team)
    with pytest.raises(PlanChanged):
        account_import.apply(
            ACCOUNT, seen, ImportChoice(team_id=team.pk, add={"106"}, rename={"101"})
        )
    assert rows() == [("101", "Dana", True), ("105", "Noa", True)]
    with pytest.raises(PlanChanged):
        account_import.apply([], seen, ImportChoice(switch_off={"101"}))


@pytest.mark.django_db(transaction=True)
def test_a_team_that_is_gone_by_now_adds_nobody(extension: Extension, team: Team) -> None:
    with pytest.raises(PlanChanged):
        carry_out(ImportChoice(team_id=team.pk + 1000, add={"105"}, rename={"101"}))
    assert rows() == [("101", "Dana", True)]


@pytest.mark.django_db(transaction=True)
def test_new_extensions_wake_their_team(extension: Extension, team: Team) -> None:
    queued(empty=True)
    carry_out(ImportChoice(team_id=team.pk, add={"105", "106"}))
    assert queued() == [("callbacks.work_team", team.pk)]
