"""The proof of work (ALTCHA) that lets a mildly suspicious request be called.

It is stored and held as any held one. The page that its visitor sees then has the browser solve a
challenge in the background, which costs a second or two of its processor, and the solution has the
lead called, with the clock of its submission (leads.guard.held), if nothing but mild findings are
against it (`Finding.is_mild`). Without scripts, or without HTTPS, whose absence keeps
browsers from it, the lead stays with a manager.

The library verifies one solution as often as it is shown. That it counts once, and for one lead, is
ours: the lead's id is signed with the challenge, and the database keeps one solution for a lead and
one lead for a solution (leads.models.Challenge).
"""

import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import altcha
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from leads.guard import held
from leads.models import Challenge, Lead, TakenBack

# How long a browser may take; also one whose page is in the background of a slow telephone.
VALID_FOR = timedelta(minutes=20)
ALGORITHM = "PBKDF2/SHA-256"
# Rounds of hashing for each number that is tried, and how many numbers there are to try, so that
# nobody is very unlucky. Two million rounds, half of all, are about a second of one processor.
ROUNDS = 1000
MOST = 4000
# Letters of a solution, base64 of JSON; ours have 900.
LONGEST = 4096


def is_asked(lead: Lead, now: datetime) -> bool:
    """Whether the page of this lead has a challenge solved. Not a day later: nobody waits then.

    Asked also where a solution changes nothing, since more than mild findings are against it: else
    the page would tell who stands on a list of ours.
    """
    if not held.is_held(lead) or now - lead.submitted_at >= held.ASKED_AGAIN_WITHIN:
        return False
    if TakenBack.objects.filter(lead=lead).exists():
        return False
    return lead.findings.filter(is_mild=True).exists() and not held.has_solved(lead)


def ask(lead: Lead, now: datetime) -> dict[str, Any]:
    """A challenge for this lead, as the widget reads it. A new one each time; one counts."""
    Challenge.objects.get_or_create(lead=lead, defaults={"asked_at": now})
    made = altcha.create_challenge(
        ALGORITHM,
        ROUNDS,
        counter=secrets.randbelow(MOST),
        expires_at=now + VALID_FOR,
        data={"lead": str(lead.public_id)},
        hmac_secret=_secret("challenge"),
        hmac_key_secret=_secret("key"),
    )
    told: dict[str, Any] = made.to_dict()
    return told


def answer(lead: Lead, solution: str, now: datetime) -> bool:
    """Takes what the widget says it has found. Returns whether it is a solution that counts.

    One for another lead, an expired one, or one more for the same lead is none.
    """
    nonce = _verified(lead, solution)
    if nonce is None:
        return False
    try:
        with transaction.atomic():
            unsolved = Challenge.objects.filter(lead=lead, solved_at=None)
            if not unsolved.update(solved_at=now, nonce=nonce):
                return False
            held.let_go_if_answered(lead.pk, now)
    except IntegrityError:  # this solution has counted before
        return False
    # Once more: the sweep may have judged the lead again between the two (leads.guard.held).
    held.let_go_if_answered(lead.pk, now)
    return True


def _verified(lead: Lead, solution: str) -> str | None:
    """The nonce of a challenge that we have given out for this lead, and that is solved."""
    if len(solution) > LONGEST:
        return None
    result = altcha.verify_solution(solution, _secret("challenge"), hmac_key_secret=_secret("key"))
    if not result.verified:
        return None
    parameters = altcha.Payload.from_base64(solution).challenge.parameters
    # Both are signed. The library lets through a challenge that never expires.
    if (parameters.data or {}).get("lead") != str(lead.public_id) or not parameters.expires_at:
        return None
    return parameters.nonce


@cache
def _secret(of: str) -> str:
    """Two, derived from SECRET_KEY: one signs challenges, the other their solutions' keys."""
    return salted_hmac("leads.guard.challenge", of, algorithm="sha256").hexdigest()
