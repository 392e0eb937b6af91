"""`manage.py who_rings`: tells who would be rung for a lead, and what would follow."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from callbacks.common.formatting import dated, when
from callbacks.console.output import Output
from callbacks.explain import preview
from callbacks.explain.preview import PreviewAnswer

_USAGE = 2


class Command(BaseCommand):
    """Only reads, with the same functions as the engine."""

    help = "Shows who would be rung for a lead, in which order, and why. It rings nobody."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Adds the options for the lead and its time."""
        parser.add_argument(
            "--source", required=True, help="the slug of the lead's source, like website"
        )
        parser.add_argument(
            "--at", default="", help=(
                '"2026-03-27 01:55", in the time zone of its teams unless it has an offset; '
                "default: now"
            ),
        )  # fmt: skip
        parser.add_argument("--phone", default="", help="the lead's number; default: any")
        parser.add_argument(
            "--language", default="", help="the language that the lead speaks: he, en, ru"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON document")

    def handle(self, *_args: Any, **given: Any) -> None:
        """Computes the preview and writes it."""
        output = Output(self.stdout, self.stderr, as_json=given["as_json"])
        now = timezone.now()
        try:
            asked = preview.question(
                given["source"], given["at"], given["phone"], given["language"], now=now
            )
        except preview.CannotTell as problem:
            words = str(problem)
            output.document(ok=False, exit_code=_USAGE, reason=problem.field, message=words)
            raise CommandError(words, returncode=_USAGE) from None
        found = preview.answer(asked, now)
        _tell(found, output)
        output.document(ok=True, exit_code=0, **_record(found))


def _tell(found: PreviewAnswer, output: Output) -> None:
    asked, zone = found.question, found.zone
    local = asked.at.astimezone(zone)
    output.say(
        f"A lead of {asked.source}, {preview.readable(asked.phone)}, comes in at "
        f"{dated(local, zone)} in {zone.key}."
    )  # fmt: skip
    for note in found.notes:
        output.say(note)
    output.say()
    if found.called_at is None:
        output.say("The lead is never called.")
    else:
        output.say(f"The lead is called at {dated(found.called_at, zone)}.")
        output.say()
        if not found.rung:
            output.say("Nobody would be rung: the lead waits until somebody is free.")
        else:
            output.table(
                ["", "RUNG", "NAME", "TEAM", "WHY", "WHEN"],
                [(it.place, it.number, it.name, it.team, it.why, it.waited) for it in found.rung],
            )
        if found.not_rung:
            output.say()
            output.table(
                ["NOT RUNG", "NAME", "TEAM", "WHY"],
                [(it.number, it.name, it.team, it.why) for it in found.not_rung],
            )
        output.say()
        output.table(
            ["IF", "THE LEAD", "THE EXTENSION"],
            [(it.outcome, it.lead, it.extension) for it in found.follows],
        )
    output.say()
    output.say(
        f"SLA clock ({found.clock}): starts {when(found.clock_started_at, asked.at, zone)}, due "
        f"{when(found.due_at, asked.at, zone)}."
    )
    output.say()
    output.say("This assumes:")
    for line in found.assumes:
        output.say(f"- {line}")


def _record(found: PreviewAnswer) -> dict[str, Any]:
    asked = found.question
    return {
        "source": asked.source.slug,
        "at": asked.at,
        "time_zone": found.zone.key,
        "phone": asked.phone,
        "language": asked.language,
        "notes": found.notes,
        "called_at": found.called_at,
        "rung": [vars(it) for it in found.rung],
        "not_rung": [vars(it) for it in found.not_rung],
        "follows": [vars(it) for it in found.follows],
        "clock_started_at": found.clock_started_at,
        "due_at": found.due_at,
        "assumes": found.assumes,
    }
