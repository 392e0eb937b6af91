"""Phone lines that can be dialled in two spellings count as one in lists, counts, searches and
erasures.
"""

from collections.abc import Callable

import pytest
from django.db import connection

from callbacks.models import Extension, Team
from callbacks.privacy import persons
from leads import erased, never_call, number_guard, one_line, phones
from leads.guard import block_values, blocks
from leads.models import BlockEntry, Lead, LeadSource, NeverCallNumber
from leads.phones import PhoneRefused
from tests.support.lines import ARGENTINA, BOTH, TWO_CODES

pytestmark = pytest.mark.django_db
# Neighbours in the same numbering plans, which are separate lines; and spellings that reach nobody
# today.
ALONE = {
    "Israel": "+972505550101",
    "an area of Italy": "+390541880101",
    "0549 of nobody": "+390549180101",
    "a mobile of San Marino": "+37866661212",
    "Dublin": "+35312345678",
    "Manchester": "+441614960001",
    "Paris": "+33142685300",
    "a French mobile": "+33612345678",
    "Monaco": "+37793301234",
    "Kosovo": "+38344123456",
    "Kosovo by Monaco's code, until 2019": "+37744123456",
    "Kazakhstan": "+77011234567",
    "the Vatican": "+390669812345",
    "Mexico": "+525512345678",
    "nobody's number": "+54",
}


@pytest.mark.parametrize(("line", "other", "country"), TWO_CODES.values(), ids=TWO_CODES)
def test_it_is_read_stored_and_allowed_by_its_own_country(
    line: str, other: str, country: str
) -> None:
    assert phones.parse(other, "IL", [country]).e164 == line
    assert phones.parse(line, "IL", [country]).e164 == line
    assert phones.country(other) == phones.country(line) == country
    phones.check(other, [country])
    with pytest.raises(PhoneRefused):
        phones.check(other, {"IL", "IT", "IE", "FR"} - {country})


def test_as_it_is_dialled_in_the_neighbours_country() -> None:
    """Only the digits tell that the number is in another country."""
    for typed, default, stored in (
        ("0549 880101", "IT", "+3780549880101"),
        ("048 9649 6001", "IE", "+442896496001"),
        ("0596 50 12 34", "FR", "+596596501234"),
        ("059 555 0167", "IL", "+970595550167"),
    ):
        allowed = [default, "SM", "GB", "MQ", "PS"]
        assert phones.parse(typed, default, allowed).e164 == stored
        with pytest.raises(PhoneRefused) as refused:
            phones.parse(typed, default, [default])
        assert refused.value.code == "country"


@pytest.mark.parametrize("typed", ARGENTINA)
def test_argentina_is_dialled_as_it_was_typed(typed: str) -> None:
    assert phones.parse(typed, "IL", ["AR"]).e164 == typed


@pytest.mark.parametrize("number", ALONE.values(), ids=ALONE)
def test_others_have_one_spelling(number: str) -> None:
    others = one_line.spellings(number) - {number}
    assert (one_line.identity(number), others) == (number, set())


@pytest.mark.parametrize(("asked", "known"), BOTH)
def test_both_have_the_same_spellings(asked: str, known: str) -> None:
    assert one_line.spellings(asked) == one_line.spellings(known) == {asked, known}
    assert one_line.identity(asked) == one_line.identity(known)


@pytest.mark.parametrize(("asked", "known"), BOTH)
def test_never_call(asked: str, known: str, make_lead: Callable[..., Lead]) -> None:
    lead = make_lead("+972505550101")
    Lead.objects.filter(pk=lead.pk).update(phone=asked)
    assert never_call.add(known, "asked us to stop", None)
    lead.refresh_from_db()
    assert lead.status == "cancelled"
    assert never_call.which_are_listed([asked]) == {asked}
    assert _may_be_listed(lead)
    assert not never_call.add(asked, "again", None)
    with pytest.raises(PhoneRefused, match="asked us to stop"):
        number_guard.check_lists(asked)


@pytest.mark.parametrize(("asked", "known"), BOTH)
def test_never_call_by_an_entry_of_an_earlier_release(
    asked: str, known: str, make_lead: Callable[..., Lead]
) -> None:
    lead = make_lead("+972505550101")
    Lead.objects.filter(pk=lead.pk).update(phone=asked)
    NeverCallNumber.objects.create(phone=known, reason="asked us to stop")
    assert _may_be_listed(lead)
    assert never_call.entry(asked)


@pytest.mark.parametrize(("asked", "known"), BOTH)
def test_never_call_after_an_erasure(asked: str, known: str) -> None:
    never_call.forget(known)
    assert never_call.entry(asked)


@pytest.mark.parametrize(("asked", "known"), BOTH)
def test_the_block_list(asked: str, known: str, make_lead: Callable[..., Lead]) -> None:
    lead = make_lead("+972505550101")
    Lead.objects.filter(pk=lead.pk).update(phone=asked)
    for value in (known, known[:-2]):
        entry = BlockEntry.objects.create(kind="number", value=value, verdict="refuse")
        assert _may_be_listed(lead)
        with pytest.raises(PhoneRefused, match="block list"):
            blocks.check_number(asked)
        entry.delete()
    assert not _may_be_listed(lead)


def _may_be_listed(lead: Lead) -> bool:
    with connection.cursor() as cursor:
        statement = f"SELECT {number_guard.MAY_BE_LISTED_SQL} FROM leads_lead WHERE id = %s"
        cursor.execute(statement, [lead.pk])
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize(("asked", "known"), BOTH)
def test_an_erasure(asked: str, known: str, make_lead: Callable[..., Lead]) -> None:
    lead = make_lead("+972505550101")
    Lead.objects.filter(pk=lead.pk).update(phone=known)
    person = persons.read(asked, "")
    assert list(person.leads()) == [lead]
    erased.note(person.numbers, lead.submitted_at)
    lead.delete()
    assert erased.is_gone(known)


@pytest.mark.parametrize(("asked", "known"), BOTH)
def test_our_own_numbers(asked: str, known: str, source: LeadSource, team: Team) -> None:
    source.allowed_countries = [*{it[2] for it in TWO_CODES.values()}, "AR", "IL"]
    source.save()
    Extension.objects.create(kind="phone", number=known[1:], team=team)
    with pytest.raises(PhoneRefused, match="our own numbers"):
        number_guard.accept(asked, source)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("+972 59", "+97059"),
        ("+972 2", "+9722"),  # Jerusalem's numbers begin with it too
        ("+353 48 9649 6", "+442896496"),
        ("+39 0549 88", "+378054988"),
        ("+39 0549", "+390549"),  # libphonenumber takes the rest for Italy's
        ("+33", "+33"),
        ("+54 9 11", "+54911"),
    ],
)
def test_a_beginning_is_kept_as_its_numbers_are_stored(typed: str, value: str) -> None:
    assert block_values.read("number", typed) == value
