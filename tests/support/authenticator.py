"""An authenticator app: shows a key's current code."""

import re
import secrets
from base64 import b32decode

from django.contrib.auth.models import User
from django.test import Client
from django_otp.oath import totp

from callbacks.common import sealing
from callbacks.models import Authenticator

PASSWORD = "a-long-word-and-7"
CODE_PAGE, SET_UP = "/sign-in/code/", "/sign-in/set-up/"


def code_of(key: bytes, *, steps: int = 0) -> str:
    """The code for now, or `steps` steps later."""
    return f"{totp(key, drift=steps):06}"


def given_to(user: User) -> bytes:
    """Gives `user` a second factor; returns its key."""
    key = secrets.token_bytes(20)
    Authenticator.objects.create(user=user, confirmed=True, sealed_key=sealing.seal(key))
    return key


def key_on(page: str) -> bytes:
    """The key on the page that sets one up."""
    found = re.search(r'<code dir="ltr">([A-Z2-7 ]+)</code>', page)
    assert found is not None
    return b32decode(found[1].replace(" ", ""))


def with_password(user: User, client: Client | None = None, page: str = "/desk/login/") -> Client:
    """A browser where the password was entered, but no code yet."""
    client = client or Client()
    typed = {"username": user.get_username(), "password": PASSWORD}
    assert client.post(page, typed).status_code == 302
    return client


def wrong(key: bytes) -> str:
    """A code that is not valid in these minutes."""
    near = {code_of(key, steps=it) for it in range(-3, 4)}
    return next(it for it in (f"{number:06}" for number in range(100)) if it not in near)
