"""The catalogs of `locale/`: which sentences are in them, how they are kept up to date, compiled.

For engineers: docs/languages.md. Nothing here needs settings, a database or GNU gettext.
"""
