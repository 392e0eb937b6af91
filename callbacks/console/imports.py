"""`voicenter import`: takes over the account's extensions, after showing what would change."""

import argparse
import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from callbacks.console.confirming import confirm
from callbacks.console.exits import Exit, Stop
from callbacks.console.output import Output
from callbacks.extensions import account_import
from callbacks.extensions.account_import import ImportChoice, ImportPlan, ImportResult, PlanChanged
from callbacks.models import Team
from callbacks.telephony import account as provider_account

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of import."""
    parser.add_argument(
        "--team",
        metavar="NAME",
        help="the team for new extensions; required if there are several teams",
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="SIP",
        help="import only this new or renamed extension; may be repeated",
    )
    parser.add_argument(
        "--rename",
        action="store_true",
        help=(
            "give all extensions the account's names; by default only those without a name get one"
        ),
    )
    parser.add_argument(
        "--switch-off",
        action="append",
        default=[],
        metavar="SIP",
        help="switch off this extension, which is no longer in the account; may be repeated",
    )
    parser.add_argument(
        "--switch-off-gone",
        action="store_true",
        help="switch off all extensions that are no longer in the account",
    )
    parser.add_argument(
        "--preview", action="store_true", help="show the differences and change nothing"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")


def run(given: Mapping[str, Any], output: Output) -> None:
    """Shows the plan, asks, and carries out what was chosen."""
    account = provider_account.client().extensions()
    if not account:
        raise Stop(
            Exit.NOTHING_THERE,
            "The account shows no extensions. A wrong code gets the same answer, so nothing is "
            "changed.",
            "nothing_there",
        )
    plan = account_import.plan_for(account)
    _show(plan, output)
    preview = asdict(plan)
    if given["preview"] or plan.is_empty:
        output.document(ok=True, exit_code=Exit.DONE.value, plan=preview, done=None)
        return
    choice = _choice(plan, given)
    what = _what(choice)
    if not what:
        output.say("No change was chosen.")
        output.document(ok=True, exit_code=Exit.DONE.value, plan=preview, done=None)
        return
    confirm(what, yes=given["yes"], output=output)
    try:
        done = account_import.apply(account, plan.fingerprint, choice)
    except PlanChanged:
        raise Stop(
            Exit.NOT_CONFIRMED,
            "Our extensions were changed in the meantime. Nothing was done. Run the command again.",
            "plan_changed",
        ) from None
    result = _result(done)
    log.info("import %s", " ".join(f"{name}={len(numbers)}" for name, numbers in result.items()))
    output.say("Done.")
    output.document(ok=True, exit_code=Exit.DONE.value, plan=preview, done=result)


def _show(plan: ImportPlan, output: Output) -> None:
    rows: list[tuple[str, str, str]] = [("new", it.number, it.name) for it in plan.new]
    rows += [
        ("renamed", it.number, f"{it.before or '(no name)'} -> {it.after}") for it in plan.renamed
    ]
    rows += [("gone", it.number, it.name) for it in plan.gone]
    rows += [("unusable", it.number, it.why) for it in plan.unusable]
    if rows:
        output.table(("", "SIP", "NAME"), rows)
    output.say(f"The account has {plan.answered} extensions, of which {plan.known} are known here.")
    if plan.renamed:
        output.say(f"{len(plan.renamed)} have a different name here.")
    if plan.off:
        output.say(f"{len(plan.off)} extensions are switched off here and stay so.")


def _choice(plan: ImportPlan, given: Mapping[str, Any]) -> ImportChoice:
    gone = {it.number for it in plan.gone}
    off = gone if given["switch_off_gone"] else set(given["switch_off"])
    wanted = None if given["only"] is None else set(given["only"])
    new, renamed = {it.number for it in plan.new}, {it.number for it in plan.renamed}
    if unknown := (off - gone) | ((wanted or set()) - new - renamed):
        names = ", ".join(sorted(unknown))
        raise Stop(
            Exit.USAGE, f"These extensions are not in the list above: {names}.", "unknown_extension"
        )
    add = new if wanted is None else new & wanted
    rename = renamed if given["rename"] else plan.to_be_named
    return ImportChoice(
        team_id=_team(given["team"]).pk if add else None,
        add=add,
        rename=rename if wanted is None else renamed & wanted,
        switch_off=off,
    )


def _team(name: str | None) -> Team:
    teams = list(Team.objects.all() if name is None else Team.objects.filter(name=name))
    if len(teams) == 1:
        return teams[0]
    names = ", ".join(Team.objects.values_list("name", flat=True)) or "there are none"
    sentence = (
        f"Use --team to name the team of the new extensions. The teams: {names}."
        if name is None
        else f"There is no such team. Use --team with one of these: {names}."
    )
    raise Stop(Exit.USAGE, sentence, "which_team")


def _what(choice: ImportChoice) -> str:
    team = Team.objects.get(pk=choice.team_id).name if choice.team_id else ""
    parts = [
        f"add {len(choice.add)} to {team}" if choice.add else "",
        f"rename {len(choice.rename)}" if choice.rename else "",
        f"switch off {len(choice.switch_off)}" if choice.switch_off else "",
    ]
    what = ", ".join(part for part in parts if part)
    return what[:1].upper() + what[1:]


def _result(done: ImportResult) -> dict[str, list[str]]:
    return {
        "added": [it.number for it in done.added],
        "renamed": [it.number for it, _ in done.renamed],
        "switched_off": [it.number for it in done.switched_off],
    }
