"""Fixtures of the tests of who sees and does what."""

import pytest
from django.test import Client

from callbacks.access.roles import Role
from tests.access import world as worlds
from tests.access.world import World


@pytest.fixture
def world(db: None) -> World:
    return worlds.make()


@pytest.fixture
def leading(world: World) -> Client:
    """The team leader of `world.own`, with the role's rights and no others."""
    return world.as_(Role.TEAM_LEADER)
