"""The site's own address, for links in what is sent to people and programs."""

from django.conf import settings


def absolute(path: str) -> str:
    """The whole address of a path of ours, such as "/admin/": SITE_URL, else the first host."""
    if settings.SITE_URL:
        return f"{settings.SITE_URL.rstrip('/')}{path}"
    host = next((it for it in settings.ALLOWED_HOSTS if it != "*"), "localhost").removeprefix(".")
    return f"{'https' if settings.HTTPS else 'http'}://{host}{path}"
