"""Compares the account's extensions with ours, and imports what a person chose.

`compare` is pure. Nothing is ever deleted: an extension that is gone from the account is switched
off, and only if somebody ticks it. If the account does not answer, or answers with an empty list,
nothing changes: a wrong code looks like an account without extensions (the provider's reference,
Extensions).
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import astuple, dataclass, field

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from callbacks.common import task_publisher
from callbacks.models import Extension
from callbacks.models.extensions import first_leg_refusal, sources_countries
from callbacks.voicenter import AccountExtension, InvalidCall, Terminate

MAX_NAME = 100


@dataclass(frozen=True)
class OwnExtension:
    """One of our extensions, with the columns that an import needs."""

    number: str
    name: str = ""
    kind: str = Extension.Kind.SIP.value
    is_active: bool = True


@dataclass(frozen=True)
class NewExtension:
    """An extension that is in the account but not here."""

    number: str
    name: str


@dataclass(frozen=True)
class RenamedExtension:
    """An extension that has another name here than in the account."""

    number: str
    before: str
    after: str


@dataclass(frozen=True)
class MissingExtension:
    """An active extension here that is not in the account."""

    number: str
    name: str


@dataclass(frozen=True)
class UnusableExtension:
    """An extension in the account that cannot be imported. `why`: a clause."""

    number: str
    why: str


@dataclass(frozen=True)
class ImportPlan:
    """What an import would do. Numbers are SIP codes and case-sensitive.

    `answered`: how many extensions the account named; zero means that nothing can be concluded.
    `off`: extensions of the account that somebody switched off here; they stay off.
    """

    answered: int = 0
    new: tuple[NewExtension, ...] = ()
    renamed: tuple[RenamedExtension, ...] = ()
    gone: tuple[MissingExtension, ...] = ()
    unusable: tuple[UnusableExtension, ...] = ()
    same: int = 0
    off: tuple[str, ...] = ()

    @property
    def known(self) -> int:
        """How many of the account's extensions are here, active or not, under any name."""
        return self.same + len(self.renamed) + len(self.off)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to choose."""
        return not (self.new or self.renamed or self.gone)

    @property
    def to_be_named(self) -> set[str]:
        """Numbers without a name here. Other names are kept unless a person chooses otherwise."""
        return {it.number for it in self.renamed if not it.before}

    @property
    def fingerprint(self) -> str:
        """A digest of the plan, so that exactly the plan that a person saw is carried out."""
        content = json.dumps(astuple(self)).encode()
        return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class ImportChoice:
    """The parts of a plan to carry out: numbers, and the team of the new extensions."""

    team_id: int | None = None
    add: Collection[str] = ()
    rename: Collection[str] = ()
    switch_off: Collection[str] = ()


@dataclass
class ImportResult:
    """The extensions that an import changed, as they are now."""

    added: list[Extension] = field(default_factory=list)
    renamed: list[tuple[Extension, str]] = field(default_factory=list)
    switched_off: list[Extension] = field(default_factory=list)


class PlanChanged(Exception):  # noqa: N818  # shown to a person, who then looks again
    """The account or our extensions have changed since the person looked. Nothing was done."""


def compare(
    account: Sequence[AccountExtension],
    ours: Iterable[OwnExtension],
    countries: Collection[str] = (),
) -> ImportPlan:
    """The differences. An empty `account` gives an empty plan: it says nothing about ours.

    `countries` (ISO 3166): countries whose telephone numbers may be called.

    Only SIP codes can be gone: the account lists no phone numbers and no SIP trunks.
    """
    if not account:
        return ImportPlan()
    here = {each.number: each for each in ours}
    named: dict[str, str] = {}
    for each in account:
        named.setdefault(each.sip, _name(each))
    new, renamed, unusable, off, same = [], [], [], [], 0
    for number, name in sorted(named.items()):
        mine = here.get(number)
        if mine is None:
            problem = _problem(number, countries)
            if problem:
                unusable.append(UnusableExtension(number, problem))
            else:
                new.append(NewExtension(number, name))
        elif mine.kind != Extension.Kind.SIP:
            unusable.append(
                UnusableExtension(number, gettext("here it is the number of another kind of phone"))
            )
        elif not mine.is_active:
            off.append(number)
        elif name and name != mine.name:
            renamed.append(RenamedExtension(number, mine.name, name))
        else:
            same += 1
    gone = [
        MissingExtension(each.number, each.name)
        for each in sorted(here.values(), key=lambda one: one.number)
        if each.kind == Extension.Kind.SIP and each.is_active and each.number not in named
    ]
    return ImportPlan(
        len(named), tuple(new), tuple(renamed), tuple(gone), tuple(unusable), same, tuple(off)
    )


def plan_for(account: Sequence[AccountExtension]) -> ImportPlan:
    """`compare` with the extensions in the database."""
    rows = Extension.objects.values_list("number", "name", "kind", "is_active")
    return compare(account, [OwnExtension(*row) for row in rows], sources_countries())


def apply(account: Sequence[AccountExtension], seen: str, choice: ImportChoice) -> ImportResult:
    """Carries out the chosen parts of the plan with the fingerprint `seen`; all or nothing.

    Raises PlanChanged if `account` or our extensions now make another plan, or if somebody else
    imported at the same moment.
    """
    try:
        with transaction.atomic():
            # Locked until the end, so that our extensions do not change meanwhile.
            list(Extension.objects.select_for_update().values_list("pk"))
            plan = plan_for(account)
            if plan.fingerprint != seen:
                raise PlanChanged
            return _carry_out(plan, choice)
    except IntegrityError:
        raise PlanChanged from None


def _carry_out(plan: ImportPlan, choice: ImportChoice) -> ImportResult:
    done = ImportResult()
    for new in plan.new:
        if new.number in choice.add and choice.team_id is not None:
            done.added.append(
                Extension.objects.create(number=new.number, name=new.name, team_id=choice.team_id)
            )
    if done.added and choice.team_id is not None:
        # Leads may be waiting for the new extensions.
        task_publisher.work_team_on_commit(choice.team_id)
    for renamed in plan.renamed:
        if renamed.number in choice.rename:
            extension = Extension.objects.get(number=renamed.number)
            extension.name = renamed.after
            extension.save(update_fields=["name"])
            done.renamed.append((extension, renamed.before))
    for gone in plan.gone:
        if gone.number in choice.switch_off:
            extension = Extension.objects.get(number=gone.number)
            extension.is_active = False
            extension.save(update_fields=["is_active"])
            done.switched_off.append(extension)
    return done


def _name(extension: AccountExtension) -> str:
    return (extension.name or extension.user_name)[:MAX_NAME]


def _problem(number: str, countries: Collection[str]) -> str:
    """Why this number could not be called, as a clause; "" if it could."""
    try:
        Terminate(phone=number)  # accepts an extension, but neither SIPTRUNK nor logincode
    except InvalidCall as problem:
        return gettext("it cannot be rung: %(2)s") % {"2": problem.args[0].partition(": ")[2]}
    return first_leg_refusal(Extension.Kind.SIP, number, countries)
