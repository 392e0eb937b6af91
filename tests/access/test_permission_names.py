"""The names of permissions in a database that an older release has made."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from callbacks.access import permission_names
from leads.models import Lead

pytestmark = pytest.mark.django_db
OURS = ("callbacks", "leads")


def test_permissions_are_named_as_in_this_release() -> None:
    ours = Permission.objects.filter(content_type__app_label__in=OURS)
    ours.update(name="A former name")
    call_command("migrate", verbosity=0)
    of_the_update = sorted(ours.values_list("content_type__model", "codename", "name"))
    ours.delete()
    for app in OURS:
        create_permissions(apps.get_app_config(app), verbosity=0)
    assert of_the_update == sorted(ours.values_list("content_type__model", "codename", "name"))
    assert ("lead", "change_lead", "Can change lead") in of_the_update
    assert ("extension", "pause_extension", "Can pause an extension") in of_the_update


def test_a_permission_of_somebody_else_keeps_its_name() -> None:
    lead = ContentType.objects.get_for_model(Lead)
    own = Permission.objects.create(content_type=lead, codename="print_lead", name="Can print")
    other = Permission.objects.get(codename="add_group")
    Permission.objects.filter(pk=other.pk).update(name="May add groups")
    call_command("migrate", verbosity=0)
    own.refresh_from_db()
    other.refresh_from_db()
    assert (own.name, other.name) == ("Can print", "May add groups")


def test_names_that_are_right_are_not_written(
    django_assert_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    with django_assert_num_queries(1):
        permission_names.update()
