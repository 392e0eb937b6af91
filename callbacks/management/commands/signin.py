"""`manage.py signin`: resets a lost second factor, and encrypts all of them with a new key."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from callbacks.common import sealing
from callbacks.models import Authenticator
from callbacks.signin import second_factor


class Command(BaseCommand):
    """A reset is recorded in the admin's log; encrypting again changes nothing that people see."""

    help = "Resets a lost second factor, or encrypts all second-factor keys again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Adds the two commands."""
        commands = parser.add_subparsers(dest="command", required=True)
        reset = commands.add_parser(
            "reset-second-factor",
            help="removes the second factor of somebody who lost phone and codes",
        )
        reset.add_argument("name", help="the user name")
        commands.add_parser(
            "seal-anew",
            help=(
                "encrypts with the first of SIGN_IN_KEYS; after that the other keys can be removed"
            ),
        )

    def handle(self, *_args: Any, **given: Any) -> None:
        """Runs the chosen command, and says what was done."""
        if given["command"] == "seal-anew":
            self._seal_anew()
        else:
            self._reset(given["name"])

    def _reset(self, name: str) -> None:
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(
                "There is no such user. Give the user name that the person logs in with."
            )
        # The log needs a user; on the command line nobody is signed in.
        sentence = "Reset the second factor on the server's command line"
        if not second_factor.reset(user, user, sentence):
            raise CommandError("This person has no second factor.")
        self.stdout.write("The second factor was removed. The next sign-in sets up a new one.")

    def _seal_anew(self) -> None:
        lost = 0
        with transaction.atomic():
            rows = list(Authenticator.objects.select_for_update())
            for row in rows:
                try:
                    row.sealed_key = sealing.seal_anew(row.sealed_key)
                except sealing.CannotOpen:
                    lost += 1
                else:
                    row.save(update_fields=["sealed_key"])
        self.stdout.write(f"{len(rows) - lost} keys are encrypted with the first of SIGN_IN_KEYS.")
        if lost:
            raise CommandError(
                f"{lost} keys were encrypted with a key that is no longer in SIGN_IN_KEYS. Add "
                "that key after the others and run this again, or reset those second factors."
            )
