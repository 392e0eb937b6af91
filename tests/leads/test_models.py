"""What the database itself forbids."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from leads.models import Lead, LeadSource, LeadStatus


def lead(source: LeadSource, **values: object) -> Lead:
    now = timezone.now()
    return Lead(
        **{"source": source, "name": "Noa", "phone": "+972505550101", "due_at": now}
        | {"clock_started_at": now}
        | values
    )


@pytest.mark.parametrize("first", ["held", "waiting", "calling"])
@pytest.mark.parametrize("second", ["held", "waiting", "calling"])
def test_a_number_has_at_most_one_open_lead(first: str, second: str, source: LeadSource) -> None:
    lead(source, status=first).save()
    with pytest.raises(IntegrityError, match="lead_one_open_per_number"), transaction.atomic():
        lead(source, status=second).save()


def test_a_submission_has_at_most_one_lead(source: LeadSource) -> None:
    key = uuid.uuid4()
    lead(source, submission_key=key).save()
    with pytest.raises(IntegrityError, match="submission_key"), transaction.atomic():
        lead(source, submission_key=key, phone="+972505550102").save()


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"phone": "0505550101"}, "lead_phone_or_erased"),
        ({"phone": "+972505550101\n"}, "lead_phone_or_erased"),
        ({"phone": ""}, "lead_phone_or_erased"),
        ({"status": "asleep", "closed_at": timezone.now()}, "lead_status_known"),
        ({"status": "duplicate", "closed_at": timezone.now()}, "lead_duplicate_names_the_first"),
        ({"status": "unreached"}, "lead_closed_has_a_time"),
        ({"status": "waiting", "closed_at": timezone.now()}, "lead_closed_has_a_time"),
        ({"status": "connected", "closed_at": timezone.now()}, "lead_connected_has_a_time"),
        ({"due_at": timezone.now() - timedelta(hours=1)}, "lead_due_after_clock_start"),
    ],
)
def test_what_must_never_be(values: dict[str, object], constraint: str, source: LeadSource) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        lead(source, **values).save()


def test_only_a_duplicate_is_linked_to_an_earlier_lead(source: LeadSource) -> None:
    first = lead(source)
    first.save()
    with (
        pytest.raises(IntegrityError, match="lead_duplicate_names_the_first"),
        transaction.atomic(),
    ):
        lead(source, phone="+972505550102", duplicate_of=first).save()


def test_open_leads_are_open(source: LeadSource) -> None:
    assert [status for status in LeadStatus if lead(source, status=status).is_open] == [
        LeadStatus.HELD,
        LeadStatus.WAITING,
        LeadStatus.CALLING,
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"allowed_countries": []}, "source_allows_a_country"),
        ({"sla_target": 0}, "source_target_positive"),
    ],
)
def test_a_source_cannot_be_without(values: dict[str, object], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        LeadSource.objects.create(slug="x", name="X", **values)


def test_a_source_allows_its_own_country_and_only_real_ones() -> None:
    def source(**values: object) -> LeadSource:
        return LeadSource(slug="x", name="X", **values)

    source(allowed_countries=["IL", "GB"]).clean()
    with pytest.raises(ValidationError, match="Include the default country, IL"):
        source(allowed_countries=["GB"]).clean()
    with pytest.raises(ValidationError, match="XX is not a country code"):
        source(default_country="XX", allowed_countries=["XX"]).clean_fields()
