"""API keys: making, hashing, checking, replacing and ending them.

A key is "lc_", eight letters that find and name it, "_", and 256 random bits. Only its SHA-256 is
stored: 256 bits cannot be guessed, so the hash needs neither a salt nor to be slow. No log and no
sentence shows a key.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext

from leads.models import ApiClient, ApiKey, ApiScope, LeadSource

_MARK = "lc_"
_NAMED_BY = 8  # letters
_KEY = re.compile(r"lc_[a-z2-7]{8}_[A-Za-z0-9_-]{43}")
# Names that other services use for a key, as a parameter, a field or a header; in lower case,
# without "-" and "_".
_NAMES_OF_KEYS = frozenset(
    {"accesstoken", "apikey", "apitoken", "authorization", "xaccesstoken", "xapikey", "xauthtoken"}
)
# Too common for fields and headers, which may belong to another program; our addresses have
# neither.
_NAMES_IN_ADDRESSES = _NAMES_OF_KEYS | {"key", "token"}
_NOTED_EVERY = timedelta(minutes=1)
# Compared with when no key is found, so that both cases take the same time.
_NOBODYS = hashlib.sha256(b"").hexdigest()


class KeyRefused(Exception):  # noqa: N818  # said to a program
    """Refuses a key with 400, 401 or 403, and a sentence that says why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def make(
    client: ApiClient, made_by: User | None, expires_at: datetime | None
) -> tuple[ApiKey, str]:
    """Creates a key. Returns the key and its text, which is stored nowhere."""
    name = base64.b32encode(secrets.token_bytes(5)).decode().lower()[:_NAMED_BY]
    text = f"{_MARK}{name}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        client=client,
        prefix=f"{_MARK}{name}",
        digest=_digest(text),
        made_by=made_by,
        expires_at=expires_at,
    )
    return key, text


def expire(client: ApiClient, at: datetime, besides: ApiKey) -> int:
    """Makes the client's other keys expire at `at`, or sooner if they already would; returns how
    many changed.
    """
    others = ApiKey.objects.filter(client=client, ended_at=None).exclude(pk=besides.pk)
    later = Q(expires_at__isnull=True) | Q(expires_at__gt=at)
    return others.filter(later).update(expires_at=at)


def end(key: ApiKey, now: datetime) -> bool:
    """Ends a key, so that it is refused from now on. False if it had ended before."""
    return bool(ApiKey.objects.filter(pk=key.pk, ended_at=None).update(ended_at=now))


def refuse_in_address(request: HttpRequest) -> None:
    """Raises KeyRefused if the address holds a key: many logs along the way keep addresses."""
    values = [value for _name, values in request.GET.lists() for value in values]
    if _is_named(request.GET, _NAMES_IN_ADDRESSES) or any(
        map(_KEY.search, [*request.GET, *values, request.path])
    ):
        raise KeyRefused(
            400,
            gettext(
                "Send the API key as “Authorization: Bearer …”, never in an address: addresses "
                "end up in logs. Have any key sent this way replaced."
            ),
        )


def refuse_in_body(sent: Mapping[str, Any]) -> None:
    """Raises KeyRefused if a field is named like a key or holds one: the body is stored, and people
    read it. `sent`: the whole body, including ignored fields.
    """
    if _is_named(sent) or _KEY.search(str(sent)):
        raise KeyRefused(
            400,
            gettext(
                "Send the API key as “Authorization: Bearer …”, never in the body: what is sent "
                "there is stored. This request was not. Have any key sent this way replaced."
            ),
        )


def client_of(request: HttpRequest, scope: ApiScope, now: datetime) -> ApiClient | None:
    """The client whose key a request carries in `Authorization: Bearer`; None if there is no key.

    Raises KeyRefused: 401 for an invalid key, 403 for one without the scope. Takes one query, plus
    one a minute.
    """
    text = _shown(request)
    if text is None:
        return None
    name = text[: len(_MARK) + _NAMED_BY]
    is_possible = _KEY.fullmatch(text) is not None
    found = ApiKey.objects.select_related("client").filter(prefix=name) if is_possible else None
    key = found.first() if found is not None else None
    if not constant_time_compare(_digest(text), key.digest if key else _NOBODYS) or key is None:
        raise KeyRefused(401, gettext("This API key is not known."))
    if key.ended_at:
        raise KeyRefused(401, gettext("This API key has been revoked."))
    if not key.holds(now):
        raise KeyRefused(401, gettext("This API key has expired."))
    if not key.client.is_active:
        raise KeyRefused(401, gettext("The client of this API key is switched off."))
    if scope not in key.client.scopes:
        raise KeyRefused(403, gettext("This API key may not do this."))
    _note_use(key, now)
    return key.client


def _shown(request: HttpRequest) -> str | None:
    """The key in `Authorization: Bearer`; None if there is none. Other kinds of password may
    protect the site, and are not checked here. Raises KeyRefused for a key in any other place.
    """
    kind, _space, text = request.headers.get("Authorization", "").partition(" ")
    if kind.casefold() == "bearer":
        return text.strip()
    others = {name: value for name, value in request.headers.items() if name != "Authorization"}
    is_here = _is_named(others) or any(map(_KEY.search, request.headers.values()))
    if is_here or _KEY.search(_password(kind, text)):
        raise KeyRefused(401, gettext("Send the API key as “Authorization: Bearer …”."))
    return None


def _is_named(names: Iterable[str], of_keys: frozenset[str] = _NAMES_OF_KEYS) -> bool:
    """Whether one of these names is a name that other services use for a key."""
    return bool(of_keys & {it.casefold().replace("-", "").replace("_", "") for it in names})


def _password(kind: str, text: str) -> str:
    """The user and password in `Authorization: Basic`; "" for anything else."""
    if kind.casefold() != "basic":
        return ""
    try:
        return base64.b64decode(text.strip(), validate=True).decode("latin-1")
    except ValueError:
        return ""


def may_submit_to(client: ApiClient, source: LeadSource) -> bool:
    """Whether the client may use the source; a client without sources may use all."""
    its = set(client.sources.values_list("pk", flat=True))
    return not its or source.pk in its


def _note_use(key: ApiKey, now: datetime) -> None:
    before = now - _NOTED_EVERY
    if key.last_used_at is None or key.last_used_at <= before:
        unused = Q(last_used_at__isnull=True) | Q(last_used_at__lte=before)
        ApiKey.objects.filter(unused, pk=key.pk).update(last_used_at=now)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
