"""The site's own address, for links in messages to people and programs."""

from django.conf import settings


def absolute(path: str) -> str:
    """The full address of a path such as "/admin/": under SITE_URL, else under the first host."""
    if settings.SITE_URL:
        return f"{settings.SITE_URL.rstrip('/')}{path}"
    host = next((it for it in settings.ALLOWED_HOSTS if it != "*"), "localhost").removeprefix(".")
    return f"{'https' if settings.HTTPS else 'http'}://{host}{path}"
