"""A salesperson with a phone, who is logged in; attempts of any kind."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings as SettingsWrapper

from callbacks.models import CallAttempt, Extension
from leads.models import Lead

PASSWORD = "a-password-for-tests"


@pytest.fixture(autouse=True)
def _passwords_are_soon_hashed(settings: SettingsWrapper) -> None:
    """The product's own hash takes a quarter of a second on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def dana(extension: Extension) -> User:
    """The owner of phone 101."""
    user = User.objects.create_user("dana", password=PASSWORD, first_name="Dana")
    Extension.objects.filter(pk=extension.pk).update(user=user)
    extension.refresh_from_db()
    return user


@pytest.fixture
def hers(dana: User) -> Client:
    client = Client()
    client.force_login(dana)
    return client


@pytest.fixture
def make_attempt(make_lead: Callable[..., Lead]) -> Callable[..., CallAttempt]:
    """make_attempt(extension, "bridged"): a call to a new lead, made now by default."""
    made = iter(range(1, 500))

    def make(extension: Extension, state: str = "accepted", **values: Any) -> CallAttempt:
        is_live = state in ("dialing", "accepted", "unknown")
        lead_values = {
            key: values.pop(key) for key in ("name", "message", "phone_extension") if key in values
        }
        lead = make_lead(**lead_values, status="calling" if is_live else "unreached", **(
            {} if is_live else {"closed_at": timezone.now()}
        ))  # fmt: skip
        now = timezone.now()
        at = values.pop("at", now)
        defaults: dict[str, Any] = {
            "claimed_at": at, "sent_at": at, "hold_until": now + timedelta(hours=1),
            "call_id": f"call-{next(made)}", "ended_at": None if is_live else at,
            "connected_at": at if state == "bridged" else None,
        }  # fmt: skip
        return CallAttempt.objects.create(
            lead=lead, extension=extension, phone=lead.phone, state=state,
            extension_number=extension.number, **defaults | values,
        )  # fmt: skip

    return make
