"""Where personal data is stored: the one table that export, erasure and docs/privacy.md go by.

A test fails when a model, or a field of one that can hold a text, is missing here.
"""

from django.utils.translation import gettext_lazy as _

from callbacks.privacy.place import Anew, Fate, Found, Place
from callbacks.privacy.places_of_settings import SET_UP

_LEADS = _("managers, the salesperson who is rung")
_CALLS = _("managers who may see calls")
_MANAGERS = _("managers")
_ROOT = _("who administers the product")
_WITH_LEAD = _("as long as its lead")
_FOR_GOOD = _("until it is changed or deleted")
_OURS = _("words of the product, or random numbers")
_FIGURES = _("reports count by it")
_CALL_ID = _("the provider's own number of the call: by it a late record is known to be of it")
_STAFF = _("staff")


OF_LEADS = (
    Place(  # Before the leads: by their numbers it is known what others say too.
        "leads.Attribution",
        _("Where they came from: pages without their queries, campaigns, click ids"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="lead",
        blank={
            "first": {}, "last": {}, "utm_source": Anew.UNSHARED, "utm_medium": Anew.UNSHARED,
            "utm_campaign": Anew.UNSHARED,
        },
        until=_WITH_LEAD,
        seen_by=_LEADS,
    ),
    Place(
        "leads.Lead",
        _("Who asked to be called, about what, from which address, and what came of it"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="pk",
        blank={
            "name": "", "phone": Anew.NUMBER, "phone_extension": "", "email": "", "message": "",
            "submitted_from": None, "submission_fingerprint": "", "submitter": None,
            "public_id": Anew.UUID, "error_message": "", "erased_at": Anew.NOW,
        },
        kept={
            "submission_key": _("a submission that is sent again must not bring the person back"),
            "language status sla_clock came_by": _FIGURES,
            "call_id": _CALL_ID,
        },
        told=(
            "id", "source__name", "language", "status", "submitted_at", "chosen_at", "due_at",
            "first_dialed_at", "rang_at", "connected_at", "closed_at", "attempts",
            "disposition__name", "call_id", "follow_up_of_id", "duplicate_of_id",
        ),
        until=_("as its source says; else until it is erased"),
        seen_by=_LEADS,
    ),
    Place(
        "leads.Answers",
        _("What was filled into the fields that the source has of its own"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="lead",
        blank={"given": []},
        until=_WITH_LEAD,
        seen_by=_LEADS,
    ),
    Place(
        "leads.Finding",
        _("Why a request was held for a manager"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="lead",
        blank={"reason": ""},
        kept={"asked verdict": _OURS},
        told=("asked", "verdict", "at"),
        until=_WITH_LEAD,
        seen_by=_LEADS,
    ),
    Place(
        "leads.Consent",
        _("Which consent text was agreed to, when, and on which page"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="lead",
        blank={"page": ""},
        told=("text__version", "text__language", "text__text", "agreed_at"),
        until=_WITH_LEAD,
        seen_by=_LEADS,
    ),
    Place(
        "callbacks.CallNote",
        _("What a salesperson wrote about a talk"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="lead",
        blank={"note": ""},
        told=("disposition__name", "call_again_at", "written_at"),
        until=_WITH_LEAD,
        seen_by=_LEADS,
    ),
    Place(
        "callbacks.AiData",
        _("What the provider's AI made of a call: transcript, summary, answers, mood"),
        found=Found.BY_LEAD,
        fate=Fate.DELETED,
        path="record__attempt__lead",
        kept={"data summary answers mood loss": _("deleted with its row")},
        told=("data", "summary", "answers", "mood", "received_at"),
        until=_WITH_LEAD,
        seen_by=_("managers who may see AI data"),
    ),
    Place(
        "callbacks.CallRecord",
        _("The provider's records of a call, as they were received, with the recording's address"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="attempt__lead",
        blank={"payload": {}, "recording_url": ""},
        kept={"call_id": _CALL_ID, "type status": _("the provider's words for how a call ended")},
        told=(
            "call_id", "type", "status", "started_at", "duration", "talk_time", "price",
            "received_at",
        ),
        until=_WITH_LEAD,
        seen_by=_CALLS,
    ),
    Place(
        "callbacks.CallAttempt",
        _("Each call: which number was dialled, when, how it ended, where its recording is"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="lead",
        blank={
            "phone": Anew.NUMBER, "error_message": "", "recording_url": "",
            "ai_data_erased_at": Anew.NOW,
        },
        kept={
            "kind state outcome failure_reason": _FIGURES,
            "counted_limits": _("which spending limits count it"),
            "routing_trace extension_number": _("which salespeople were considered, and rung"),
            "record_name": _("the message that was played, the same for everybody"),
            "call_id public_id": _CALL_ID,
        },
        told=(
            "id", "lead_id", "kind", "state", "outcome", "claimed_at", "answered_at", "rang_at",
            "connected_at", "ended_at", "talk_time", "price", "call_id",
        ),
        until=_WITH_LEAD,
        seen_by=_CALLS,
    ),
    Place(
        "leads.LeadSearch",
        _("The words that a lead is found by"),
        kept={"words": _("a trigger of the database writes it anew with its lead")},
        until=_WITH_LEAD,
        seen_by=_("nobody; searches read it"),
    ),
    Place(
        "leads.Feedback",
        _("Whether a talk helped, as the visitor answered on the page of the request"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="lead",
        blank={"words": ""},
        told=("score", "words", "at"),
        until=_WITH_LEAD,
        seen_by=_LEADS,
    ),
    Place(
        "callbacks.OutgoingMail",
        _("Mail to those who asked to be called: we have the request, or did not reach them"),
        found=Found.BY_LEAD,
        fate=Fate.DELETED,
        path="lead",
        only={"lead__isnull": False},
        kept={
            "kind key to subject text html headers message_id state error": _(
                "deleted with its row"
            )
        },
        told=("to", "subject", "created_at", "sent_at"),
        until=_("MAIL_KEPT_DAYS days"),
        seen_by=_MANAGERS,
    ),
    Place(
        "leads.EarlierPlan",
        _("How a lead was to be called before another request of its number"),
        kept={"language sla_clock": _FIGURES},
        until=_WITH_LEAD,
        seen_by=_LEADS,
    ),
    Place(
        "leads.Challenge",
        _("That the browser of a held request was asked for a proof of work"),
        kept={"nonce": _OURS},
        until=_WITH_LEAD,
        seen_by=_("nobody"),
    ),
    Place(
        "leads.TakenBack",
        _("That a request was taken back on its page, and why"),
        kept={"why": _OURS},
        until=_WITH_LEAD,
        seen_by=_LEADS,
    ),
    Place("leads.ClockChange", _("Times of a lead"), until=_WITH_LEAD, seen_by=_LEADS),
    Place("leads.LateWait", _("Times of a lead"), until=_WITH_LEAD, seen_by=_LEADS),
)  # fmt: skip

OF_NUMBERS = (
    Place(
        "leads.NeverCallNumber",
        _("Numbers that nobody may call, and why"),
        found=Found.BY_NUMBER,
        fate=Fate.BLANKED,
        blank={"phone": None, "reason": ""},
        kept={
            "number_hash": _("keyed: nobody can tell the number without the product's secret key"),
            "asked_by": _OURS,
        },
        told=("added_at",),
        until=_("until a manager takes it off the list; a keyed hash after an erasure"),
        seen_by=_MANAGERS,
    ),
    Place(
        "leads.ErasedNumber",
        _("That a number was erased, as a keyed hash, so that a late record is recognised"),
        kept={"digest": _("nobody can tell the number from it without the product's secret key")},
        until=_("for good"),
        seen_by=_("nobody"),
    ),
    Place(
        "callbacks.Erasure",
        _("Receipts of erasures: who, when and how much, with keyed hashes"),
        kept={
            "public_id way username counts digests": _("the receipt; it tells nobody's number"),
            "wanted": _("what is being erased; emptied as soon as it is finished"),
            "recordings": _CALL_ID,
            "kept": _("numbers of leads under a legal hold"),
        },
        until=_("for good"),
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
        until=_("until the time that a manager has given it, and then until it is deleted"),
        seen_by=_MANAGERS,
    ),
    Place(
        "leads.BlockDay",
        _("How many requests an entry of the block lists has refused, by day"),
        until=_("30 days, or as long as the entry"),
        seen_by=_MANAGERS,
    ),
    Place(  # An address or a domain stays blocked, whomever the reason names.
        "leads.BlockEntry",
        _("Why somebody was blocked"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("reason",),
        until=_("until the time that a manager has given it, and then until it is deleted"),
        seen_by=_MANAGERS,
    ),
    Place(
        "callbacks.CallRecord",
        _("Records of the account's other calls, which the provider posts too"),
        found=Found.BY_TEXT,
        fate=Fate.DELETED,
        only={"attempt": None},
        texts=("payload", "recording_url"),
        kept={"call_id type status": _("deleted with its row")},
        told=("call_id", "type", "status", "started_at", "received_at"),
        until=_("until it is erased"),
        seen_by=_CALLS,
    ),
    Place(
        "admin.LogEntry",
        _("Who changed what in the admin"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("object_repr", "change_message"),
        kept={"object_id": _OURS},
        told=("action_time",),
        until=_("for good"),
        seen_by=_MANAGERS,
    ),
    Place(
        "leads.LegalHold",
        _("Leads that must be kept, and why"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("reason",),
        told=("placed_at",),
        until=_("until it is lifted"),
        seen_by=_LEADS,
    ),
    Place(
        "callbacks.OutgoingMail",
        _("Reports and alerts that are sent to staff"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        only={"lead": None},
        texts=("to", "key", "subject", "text", "html", "headers", "error"),
        kept={"kind message_id state": _OURS},
        told=("created_at", "sent_at"),
        until=_("MAIL_KEPT_DAYS days"),
        seen_by=_MANAGERS,
    ),
    Place(
        "callbacks.MailAttachment",
        _("Reports as files: figures, and names of staff"),
        kept={"name content_type data": _("figures only; deleted with its mail")},
        until=_("MAIL_KEPT_DAYS days"),
        seen_by=_MANAGERS,
    ),
    Place(
        "callbacks.Alert",
        _("What has happened that needs somebody"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("subject", "facts"),
        kept={"kind": _OURS},
        told=("began_at",),
        until=_("three months"),
        seen_by=_MANAGERS,
    ),
    Place(
        "callbacks.AlertMessage",
        _("What was sent of alerts, by mail and to webhooks"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("to", "subject", "text", "payload", "last_error"),
        kept={"public_id channel kinds state": _OURS, "receiver_name": _STAFF},
        told=("made_at",),
        until=_("three months"),
        seen_by=_MANAGERS,
    ),
    Place(
        "callbacks.ExportRecord",
        _("Who has exported what, and by which filters"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("asked",),
        kept={"what file_format ticket state": _OURS, "username": _STAFF},
        told=("started_at",),
        until=_("for good"),
        seen_by=_ROOT,
    ),
    Place(
        "callbacks.SavedList",
        _("Filters of the list of leads that managers have saved"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("name", "query"),
        until=_FOR_GOOD,
        seen_by=_MANAGERS,
    ),
    Place(
        "callbacks.SavedView",
        _("Reports that managers have saved"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("name", "query"),
        kept={"report": _OURS},
        until=_FOR_GOOD,
        seen_by=_MANAGERS,
    ),
    Place(
        "callbacks.Study",
        _("Why leads were late, and replays: figures, with the numbers of leads"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("asked", "result", "problem"),
        kept={"public_id kind": _OURS},
        told=("asked_at",),
        until=_("some weeks"),
        seen_by=_MANAGERS,
    ),
    Place(
        "callbacks.Pause",
        _("When salespeople paused, and why"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("reason",),
        kept={"kind": _OURS},
        told=("began_at",),
        until=_("for good"),
        seen_by=_MANAGERS,
    ),
    Place(
        "sessions.Session",
        _("Who is signed in, and sentences that they have not been shown yet"),
        found=Found.BY_TEXT,
        fate=Fate.TAKEN_OUT,
        texts=("session_data",),
        kept={"session_key": _OURS},
        until=_("two weeks"),
        seen_by=_("nobody"),
    ),
    *(
        Place(
            f"axes.{name}",
            _("Sign-ins to the admin that failed or succeeded"),
            found=Found.BY_TEXT,
            fate=Fate.TAKEN_OUT,
            texts=("username", "user_agent", "http_accept", "path_info", *also),
            kept={" ".join(["ip_address", *kept]): _("of whoever signs in: staff, or attackers")},
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

PLACES: tuple[Place, ...] = (*OF_LEADS, *OF_NUMBERS, *OF_TEXTS, *SET_UP)

# The many-to-many tables hold ids only. Those that Django makes are named by their model's field.


def searched() -> tuple[Place, ...]:
    """The tables in whose texts a person is looked for, in the order in which an erasure does."""
    return tuple(place for place in PLACES if place.texts)
