"""The second factor: whose it is, who must have one, and what happens to a lost one."""

import base64
import hashlib
import secrets
from datetime import timedelta
from urllib.parse import quote, urlencode

import django_otp
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from callbacks.common import sealing
from callbacks.models import Authenticator, RecoveryCode
from callbacks.models.sign_in import DIGITS, STEP
from callbacks.signin import login_mail

ISSUER = "Callbacks"
HOW_MANY_CODES = 10
_KEY_BYTES = 20  # as RFC 4226 recommends
_CODE_BYTES = 10
# A key that was not confirmed in this time is not offered again.
_OFFERED_FOR = timedelta(minutes=15)


def is_demanded(user: User) -> bool:
    """Whether this user may do nothing without a second factor."""
    demanded = settings.SECOND_FACTOR_GROUPS
    if not demanded:
        return False
    return user.is_superuser or user.groups.filter(name__in=demanded).exists()


def of(user: User) -> Authenticator | None:
    """The authenticator whose code is asked for."""
    found: Authenticator | None = Authenticator.objects.filter(user=user, confirmed=True).first()
    return found


def offer(user: User) -> Authenticator:
    """An authenticator to set up; it protects nothing before it has shown a right code."""
    new = {"sealed_key": sealing.seal(secrets.token_bytes(_KEY_BYTES)), "made_at": timezone.now()}
    offered: Authenticator
    offered, created = Authenticator.objects.get_or_create(user=user, confirmed=False, defaults=new)
    if not created and timezone.now() - offered.made_at > _OFFERED_FOR:
        Authenticator.objects.filter(pk=offered.pk, made_at=offered.made_at).update(
            **new, last_step=-1
        )
        offered.refresh_from_db()
    return offered


def key_to_type(authenticator: Authenticator) -> str:
    """The key in groups of four letters, for an app that cannot scan the picture."""
    text = base64.b32encode(authenticator.key()).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def address(authenticator: Authenticator) -> str:
    """The text in the picture:
    https://github.com/google/google-authenticator/wiki/Key-Uri-Format
    """
    asked = {
        "secret": base64.b32encode(authenticator.key()).decode(),
        "issuer": ISSUER,
        "digits": DIGITS,
        "period": STEP,
    }
    label = quote(f"{ISSUER}:{authenticator.user.get_username()}")
    return f"otpauth://totp/{label}?{urlencode(asked)}"


def passes(user: User, typed: str) -> Authenticator | None:
    """The user's authenticator, if `typed` is its current code or a recovery code; each counts
    once.

    Raises sealing.CannotOpen.
    """
    authenticator = of(user)
    if authenticator is None:
        return None
    code = "".join(typed.split()).replace("-", "").upper()
    if len(code) != DIGITS:
        return authenticator if _use_recovery_code(user, code) else None
    found: Authenticator | None = django_otp.verify_token(user, authenticator.persistent_id, code)
    return found


def seconds_to_wait(user: User, *, confirmed: bool = True) -> int:
    """Seconds until the next code is checked; 0 for now. Recovery codes never wait."""
    authenticator = Authenticator.objects.filter(user=user, confirmed=confirmed).first()
    if authenticator is None:
        return 0
    is_allowed, why = authenticator.verify_is_allowed()
    if is_allowed:
        return 0
    wait: float = (why["locked_until"] - timezone.now()).total_seconds()
    return max(1, round(wait))


def confirm(user: User, typed: str) -> list[str] | None:
    """Makes the offered authenticator the user's, replacing an earlier one, if `typed` is its code.

    Returns new recovery codes, which are shown once and stored nowhere.
    """
    code = "".join(typed.split())
    with transaction.atomic():
        offered = Authenticator.objects.select_for_update().filter(user=user, confirmed=False)
        authenticator = offered.first()
        if authenticator is None or not authenticator.verify_token(code):
            return None
        Authenticator.objects.filter(user=user, confirmed=True).delete()
        authenticator.confirmed = True
        authenticator.save(update_fields=["confirmed"])
        note(user, user, gettext("Set up a second factor"))
        login_mail.tell(user, login_mail.FACTOR_SET_UP)
        return _new_codes(user)


def new_codes(user: User) -> list[str]:
    """Ten new recovery codes; earlier ones no longer count."""
    with transaction.atomic():
        note(user, user, gettext("Made new recovery codes"))
        login_mail.tell(user, login_mail.CODES_MADE)
        return _new_codes(user)


def codes_left(user: User) -> int:
    """How many recovery codes are unused."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def reset(user: User, by: User, how: str) -> bool:
    """Removes the second factor; sessions opened with it are asked again.

    `how`: a sentence for the log. False if there was none.
    """
    with transaction.atomic():
        # One that was only offered protects nothing, so without it nothing has changed.
        Authenticator.objects.filter(user=user, confirmed=False).delete()
        deleted, _ = Authenticator.objects.filter(user=user).delete()
        codes, _ = RecoveryCode.objects.filter(user=user).delete()
        if not deleted and not codes:
            return False
        note(by, user, how)
        login_mail.tell(user, login_mail.FACTOR_RESET)
        return True


def note(by: User, about: User, sentence: str) -> None:
    """Writes an entry in the admin's log."""
    LogEntry.objects.log_actions(by.pk, [about], CHANGE, sentence, single_object=True)


def _use_recovery_code(user: User, code: str) -> bool:
    unused = RecoveryCode.objects.filter(user=user, digest=_digest(code), used_at=None)
    with transaction.atomic():
        if not unused.update(used_at=timezone.now()):
            return False  # not theirs, or used a moment ago
        note(user, user, gettext("Signed in with a recovery code"))
        login_mail.tell(user, login_mail.CODE_USED)
        return True


def _new_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = [
        base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode() for _ in range(HOW_MANY_CODES)
    ]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digest(it)) for it in codes)
    return ["-".join(it[start : start + 4] for start in range(0, len(it), 4)) for it in codes]


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
