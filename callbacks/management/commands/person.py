"""`manage.py person`: shows, exports and erases all data that is stored about a person."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from callbacks.console.confirming import confirm
from callbacks.console.exits import Stop
from callbacks.console.output import Output
from callbacks.models.erasures import ErasureWay
from callbacks.privacy import course, held, persons, record_of_processing
from callbacks.privacy.persons import NotUnderstood, Person

_USAGE, _WAITS, _UNDER_WAY = 2, 3, 4
# Seconds; after that, the sweep does the rest.
_TAKES = 600.0


class Command(BaseCommand):
    """The same functions as the page."""

    help = "Shows or erases all data about a person, or prints where data is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Adds what to do, and about whom."""
        parser.add_argument("what", choices=["show", "erase", "places"])
        parser.add_argument("--number", default="", help="in any spelling")
        parser.add_argument("--email", default="")
        parser.add_argument(
            "--lead",
            type=int,
            action="append",
            default=[],
            metavar="NUMBER",
            help=(
                "with number and e-mail: a lead that has only one of them but belongs to this "
                "person"
            ),
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="all data as JSON")
        parser.add_argument("--may-be-called", action="store_true",
                            help="erase without listing the number as never-call")  # fmt: skip
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *_args: Any, **given: Any) -> None:
        """Shows or erases the data, and says what was done."""
        output = Output(self.stdout, self.stderr, as_json=given["as_json"])
        if given["what"] == "places":
            self.stdout.write(record_of_processing.table())
            return
        try:
            person = persons.read(given["number"], given["email"], given["lead"])
        except NotUnderstood as problem:
            raise CommandError(str(problem), returncode=_USAGE) from None
        if others := list(person.by_one_alone().values_list("pk", flat=True)):
            output.say(
                "These leads have only the number or only the e-mail and are left out. Use "
                f"--lead to include one: {', '.join(map(str, others))}"
            )
        if given["what"] == "show":
            self._show(person, output)
        else:
            self._erase(person, output, given)

    def _show(self, person: Person, output: Output) -> None:
        found = held.everything(person)
        if output.as_json:
            self.stdout.write(held.as_json(person, found, timezone.now()))
            return
        for it in found:
            output.say(f"{it.title}: {len(it.rows)}")
            for row in it.readable():
                output.say()
                for label, value in row:
                    output.say(f"  {label}: {value}")
            output.say()
        if not found:
            output.say("No data is stored about this person.")

    def _erase(self, person: Person, output: Output, given: Any) -> None:
        count = person.leads().count()
        try:
            confirm(f"{count} leads are permanently erased", yes=given["yes"], output=output)
        except Stop as stop:
            raise CommandError(str(stop), returncode=_USAGE) from None
        # Others may have requested the same number, and wait for a call.
        never = not given["may_be_called"] and person.marks().numbers == person.numbers
        erasure = course.begin(person, ErasureWay.COMMAND, never=never)
        progress = course.go_on_for(erasure.pk, _TAKES)
        erasure.refresh_from_db()
        output.say(course.told(progress))
        for model, number in sorted(erasure.counts.items()):
            output.say(f"{model}: {number}")
        output.document(
            ok=progress.finished, receipt=erasure.pk, rows=erasure.counts, kept=erasure.kept,
            recordings=erasure.recordings, waits_for=sorted(progress.waits),
        )  # fmt: skip
        if not progress.finished:
            code = _WAITS if progress.waits else _UNDER_WAY
            raise CommandError(course.told(progress), returncode=code)
