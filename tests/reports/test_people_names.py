"""How salespeople are named in reports: nobody is taken for somebody else."""

import pytest
from django.contrib.auth.models import User

from callbacks.models import Extension, Team
from callbacks.reports import people

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("logins", "shown"),
    [
        ([("dana", "Dana", "Levi"), ("noam", "Noam", "Cohen")], ["Dana Levi", "Noam Cohen"]),
        (
            [("dana", "Dana", "Levi"), ("dana2", "Dana", "Levi"), ("noam", "Noam", "Cohen")],
            ["Dana Levi (dana)", "Dana Levi (dana2)", "Noam Cohen"],
        ),
        ([("dana", "Dana", ""), ("dana2", "Dana", "Levi")], ["Dana", "Dana Levi"]),
        ([("dana", "", ""), ("noam", "", "")], ["dana", "noam"]),
        (
            [("noam", "נועם", "כהן"), ("noam2", "נועם", "כהן")],
            ["נועם כהן (noam)", "נועם כהן (noam2)"],
        ),
    ],
)
def test_two_of_one_name_are_told_apart_wherever_they_stand(
    logins: list[tuple[str, str, str]], shown: list[str], team: Team
) -> None:
    users = [User.objects.create_user(it, first_name=a, last_name=b) for it, a, b in logins]
    for number, user in enumerate(users):
        Extension.objects.create(number=str(700 + number), team=team, user=user)
    together = people.names([user.pk for user in users])
    assert [together[user.pk] for user in users] == shown
    assert [people.Person(user.pk).name() for user in users] == shown
    chosen = dict(people.choices())
    assert [chosen[str(people.Person(user.pk))] for user in users] == shown
