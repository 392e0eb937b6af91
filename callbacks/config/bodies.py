"""Refuses request bodies that are too large for any URL, broken, or encoded in an unknown way.

`take` runs before Django and limits how much of a chunked body is read; Django would treat such a
body as empty. `BodyMiddleware` answers requests whose body `take` refused. `closing` closes the
connection after such an answer: the rest of the body is still arriving on it. The client may finish
sending first (callbacks.config.web_worker).
"""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]

from callbacks.telephony import post_secrets
from callbacks.voicenter.events import cdr
from leads import error_pages, request_body

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
_REFUSED = "callbacks.body_refused"
# These URLs answer in the provider's format, and also refuse a large body without reading it.
_ANSWER_THEMSELVES = "/webhooks/"


def take(environ: Environ) -> None:
    """Gives a chunked body its length; marks a body that is too large, broken or compressed."""
    coding = environ.pop("HTTP_TRANSFER_ENCODING", "").strip().lower()
    if _length(environ) > settings.LARGEST_BODY:
        environ[_REFUSED] = 413
    elif coding not in {"", "chunked", "identity"}:
        environ[_REFUSED] = 501  # RFC 9112, 6.1
    elif coding and environ.get("wsgi.input_terminated"):
        body = b""
        most = _most(environ)
        try:
            body = environ["wsgi.input"].read(most + 1)
        except (OSError, ParseException):
            environ[_REFUSED] = 400
        if len(body) > most:
            environ[_REFUSED] = 413
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))


def _most(environ: Environ) -> int:
    """How many bytes of a chunked body are read: more only at the provider's secret URL."""
    _, _, address = environ.get("PATH_INFO", "").partition(f"{_ANSWER_THEMSELVES}voicenter/")
    secret = address.partition("/")[0].encode("latin-1", "replace")
    return cdr.MAX_BODY if post_secrets.named(secret) else settings.LARGEST_BODY


def _length(environ: Environ) -> int:
    try:
        return int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


class BodyMiddleware:
    """Answers 413, 400 or 501 to the bodies that `take` refused, at any URL."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Closes the connection if the body was not read to its end."""
        status = request.META.get(_REFUSED)
        if status and not request.path_info.startswith(_ANSWER_THEMSELVES):
            refused = _refusal(status)
            response = error_pages.body_refused(request, refused)
            response["Content-Length"] = str(len(response.content))
        else:
            response = self._get_response(request)
        if status or response.status_code == 413:
            response["Connection"] = "close"
        return response


def _refusal(status: int) -> request_body.BodyRefused:
    match status:
        case 400:
            return request_body.unreadable()
        case 501:
            return request_body.encoded_on_the_way()
    return request_body.too_large(settings.LARGEST_BODY)


def closing(
    application: Callable[[Environ, StartResponse], Iterable[bytes]],
    environ: Environ,
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Calls `application`, and makes gunicorn close the connection after `Connection: close`.

    gunicorn writes this header itself, and ignores the application's.
    """

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        kept = [header for header in headers if header[0].lower() != "connection"]
        closes = len(kept) < len(headers)
        force_close = getattr(_owner(start_response), "force_close", None)
        if closes and force_close:
            force_close()
        return start_response(status, kept, exc_info)

    return application(environ, start)


def _owner(start_response: StartResponse) -> object:
    """In gunicorn, the Response that `start_response` is a method of."""
    return getattr(start_response, "__self__", None)
