"""Who is meant: the numbers and addresses that were named, and what of ours is theirs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from callbacks.models import CallAttempt, Extension
from leads import phones, text_search
from leads.models import Lead, LeadSource

# More leads than this have nobody's address.
_MOST = 100_000


class NotUnderstood(Exception):  # noqa: N818  # said to a person
    """No number or address can be read; the text says what to enter."""


@dataclass(frozen=True)
class Person:
    """`numbers`: in E.164, each in all spellings of its line; `emails`: in small letters.

    Nothing is followed further: who has sent somebody else's number with their own address is to
    read, or erase, only what was sent with that address.
    """

    numbers: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()

    def leads(self, before: datetime | None = None) -> QuerySet[Lead]:
        """Their leads, whatever became of them; `before`: those that had come by then."""
        theirs = Q(pk__in=self._by_email())
        if self.numbers:
            dialled = CallAttempt.objects.filter(phone__in=self.numbers).values("lead")
            theirs |= Q(phone__in=self.numbers) | Q(pk__in=dialled)
        found = Lead.objects.filter(theirs)
        return found.filter(submitted_at__lte=before) if before else found

    def _by_email(self) -> list[int]:
        found: list[int] = []
        for email in self.emails:
            ids = text_search.find(text_search.words_of(email), _MOST)
            of_it = Lead.objects.filter(pk__in=ids, email__iexact=email)
            found.extend(of_it.values_list("pk", flat=True))
        return found


def read(number: str, email: str) -> Person:
    """The person that a number and an e-mail address as typed mean; either may be "".

    Raises NotUnderstood.
    """
    number, email = number.strip(), email.strip().lower()
    if not number and not email:
        raise NotUnderstood(gettext("Enter a number or an e-mail address."))
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise NotUnderstood(gettext("Enter a whole e-mail address.")) from None
    numbers = _numbers(number) if number else set()
    if number and not numbers:
        raise NotUnderstood(
            gettext("Enter a whole number, for example %(example)s.") % {"example": "+972505550101"}
        )
    return Person(frozenset(numbers), frozenset({email} - {""}))


def names(leads: Iterable[Lead]) -> set[str]:
    """The names that these leads have given."""
    return {lead.name.strip() for lead in leads} - {""}


def only_theirs(found: Iterable[str], leads: QuerySet[Lead]) -> set[str]:
    """Those of these names that are of two words or more and that nobody else here has: wherever
    they are written, this person is meant.
    """
    whole = {name for name in found if len(name.split()) > 1}
    staff = {user.get_full_name().lower() for user in User.objects.all()}
    staff |= {name.lower() for name in Extension.objects.values_list("name", flat=True)}
    theirs = leads.values("pk")
    return {
        name
        for name in whole
        if name.lower() not in staff and not _others(name).exclude(pk__in=theirs).exists()
    }


def others_named(leads: Iterable[Lead], person: Person) -> tuple[set[str], set[str]]:
    """Numbers and addresses that stand on these leads and were not asked for."""
    numbers = {lead.phone for lead in leads if not lead.erased_at} - person.numbers
    emails = {lead.email.lower() for lead in leads} - person.emails - {""}
    return numbers, emails


def _others(name: str) -> QuerySet[Lead]:
    ids = text_search.find(text_search.words_of(name), 100)
    return Lead.objects.filter(pk__in=ids, name__iexact=name)


def _numbers(typed: str) -> set[str]:
    countries = LeadSource.objects.order_by().values_list("default_country", flat=True).distinct()
    forms = {phones.search_forms(typed, country) for country in {*countries} or {"IL"}}
    return {it for form in forms if form.startswith("+") for it in phones.spellings(form)}
