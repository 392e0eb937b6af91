"""Users who may log in to the admin with some rights."""

from django.contrib.auth.models import Permission, User


def somebody_with(*rights: str, name: str = "anna", email: str = "") -> User:
    """An admin login with exactly these rights, such as "leads.view_lead"."""
    user = User.objects.create_user(name, email, is_staff=True)
    for right in rights:
        app, codename = right.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    return user
