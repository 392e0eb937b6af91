"""Unsubscribing by the link in a mail, without a login (RFC 8058)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from callbacks.models.subscriptions import subscription_of
from callbacks.subscriptions import sending


@csrf_exempt  # mail programs post it without a page; the signed link authorises it
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """POST: unsubscribes. GET: a page with a button, because mail scanners follow links."""
    subscription = subscription_of(token)
    is_over = False
    if subscription is not None and request.method == "POST":
        sending.end(subscription, timezone.now())
        is_over = True
    elif subscription is not None:
        is_over = not subscription.is_on
    answer = render(
        request,
        "mail/unsubscribe.html",
        {"subscription": subscription, "is_over": is_over},
        status=404 if subscription is None else 200,
    )
    answer["Cache-Control"] = "no-store, private"
    answer["X-Robots-Tag"] = "noindex"
    answer["Referrer-Policy"] = "no-referrer"
    return answer
