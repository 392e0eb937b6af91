"""`manage.py voicenter`: works with the Voicenter account from the command line."""

import argparse
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NoReturn

from django.core import checks
from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from django.db import DatabaseError

from callbacks.console import actions, checking, imports, options, questions
from callbacks.console.exits import Exit, Stop, stop_for, table
from callbacks.console.output import Output
from callbacks.voicenter import VoicenterError

Run = Callable[[Mapping[str, Any], Output], None]


class _Parser(CommandParser):
    """Exits with code 2 for wrong usage, also in call_command; writes a document with --json."""

    def __init__(self, **kwargs: Any) -> None:
        # A later option could make an abbreviation ambiguous and break a script.
        super().__init__(allow_abbrev=False, **kwargs)
        self._arguments: list[str] = []

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parses, refuses unknown arguments, and remembers the arguments for `error`."""
        self._arguments = list(args or [])
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """Ends with exit code 2."""
        if self.called_from_command_line:
            if "--json" in self._arguments:
                out, err = OutputWrapper(sys.stdout), OutputWrapper(sys.stderr)
                _told(Output(out, err, as_json=True), Stop(Exit.USAGE, message, "usage"))
            argparse.ArgumentParser.error(self, message)
        raise CommandError(message, returncode=Exit.USAGE)


class Command(BaseCommand):
    """One subcommand for each of the provider's questions and actions."""

    help = "Checks the Voicenter account, makes calls, and reads records and extensions."
    # The command explains wrong settings itself, with --json too.
    requires_system_checks = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Lists the exit codes below the options."""
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        kwargs.setdefault("epilog", f"exit codes:\n{table()}")
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """Adds a parser for each subcommand."""
        subparsers = parser.add_subparsers(
            title="subcommands", metavar="SUBCOMMAND", required=True, parser_class=_Parser
        )

        def add(name: str, words: str, run: Run, more: str = "") -> CommandParser:
            found: CommandParser = subparsers.add_parser(
                name,
                help=words,
                description=f"{words[0].upper()}{words[1:]}.{more}",
                epilog=f"exit codes:\n{table()}",
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            found.add_argument(
                "--json", action="store_true", dest="as_json", help="one JSON document on stdout"
            )
            found.set_defaults(run=run)
            return found

        words = "check everything that a call needs, without ringing anybody"
        checking.add_arguments(add("check", words, checking.run))
        for name, action in actions.ACTIONS.items():
            meanings = options.meanings(action.kind)
            parser_of_action = add(
                name,
                action.help,
                partial(actions.run, action),
                f"\nAn option that is not given is not sent.\n\n{meanings}" if meanings else "",
            )
            actions.add_arguments(parser_of_action, action)
        questions.add_call_log(add("calllog", "list past calls", questions.call_log))
        words = "list the current calls of every extension"
        questions.add_active_calls(add("activecalls", words, questions.active_calls))
        words = "list the account's extensions"
        questions.add_extensions(add("extensions", words, questions.extensions))
        words = "import the account's extensions, after showing what would change"
        imports.add_arguments(add("import", words, imports.run))

    def handle(self, *_args: Any, **given: Any) -> None:
        """Runs the subcommand; any end becomes a message, a document and an exit code."""
        output = Output(self.stdout, self.stderr, as_json=given["as_json"])
        run: Run = given["run"]
        try:
            if run is not checking.run:
                _refuse_wrong_settings()
            run(given, output)
            return
        except VoicenterError as error:
            stop = stop_for(error)
        except Stop as ended:
            stop = ended
        except KeyboardInterrupt:
            stop = Stop(Exit.INTERRUPTED, "Stopped. Nothing was changed.", "interrupted")
        except DatabaseError as error:
            # The error's message may contain the address with the password.
            words = f"The database cannot be used ({type(error).__name__})."
            stop = Stop(Exit.BROKEN, words, "database")
        _told(output, stop)
        if getattr(self, "_called_from_command_line", False):
            output.note(stop.words)
            sys.exit(stop.exit)
        raise CommandError(stop.words, returncode=stop.exit)


def _refuse_wrong_settings() -> None:
    found = sorted(checks.run_checks(tags=["settings"]), key=lambda it: str(it.id))
    if wrong := [f"{it.msg} {it.hint}" for it in found if it.is_serious()]:
        raise Stop(Exit.SETTINGS, "\n".join(wrong), "configuration")


def _told(output: Output, stop: Stop) -> None:
    """Writes the document for a run that did not succeed."""
    output.document(
        ok=False,
        exit_code=stop.exit.value,
        reason=stop.reason,
        message=stop.words,
        **(stop.more or {}),
    )
