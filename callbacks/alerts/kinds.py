"""The kinds of alerts. To add a kind, add its query to callbacks.alerts.facts and its entry here.
Kinds about patterns are in callbacks.alerts.patterns and pattern_kinds, those about what the guard
holds and refuses in held_back and guard_kinds.

A kind's sentences may use the values in its facts, and `begin` and `end`: times in the receiver's
time zone. Headlines use `count`, the number of alerts of the kind.
"""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from callbacks.alerts import facts
from callbacks.alerts.facts import Found
from callbacks.alerts.guard_kinds import OF_THE_GUARD
from callbacks.alerts.kind import Kind
from callbacks.alerts.pattern_kinds import PATTERNS
from callbacks.models import Alert

# No process looked for alerts for a while; callbacks.alerts.watch notices this and opens the alert.
STOOD_STILL = "stood_still"


def _of_lead(alert: Alert) -> str:
    return reverse("admin:leads_lead_change", args=[alert.lead_id])


def _of_source(alert: Alert) -> str:
    return reverse("admin:leads_leadsource_change", args=[alert.source_id])


def _of_team(alert: Alert) -> str:
    return f"{reverse('admin:callbacks_extension_changelist')}?team__id__exact={alert.team_id}"


def _of_extension(alert: Alert) -> str:
    return reverse("admin:callbacks_extension_change", args=[alert.facts["id"]])


def _of_limit(alert: Alert) -> str:
    return reverse("admin:callbacks_spendlimit_change", args=[alert.facts["id"]])


def _of_receiver(alert: Alert) -> str:
    return reverse("admin:callbacks_alertreceiver_change", args=[alert.facts["id"]])


def _of_mail(alert: Alert) -> str:
    return reverse("admin:callbacks_outgoingmail_change", args=[alert.facts["id"]])


def _failed_calls(_alert: Alert) -> str:
    return f"{reverse('admin:callbacks_callattempt_changelist')}?trouble=yes"


def _unknown_outcomes(_alert: Alert) -> str:
    return reverse("admin:callbacks_unknownoutcome_changelist")


def _overview(_alert: Alert) -> str:
    return reverse("admin:index")


def _never(_now: datetime) -> list[Found]:
    return []


_KINDS = (
    Kind(
        "lead_overdue",
        _("Lead overdue"),
        _("Minutes after the due time without a lead's phone ringing."),
        5,
        facts.overdue,
        _("Lead %(lead)s of %(source)s was due at %(begin)s, and its phone has not rung."),
        _("Lead %(lead)s of %(source)s was overdue from %(begin)s to %(end)s."),
        ngettext_lazy("%(count)s lead is overdue", "%(count)s leads are overdue", "count"),
        ngettext_lazy("%(count)s lead was overdue", "%(count)s leads were overdue", "count"),
        _of_lead,
    ),
    Kind(
        "nobody_will_call",
        _("Nobody will call"),
        _("Minutes a lead has been waiting that nobody will ever call with "
          "the current setup."),
        0,
        facts.nobody_will_call,
        _("Nobody will call lead %(lead)s of %(source)s with the current "
          "set-up."),
        _("From %(begin)s to %(end)s nobody would have called lead %(lead)s of %(source)s."),
        ngettext_lazy(
            "Nobody will call %(count)s lead", "Nobody will call %(count)s leads", "count"
        ),
        ngettext_lazy(
            "Nobody would have called %(count)s lead",
            "Nobody would have called %(count)s leads",
            "count",
        ),
        _of_lead,
    ),
    Kind(
        "no_free_extension",
        _("No free extension"),
        _("Minutes during which everyone in an open team is on a call, "
          "resting, paused or away."),
        15,
        facts.no_free_extension,
        _(
            "Nobody in %(team)s has been free since %(begin)s (on calls or resting after one: "
            "%(busy)s, paused or away: %(away)s)."
        ),
        _("Nobody in %(team)s was free from %(begin)s to %(end)s."),
        ngettext_lazy(
            "Nobody in %(count)s team is free", "Nobody in %(count)s teams is free", "count"
        ),
        ngettext_lazy(
            "Nobody in %(count)s team was free", "Nobody in %(count)s teams was free", "count"
        ),
        _of_team,
    ),
    Kind(
        "nobody_can_be_rung",
        _("Nobody can take calls"),
        _("Minutes during which nobody can take calls for a source although "
          "one of its teams is open."),
        2,
        facts.nobody_can_be_rung,
        _("Since %(begin)s nobody can take calls for %(source)s: %(why)s."),
        _("From %(begin)s to %(end)s nobody could take calls for %(source)s: "
          "%(why)s."),
        ngettext_lazy(
            "Nobody can take calls for %(count)s source",
            "Nobody can take calls for %(count)s sources",
            "count",
        ),
        ngettext_lazy(
            "Nobody could take calls for %(count)s source",
            "Nobody could take calls for %(count)s sources",
            "count",
        ),
        _of_source,
    ),
    Kind(
        "provider_refuses",
        _("Provider takes no calls"),
        _("Minutes during which the telephone provider has placed none of "
          "the newest calls."),
        0,
        facts.provider_refuses,
        _(
            "The telephone provider has taken no calls since %(begin)s; calls that failed there in "
            "the last half hour: %(failed)s. Leads are tried again automatically."
        ),
        _("The telephone provider took no calls from %(begin)s to %(end)s."),
        ngettext_lazy(
            "The telephone provider takes no calls",
            "The telephone provider takes no calls",
            "count",
        ),
        ngettext_lazy(
            "The telephone provider took no calls", "The telephone provider took no calls", "count"
        ),
        _failed_calls,
    ),
    Kind(
        "account_refused",
        _("Account refused"),
        _("Minutes during which the provider refuses the account, so that "
          "nobody is called."),
        0,
        facts.account_refused,
        _("Since %(begin)s: %(sentence)s"),
        _("From %(begin)s to %(end)s: %(sentence)s"),
        ngettext_lazy(
            "The telephone provider refuses the account",
            "The telephone provider refuses the account",
            "count",
        ),
        ngettext_lazy(
            "The telephone provider refused the account",
            "The telephone provider refused the account",
            "count",
        ),
        _failed_calls,
    ),
    Kind(
        "spending_near",
        _("Spending limit near"),
        _("Minutes for which four fifths or more of a spending limit are used."),
        0,
        facts.spending_near,
        _("%(sentence)s Once the limit is used up, no more calls are dialled."),
        _("From %(begin)s to %(end)s: %(sentence)s"),
        ngettext_lazy(
            "%(count)s spending limit is nearly used", "%(count)s spending limits are nearly used",
            "count",
        ),
        ngettext_lazy(
            "%(count)s spending limit was nearly used",
            "%(count)s spending limits were nearly used",
            "count",
        ),
        _of_limit,
    ),
    Kind(
        "extension_blocked",
        _("Extension blocked"),
        _("Minutes during which an extension is blocked by the provider and "
          "gets no calls."),
        0,
        facts.extensions_blocked,
        _("Extension %(extension)s is blocked by the provider and gets no "
          "calls."),
        _("Extension %(extension)s was blocked by the provider from %(begin)s to %(end)s."),
        ngettext_lazy(
            "%(count)s extension is blocked by the provider",
            "%(count)s extensions are blocked by the provider",
            "count",
        ),
        ngettext_lazy(
            "%(count)s extension was blocked by the provider",
            "%(count)s extensions were blocked by the provider",
            "count",
        ),
        _of_extension,
    ),
    Kind(
        "unknown_outcomes",
        _("Unknown outcomes"),
        _("The number of calls with an unknown outcome from which the alert "
          "is sent."),
        3,
        facts.unknown_outcomes,
        _("The outcome of the call to lead %(lead)s of %(source)s at "
          "%(begin)s is unknown."),
        _("The outcome of the call to lead %(lead)s of %(source)s was known "
          "by %(end)s."),
        ngettext_lazy(
            "The outcome of %(count)s call is unknown",
            "The outcomes of %(count)s calls are unknown",
            "count",
        ),
        ngettext_lazy(
            "The outcome of %(count)s call is now known",
            "The outcomes of %(count)s calls are now known",
            "count",
        ),
        _unknown_outcomes,
        counts=True,
    ),
    Kind(
        "process_away",
        _("Part of the system unavailable"),
        _("Minutes during which Redis, the queue, the system's clock or the "
          "workers are unavailable."),
        2,
        facts.processes_away,
        _("Since %(begin)s: %(sentence)s"),
        _("From %(begin)s to %(end)s: %(sentence)s"),
        ngettext_lazy(
            "%(count)s part of the system is unavailable",
            "%(count)s parts of the system are unavailable",
            "count",
        ),
        ngettext_lazy(
            "%(count)s part of the system was unavailable",
            "%(count)s parts of the system were unavailable",
            "count",
        ),
        _overview,
    ),
    Kind(
        "wrong_clock",
        _("Wrong clock"),
        _("Minutes during which a machine's clock differs from the "
          "database's."),
        5,
        facts.wrong_clocks,
        _("Since %(begin)s: %(sentence)s"),
        _("The clock of %(machine)s differed from the database's from "
          "%(begin)s to %(end)s."),
        ngettext_lazy("The clock of %(count)s machine is wrong",
                      "The clocks of %(count)s machines are wrong", "count"),
        ngettext_lazy("The clock of %(count)s machine was wrong",
                      "The clocks of %(count)s machines were wrong", "count"),
        _overview,
    ),
    Kind(
        STOOD_STILL,
        _("System was down"),
        _(
            "Minutes during which nothing was processed: no worker, no clock, "
            "no queue or no database. The alert is sent when the system works "
            "again, because nothing can be sent until then."
        ),
        2,
        _never,
        _("The system has been down since %(begin)s."),
        _("The system was down from %(begin)s to %(end)s: leads were called "
          "late."),
        ngettext_lazy("The system is down", "The system is down", "count"),
        ngettext_lazy(
            "The system was down and works again",
            "The system was down %(count)s times and works again",
            "count",
        ),
        _overview,
        told_afterwards=True,
    ),
    Kind(
        "webhook_stopped",
        _("Webhook stopped"),
        _("Minutes during which nothing is sent to a receiver because its "
          "webhook failed too often."),
        0,
        facts.webhooks_stopped,
        _("Nothing has been sent to %(receiver)s since %(begin)s: its webhook failed too often."),
        _("Nothing was sent to %(receiver)s from %(begin)s to %(end)s."),
        ngettext_lazy(
            "%(count)s webhook is stopped", "%(count)s webhooks are stopped", "count"
        ),
        ngettext_lazy(
            "%(count)s webhook was stopped", "%(count)s webhooks were stopped", "count"
        ),
        _of_receiver,
    ),
    Kind(
        "mail_failed",
        _("Mail failed"),
        _("Minutes during which mail to an address (an alert or a report) "
          "has failed permanently."),
        0,
        facts.mail_failed,
        _("Mail to %(to)s has failed since %(begin)s and is not sent again "
          "automatically."),
        _("Mail to %(to)s failed at %(begin)s; by %(end)s mail was arriving "
          "again."),
        ngettext_lazy(
            "Mail to %(count)s address fails", "Mail to %(count)s addresses fails", "count"
        ),
        ngettext_lazy(
            "Mail to %(count)s address failed", "Mail to %(count)s addresses failed", "count"
        ),
        _of_mail,
    ),
)  # fmt: skip

KINDS: dict[str, Kind] = {kind.name: kind for kind in (*_KINDS, *PATTERNS, *OF_THE_GUARD)}
# These are looked for even if no receiver has chosen them: they are the record of an attack.
ALWAYS = frozenset(kind.name for kind in (*PATTERNS, *OF_THE_GUARD))


def proposed() -> dict[str, int]:
    """The kinds that are proposed for a new receiver, with their N."""
    return {kind.name: kind.usual for kind in KINDS.values()}
