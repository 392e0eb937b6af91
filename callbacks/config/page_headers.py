"""Headers that every answer has, whichever view wrote it.

Django's SecurityMiddleware adds the others: Cross-Origin-Opener-Policy and Referrer-Policy (both
same-origin), X-Content-Type-Options, and Strict-Transport-Security with HTTPS. callbacks.config.csp
decides what a page may load.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Our pages use none of these features, and an injected script must not use them either.
_FEATURES = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen",
    "geolocation", "gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi",
    "payment", "picture-in-picture", "publickey-credentials-create", "publickey-credentials-get",
    "screen-wake-lock", "serial", "usb", "web-share", "xr-spatial-tracking",
)  # fmt: skip
PERMISSIONS = ", ".join(f"{feature}=()" for feature in _FEATURES)
NOT_KEPT = "no-store, private"


class PageHeadersMiddleware:
    """Forbids caching, use by other sites and access to browser features.

    Answers that may be cached set Cache-Control themselves: static files, and the empty form, which
    a browser should show again after "back" (leads.views).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Passes the request on."""
        response = self._get_response(request)
        if "no-store" in response.get("Cache-Control", "no-store"):
            response["Cache-Control"] = NOT_KEPT
        response.setdefault("Permissions-Policy", PERMISSIONS)
        # A page that other sites may frame may also be loaded by them.
        is_shown_inside = getattr(response, "xframe_options_exempt", False)
        reach = "cross-origin" if is_shown_inside else "same-origin"
        response.setdefault("Cross-Origin-Resource-Policy", reach)
        return response
