"""Headers that every answer has, whichever view wrote it.

Django's SecurityMiddleware adds the others: Cross-Origin-Opener-Policy and Referrer-Policy (both
same-origin), X-Content-Type-Options, and with HTTPS Strict-Transport-Security. What a page may load
is callbacks.config.csp's.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Nothing here uses any of these; a script that got in may not either.
_FEATURES = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen",
    "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi",
    "payment", "picture-in-picture", "publickey-credentials-create", "publickey-credentials-get",
    "screen-wake-lock", "serial", "usb", "web-share", "xr-spatial-tracking",
)  # fmt: skip
PERMISSIONS = ", ".join(f"{feature}=()" for feature in _FEATURES)
NOT_KEPT = "no-store, private"


class PageHeadersMiddleware:
    """Keeps answers out of every cache, and other sites and the browser's features out of pages.

    An answer that may be kept says so itself: static files, and the empty form, which a browser is
    to show again after "back" (leads.views).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Passes the request on."""
        response = self._get_response(request)
        if "no-store" in response.get("Cache-Control", "no-store"):
            response["Cache-Control"] = NOT_KEPT
        response.setdefault("Permissions-Policy", PERMISSIONS)
        # A page that other sites may show inside theirs may be loaded by them too.
        is_shown_inside = getattr(response, "xframe_options_exempt", False)
        reach = "cross-origin" if is_shown_inside else "same-origin"
        response.setdefault("Cross-Origin-Resource-Policy", reach)
        return response
