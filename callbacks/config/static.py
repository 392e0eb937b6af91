"""The URLs of style sheets, scripts and pictures.

`collectstatic` writes each file under a name with a hash of its content, so that browsers may cache
it forever. In a working copy it has not run, and the files are served from their sources.
"""

from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # no types
    """Uses names with hashes if `collectstatic` has run, and otherwise the files' own names."""

    def url(self, name: str | None, force: bool = False) -> str:
        """The URL of a file, from its own name. Raises ValueError if it was not collected."""
        if not self.hashed_files:
            return StaticFilesStorage.url(self, name)
        hashed: str = super().url(name, force)
        return hashed
