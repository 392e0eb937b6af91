"""Where visitors came from: on the lead's page, in the list's filters, in the list's file."""

from collections.abc import Callable

import pytest
from django.test import Client

from leads import intake, visits
from leads.guard.circumstances import Circumstances
from leads.models import Attribution, Lead, LeadSource
from tests.exports.reading import Book, body, csv_rows

LIST = "/admin/leads/lead/"
SHOP = "https://shop.example"

MakeLead = Callable[..., Lead]


@pytest.fixture
def came(source: LeadSource) -> Callable[..., Lead]:
    """came(page=..., first_page=...) stores a lead that came from there."""
    numbers = iter(range(101, 120))

    def make(phone: str = "", **fields: str) -> Lead:
        number = next(numbers)
        return intake.store(
            intake.Submission(
                source=source,
                key=intake.key_from("test", str(number)),
                name="Noa Levi",
                phone=phone or f"+972505550{number}",
                circumstances=Circumstances(None, came_from=visits.read(fields)),
            )
        )

    return make


def page(client: Client, lead: Lead) -> str:
    answer = client.get(f"{LIST}{lead.pk}/change/")
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def test_a_lead_s_page_tells_it(managing: Client, came: Callable[..., Lead]) -> None:
    lead = came(
        page=f"{SHOP}/%D7%9E%D7%A0%D7%95%D7%A8%D7%94?utm_campaign=spring&gclid=Cj0",
        referrer="https://search.example/?q=lamps",
        first_page=f"{SHOP}/?utm_source=news&utm_campaign=spring",
    )
    shown = page(managing, lead)
    assert "Where they came from" in shown
    assert f'<a class="quiet-link" href="{SHOP}/%D7%9E%D7%A0%D7%95%D7%A8%D7%94"' in shown
    assert "/מנורה</bdi>" in shown
    assert 'rel="noopener noreferrer"' in shown
    assert "from https://search.example/" in shown
    assert "Campaign: spring · gclid: Cj0" in shown
    assert "the first page: Campaign source: news" in shown


def test_of_a_lead_of_which_nothing_is_known_it_says_nothing(
    managing: Client, make_lead: MakeLead
) -> None:
    assert "Where they came from" not in page(managing, make_lead())


def test_of_several_requests_the_first_page_and_the_newest(
    managing: Client, came: Callable[..., Lead]
) -> None:
    first = came(phone="+972505550130", page=f"{SHOP}/one")
    came(phone="+972505550130", page=f"{SHOP}/two")
    shown = page(managing, first)
    assert f"{SHOP}/one" in shown
    assert f"{SHOP}/two" in shown


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example"])
def test_what_is_no_address_becomes_no_link(
    managing: Client, came: Callable[..., Lead], address: str
) -> None:
    """Even if the database got it in another way."""
    lead = came(page=f"{SHOP}/")
    Attribution.objects.update(first={"page": address}, last={"page": f"<b>{address}"})
    shown = page(managing, lead)
    assert f'href="{address}' not in shown
    assert "<b>" + address not in shown


def test_the_list_is_narrowed_down_by_campaign_medium_and_source(
    managing: Client, came: Callable[..., Lead]
) -> None:
    spring = came(page=f"{SHOP}/?utm_campaign=spring&utm_medium=cpc")
    summer = came(page=f"{SHOP}/?utm_campaign=summer&gclid=1&utm_source=news")
    came()
    for asked, wanted in {
        "utm_campaign=spring": [spring], "utm_medium=cpc": [spring], "utm_source=news": [summer],
        "utm_campaign=gone": [], "utm_campaign=summer&utm_medium=cpc": [],
    }.items():  # fmt: skip
        answer = managing.get(f"{LIST}?{asked}", follow=True)
        assert list(answer.context["cl"].queryset) == wanted, asked
    assert "summer" in managing.get(LIST).text


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_files_have_it(managing: Client, came: Callable[..., Lead], kind: str) -> None:
    came(
        phone="+972505550130",
        page=f"{SHOP}/?utm_campaign==cmd&utm_term=lamp&gclid=Cj0",
        first_page=f"{SHOP}/first",
        referrer="https://search.example/",
    )
    came(phone="+972505550130", page=f"{SHOP}/again?utm_campaign=summer")
    data = body(managing.post(f"{LIST}export/?o=1", {"format": kind}))
    rows = csv_rows(data) if kind == "csv" else Book(data).sheets["Leads"]
    first, joined = (dict(zip(rows[0], row, strict=True)) for row in rows[1:])
    assert first["First page"] == f"{SHOP}/first"
    assert (first["Last page"], joined["Last page"]) == (f"{SHOP}/again", f"{SHOP}/again")
    assert (first["Campaign"], joined["Campaign"]) == ("summer", "summer")
    assert (first["Search term"] or "") == ""
    assert (first["Click ids"] or "") == ""
