"""The content of a message: subject, text, HTML, and the same as data for a webhook.

It names sources, teams and phones; of a lead it gives only our id and a link, never who it is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext

from callbacks.alerts.kind import Kind
from callbacks.alerts.kinds import KINDS
from callbacks.common.formatting import clock
from callbacks.common.site_address import absolute
from callbacks.models import Alert, AlertReceiver

# How many alerts of a kind are listed one by one; the others are counted, with a link to a list.
LISTED = 20


@dataclass(frozen=True)
class Row:
    """One alert in a sentence, and its page's address."""

    sentence: str
    address: str


@dataclass(frozen=True)
class Section:
    """The alerts of one kind that hold, or that are over."""

    kind: str
    headline: str
    rows: Sequence[Row]
    more: str
    address: str


@dataclass(frozen=True)
class Content:
    """The content of one message, for mail and for a webhook."""

    subject: str
    text: str
    html: str
    payload: dict[str, Any]


def compose(
    receiver: AlertReceiver,
    message_id: UUID,
    holds: Sequence[Alert],
    over: Sequence[Alert],
    now: datetime,
) -> Content:
    """The message about these alerts: those that hold, and those that are over."""
    zone = ZoneInfo(receiver.time_zone)
    sections = [*_sections(holds, message_id, now, zone), *_sections(over, message_id, now, zone)]
    summary = _summary(sections)
    alone = [*holds, *over]
    # The subject describes a single alert.
    subject = sentence(alone[0], now, zone) if len(alone) == 1 else summary
    settings_at = absolute(reverse("admin:callbacks_alertreceiver_change", args=[receiver.pk]))
    context = {
        "language": get_language() or settings.LANGUAGE_CODE,
        "subject": subject,
        "sections": sections,
        "why": gettext('You get this message as the alert receiver "%(name)s".')
        % {"name": receiver.name},
        "settings_at": settings_at,
    }
    text = []
    for section in sections:
        text += [section.headline + ":", *_lines(section), ""]
    text += [str(context["why"]), settings_at]
    alerts = [_data(it, now, zone) for it in [*holds, *over]]
    return Content(
        subject,
        "\n".join(text) + "\n",
        render_to_string("alerts/mail.html", context),
        payload(receiver, message_id, summary, now, alerts),
    )


def payload(
    receiver: AlertReceiver,
    message_id: UUID,
    summary: str,
    now: datetime,
    alerts: Iterable[dict[str, Any]] = (),
    *,
    is_test: bool = False,
) -> dict[str, Any]:
    """The data that is posted to a webhook (docs/alerts.md)."""
    return {
        "id": str(message_id),
        "sent_at": _utc(now),
        "receiver": receiver.name,
        "test": is_test,
        "summary": summary,
        "alerts": list(alerts),
    }


def sentence(alert: Alert, now: datetime, zone: ZoneInfo) -> str:
    """The alert's sentence: what holds, or what held and is over."""
    kind = KINDS.get(alert.kind)
    if kind is None:  # from another release
        return f"{alert.kind} {alert.subject}".strip()
    begin = clock(alert.began_at, now, zone)
    if alert.ended_at is None:
        return str(kind.now % {**alert.facts, "begin": begin})
    end = clock(alert.ended_at, now, zone)
    return str(kind.was % {**alert.facts, "begin": begin, "end": end})


def page_of(alert: Alert) -> str:
    """The path of the page that an alert links to."""
    kind = KINDS.get(alert.kind)
    return kind.page(alert) if kind else reverse("admin:index")


def _sections(
    alerts: Iterable[Alert], message_id: UUID, now: datetime, zone: ZoneInfo
) -> Iterator[Section]:
    by_kind: dict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        by_kind[alert.kind].append(alert)
    for kind in KINDS.values():
        if found := by_kind.get(kind.name):
            yield _section(kind, found, message_id, now, zone)


def _section(
    kind: Kind, alerts: list[Alert], message_id: UUID, now: datetime, zone: ZoneInfo
) -> Section:
    count = len(alerts)
    headline = kind.headline if alerts[0].ended_at is None else kind.was_headline
    rows = [
        Row(sentence(it, now, zone), absolute(kind.page(it)))
        for it in sorted(alerts, key=lambda it: (it.began_at, it.pk))[:LISTED]
    ]
    more = ""
    if count > LISTED:
        more = ngettext(
            "%(count)s more is not listed here.", "%(count)s more are not listed here.",
            count - LISTED,
        ) % {"count": count - LISTED}  # fmt: skip
    all_of_them = ""
    if count > 1 and all(it.lead_id for it in alerts):
        leads = reverse("admin:leads_lead_changelist")
        all_of_them = absolute(f"{leads}?alert={message_id}.{kind.name}")
    return Section(kind.name, str(headline % {"count": count}), rows, more, all_of_them)


def _lines(section: Section) -> Iterator[str]:
    for row in section.rows:
        yield f"- {row.sentence}"
        yield f"  {row.address}"
    if section.more:
        yield section.more
    if section.address:
        yield gettext("All alerts: %(address)s") % {"address": section.address}


def _summary(sections: Sequence[Section]) -> str:
    first, *others = sections
    if not others:
        return first.headline
    count = len(others)
    words = ngettext(
        "%(headline)s, and %(count)s more alert", "%(headline)s, and %(count)s more alerts", count
    )
    return words % {"headline": first.headline, "count": count}


def _data(alert: Alert, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": alert.pk,
        "kind": alert.kind,
        "state": "open" if alert.ended_at is None else "over",
        "began_at": _utc(alert.began_at),
        "ended_at": _utc(alert.ended_at) if alert.ended_at else None,
        "text": sentence(alert, now, zone),
        "link": absolute(page_of(alert)),
        "lead": alert.lead_id,
        "source": alert.source.slug if alert.source else None,
        "team": alert.team.name if alert.team else None,
    }


def _utc(at: datetime) -> str:
    return at.astimezone(ZoneInfo("UTC")).isoformat(timespec="seconds").replace("+00:00", "Z")
