"""The countries of a source: by name or code, as a manager has them."""

import pytest
from django.test import Client

from leads.models import LeadSource
from tests.support.admin_setup import a_source

pytestmark = pytest.mark.django_db

ADD = "/admin/leads/leadsource/add/"


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("IL", ["IL"]),
        ("il, gb", ["IL", "GB"]),
        ("Israel", ["IL"]),
        ("israel; United Kingdom", ["IL", "GB"]),
        ("IL GB", ["IL", "GB"]),
        ("IL\nUSA", ["IL", "US"]),
        ("UK, Israel,", ["GB", "IL"]),
        ("IL, Israel, il", ["IL"]),
        ("Côte d'Ivoire, IL", ["CI", "IL"]),
    ],
)
def test_countries_are_typed_by_code_or_name(
    managing: Client, typed: str, codes: list[str]
) -> None:
    assert managing.post(ADD, a_source(allowed_countries=typed)).status_code == 302
    source = LeadSource.objects.get()
    assert source.allowed_countries == codes
    page = managing.get(f"/admin/leads/leadsource/{source.pk}/change/")
    assert f'value="{", ".join(codes)}"' in page.text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Israeli", "Israeli is not a known country"),
        ("IL, ZZ", "ZZ is not a known country"),
        ("IL ZZ", "IL ZZ is not a known country"),
        ("", "This field is required."),
        ("GB", "Include the default country, IL."),
    ],
)
def test_what_is_no_country_is_refused_by_its_name(
    managing: Client, typed: str, words: str
) -> None:
    answer = managing.post(ADD, a_source(allowed_countries=typed))
    assert answer.status_code == 200
    assert words in answer.text
    assert not LeadSource.objects.exists()


def test_the_default_country_is_chosen_by_its_name(managing: Client) -> None:
    page = managing.get(ADD).text
    assert '<option value="IL" selected>Israel</option>' in page
    assert '<option value="IS">Iceland</option>' in page
    posted = a_source(default_country="Is", allowed_countries="IL, IS")
    assert managing.post(ADD, posted).status_code == 200
    assert not LeadSource.objects.exists()
