"""Who is meant: the numbers and addresses that were entered, and the leads that are theirs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from callbacks.models import CallAttempt, Extension
from leads import one_line, phones, text_search
from leads.models import Lead, LeadSource

# No address has more leads than this.
_MOST = 100_000


class NotUnderstood(Exception):  # noqa: N818  # shown to a person
    """No number or address can be read; the text says what to enter."""


@dataclass(frozen=True)
class Person:
    """`numbers`: in E.164, each in all spellings of its line; `emails`: in lower case.

    Nothing is followed further: whoever sent somebody else's number with their own address may read
    or erase only what was sent with that address. `only`: the leads to which the person is limited,
    because others may have requested the same number. If number and address are both known, these
    are the leads that have both, and leads that somebody confirmed as theirs; if one of the two is
    known, only confirmed leads. None: all leads with the number or the address.
    """

    numbers: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    only: frozenset[int] | None = None

    def leads(self, before: datetime | None = None) -> QuerySet[Lead]:
        """Their leads in any state; `before`: only leads submitted by then."""
        found = self.by_one() if self.only is None else Lead.objects.filter(pk__in=self.only)
        return found.filter(submitted_at__lte=before) if before else found

    def by_one(self) -> QuerySet[Lead]:
        """All leads that have one of the numbers or addresses."""
        return Lead.objects.filter(self._by_number() | Q(pk__in=self._by_email()))

    def by_one_alone(self) -> QuerySet[Lead]:
        """The leads of `by_one` that may be somebody else's."""
        return self.by_one().exclude(pk__in=self.leads().values("pk"))

    def marks(self) -> "Person":
        """Only the numbers and addresses that no other lead has: wherever these appear, this person
        is meant.
        """
        if self.only is None:
            return self
        others = Lead.objects.exclude(pk__in=self.only)
        has_number = bool(self.numbers) and others.filter(self._by_number()).exists()
        has_email = others.filter(pk__in=self._by_email()).exists()
        return replace(
            self,
            numbers=frozenset() if has_number else self.numbers,
            emails=frozenset() if has_email else self.emails,
        )

    def with_leads_of_both(self, also: Iterable[int] = ()) -> "Person":
        """Limited to leads that have both a number and an address of theirs, and to `also`. If only
        one of the two is known, limited to `also`, or unlimited if `also` has no lead of theirs.
        """
        if not (self.numbers and self.emails):
            theirs = self.by_one().filter(pk__in=list(also)).values_list("pk", flat=True)
            return replace(self, only=frozenset(theirs)) if theirs else self
        both = Lead.objects.filter(self._by_number(), pk__in=self._by_email())
        more = self.by_one().filter(pk__in=list(also))
        pks = {*both.values_list("pk", flat=True), *more.values_list("pk", flat=True)}
        return replace(self, only=frozenset(pks))

    def _by_number(self) -> Q:
        dialled = CallAttempt.objects.filter(phone__in=self.numbers).values("lead")
        return Q(phone__in=self.numbers) | Q(pk__in=dialled)

    def _by_email(self) -> list[int]:
        found: list[int] = []
        for email in self.emails:
            ids = text_search.find(text_search.words_of(email), _MOST)
            of_it = Lead.objects.filter(pk__in=ids, email__iexact=email)
            found.extend(of_it.values_list("pk", flat=True))
        return found


def read(number: str, email: str, also: Iterable[int] = ()) -> Person:
    """The person with a number and an e-mail address, as typed; one of them may be "".

    `also`: leads with only one of the two that are theirs too; if only one was typed, the only
    leads that are theirs. Raises NotUnderstood.
    """
    number, email = number.strip(), email.strip().lower()
    if not number and not email:
        raise NotUnderstood(gettext("Enter a number or an e-mail address."))
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise NotUnderstood(gettext("Enter a full e-mail address.")) from None
    numbers = _numbers(number) if number else set()
    if number and not numbers:
        raise NotUnderstood(
            gettext("Enter a full number, for example %(example)s.") % {"example": "+972505550101"}
        )
    return Person(frozenset(numbers), frozenset({email} - {""})).with_leads_of_both(also)


def who_share(person: Person) -> int:
    """How many different names are on leads with this person's number or address."""
    found = person.by_one().filter(erased_at=None).values_list("name", flat=True)
    return len({" ".join(name.casefold().split()) for name in found} - {""})


def names(leads: Iterable[Lead]) -> set[str]:
    """The names on these leads."""
    return {lead.name.strip() for lead in leads} - {""}


def only_theirs(found: Iterable[str], leads: QuerySet[Lead]) -> set[str]:
    """The names that have two words or more and that nobody else here has: wherever these appear,
    this person is meant.
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
    """Numbers and addresses on these leads that were not entered."""
    numbers = {lead.phone for lead in leads if not lead.erased_at} - person.numbers
    emails = {lead.email.lower() for lead in leads} - person.emails - {""}
    return numbers, emails


def _others(name: str) -> QuerySet[Lead]:
    ids = text_search.find(text_search.words_of(name), 100)
    return Lead.objects.filter(pk__in=ids, name__iexact=name)


def _numbers(typed: str) -> set[str]:
    countries = LeadSource.objects.order_by().values_list("default_country", flat=True).distinct()
    forms = {phones.search_forms(typed, country) for country in {*countries} or {"IL"}}
    return {it for form in forms if form.startswith("+") for it in one_line.spellings(form)}
