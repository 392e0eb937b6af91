"""Catalogs are compiled when they have changed, and a broken one stops with what is wrong."""

import gettext
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from callbacks.catalogs import __main__ as command
from callbacks.catalogs import files
from callbacks.config import catalog_checks

ROOT = Path(__file__).parents[2]
HEAD = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {files.PLURAL_FORMS["he"]}\\n"\n'  # noqa: E501
GOOD = f'{HEAD}\nmsgid "Call %(name)s"\nmsgstr "להתקשר אל %(name)s"\n'


@pytest.fixture
def locale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's `locale/` with one language."""
    monkeypatch.setattr(files, "FOLDER", tmp_path / "locale")
    files.po_path("he").parent.mkdir(parents=True)
    files.po_path("he").write_text(GOOD)
    return tmp_path / "locale"


def compiled() -> str:
    with files.mo_path("he").open("rb") as file:
        return gettext.GNUTranslations(file).gettext("Call %(name)s")


@pytest.mark.usefixtures("locale")
class TestCompiling:
    def test_it_makes_what_gettext_reads(self) -> None:
        assert files.compile_all() == [files.mo_path("he")]
        assert compiled() == "להתקשר אל %(name)s"
        assert sorted(it.name for it in files.mo_path("he").parent.iterdir()) == [
            "django.mo",
            "django.po",
        ]

    def test_a_plural_that_lacks_a_form_stays_english(self) -> None:
        plural = 'msgid "%(n)s a"\nmsgid_plural "%(n)s b"\nmsgstr[0] "x"\nmsgstr[3] ""\n'
        files.po_path("he").write_text(f"{GOOD}\n{plural}")
        files.compile_all()
        with files.mo_path("he").open("rb") as file:
            assert gettext.GNUTranslations(file).ngettext("%(n)s a", "%(n)s b", 5) == "%(n)s b"
        assert compiled() == "להתקשר אל %(name)s"

    def test_nothing_is_written_when_nothing_has_changed(self) -> None:
        files.compile_all()
        assert files.compile_all() == []

    def test_what_has_changed_is_compiled_whatever_the_times_of_the_files_say(self) -> None:
        files.compile_all()
        files.po_path("he").write_text(GOOD.replace("להתקשר אל", "חיוג אל"))
        os.utime(files.po_path("he"), (0, 0))
        assert files.not_compiled() == ["he"]
        assert files.compile_all() == [files.mo_path("he")]
        assert compiled() == "חיוג אל %(name)s"

    @pytest.mark.parametrize(
        ("broken", "said"),
        [
            (f"{HEAD}\nmsgid Call\n", "cannot be read: "),
            (f'{HEAD}\nmsgid "Call\nmsgstr ""\n', "cannot be read: "),
            (GOOD.replace("אל %(name)s", "אל %(nome)s"), "line 6: nothing is given for %(nome)s."),
            (GOOD.replace("אל %(name)s", "אל %(name)"), "line 6: a placeholder is broken"),
            (
                GOOD.replace("nplurals=4", "nplurals=2"),
                "has other plural forms than Django",
            ),
            (GOOD.replace('%(name)s"\nmsgstr', "%(name)s\nmsgstr"), "line 6 is no text between"),
        ],
    )
    def test_a_broken_catalog_stops_it_with_what_is_wrong(
        self, broken: str, said: str, capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        files.compile_all()
        files.po_path("he").write_text(broken)
        monkeypatch.setattr(sys, "argv", ["catalogs", "compile"])
        assert command.main() == 1
        told = capsys.readouterr().err
        assert "locale/he/LC_MESSAGES/django.po" in told
        assert said in told
        assert compiled() == "להתקשר אל %(name)s"  # the old catalog stays in use

    def test_a_warning_says_that_it_was_not_done(self) -> None:
        (warning,) = catalog_checks.check_catalogs(None)
        assert warning.id == "callbacks.W070"
        assert "not compiled: he." in warning.msg
        files.compile_all()
        assert catalog_checks.check_catalogs(None) == []
        files.po_path("he").write_text(GOOD + "\n")
        assert [it.id for it in catalog_checks.check_catalogs(None)] == ["callbacks.W070"]


@pytest.mark.usefixtures("locale")
class TestUpdating:
    def test_known_translations_stay_and_the_rest_is_empty_or_gone(self) -> None:
        template = Catalog()
        template.add("Call %(name)s", locations=[("b.py", 0)])
        template.add("New", locations=[("a.py", 0)])
        text = files.updated("he", template)
        assert text.index('msgid "New"\nmsgstr ""') < text.index('msgstr "להתקשר אל %(name)s"')
        files.po_path("he").write_text(text)
        assert files.updated("he", template) == text
        assert "Call" not in files.updated("he", Catalog())

    def test_what_stands_at_its_head_stays(self) -> None:
        files.po_path("he").write_text("# A glossary\n# lead: פנייה\n" + GOOD)
        assert files.updated("he", Catalog()).startswith("# A glossary\n# lead: פנייה\nmsgid")

    def test_a_new_language_has_its_plural_forms(self) -> None:
        template = Catalog()
        template.add(("%(n)s call", "%(n)s calls"))
        text = files.updated("ar", template)
        assert 'msgstr[5] ""' in text
        assert files.PLURAL_FORMS["ar"] in text


def test_a_copy_without_compiled_files_compiles_them(tmp_path: Path) -> None:
    for folder in ("callbacks/catalogs", "locale"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("*.mo", "__pycache__")
        )
    (tmp_path / "callbacks" / "__init__.py").touch()
    environment = {k: v for k, v in os.environ.items() if k not in {"SECRET_KEY", "PYTHONPATH"}}
    subprocess.run(
        [sys.executable, "-m", "callbacks.catalogs", "compile"],
        cwd=tmp_path, env=environment, check=True,
    )  # fmt: skip
    made = sorted(it.parents[1].name for it in tmp_path.glob("locale/*/LC_MESSAGES/django.mo"))
    assert made == sorted(files.LANGUAGES)


def test_each_way_to_run_the_product_compiles_them() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in ("run", "bench", "chaos", "abuse"):
        recipe = makefile.split(f"\n{target}: ")[1].split("\n\n")[0]
        assert "\t@$(CATALOGS) compile\n" in recipe, target
    for path in (".ci/test", "Dockerfile", "docs/deploy.md"):
        assert "-m callbacks.catalogs compile" in (ROOT / path).read_text(), path
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "!locale" in ignored
