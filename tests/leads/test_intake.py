"""Storing leads, many at the same time: real threads, real transactions."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.utils import timezone

from leads import intake
from leads.intake import Submission
from leads.models import Lead, LeadSource, LeadStatus
from leads.signals import lead_received

AT_ONCE = 20


def submission(source: LeadSource, key: uuid.UUID, phone: str = "+972505550101") -> Submission:
    return Submission(source=source, key=key, name="Noa Levi", phone=phone)


def all_at_once(*jobs: Callable[[], Lead]) -> list[Lead]:
    """Runs each job in a thread with its own connection; all start at the same moment."""
    ready = threading.Barrier(len(jobs))

    def run(job: Callable[[], Lead]) -> Lead:
        try:
            ready.wait(timeout=30)
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.mark.django_db(transaction=True)
def test_the_same_submission_twenty_times_at_once_is_one_lead(source: LeadSource) -> None:
    same = submission(source, uuid.uuid4())
    leads = all_at_once(*[lambda: intake.store(same)] * AT_ONCE)

    assert Lead.objects.count() == 1
    assert {lead.pk for lead in leads} == {Lead.objects.get().pk}


@pytest.mark.django_db(transaction=True)
def test_twenty_submissions_of_one_number_at_once_are_one_call(source: LeadSource) -> None:
    announced: list[int] = []

    def hear(lead: Lead, **_: object) -> None:
        announced.append(lead.pk)

    lead_received.connect(hear)
    try:
        keys = [uuid.uuid4() for _ in range(AT_ONCE)]
        all_at_once(*[lambda key=key: intake.store(submission(source, key)) for key in keys])
    finally:
        lead_received.disconnect(hear)

    assert Counter(Lead.objects.values_list("status", flat=True)) == {"waiting": 1, "duplicate": 19}
    first = Lead.objects.get(status=LeadStatus.WAITING)
    assert set(Lead.objects.exclude(pk=first.pk).values_list("duplicate_of", flat=True)) == {
        first.pk
    }
    # An announcement whose transaction lost and was rolled back does not count: no wake-up is sent.
    assert first.pk in announced


@pytest.mark.django_db(transaction=True)
def test_no_submission_is_lost_while_its_number_is_being_closed(source: LeadSource) -> None:
    """Each becomes a waiting lead or a duplicate, whenever it arrives."""
    phone = "+972505550101"
    for _ in range(5):
        intake.store(submission(source, uuid.uuid4(), phone))

        def close() -> Lead:
            Lead.objects.filter(phone=phone, status=LeadStatus.WAITING).update(
                status=LeadStatus.UNREACHED, closed_at=timezone.now()
            )
            return Lead.objects.filter(phone=phone)[0]

        keys = [uuid.uuid4() for _ in range(6)]
        stores = [lambda key=key: intake.store(submission(source, key, phone)) for key in keys]
        all_at_once(close, *stores, close)
        assert Lead.objects.filter(submission_key__in=keys).count() == len(keys)


@pytest.mark.django_db
def test_a_number_may_come_again_once_its_lead_is_closed(source: LeadSource) -> None:
    first = intake.store(submission(source, uuid.uuid4()))
    Lead.objects.filter(pk=first.pk).update(status=LeadStatus.UNREACHED, closed_at=timezone.now())

    second = intake.store(submission(source, uuid.uuid4()))

    assert second.status == LeadStatus.WAITING
    assert second.pk != first.pk


@pytest.mark.django_db
def test_the_same_submission_is_still_the_same_lead_when_that_is_closed(
    source: LeadSource,
) -> None:
    same = submission(source, uuid.uuid4())
    first = intake.store(same)
    Lead.objects.filter(pk=first.pk).update(status=LeadStatus.UNREACHED, closed_at=timezone.now())

    assert intake.store(same).pk == first.pk
    assert Lead.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("status", [LeadStatus.WAITING, LeadStatus.CALLING])
def test_a_number_with_an_open_lead_is_linked_to_it(status: str, source: LeadSource) -> None:
    first = intake.store(submission(source, uuid.uuid4()))
    Lead.objects.filter(pk=first.pk).update(status=status)

    second = intake.store(submission(source, uuid.uuid4()))

    assert (second.status, second.duplicate_of_id) == (LeadStatus.DUPLICATE, first.pk)
    assert second.closed_at == second.submitted_at


@pytest.mark.django_db
def test_the_clock_starts_with_the_submission_and_runs_for_the_sources_target(
    source: LeadSource,
) -> None:
    source.sla_target = 90
    lead = intake.store(submission(source, uuid.uuid4()))

    assert lead.submitted_at == lead.clock_started_at == lead.call_after
    assert (lead.due_at - lead.clock_started_at).total_seconds() == 90


def test_keys_are_the_same_for_the_same_parts_only() -> None:
    assert intake.key_from("form", "a", "b") == intake.key_from("form", "a", "b")
    assert intake.key_from("form", "a", "b") != intake.key_from("form", "ab")
    assert intake.key_from("form", "a", "b") != intake.key_from("api", "a", "b")


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["nobody", "", "web site", "website\x00", "\ud800", "w" * 300])
def test_an_unknown_source_is_no_source_whatever_it_is_called(slug: str) -> None:
    assert intake.active_source(slug) is None


def test_a_source_that_is_off_is_no_source(source: LeadSource) -> None:
    assert intake.active_source("website") == source
    LeadSource.objects.update(is_active=False)
    assert intake.active_source("website") is None
