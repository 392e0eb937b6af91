"""Where personal data is stored: the one table behind export, erasure and docs/privacy.md.

A test fails if a model, or a field that can contain text, is missing here.
"""

from django.utils.translation import gettext_lazy as _

from callbacks.privacy.place import (
    CALL_ID,
    MANAGERS,
    OUR_WORDS,
    SEES_CALLS,
    SEES_LEADS,
    Anew,
    Fate,
    Found,
    Place,
)
from callbacks.privacy.places_of_settings import SET_UP
from callbacks.privacy.places_of_texts import OF_NUMBERS, OF_TEXTS

_WITH_LEAD = _("as long as its lead")
_FIGURES = _("reports count it")


OF_LEADS = (
    Place(  # Before the leads: UNSHARED compares their numbers.
        "leads.Attribution",
        _("Where visitors came from: pages without query strings, campaigns, click ids"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="lead",
        blank={
            "first": {}, "last": {}, "utm_source": Anew.UNSHARED, "utm_medium": Anew.UNSHARED,
            "utm_campaign": Anew.UNSHARED,
        },
        until=_WITH_LEAD,
        seen_by=SEES_LEADS,
    ),
    Place(
        "leads.Lead",
        _("Who asked to be called, about what, from which IP address, and with what result"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="pk",
        blank={
            "name": "", "phone": Anew.NUMBER, "phone_extension": "", "email": "", "message": "",
            "submitted_from": None, "submission_fingerprint": "", "submitter": None,
            "public_id": Anew.UUID, "error_message": "", "erased_at": Anew.NOW,
        },
        kept={
            "submission_key": _("a submission sent again must not restore the person's data"),
            "language status sla_clock came_by": _FIGURES,
            "call_id": CALL_ID,
        },
        told=(
            "id", "source__name", "language", "status", "submitted_at", "chosen_at", "due_at",
            "first_dialed_at", "rang_at", "connected_at", "closed_at", "attempts",
            "disposition__name", "call_id", "follow_up_of_id", "duplicate_of_id",
        ),
        until=_("as set on its source; otherwise until it is erased"),
        seen_by=SEES_LEADS,
    ),
    Place(
        "leads.Answers",
        _("Answers to the source's own form fields"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="lead",
        blank={"given": []},
        until=_WITH_LEAD,
        seen_by=SEES_LEADS,
    ),
    Place(
        "leads.Finding",
        _("Why a request was held for a manager"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="lead",
        blank={"reason": ""},
        kept={"asked verdict": OUR_WORDS},
        told=("asked", "verdict", "at"),
        until=_WITH_LEAD,
        seen_by=SEES_LEADS,
    ),
    Place(
        "leads.Consent",
        _("Which consent text the person agreed to, when, and on which page"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="lead",
        blank={"page": ""},
        told=("text__version", "text__language", "text__text", "agreed_at"),
        until=_WITH_LEAD,
        seen_by=SEES_LEADS,
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
        seen_by=SEES_LEADS,
    ),
    Place(
        "callbacks.AiData",
        _("The provider's AI data about a call: transcript, summary, answers, mood"),
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
        _("The provider's records of a call as received, with the address of the recording"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="attempt__lead",
        blank={"payload": {}, "recording_url": ""},
        kept={"call_id": CALL_ID, "type status": _("the provider's words for how a call ended")},
        told=(
            "call_id", "type", "status", "started_at", "duration", "talk_time", "price",
            "received_at",
        ),
        until=_WITH_LEAD,
        seen_by=SEES_CALLS,
    ),
    Place(
        "callbacks.CallAttempt",
        _("Each call: the number dialled, when, how it ended, where its recording is"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="lead",
        blank={
            "phone": Anew.NUMBER, "error_message": "", "recording_url": "",
            "ai_data_erased_at": Anew.NOW,
        },
        kept={
            "kind state outcome failure_reason": _FIGURES,
            "counted_limits": _("which spending limits count the call"),
            "routing_trace extension_number": _("which salespeople were considered and called"),
            "record_name": _("which recorded message was played; it is the same for everybody"),
            "call_id public_id": CALL_ID,
        },
        told=(
            "id", "lead_id", "kind", "state", "outcome", "claimed_at", "answered_at", "rang_at",
            "connected_at", "ended_at", "talk_time", "price", "call_id",
        ),
        until=_WITH_LEAD,
        seen_by=SEES_CALLS,
    ),
    Place(
        "leads.LeadSearch",
        _("The words by which searches find a lead; rewritten with the lead"),
        kept={"words": _("a database trigger rewrites it with its lead")},
        until=_WITH_LEAD,
        seen_by=_("nobody; only searches read it"),
    ),
    Place(
        "leads.Feedback",
        _("The visitor's answer to whether the talk helped"),
        found=Found.BY_LEAD,
        fate=Fate.BLANKED,
        path="lead",
        blank={"words": ""},
        told=("score", "words", "at"),
        until=_WITH_LEAD,
        seen_by=SEES_LEADS,
    ),
    Place(
        "callbacks.OutgoingMail",
        _("Mail to visitors: that we received the request, or did not reach them"),
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
        seen_by=MANAGERS,
    ),
    Place(
        "leads.EarlierPlan",
        _("How a lead was going to be called before another request of its number changed that"),
        kept={"language sla_clock": _FIGURES},
        until=_WITH_LEAD,
        seen_by=SEES_LEADS,
    ),
    Place(
        "leads.Challenge",
        _("That the browser that sent a held request was asked for a proof of work"),
        kept={"nonce": OUR_WORDS},
        until=_WITH_LEAD,
        seen_by=_("nobody"),
    ),
    Place(
        "leads.TakenBack",
        _("That a request was cancelled on its page, and why"),
        kept={"why": OUR_WORDS},
        until=_WITH_LEAD,
        seen_by=SEES_LEADS,
    ),
    Place(
        "leads.ClockChange",
        _("Changes of a lead's due time, because opening hours changed"),
        until=_WITH_LEAD,
        seen_by=SEES_LEADS,
    ),
    Place("leads.LateWait", _("What a late lead waited for"), until=_WITH_LEAD, seen_by=SEES_LEADS),
)  # fmt: skip

PLACES: tuple[Place, ...] = (*OF_LEADS, *OF_NUMBERS, *OF_TEXTS, *SET_UP)

# Many-to-many tables that Django makes are missing here: they contain only ids.


def searched() -> tuple[Place, ...]:
    """The tables whose texts are searched for a person, in the order of an erasure."""
    return tuple(place for place in PLACES if place.texts)
