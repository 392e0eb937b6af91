"""The proof of work (ALTCHA) that lets a mildly suspicious request be called.

The request is stored and held like any other held one. The visitor's page makes the browser solve a
challenge in the background, which takes a second or two of its processor. The solution releases the
lead, with the clock of its submission (leads.guard.held), if there are only mild findings against
it (`Finding.is_mild`). Browsers need scripts and HTTPS to solve a challenge; without them the lead
stays with a manager.

The library accepts the same solution again and again. We make sure that it counts once, and for one
lead: the lead's id is signed with the challenge, and the database keeps one solution for a lead and
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

# How long a browser may take, including a page in the background on a slow phone.
VALID_FOR = timedelta(minutes=20)
ALGORITHM = "PBKDF2/SHA-256"
# Rounds of hashing for each number tried, and how many numbers there are to try, so that nobody is
# very unlucky. Two million rounds, half of all, take about a second on one processor.
ROUNDS = 1000
MOST = 4000
# Characters of a solution, base64 of JSON; ours have 900.
LONGEST = 4096


def is_asked(lead: Lead, now: datetime) -> bool:
    """Whether this lead's page asks for a solved challenge. Not after a day: nobody waits that
    long.

    True even if a solution changes nothing because there are worse findings: otherwise the page
    would reveal who is on one of our lists.
    """
    if not held.is_held(lead) or now - lead.submitted_at >= held.ASKED_AGAIN_WITHIN:
        return False
    if TakenBack.objects.filter(lead=lead).exists():
        return False
    return lead.findings.filter(is_mild=True).exists() and not held.has_solved(lead)


def ask(lead: Lead, now: datetime) -> dict[str, Any]:
    """A challenge for this lead, as the widget reads it. Each call makes a new one; one solution
    counts.
    """
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
    """Takes the widget's solution. Returns whether it counts.

    A solution for another lead, an expired one, or a second one for the same lead does not count.
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
    except IntegrityError:  # this solution counted before
        return False
    # Called again: the sweep may have judged the lead between the two steps (leads.guard.held).
    held.let_go_if_answered(lead.pk, now)
    return True


def _verified(lead: Lead, solution: str) -> str | None:
    """The nonce of a solved challenge that we gave out for this lead; None otherwise."""
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
    """Two secrets derived from SECRET_KEY: one signs challenges, the other the keys of
    solutions.
    """
    return salted_hmac("leads.guard.challenge", of, algorithm="sha256").hexdigest()
