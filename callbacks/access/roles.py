"""The roles and the rights of each: the only table that says who may do what.

A right is one of Django's permissions, "application.codename". A role is a group that holds rights
(callbacks.access.groups). Our rights that belong to no table:

- `callbacks.view_figures`: reports, without names or numbers;
- `callbacks.only_own_teams`: takes away everything outside the teams that the user leads
  (callbacks.access.scope).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from callbacks.common.translation import Text


class Role(StrEnum):
    """The roles, most rights first."""

    OWNER = "owner"
    MANAGER = "manager"
    INTEGRATOR = "integrator"
    TEAM_LEADER = "team_leader"
    ANALYST = "analyst"
    SALESPERSON = "salesperson"


# Takes rights away instead of giving any, so nobody can lack it.
ONLY_OWN_TEAMS = "callbacks.only_own_teams"


@dataclass(frozen=True)
class Definition:
    """A role's name, and what it may do, in words and as rights.

    `group`: the name that its group is created with. `gives`: the roles that it may give to others.
    `all_rights`: also the rights that the table does not name. `uses_admin`: whether its people log
    in to the admin; the desk is open to everybody with an extension.
    """

    name: Text
    group: str
    says: Text
    rights: frozenset[str] = frozenset()
    gives: tuple[Role, ...] = ()
    all_rights: bool = False
    uses_admin: bool = True


def _rights(app: str, codenames: Iterable[str]) -> frozenset[str]:
    return frozenset(f"{app}.{it}" for it in codenames)


# What a sales manager needs for setup and daily work. Not groups, and not deleting leads or logins.
# UserAdmin says which logins they may change, and how.
_MANAGER = _rights(
    "leads",
    [
        "view_lead", "change_lead", "call_lead", "judge_heldlead",
        "view_leadsource", "add_leadsource", "change_leadsource",
        "view_disposition", "add_disposition", "change_disposition", "delete_disposition",
        "view_nevercallnumber", "add_nevercallnumber", "change_nevercallnumber",
        "delete_nevercallnumber", "import_nevercallnumber", "export_nevercallnumber",
        "view_blockentry", "add_blockentry", "change_blockentry", "delete_blockentry",
        "import_blockentry", "export_blockentry",
    ],
) | _rights(
    "callbacks",
    [
        "view_extension", "add_extension", "change_extension", "pause_extension",
        "use_conference",
        "view_callparameters", "add_callparameters", "change_callparameters",
        "view_sourcemessages", "add_sourcemessages", "change_sourcemessages",
        "view_team", "add_team", "change_team",
        "view_teamsource", "add_teamsource", "change_teamsource", "delete_teamsource",
        "view_schedule", "add_schedule", "change_schedule",
        "view_openinghours", "add_openinghours", "change_openinghours", "delete_openinghours",
        "view_scheduleexception", "add_scheduleexception", "change_scheduleexception",
        "delete_scheduleexception",
        "view_savedlist", "add_savedlist", "change_savedlist", "delete_savedlist",
        "view_callattempt", "view_callrecord", "hang_up_call", "settle_outcome",
        "view_aidata",
        "view_wallboard", "add_wallboard", "change_wallboard", "delete_wallboard",
        "view_callnote", "add_callnote",
        "export_leads", "view_people_report", "view_figures",
        "view_savedview", "add_savedview", "change_savedview", "delete_savedview",
        "subscribe_reports",
        "view_outgoingmail", "resend_outgoingmail",
        "view_alertreceiver", "add_alertreceiver", "change_alertreceiver", "delete_alertreceiver",
        "view_alert", "view_alertmessage",
        "view_spendlimit", "add_spendlimit", "change_spendlimit", "delete_spendlimit",
        "view_callprice", "add_callprice", "change_callprice", "delete_callprice",
        "run_replay",
    ],
) | _rights("auth", ["view_user", "add_user", "change_user"])  # fmt: skip

# Only in their own teams: `only_own_teams` takes the rest away.
_TEAM_LEADER = _rights(
    "leads", ["view_lead", "change_lead", "call_lead", "view_disposition"]
) | _rights(
    "callbacks",
    [
        "only_own_teams",
        "view_extension", "pause_extension", "view_team",
        "view_savedlist", "add_savedlist", "change_savedlist", "delete_savedlist",
        "view_callattempt", "view_callrecord", "hang_up_call", "settle_outcome",
        "view_callnote", "add_callnote",
        "export_leads", "view_people_report", "view_figures",
        "view_savedview", "add_savedview", "change_savedview", "delete_savedview",
        "subscribe_reports",
    ],
)  # fmt: skip

_ANALYST = _rights(
    "callbacks",
    [
        "view_figures", "export_leads",
        "view_savedview", "add_savedview", "change_savedview", "delete_savedview",
        "subscribe_reports",
    ],
)  # fmt: skip

_INTEGRATOR = _rights(
    "leads",
    ["view_leadsource", "view_apiclient", "add_apiclient", "change_apiclient"],
) | _rights(
    "callbacks",
    ["view_alertreceiver", "add_alertreceiver", "change_alertreceiver", "delete_alertreceiver"],
)

DEFINITIONS: dict[Role, Definition] = {
    Role.OWNER: Definition(
        name=_("Owner"),
        group="Owners",
        says=_("May do everything, and gives every role. There is always at least one owner."),
        gives=tuple(Role),
        all_rights=True,
    ),
    Role.MANAGER: Definition(
        name=_("Manager"),
        group="Sales managers",
        says=_(
            "Sets up sources, teams, hours and phones, and sees and works on all leads, calls, "
            "recordings and reports. Makes logins for team leaders, salespeople and analysts."
        ),
        rights=_MANAGER,
        gives=(Role.TEAM_LEADER, Role.ANALYST, Role.SALESPERSON),
    ),
    Role.INTEGRATOR: Definition(
        name=_("Integrator"),
        group="Integrators",
        says=_(
            "Makes and ends API keys, and sets up webhooks. Sees no leads, no calls and no reports."
        ),
        rights=_INTEGRATOR,
    ),
    Role.TEAM_LEADER: Definition(
        name=_("Team leader"),
        group="Team leaders",
        says=_(
            "Sees and works on the leads, calls and reports of the teams that they lead, and "
            "pauses their phones. Sees nothing of other teams, and sets nothing up."
        ),
        rights=_TEAM_LEADER,
    ),
    Role.ANALYST: Definition(
        name=_("Analyst"),
        group="Analysts",
        says=_(
            "Reads and exports reports of all sources and teams. Sees nobody's name, number, "
            "e-mail, message or recording."
        ),
        rights=_ANALYST,
    ),
    Role.SALESPERSON: Definition(
        name=_("Salesperson"),
        group="Salespeople",
        says=_("Uses their own desk, of the phones that are theirs, and nothing else."),
        uses_admin=False,
    ),
}

# Never given to an existing group, not even by an upgrade: an owner gives these.
DEAR = frozenset(
    {
        "auth.add_group", "auth.change_group", "auth.delete_group", "auth.delete_user",
        "leads.delete_lead",
        "leads.hold_lead",
        "callbacks.see_person",
        "callbacks.erase_person",
    }
)  # fmt: skip
