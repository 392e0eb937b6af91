"""People who use the admin, and any number of rows."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone

from callbacks.access.groups import ensure_roles
from callbacks.admin.access import SALES_MANAGERS
from callbacks.models import CallAttempt, CallRecord, Extension, Team
from leads.models import Lead, LeadSource


@pytest.fixture
def manager(db: None) -> User:
    """A sales manager with only the group's rights."""
    ensure_roles()
    user = User.objects.create_user("dana", is_staff=True)
    user.groups.add(Group.objects.get(name=SALES_MANAGERS))
    return user


@pytest.fixture
def managing(manager: User) -> Client:
    client = Client()
    client.force_login(manager)
    return client


@pytest.fixture
def superuser(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def staff_with(db: None) -> Callable[..., Client]:
    """staff_with("leads.view_lead", ...): a client of somebody with only these rights."""

    def make(*permissions: str) -> Client:
        user = User.objects.create_user(f"user-{uuid.uuid4()}", is_staff=True)
        for permission in permissions:
            app, codename = permission.split(".")
            user.user_permissions.add(
                Permission.objects.get(content_type__app_label=app, codename=codename)
            )
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def fill(source: LeadSource, team: Team) -> Callable[[int], None]:
    """fill(n): adds n rows of everything that has a list, each related to its own rows."""
    now = timezone.now()

    def add(index: int) -> None:
        own_source = LeadSource.objects.create(slug=f"s{index}", name=f"Source {index}")
        own_team = Team.objects.create(name=f"Team {index}")
        own_team.sources.add(source, own_source)
        extension = Extension.objects.create(number=str(1000 + index), name="Omer", team=own_team)
        lead = Lead.objects.create(
            source=own_source,
            name=f"Lead {index}",
            phone=f"+97250556{index:04d}",
            status="calling",
            due_at=now + timedelta(seconds=60),
            clock_started_at=now,
        )
        attempt = CallAttempt.objects.create(
            lead=lead,
            extension=extension,
            phone=lead.phone,
            extension_number=extension.number,
            state="accepted",
            call_id=f"call-{index}",
            error_code=0,
            claimed_at=now,
            hold_until=now + timedelta(hours=1),
        )
        CallRecord.objects.create(
            call_id=f"call-{index}", type="Click2Call leg1", leg=1, attempt=attempt, payload={}
        )

    def make(count: int) -> None:
        there = Lead.objects.count()
        for index in range(there, there + count):
            add(index)

    return make
