"""The page of received mails: their HTML in a sandboxed frame, their text, and their files."""

from collections.abc import Iterable
from datetime import datetime
from email.message import EmailMessage
from html import escape
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from callbacks.simulator.mailbox.server import Kept, Mailbox

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
# For HTML that a stranger may have written: no script, no form; links open a new page.
_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
_FRAMED = _HEADERS | {
    "content-security-policy": (
        f"sandbox {_SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        "form-action 'none'; frame-ancestors 'self'"
    )
}
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">{refresh}
<title>{title} · Mail</title><link rel="stylesheet" href="/mail/style.css"></head>
<body>{body}</body></html>"""
_REFRESH = '<meta http-equiv="refresh" content="5">'


def routes(mailbox: Mailbox) -> list[Route]:
    """The addresses below /mail/."""
    pages = _Pages(mailbox)
    return [
        Route("/mail/", pages.list),
        Route("/mail/style.css", pages.style),
        Route("/mail/{number:int}/", pages.mail),
        Route("/mail/{number:int}/html", pages.html),
        Route("/mail/{number:int}/files/{place:int}", pages.file),
    ]


class _Pages:
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._style = (resources.files(__package__) / "static" / "mail.css").read_bytes()

    async def style(self, request: Request) -> Response:  # noqa: ARG002 (a handler's shape)
        return Response(self._style, media_type="text/css", headers=_HEADERS)

    async def list(self, request: Request) -> Response:  # noqa: ARG002 (a handler's shape)
        """`GET /mail/`: newest first; reloads itself."""
        mails = "".join(_entry(mail) for mail in reversed(self._mailbox.kept))
        body = (
            f'<ul class="mails">{mails}</ul>'
            if mails
            else '<p class="empty">No mail yet. What the product sends arrives here.</p>'
        )
        head = "<h1>Mail</h1><p class='soft'>Kept on this machine, and sent nowhere.</p>"
        return _page("All", f"{head}{body}", _REFRESH)

    async def mail(self, request: Request) -> Response:
        """`GET /mail/{number}/`: one mail."""
        mail = self._asked(request)
        if mail is None:
            return _gone()
        message = mail.message()
        facts = [
            ("From", message["From"]),
            ("To", ", ".join(mail.recipients)),
            ("Date", message["Date"]),
            ("Unsubscribe", message["List-Unsubscribe"]),
        ]
        said = "".join(
            f"<dt>{name}</dt><dd dir='auto'>{escape(str(value))}</dd>"
            for name, value in facts
            if value
        )
        parts = [
            '<p><a href="/mail/">All mail</a></p>',
            f"<h1 dir='auto'>{escape(_subject(message))}</h1><dl>{said}</dl>",
            *_files(mail.number, message.iter_attachments()),
        ]
        if message.get_body(("html",)):
            parts.append(
                f'<h2>As mail programs show it</h2><iframe sandbox="{_SANDBOX}" title="HTML" '
                f'src="/mail/{mail.number}/html"></iframe>'
            )
        if plain := message.get_body(("plain",)):
            text = escape(str(plain.get_content()))
            parts.append(f"<h2>Plain text</h2><pre dir='auto'>{text}</pre>")
        return _page(_subject(message), "".join(parts))

    async def html(self, request: Request) -> Response:
        """`GET /mail/{number}/html`: for the frame."""
        mail = self._asked(request)
        body = mail.message().get_body(("html",)) if mail else None
        if body is None:
            return _gone()
        text = str(body.get_content()).replace("<head>", '<head><base target="_blank">', 1)
        return Response(text, media_type="text/html", headers=_FRAMED)

    async def file(self, request: Request) -> Response:
        """`GET /mail/{number}/files/{place}`: an attachment, to download, not to show."""
        mail = self._asked(request)
        files = list(mail.message().iter_attachments()) if mail else []
        place = request.path_params["place"]
        if place >= len(files):
            return _gone()
        name = (files[place].get_filename() or "file").encode("ascii", "replace").decode()
        safe = "".join(it if it.isalnum() or it in "._-" else "_" for it in name)
        content = files[place].get_payload(decode=True)
        return Response(
            content if isinstance(content, bytes) else b"",
            media_type="application/octet-stream",
            headers=_HEADERS | {"content-disposition": f'attachment; filename="{safe}"'},
        )

    def _asked(self, request: Request) -> Kept | None:
        return self._mailbox.find(request.path_params["number"])


def _entry(mail: Kept) -> str:
    at = datetime.fromtimestamp(mail.at).astimezone()
    return (
        f'<li><a href="/mail/{mail.number}/"><strong dir="auto">'
        f"{escape(_subject(mail.message()))}</strong>"
        f"<span>{escape(', '.join(mail.recipients))} · {at:%a %d %b %H:%M:%S}</span></a></li>"
    )


def _files(number: int, files: Iterable[EmailMessage]) -> list[str]:
    links = [
        f'<a href="/mail/{number}/files/{place}">{escape(file.get_filename() or "file")}</a>'
        for place, file in enumerate(files)
    ]
    return [f"<h2>Attachments</h2><p>{' · '.join(links)}</p>"] if links else []


def _subject(message: EmailMessage) -> str:
    return str(message["Subject"] or "(no subject)")


def _page(title: str, body: str, refresh: str = "") -> Response:
    text = _PAGE.format(title=escape(title), body=body, refresh=refresh)
    return Response(text, media_type="text/html", headers=_HEADERS)


def _gone() -> Response:
    return Response("Not found", status_code=404, media_type="text/plain", headers=_HEADERS)
