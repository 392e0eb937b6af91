"""Every sentence that people see is marked for translation, whole, and in one piece."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from django import forms
from django.apps import apps
from django.contrib import admin

import callbacks
import leads
from tests.support import sentences

ROOT = Path(__file__).parents[1]
OURS = ("callbacks.", "leads.")

# Texts that are the same in every language, such as names; none now.
UNTRANSLATABLE: frozenset[str] = frozenset()


def below(*folders: str, suffix: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob(f"*{suffix}"))


def unmarked(found: Iterable[tuple[Path, int, str]]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{line}: {text}" for path, line, text in found]


def templates() -> Iterator[tuple[Path, int, str]]:
    for path in below("templates", "callbacks", "leads", suffix=".html"):
        if "static" in path.parts:
            continue
        for line, text in sentences.in_template(path.read_text()):
            if text not in UNTRANSLATABLE:
                yield path, line, text


def scripts() -> Iterator[tuple[Path, int, str]]:
    for path in below("static", suffix=".js"):
        if "altcha" in path.parts:  # not ours; its widget is not shown
            continue
        yield from ((path, *found) for found in sentences.in_script(path.read_text()))


def modules() -> Iterator[tuple[Path, int, str]]:
    for path in below("callbacks", "leads", suffix=".py"):
        yield from ((path, *found) for found in sentences.put_together(path.read_text()))


def classes() -> set[str]:
    """Untranslated texts of our models, forms and admin pages, as "module.class: text"."""
    for package in (callbacks, leads):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    return {
        f"{kind.__module__}.{kind.__qualname__}: {text}"
        for kind, texts in [
            *((it, sentences.of_model(it)) for it in apps.get_models()),
            *((it, sentences.of_form(it)) for it in sentences.all_below(forms.BaseForm)),
            *((type(it), sentences.of_admin(it)) for it in admin.site._registry.values()),
        ]
        if kind.__module__.startswith(OURS)
        for text in texts
    }


def test_templates_show_only_marked_sentences() -> None:
    found = unmarked(templates())
    assert found == []


def test_scripts_take_their_texts_from_the_page() -> None:
    assert unmarked(scripts()) == []


def test_sentences_are_marked_in_one_piece() -> None:
    assert unmarked(modules()) == []


def test_models_forms_and_admin_pages_have_translatable_texts() -> None:
    found = classes()
    assert sorted(found) == []


@pytest.mark.parametrize(
    "template",
    [
        "<p>\n\nCall me</p>",
        '<p>{% translate "Call" %}</p>\n\n<i title="Call me"></i>',
        "{% blocktranslate %}Call{% endblocktranslate %}\n\n<p>{{ n }} calls</p>",
        '\n\n<input type="submit" value="Call">',
        "\n\n{{ n }} x{{ n|pluralize }}",
        '\n\n{{ name|default:"no name" }}',
        "{# a note #}\n{% comment %}\n{% endcomment %}{% if a %}<b>Yes</b>{% endif %}",
        '\n\n<p data-lost="Try again"></p>',
    ],
)
def test_an_unmarked_text_is_found_where_it_stands(template: str) -> None:
    assert [line for line, _ in sentences.in_template(template)] == [3]


@pytest.mark.parametrize(
    "template",
    [
        '<p title="{% translate "Call me" %}">{{ name }} 1 · x</p>',
        "{% comment %}Call me{% endcomment %}{# Call me #}<!-- Call me -->",
        "<style>.card { color: red }</style><script>const call = 1;</script>",
        "{% blocktranslate count n=n %}{{ n }} call{% plural %}calls{% endblocktranslate %}",
        '<a href="/call me" class="card call" data-url="x"></a>{{ at|date:"H:i" }}',
        '<input type="hidden" value="call me">',
        '{{ words|default_if_none:"" }}',
    ],
)
def test_a_marked_or_unseen_text_is_none(template: str) -> None:
    assert list(sentences.in_template(template)) == []


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ('"use strict";\nlet a = "button[type=submit]"; // "Call me"', []),
        ('x.textContent = "Calling";', [1]),
        ('\nshow("Try again");', [2]),
        ("x.title = x.dataset.title;", []),
        ("throw new Error(`status ${answer.status}`);", []),
    ],
)
def test_a_text_in_a_script_is_found(script: str, found: list[int]) -> None:
    assert [line for line, _ in sentences.in_script(script)] == found


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        ('gettext("Call %(name)s.") % {"name": name}', False),
        ('ngettext("%(n)d call", "%(n)d calls", n) % {"n": n}', False),
        ('gettext(f"Call {name}.")', True),
        ('gettext("Call " + name)', True),
        ("_(sentence)", True),
        ("f\"{gettext('Closed')}: call later.\"", True),
        ('gettext("Call") + name', True),
    ],
)
def test_a_sentence_put_together_is_found(code: str, is_found: bool) -> None:
    assert bool(list(sentences.put_together(code))) is is_found
