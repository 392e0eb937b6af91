"""How a person is named, by their login."""

from django.contrib.auth.models import User


def shown_name(user: User | None) -> str:
    """Their name, or how they log in where no name is known; "" for nobody."""
    return (user.get_full_name() or user.get_username()) if user else ""
