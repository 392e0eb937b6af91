"""Who may have a telephone number rung as an extension."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from callbacks.models import Extension, Team

pytestmark = pytest.mark.django_db
MAY = tuple(f"callbacks.{right}" for right in ("view_extension", "change_extension", "view_team"))


@pytest.mark.parametrize(
    ("rights", "kind", "number", "is_saved"),
    [
        (MAY, "sip", "102", True),
        (MAY, "phone", "972505550142", False),
        (MAY, "sip", "972505550142", False),
        ((*MAY, "callbacks.enter_phone_numbers"), "phone", "972505550142", True),
        ((*MAY, "callbacks.enter_phone_numbers"), "phone", "881612345678", False),
    ],
    ids=["a code", "a number without the right", "as a code", "with the right", "satellite"],
)
def test_telephone_numbers_need_a_right_of_their_own(
    rights: tuple[str, ...],
    kind: str,
    number: str,
    is_saved: bool,
    extension: Extension,
    staff_with: Callable[..., Client],
) -> None:
    typed = {
        "kind": kind, "number": number, "name": "", "team": extension.team_id, "is_active": "on",
        "tier": 1, "weight": 1, "languages": "",
    }  # fmt: skip
    address = reverse("admin:callbacks_extension_change", args=[extension.pk])
    staff_with(*rights).post(address, typed)
    extension.refresh_from_db()
    assert (extension.number == number) == is_saved


def test_what_is_there_stays_editable_without_the_right(
    team: Team, staff_with: Callable[..., Client]
) -> None:
    extension = Extension.objects.create(kind="phone", number="972505550142", team=team)
    typed = {
        "kind": "phone", "number": "972505550142", "name": "Dana at home", "team": team.pk,
        "is_active": "on", "tier": 1, "weight": 1, "languages": "",
    }  # fmt: skip
    address = reverse("admin:callbacks_extension_change", args=[extension.pk])
    staff_with(*MAY).post(address, typed)
    extension.refresh_from_db()
    assert extension.name == "Dana at home"
