"""Which roles need a second factor by default."""

import re

import pytest
from django.contrib.auth.models import Group, User

from callbacks.access.groups import ensure_roles
from callbacks.access.roles import DEFINITIONS, Role
from callbacks.signin import second_factor
from callbacks.signin.sessions import DEAR_RIGHTS
from tests.support.stack import ROOT

pytestmark = pytest.mark.django_db
DEMANDED = {
    Role.OWNER: True,
    Role.MANAGER: True,
    Role.INTEGRATOR: True,
    Role.TEAM_LEADER: False,
    Role.ANALYST: False,
    Role.SALESPERSON: False,
}


def by_default(name: str, file: str) -> list[str]:
    found = re.search(name, (ROOT / file).read_text())
    assert found
    return [it.strip() for it in found[1].split(",")]


@pytest.fixture
def groups() -> list[str]:
    documented = by_default(r"#SECOND_FACTOR_GROUPS=(.*)", ".env.example")
    written = by_default(
        r'"SECOND_FACTOR_GROUPS", default="off" if DEBUG else "(.*)"',
        "callbacks/config/settings.py",
    )
    assert documented == written
    return written


@pytest.mark.parametrize("role", Role)
def test_who_is_asked(role: Role, groups: list[str], settings: object) -> None:
    settings.SECOND_FACTOR_GROUPS = groups  # type: ignore[attr-defined]
    ensure_roles()
    user = User.objects.create_user("dana", is_staff=True)
    user.groups.add(Group.objects.get(name=DEFINITIONS[role].group))
    assert second_factor.is_demanded(user) is DEMANDED[role]
    # Every role with one of DEAR_RIGHTS is among them.
    user = User.objects.get(pk=user.pk)
    assert DEMANDED[role] or not any(user.has_perm(it) for it in DEAR_RIGHTS)
