"""Tables of phone numbers, and tables with texts that may name a person, as rows of the table of
personal data.
"""

from django.utils.translation import gettext_lazy as _

from callbacks.privacy.place import (
    CALL_ID,
    MANAGERS,
    OUR_WORDS,
    SEES_CALLS,
    SEES_LEADS,
    UNTIL_DELETED,
    Fate,
    Found,
    Place,
)

_ROOT = _("superusers")
_STAFF = _("staff")


OF_NUMBERS = (
    Place(
        "leads.NeverCallNumber",
        _("Numbers that nobody may call, and why"),
        found=Found.BY_NUMBER,
        fate=Fate.BLANKED,
        blank={"phone": None, "reason": ""},
        kept={
            "number_hash": _("keyed: the number cannot be found without the product's secret key"),
            "asked_by": OUR_WORDS,
        },
        told=("added_at",),
        until=_("until a manager removes it; after an erasure, as a keyed hash"),
        seen_by=MANAGERS,
    ),
    Place(
        "leads.ErasedNumber",
        _("That a number was erased, as a keyed hash, so that a late record is recognised"),
        kept={"digest": _("keyed: the number cannot be found without the product's secret key")},
        until=_("permanently"),
        seen_by=_("nobody"),
    ),
    Place(
        "callbacks.Erasure",
        _("Receipts of erasures: who erased, when and how many rows, with keyed hashes"),
        kept={
            "public_id way username counts digests": _("the receipt; it contains nobody's number"),
            "wanted": _("what is being erased; emptied when the erasure is finished"),
            "recordings": CALL_ID,
            "kept": _("numbers of leads under a legal hold"),
        },
        until=_("permanently"),
        seen_by=_ROOT,
    ),
)

OF_TEXTS = (
    Place(
        "leads.BlockEntry",
        _("Numbers, addresses, mail domains and words that are held or refused, and why"),
        found=Found.BY_TEXT,
        fate=Fate.DELETED,
        texts=("value",),
        kept={"kind verdict": _("deleted with its row")},
        told=("kind", "verdict", "until", "added_at"),
        until=_("until its end date, if a manager set one, and then until it is deleted"),
        seen_by=MANAGERS,
    ),
    Place(
        "leads.BlockDay",
        _("How many requests a block list entry refused, by day"),
        until=_("30 days, or as long as the entry"),
        seen_by=MANAGERS,
    ),
    Place(  # A blocked address or domain stays blocked, whoever the reason names.
        "leads.BlockEntry",
        _("Why somebody was blocked"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("reason",),
        until=_("until its end date, if a manager set one, and then until it is deleted"),
        seen_by=MANAGERS,
    ),
    Place(
        "callbacks.CallRecord",
        _("Records of the account's other calls, which the provider also posts"),
        found=Found.BY_TEXT,
        fate=Fate.DELETED,
        only={"attempt": None},
        texts=("payload", "recording_url"),
        kept={"call_id type status": _("deleted with its row")},
        told=("call_id", "type", "status", "started_at", "received_at"),
        until=_("until it is erased"),
        seen_by=SEES_CALLS,
    ),
    Place(
        "admin.LogEntry",
        _("Who changed what in the admin"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("object_repr", "change_message"),
        kept={"object_id": OUR_WORDS},
        told=("action_time",),
        until=_("permanently"),
        seen_by=MANAGERS,
    ),
    Place(
        "leads.LegalHold",
        _("Leads that must be kept, and why"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("reason",),
        told=("placed_at",),
        until=_("until it is lifted"),
        seen_by=SEES_LEADS,
    ),
    Place(
        "callbacks.OutgoingMail",
        _("Reports, alerts and notices about their logins that are sent to staff"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        only={"lead": None},
        texts=("to", "key", "subject", "text", "html", "headers", "error"),
        kept={"kind message_id state": OUR_WORDS},
        told=("created_at", "sent_at"),
        until=_("MAIL_KEPT_DAYS days"),
        seen_by=MANAGERS,
    ),
    Place(
        "callbacks.MailAttachment",
        _("Reports as files: figures, and names of staff"),
        kept={"name content_type data": _("figures only; deleted with its mail")},
        until=_("MAIL_KEPT_DAYS days"),
        seen_by=MANAGERS,
    ),
    Place(
        "callbacks.Alert",
        _("Alerts: what happened that somebody has to look at"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("subject", "facts"),
        kept={"kind": OUR_WORDS},
        told=("began_at",),
        until=_("three months"),
        seen_by=MANAGERS,
    ),
    Place(
        "callbacks.AlertMessage",
        _("Alert messages sent by mail and to webhooks"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("to", "subject", "text", "payload", "last_error"),
        kept={"public_id channel kinds state": OUR_WORDS, "receiver_name": _STAFF},
        told=("made_at",),
        until=_("three months"),
        seen_by=MANAGERS,
    ),
    Place(
        "callbacks.ExportRecord",
        _("Who exported what, with which filters"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("asked",),
        kept={"what file_format ticket state": OUR_WORDS, "username": _STAFF},
        told=("started_at",),
        until=_("permanently"),
        seen_by=_ROOT,
    ),
    Place(
        "callbacks.SavedList",
        _("Managers' saved filters of the list of leads"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("name", "query"),
        until=UNTIL_DELETED,
        seen_by=MANAGERS,
    ),
    Place(
        "callbacks.SavedView",
        _("Managers' saved reports"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("name", "query"),
        kept={"report": OUR_WORDS},
        until=UNTIL_DELETED,
        seen_by=MANAGERS,
    ),
    Place(
        "callbacks.Study",
        _("Results of lateness studies and replays: figures, with ids of leads"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("asked", "result", "problem"),
        kept={"public_id kind": OUR_WORDS},
        told=("asked_at",),
        until=_("30 days, then until the next study"),
        seen_by=MANAGERS,
    ),
    Place(
        "callbacks.Pause",
        _("When salespeople paused, and why"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("reason",),
        kept={"kind": OUR_WORDS},
        told=("began_at",),
        until=_("permanently"),
        seen_by=MANAGERS,
    ),
    Place(
        "sessions.Session",
        _("Who is signed in, and messages not yet shown to them"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("session_data",),
        kept={"session_key": OUR_WORDS},
        until=_("two weeks"),
        seen_by=_("nobody"),
    ),
    *(
        Place(
            f"axes.{name}",
            _("Failed and successful sign-ins to the admin"),
            found=Found.BY_TEXT,
            fate=Fate.TAKEN_OUT,
            texts=("username", "user_agent", "http_accept", "path_info", *also),
            kept={
                " ".join(["ip_address", *kept]): _(
                    "of the person signing in: staff, or an attacker"
                )
            },
            told=("attempt_time",),
            until=_("until it is deleted"),
            seen_by=_ROOT,
        )
        for name, also, kept in (
            ("AccessAttempt", ("get_data", "post_data"), ()),
            ("AccessFailureLog", (), ()),
            ("AccessLog", (), ("session_hash",)),
        )
    ),
)
