"""The names of permissions in a database that an older release has made."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from leads.models import Lead

pytestmark = pytest.mark.django_db


def names() -> dict[int, str]:
    return dict(Permission.objects.values_list("pk", "name"))


def test_permissions_are_named_as_in_this_release() -> None:
    of_a_new_database = names()
    Permission.objects.update(name="A former name")
    call_command("migrate", verbosity=0)
    changed = Permission.objects.filter(content_type__app_label__in=["callbacks", "leads"])
    assert changed.count() > 100
    for it in changed:
        assert it.name == of_a_new_database[it.pk]


def test_a_permission_of_somebody_else_keeps_its_name() -> None:
    lead = ContentType.objects.get_for_model(Lead)
    own = Permission.objects.create(content_type=lead, codename="print_lead", name="Can print")
    other = Permission.objects.get(codename="add_group")
    Permission.objects.filter(pk=other.pk).update(name="May add groups")
    call_command("migrate", verbosity=0)
    assert names()[own.pk] == "Can print"
    assert names()[other.pk] == "May add groups"


def test_names_that_are_right_are_not_written(django_assert_num_queries) -> None:
    from callbacks.access import permission_names

    with django_assert_num_queries(1):
        permission_names.update()
