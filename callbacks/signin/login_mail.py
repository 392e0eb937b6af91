"""Mail to the owner of a login when something changes that lets somebody in: the password, the
e-mail address, the second factor, its recovery codes.

It is stored in the outbox with the change, so that it is sent if and only if the change is made. It
contains no secret and no link that signs anybody in. Changes of the password and the address are
noticed wherever a login is saved: on any page, in `manage.py changepassword`, in a shell
(`User.objects.update` is not noticed).
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import is_password_usable
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from callbacks.audit import acting
from callbacks.common.formatting import dated
from callbacks.common.site_address import absolute
from callbacks.common.translation import Text
from callbacks.mailing import outbox
from callbacks.models.chosen_languages import chosen_by
from callbacks.signin import sessions
from leads import language_choice
from leads.dated_sentences import zone_name

log = logging.getLogger(__name__)

KIND = "login changed"
_WATCHED = ("email", "password")


@dataclass(frozen=True, eq=False)
class Change:
    """What happened. `sentence` contains %(name)s, the user name."""

    title: Text
    sentence: Text


PASSWORD_CHANGED = Change(
    _("Your password was changed"), _("The password of your login %(name)s was changed.")
)
PASSWORD_REMOVED = Change(
    _("Your password was removed"),
    _("The password of your login %(name)s was removed. Nobody can sign in with it any more."),
)
ADDRESS_LEFT = Change(
    _("Your email address was changed"),
    _(
        "This is no longer the email address of your login %(name)s. Links for a new password and "
        "other mail no longer come here."
    ),
)
ADDRESS_SET = Change(
    _("Your email address was changed"),
    _(
        "This is now the email address of the login %(name)s. Links for a new password and other "
        "mail come here."
    ),
)
FACTOR_SET_UP = Change(
    _("A second factor was set up"),
    _(
        "An authenticator app was set up as the second factor of your login %(name)s. An earlier "
        "app and earlier recovery codes no longer work."
    ),
)
FACTOR_RESET = Change(
    _("Your second factor was removed"),
    _(
        "The second factor of your login %(name)s was removed. Until you set up a new one, no code "
        "is needed to sign in."
    ),
)
CODES_MADE = Change(
    _("New recovery codes were made"),
    _("New recovery codes were made for your login %(name)s. The earlier ones no longer work."),
)
CODE_USED = Change(
    _("A recovery code was used"),
    _("One of the recovery codes of your login %(name)s was used. It does not work again."),
)


def tell(user: User, change: Change) -> None:
    """Stores a mail to the user, if they have an address and mail is set up. Never raises."""
    _tell(user, change, user.email)


def language_of(user: User) -> str:
    """The language of mail to a user: the one that they chose for their pages, else English."""
    return language_choice.choose((), chosen_by(user.pk)).language


@receiver(pre_save, sender=User)
def remember(
    instance: Any, update_fields: Collection[str] | None = None, raw: bool = False, **_kwargs: Any
) -> None:
    """Reads what is about to be overwritten."""
    instance.overwritten = None
    is_touched = update_fields is None or set(_WATCHED) & set(update_fields)
    if settings.EMAIL_HOST and instance.pk and is_touched and not raw:
        instance.overwritten = User.objects.filter(pk=instance.pk).values(*_WATCHED).first()


@receiver(post_save, sender=User)
def tell_of_save(
    instance: Any, update_fields: Collection[str] | None = None, **_kwargs: Any
) -> None:
    """Tells the owner of a login that was saved with another password or address."""
    before, instance.overwritten = getattr(instance, "overwritten", None), None
    if before is None:
        return
    stored = _WATCHED if update_fields is None else update_fields
    if "email" in stored and not _is_one_mailbox(before["email"], instance.email):
        _tell(instance, ADDRESS_LEFT, before["email"])
        _tell(instance, ADDRESS_SET, instance.email)
    if "password" in stored and before["password"] != instance.password:
        if instance.has_usable_password():
            if not _is_hashed_anew(instance, update_fields):
                tell(instance, PASSWORD_CHANGED)
        elif is_password_usable(before["password"]):
            tell(instance, PASSWORD_REMOVED)


def _is_hashed_anew(user: Any, update_fields: Collection[str] | None) -> bool:
    """Whether Django stored the same password with a newer hash, as it may at a sign-in
    (AbstractBaseUser.check_password).
    """
    return user._password is None and update_fields is not None and [*update_fields] == ["password"]


def _is_one_mailbox(one: str, other: str) -> bool:
    """Beyond ASCII, letters that look alike in lower case may be two mailboxes."""
    return one == other or ((one + other).isascii() and one.lower() == other.lower())


def _tell(user: User, change: Change, to: str) -> None:
    if not to or not settings.EMAIL_HOST:
        return
    try:
        with transaction.atomic(), override(language_of(user)):
            text = render_to_string("mail/login_changed.txt", _words(user, change))
            language = {"Content-Language": language_of(user)}
            outbox.post(KIND, to, str(change.title), text.strip() + "\n", headers=language)
    except Exception:
        log.exception("a mail about a changed login was not written user=%s", user.pk)


def _words(user: User, change: Change) -> dict[str, object]:
    zone, now, by = timezone.get_default_timezone(), timezone.now(), acting.current()
    is_own = by.get("user", user.pk) == user.pk and not _is_command(by)
    # Not to an address that the login has left, or that may be mistyped: the link would be of no
    # use there, or help a stranger. Nor does the latter read who did it, or from where: a user name
    # is half of what opens a login.
    may_choose = is_own and change not in (ADDRESS_LEFT, ADDRESS_SET) and user.has_usable_password()
    return {
        "sentence": str(change.sentence) % {"name": _apart(user.get_username())},
        "site": absolute("/"),
        "when": dated(now, zone),
        "zone": zone_name(zone, now),
        "who": "" if change is ADDRESS_SET else _who(by, is_own=is_own),
        "is_own": is_own,
        "is_set": change is ADDRESS_SET,
        "link": absolute(reverse("sign-in:forgotten")) if may_choose else "",
    }


def _who(by: Mapping[str, Any], *, is_own: bool) -> str:
    """Who did it or, if that was the owner as far as we know, from where. Others' network addresses
    are in the audit.
    """
    if _is_command(by):
        return gettext("It was done on the server's command line.")
    if not is_own:
        return gettext("It was done by %(name)s.") % {"name": _apart(by.get("name", ""))}
    if not by.get("address"):
        return ""
    browser = sessions.browser_in_words(by.get("browser", ""))
    return gettext("It was done from the network address %(address)s (%(browser)s).") % {
        "address": _apart(by["address"]),
        "browser": _apart(browser),
    }


def _is_command(by: Mapping[str, Any]) -> bool:
    return str(by.get("way", "")).startswith("manage.py")


def _apart(text: str) -> str:
    """In Unicode's isolates: a Latin name inside a Hebrew sentence."""
    return f"\u2068{text}\u2069"
