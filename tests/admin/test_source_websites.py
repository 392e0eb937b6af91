"""The websites that may show a source's form: as a manager types them."""

import pytest
from django.test import Client

from leads.models import LeadSource
from tests.support.admin_setup import a_source


@pytest.mark.django_db
def test_a_manager_types_several(managing: Client) -> None:
    typed = "www.Example.com/, https://example.org/contact https://www.example.com"
    add = "/admin/leads/leadsource/add/"
    assert managing.post(add, a_source(allowed_origins=typed)).status_code == 302
    source = LeadSource.objects.get()
    assert source.allowed_origins == ["https://www.example.com", "https://example.org"]
    page = managing.get(f"/admin/leads/leadsource/{source.pk}/change/").text
    assert 'value="https://www.example.com, https://example.org"' in page
    again = managing.post(add, a_source(slug="other", allowed_origins="example.com, *"))
    assert "* is not a website" in again.text
    assert LeadSource.objects.count() == 1
