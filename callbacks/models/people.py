"""How a user is named."""

from django.contrib.auth.models import User


def shown_name(user: User | None) -> str:
    """The user's full name, or else the username; "" for None."""
    return (user.get_full_name() or user.get_username()) if user else ""
