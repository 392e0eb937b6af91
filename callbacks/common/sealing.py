"""Seals short secrets for the database, with keys that are only in the settings.

`SIGN_IN_KEYS` has one or more texts: the first one seals, any of them opens. To change keys, put
the new one first, run `manage.py signin seal-anew`, and remove the old one.
"""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class CannotOpen(Exception):  # noqa: N818  # the name says it
    """The secret was sealed with a key that is no longer in SIGN_IN_KEYS."""


def seal(secret: bytes) -> str:
    """The secret, sealed with the first key."""
    return _keys(tuple(settings.SIGN_IN_KEYS)).encrypt(secret).decode()


def unseal(sealed: str) -> bytes:
    """The secret in a sealed text. Raises CannotOpen."""
    try:
        return _keys(tuple(settings.SIGN_IN_KEYS)).decrypt(sealed.encode())
    except InvalidToken:
        raise CannotOpen from None


def seal_anew(sealed: str) -> str:
    """The same secret, sealed with the first key. Raises CannotOpen."""
    return seal(unseal(sealed))


@lru_cache(maxsize=4)
def _keys(texts: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_key(text)) for text in texts])


def _key(text: str) -> bytes:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"callbacks sign-in").derive(text.encode())
    return base64.urlsafe_b64encode(derived)
