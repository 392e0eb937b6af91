"""The ways to sign in other than a password, for pages that ask for one."""

from django.conf import settings
from django.urls import reverse

from callbacks.signin import forgotten, single


def ways() -> dict[str, str]:
    """Addresses, "" if not set up, and the name of single sign-on."""
    return {
        "forgotten": reverse("sign-in:forgotten") if forgotten.is_offered() else "",
        "single": reverse("sign-in:single") if single.is_offered() else "",
        "name": settings.OIDC_NAME,
    }
