"""A report as a mail to one person: HTML, plain text with the same figures, and the file."""

import io
import re
from datetime import datetime

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext

from callbacks.access import scope
from callbacks.common.site_address import absolute
from callbacks.exports.records import Recorded, may_export
from callbacks.exports.workbook import Workbook
from callbacks.mailing import outbox
from callbacks.mailing.outbox import Attachment
from callbacks.models import OutgoingMail, ReportSubscription
from callbacks.models.exports import ExportFormat
from callbacks.reports import saved_views
from callbacks.subscriptions.mailed import Mailed, mailed

KIND = "report"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Invisible: keeps the text after a right-to-left name in left-to-right order.
_LTR = "\u200e"
_BLANK_LINES = re.compile(r"\n{3,}")


def post(
    subscription: ReportSubscription, today: datetime, now: datetime, key: str
) -> OutgoingMail | None:
    """Writes the mail into the outbox; None if there is one with this key. Raises NotUnderstood.

    A user who may not export gets no file.
    """
    report = mailed(subscription.view, today, now, scope.of(subscription.user))
    user = subscription.user
    files = [_workbook(report, subscription)] if may_export(user) else []
    stop = absolute(reverse("unsubscribe", args=[subscription.token]))
    subscription_page = reverse("admin:callbacks_reportsubscription_change", args=[subscription.pk])
    context = {
        "report": report,
        "subscription": subscription,
        "has_file": bool(files),
        "stop": stop,
        "subscription_page": absolute(subscription_page),
    }
    return outbox.post(
        KIND,
        user.email,
        gettext("%(view)s: %(days)s") % {"view": f"{report.title}{_LTR}", "days": report.days},
        _BLANK_LINES.sub("\n\n", render_to_string("mail/report.txt", context)).strip() + "\n",
        render_to_string("mail/report.html", context),
        files,
        # RFC 8058: the mail program's own button unsubscribes, by a POST.
        {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        key,
    )


def tell_broken(subscription: ReportSubscription, why: str, key: str) -> None:
    """Writes a mail instead that says that the view cannot be shown any more."""
    stop = absolute(reverse("unsubscribe", args=[subscription.token]))
    view = reverse("admin:callbacks_savedview_change", args=[subscription.view_id])
    words = {
        "view": subscription.view.name,
        "why": why,
        "address": absolute(view),
        "stop": stop,
    }
    outbox.post(
        KIND,
        subscription.user.email,
        gettext("%(view)s cannot be shown any more") % words,
        gettext(
            "The saved view %(view)s cannot be shown any more: %(why)s\n\n"
            "Nothing else is sent for it until it is changed:\n%(address)s\n\n"
            "Unsubscribe: %(stop)s\n"
        )
        % words,
        headers={
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        key=key,
    )


def _workbook(report: Mailed, subscription: ReportSubscription) -> Attachment:
    """The page's own file; the export is recorded as if its button had been used."""
    export = report.export
    recorded = Recorded.of(
        subscription.user,
        saved_views.REPORTS[subscription.view.report].what,
        ExportFormat.XLSX,
        subscription.view.query,
        export.rows().count,
    )
    target = io.BytesIO()
    with Workbook(target) as book:
        export.fill(book, recorded)
    recorded.tell(recorded.record.rows)
    recorded.complete()
    return Attachment(f"{export.name}.xlsx", _XLSX, target.getvalue())
