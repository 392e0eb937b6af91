"""The Content-Security-Policy of each page.

Public pages, the desk and wallboards get the strictest policy that works: our own scripts and
styles, nothing inline, no frames. The admin has the same policy, except for two things that its
theme (django-unfold) needs: Alpine.js evaluates the expressions in its attributes ('unsafe-eval'),
and elements have `style` attributes, set by the theme and by Alpine.js. Inline `script` and `style`
elements and `on...` attributes work nowhere. The admin plays recordings only from the provider's
hosts (RECORDING_HOSTS).
"""

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

PUBLIC: dict[str, list[str]] = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "object-src": [NONE],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}
ADMIN: dict[str, list[str]] = {
    **PUBLIC,
    "script-src": [SELF, UNSAFE_EVAL],
    "script-src-attr": [NONE],
    "style-src-attr": [UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "base-uri": [SELF],
}


def _admin() -> dict[str, list[str]]:
    hosts = [f"https://{host}" for host in settings.RECORDING_HOSTS]
    return {**ADMIN, "media-src": hosts or [NONE]}


class PolicyByPathMiddleware(CSPMiddleware):
    """Adds the policy ADMIN to answers below /admin/, and PUBLIC to all others."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """The policy for this request. Views may still adjust it with django-csp's decorators."""
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only:
            parts.config = _admin() if request.path_info.startswith("/admin/") else PUBLIC
        return parts
