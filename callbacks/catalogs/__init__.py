"""The catalogs in `locale/`: which sentences they contain, and how they are updated and compiled.

For engineers: docs/languages.md. Nothing here needs settings, a database or GNU gettext.
"""
