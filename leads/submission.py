"""Submission: what to store as a lead, once its fields are valid."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leads.guard.circumstances import Circumstances
from leads.models import ConsentText, Lead, LeadSource


@dataclass(frozen=True)
class Submission:
    """A valid submission: `phone` is in E.164, and `source` accepts it.

    `language` "": the source's language. `chosen_at`: when the visitor wants a call; None: as soon
    as possible. `fingerprint`: of the whole request, "" if nobody will ask for it. `submitter`: the
    same for all submissions of one person; None: unknown. `follow_up_of`: the lead after whose talk
    a salesperson plans this call. `circumstances`: how it reached us; None: it is not a stranger's.
    `consent`: the text that was agreed to. `answers`: the answers to the manager's own fields, as
    in Answers. `continues`: the same person's request that this one changes, whose consent and
    answers apply.
    """

    source: LeadSource
    key: uuid.UUID
    name: str
    phone: str
    phone_extension: str = ""
    email: str = ""
    message: str = ""
    language: str = ""
    chosen_at: datetime | None = None
    fingerprint: str = ""
    submitter: uuid.UUID | None = None
    follow_up_of: Lead | None = None
    circumstances: Circumstances | None = None
    consent: ConsentText | None = None
    answers: Sequence[Mapping[str, Any]] = ()
    continues: Lead | None = None
