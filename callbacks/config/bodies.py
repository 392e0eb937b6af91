"""Bodies that nobody reads: too large for any address, or not what they say. Answered early.

`take` stands in front of Django and bounds what is read of a chunked body, which Django would
treat as empty. `BodyMiddleware` answers what `take` has refused. `closing` is the other end: after
such an answer the rest of the body is on its way, and the connection is of no more use. Its client
may end its sending before it is closed (callbacks.config.web_worker).
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
# These answer in the provider's own words, and refuse a large body unread too.
_ANSWER_THEMSELVES = "/webhooks/"


def take(environ: Environ) -> None:
    """Gives a chunked body its length; marks one that is too large, broken or compressed."""
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
    """Bytes that are read of a chunked body: more only for who knows the provider's address."""
    _, _, address = environ.get("PATH_INFO", "").partition(f"{_ANSWER_THEMSELVES}voicenter/")
    secret = address.partition("/")[0].encode("latin-1", "replace")
    return cdr.MAX_BODY if post_secrets.named(secret) else settings.LARGEST_BODY


def _length(environ: Environ) -> int:
    try:
        return int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


class BodyMiddleware:
    """Answers 413, 400 and 501 to the bodies that `take` has refused, at any address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Closes the connection wherever the body was not read to its end."""
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
    """Calls `application`. After an answer with `Connection: close` gunicorn closes it indeed.

    gunicorn writes that header itself, and leaves out the application's.
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
    """In gunicorn, the Response whose method it is."""
    return getattr(start_response, "__self__", None)
