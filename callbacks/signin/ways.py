"""Which ways in there are besides a password; for the pages that ask for one."""

from django.conf import settings
from django.urls import reverse

from callbacks.signin import forgotten, single


def ways() -> dict[str, str]:
    """Addresses, "" for what is not set up; and what single sign-on is called."""
    return {
        "forgotten": reverse("sign-in:forgotten") if forgotten.is_offered() else "",
        "single": reverse("sign-in:single") if single.is_offered() else "",
        "name": settings.OIDC_NAME,
    }
