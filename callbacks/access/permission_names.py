"""The names of permissions, as the admin lists them for groups and logins."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Permission
from django.utils.translation import override

_OURS = ("callbacks", "leads")


def update() -> None:
    """Gives permissions that an older release has created the names of this release.

    Django names a permission only when it creates it. A permission that this release does not
    define keeps its name.
    """
    names = {
        (model._meta.label_lower, codename): name
        for model in _models()
        for codename, name in _named(model)
    }
    changed = []
    for it in Permission.objects.filter(content_type__app_label__in=_OURS).select_related():
        model = f"{it.content_type.app_label}.{it.content_type.model}"
        name = names.get((model, it.codename), it.name)
        if name != it.name:
            it.name = name
            changed.append(it)
    Permission.objects.bulk_update(changed, ["name"])


def _models() -> Iterator[Any]:
    for app in _OURS:
        yield from apps.get_app_config(app).get_models()


def _named(model: Any) -> list[tuple[str, str]]:
    """The code names and names of the model's permissions, in English."""
    options = model._meta
    with override(None):
        standard = [
            (get_permission_codename(action, options), f"Can {action} {options.verbose_name_raw}")
            for action in options.default_permissions
        ]
        return standard + [(codename, str(name)) for codename, name in options.permissions]
