"""System check of the translation catalogs.

W070 locale/
"""

from collections.abc import Sequence

from django.apps import AppConfig
from django.core import checks
from django.core.checks import CheckMessage

from callbacks.catalogs import files


@checks.register()
def check_catalogs(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001 - they belong to no single application
    **kwargs: object,  # noqa: ARG001
) -> list[CheckMessage]:
    """Warns if Django would read no compiled catalog, or one older than the translations."""
    stale = files.not_compiled()
    if not stale:
        return []
    return [
        checks.Warning(
            f"The catalogs of these languages are not compiled: {', '.join(stale)}. Their pages "
            "show English or outdated translations.",
            hint=(
                "Run python -m callbacks.catalogs compile and restart the product. `make run` "
                "does this automatically."
            ),
            id="callbacks.W070",
        )
    ]
