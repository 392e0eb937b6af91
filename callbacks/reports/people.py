"""Whose lead it is in reports: a login with all its phones, or a phone without a login."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext

from callbacks.access.others_calls import OTHERS
from callbacks.access.scope import EVERYTHING, Scope
from callbacks.models import Extension

# Replaces the id of a team or salesperson: nobody has called the lead yet.
NOBODY = 0
# What an address says instead of an id.
_WORDS = {NOBODY: "nobody", OTHERS: "others"}
_WRITTEN = re.compile(r"(user|phone)-([0-9]{1,18})")


@dataclass(frozen=True)
class Person:
    """`number`: the login's id; negative: the id of a phone without a login; NOBODY; OTHERS."""

    number: int

    def __str__(self) -> str:
        if self.number in _WORDS:
            return _WORDS[self.number]
        return f"user-{self.number}" if self.number > 0 else f"phone-{-self.number}"

    @classmethod
    def parsed(cls, text: str) -> "Person | None":
        """The person that str() wrote; None for anything else."""
        for number, word in _WORDS.items():
            if text == word:
                return cls(number)
        if not (found := _WRITTEN.fullmatch(text)) or not int(found[2]):
            return None
        return cls(int(found[2]) if found[1] == "user" else -int(found[2]))

    def condition(self) -> Q:
        """Selects this person's leads."""
        if not self.number:
            return Q(by_extension__isnull=True)
        if self.number > 0:
            return Q(by_user=self.number)
        return Q(by_user__isnull=True, by_extension=-self.number)

    def exists(self, seen: Scope = EVERYTHING) -> bool:
        """Whether there is such a login or phone, even switched off, that the user may see."""
        if not seen.names:
            return False
        if self.number == OTHERS:
            return seen.is_limited
        if seen.is_limited and self.number:
            its = {"user": self.number} if self.number > 0 else {"pk": -self.number}
            return Extension.objects.filter(seen.of_teams("team"), **its).exists()
        if self.number > 0:
            return get_user_model().objects.filter(pk=self.number).exists()
        return not self.number or Extension.objects.filter(pk=-self.number).exists()

    def is_there(self) -> bool:
        """Whether the login is active, or the phone can ring."""
        if self.number in _WORDS:
            return True
        if self.number > 0:
            return get_user_model().objects.filter(pk=self.number, is_active=True).exists()
        return Extension.objects.filter(pk=-self.number, is_active=True).exists()

    def name(self) -> str:
        """The name, as people read it."""
        return names([self.number])[self.number]


def names(numbers: Collection[int]) -> dict[int, str]:
    """People's names by number. Up to two queries."""
    found = {number: name for number, name in unnamed() if number in numbers}
    if logins := [it for it in numbers if it > 0 and it != OTHERS]:
        found_logins = get_user_model().objects.filter(pk__in=logins)
        shared = _named_like("pk", "first_name", "last_name")
        users = {it.pk: _of_login(it, it.shared) for it in found_logins.annotate(shared=shared)}
        gone = gettext("A login that was deleted (%(number)s)")
        found |= {it: users.get(it) or gone % {"number": it} for it in logins}
    if phones := [-it for it in numbers if it < 0]:
        extensions = {it.pk: _of_phone(it) for it in Extension.objects.filter(pk__in=phones)}
        gone = gettext("A phone that was deleted (%(number)s)")
        found |= {-it: extensions.get(it) or gone % {"number": it} for it in phones}
    return found


def choices(seen: Scope = EVERYTHING) -> list[tuple[str, str]]:
    """Everybody who has a phone, sorted by name, to choose from. One query."""
    shared = _named_like("user", "user__first_name", "user__last_name")
    phones = Extension.objects.select_related("user").annotate(shared=shared).order_by("number")
    phones = phones.filter(seen.of_teams("team"))
    people = {
        str(Person(it.user_id if it.user_id else -it.pk)): _of_login(it.user, it.shared)
        if it.user
        else _of_phone(it)
        for it in phones
    }
    return sorted(people.items(), key=lambda choice: choice[1].casefold())


def unnamed(seen: Scope | None = None) -> list[tuple[int, str]]:
    """The labels of OTHERS and NOBODY; without OTHERS if `seen` hides nothing."""
    called = [(OTHERS, gettext("Called by another team"))]
    return [
        *(called if seen is None or seen.is_limited else ()),
        (NOBODY, gettext("Not called")),
    ]


def team_written(number: int) -> str:
    """A team's id for an address, or the word for OTHERS."""
    return _WORDS[OTHERS] if number == OTHERS else str(number)


def team_parsed(text: str) -> int | None:
    """The number that `team_written` wrote; None for anything else."""
    if text == _WORDS[OTHERS]:
        return OTHERS
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None


def _named_like(login: str, first: str, last: str) -> Exists:
    """Whether another login has the same name as the row with these columns."""
    others = User.objects.filter(first_name=OuterRef(first), last_name=OuterRef(last))
    return Exists(others.exclude(pk=OuterRef(login)))


def _of_login(user: User, is_shared: bool) -> str:
    """The username is added to a name that two logins share."""
    name, username = user.get_full_name(), user.get_username()
    if name and is_shared:
        return gettext("%(name)s (%(username)s)") % {"name": name, "username": username}
    return name or username


def _of_phone(extension: Extension) -> str:
    return f"{extension.name} ({extension.number})" if extension.name else extension.number
