"""A new source begins with hours at which people may be called."""

from datetime import time

import pytest
from django.test import Client

from leads.models import LeadSource

pytestmark = pytest.mark.django_db


def hours(client: Client, address: str) -> tuple[object, object]:
    form = client.get(address).context["adminform"].form
    return form["call_from"].value(), form["call_until"].value()


def test_a_new_one_has_calling_hours(admin_client: Client) -> None:
    assert hours(admin_client, "/admin/leads/leadsource/add/") == (time(8), time(21))


def test_one_that_is_there_keeps_what_it_has(admin_client: Client, source: LeadSource) -> None:
    assert hours(admin_client, f"/admin/leads/leadsource/{source.pk}/change/") == (None, None)
