"""Who may see the people report."""

from django.contrib.auth.models import AnonymousUser, User

RIGHT = "callbacks.view_people_report"


def may_see(user: User | AnonymousUser) -> bool:
    """Whether the user may see leads and attempts, which its numbers link to, and has `RIGHT`."""
    sees = all(
        user.has_perm(f"{app}.view_{model}") or user.has_perm(f"{app}.change_{model}")
        for app, model in (("leads", "lead"), ("callbacks", "callattempt"))
    )
    return bool(sees and user.has_perm(RIGHT))
