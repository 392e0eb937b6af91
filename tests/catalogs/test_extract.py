"""The sentences that are taken out of a template and of a module."""

from pathlib import Path
from textwrap import dedent

import pytest
from django.template import engines
from django.template.base import Template
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

from callbacks.catalogs import extract
from callbacks.catalogs.places import ROOT, Place, all_places

TEMPLATE = """\
{% extends "x.html" %}{% load i18n %}
<p title="{% translate "It's yours" %}">don't read "this"</p>
  {% if a %}
 {% blocktranslate trimmed count n=calls %}
   {{ n }} call
 {% plural %}
   {{ n }} calls
 {% endblocktranslate %}
      {% endif %}
{% translate "Pause" context "button" %} {% translate "%s late" %}
{% comment %}Translators: a note{% endcomment %}{% translate "Noted" %}
 {% if a %} {{ _("In a variable") }}{{ x|default:_("By a filter") }} {% endif %}
{% comment %}{% translate "Not this" %}{% endcomment %}
"""

MODULE = '''\
from django.utils.translation import gettext, gettext_lazy as _, ngettext, pgettext

NAME = _("Name")


class Form:
    """gettext("Not this")"""

    def field(self):
        # Translators: a note
        return gettext("First "
                       "and second")


def count(n):
    return ngettext("%(n)d call", "%(n)d calls", n), pgettext("button", "Pause")
'''


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(extract, "ROOT", tmp_path)
    return tmp_path


def found(root: Path, name: str, source: str, *names: str) -> list[object]:
    (root / name).write_text(source)
    catalog = extract.sentences(Place(name, names))
    return [(it.context, it.id) if it.context else it.id for it in catalog if it.id]


def test_a_template(root: Path) -> None:
    assert found(root, "a.html", TEMPLATE) == [
        "It's yours",
        ("%(n)s call", "%(n)s calls"),
        ("button", "Pause"),
        "%%s late",
        "Noted",
        "In a variable",
        "By a filter",
    ]


def test_a_module(root: Path) -> None:
    assert found(root, "a.py", MODULE) == [
        "Name",
        "First and second",
        ("%(n)d call", "%(n)d calls"),
        ("button", "Pause"),
    ]


def test_a_part_of_a_module(root: Path) -> None:
    assert found(root, "a.py", MODULE, "Form") == ["First and second"]
    assert found(root, "a.py", MODULE, "NAME") == ["Name"]


def test_a_part_that_is_gone_is_told_of(root: Path) -> None:
    with pytest.raises(LookupError, match=r"a\.py defines no Gone\."):
        found(root, "a.py", MODULE, "Form", "Gone")


def test_a_note_for_translators_is_kept(root: Path) -> None:
    (root / "a.py").write_text(MODULE)
    (root / "a.html").write_text(TEMPLATE)
    noted = {
        it.id: it.auto_comments
        for path in ("a.py", "a.html")
        for it in extract.sentences(Place(path))
        if it.auto_comments
    }
    assert noted == {
        "First and second": ["Translators: a note"],
        "Noted": ["Translators: a note"],
    }


def test_a_sentence_put_together_is_refused(root: Path) -> None:
    source = dedent("""\
        def greet(name):
            return gettext(name)
    """)
    with pytest.raises(ValueError, match=r"a\.py:2: a sentence is no plain literal\."):
        found(root, "a.py", source)


# --- beside what Django itself makes of the templates ---------------------------------------------

TEMPLATES = [it.path for it in all_places() if not it.path.endswith(".py")]


@pytest.mark.parametrize("path", TEMPLATES)
def test_nothing_that_a_template_shows_is_missed(path: str) -> None:
    template = engines["django"].from_string((ROOT / path).read_text()).template  # type: ignore[attr-defined]
    found = {it.id if isinstance(it.id, str) else it.id[0] for it in extract.sentences(Place(path))}
    assert shown(template) - found == set()


def shown(template: Template) -> set[str]:
    """What the template's nodes look up in the catalog."""
    plain = {
        it.filter_expression.var.literal.replace("%", "%%")
        for it in template.nodelist.get_nodes_by_type(TranslateNode)
    }
    blocks = {
        it.render_token_list(it.singular)[0]
        for it in template.nodelist.get_nodes_by_type(BlockTranslateNode)
    }
    return plain | blocks
