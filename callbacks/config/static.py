"""The addresses of style sheets, scripts and pictures.

`collectstatic` writes each file under a name with a hash of its content, so that browsers may keep
it for ever. In a working copy it has not run, and the files are served from their sources.
"""

from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # no types
    """Uses names with hashes where `collectstatic` has run, and the files' own names elsewhere."""

    def url(self, name: str | None, force: bool = False) -> str:
        """The address of a file by its own name. ValueError when it was not collected."""
        if not self.hashed_files:
            return StaticFilesStorage.url(self, name)
        hashed: str = super().url(name, force)
        return hashed
