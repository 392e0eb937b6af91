"""Whether docs/architecture.md, the folders, and the modules that the docs name agree."""

import ast
import functools
import os
import re
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Model

from tests.privacy import test_table

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TREES = ("callbacks", "leads", "tests")
SOURCES = [path for tree in TREES for path in sorted((ROOT / tree).rglob("*.py"))]
PACKAGES = [
    path.parent.relative_to(ROOT).as_posix()
    for path in SOURCES
    if path.name == "__init__.py" and path.relative_to(ROOT).parts[0] != "tests"
]

TASKS = set(
    re.findall(
        r'"(callbacks\.\w+)"',
        "".join(
            (ROOT / path).read_text()
            for path in ("callbacks/tasks.py", "callbacks/common/task_publisher.py")
        ),
    )
)

# Names in the docs that look like `word.word` but are not our modules.
NOT_OURS = {
    "callbacks.dump",
    "callbacks.example.com",
    "callbacks.target",
    "callbacks.time_zone",
    "gc.freeze",
    "task.delay",
}

MOST_LINES = 400

_ENDS = r"(?:py|sql|html|js|css|md|txt|yml|toml|png)"
_CODE = re.compile(r"```.*?```|`([^`\n]+)`", re.DOTALL)
_PATH = re.compile(r"(?<![\w./-])(?:callbacks|leads|tests|templates|static|docs)/[\w./-]*[\w/]")
_FILE = re.compile(rf"[\w./-]*\w\.{_ENDS}")
_DOTTED = re.compile(r"(?<![\w./@-])(?:callbacks|leads|tests)(?:\.[a-z_]\w*)+")
_BARE = re.compile(r"([a-z_]+)\.([A-Za-z_]\w*)(?:\(.*\))?")
_OF_CLASS = re.compile(r"([A-Z][a-z]\w*)\.([a-z_]\w*)")


def table() -> list[tuple[str, str]]:
    """The rows of "to change X, look in Y"."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    rows = text.split("| to change | look in |\n|---|---|\n")[1].split("\n\n")[0].splitlines()
    return [(what.strip(), where.strip()) for _, what, where, _ in (it.split("|") for it in rows)]


def code_in(text: str) -> list[str]:
    """The text between backticks, outside code blocks."""
    return [found for found in _CODE.findall(text) if found]


@functools.cache
def names_in(path: Path) -> frozenset[str]:
    """The names defined at a module's top level and in its classes."""
    tree = ast.parse(path.read_text())
    inner = [it for node in tree.body if isinstance(node, ast.ClassDef) for it in node.body]
    found = set()
    for node in [*tree.body, *inner]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found.update(it.id for it in node.targets if isinstance(it, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif isinstance(node, ast.ImportFrom) and path.name == "__init__.py":
            found.update(it.asname or it.name for it in node.names)
    return frozenset(found)


def exists(dotted: str) -> bool:
    """Whether a package, a module or something in one has this name, e.g. leads.ports.plan."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:length])
        module = path.with_suffix(".py") if path.with_suffix(".py").is_file() else None
        if module is None and path.is_dir():
            module = path / "__init__.py"
        if module and module.is_file():
            return all(name in names_in(module) for name in parts[length:])
    return False


@pytest.mark.parametrize(("what", "where"), table())
def test_every_path_in_the_table_exists(what: str, where: str) -> None:
    paths = [it for it in code_in(where) if "/" in it or it.startswith(".")]
    assert paths, f"{what}: no path"
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_table_stands_at_the_beginning_and_only_there() -> None:
    headings = re.findall("^## .*", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE)
    assert headings[:2] == ["## The picture", "## To change X, look in Y"]
    for doc in DOCS:
        assert doc.read_text().count("| look in |") == (doc.name == "architecture.md"), doc.name


@pytest.mark.parametrize("package", [it for it in PACKAGES if re.fullmatch(r"callbacks/\w+", it)])
def test_every_package_of_callbacks_is_in_the_table(package: str) -> None:
    assert any(f"{package}/" in where for _, where in table())


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_in_one_sentence_what_it_is(package: str) -> None:
    doc = ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text()))
    assert doc, "no docstring"
    first = doc.split("\n\n")[0].replace("\n", " ")
    assert re.fullmatch(r"[^.]+(?:\.\w[^.]*)*\.", first), f"not one sentence: {first}"


def test_few_modules_stand_in_the_root_of_callbacks() -> None:
    assert len(list((ROOT / "callbacks").glob("*.py"))) <= 10


@pytest.mark.parametrize("doc", DOCS, ids=lambda path: path.name)
def test_docs_name_only_files_that_exist(doc: Path) -> None:
    text = doc.read_text()
    # Not by rglob: a tool may delete its cache folder while it is being read.
    known = [
        f"{folder}/{name}"
        for folder, _, names in os.walk(ROOT)
        for name in names
        if ".venv" not in Path(folder).parts
    ]
    missing = {path for path in _PATH.findall(text) if not (ROOT / path).exists()}
    for code in code_in(text):
        if _FILE.fullmatch(code) and not any(path.endswith(f"/{code}") for path in known):
            missing.add(code)
    assert missing == set()


@pytest.mark.parametrize("doc", DOCS, ids=lambda path: path.name)
def test_docs_name_only_modules_that_exist(doc: Path) -> None:
    text = doc.read_text()
    missing = {name for name in _DOTTED.findall(text) if not exists(name)}
    for code in code_in(text):
        bare = _BARE.fullmatch(code)
        if bare and not _FILE.fullmatch(code) and bare[1] not in TREES:
            modules = [path for path in SOURCES if path.stem == bare[1]]
            if not any(bare[2] in names_in(path) for path in modules):
                missing.add(code)
        if of_class := _OF_CLASS.fullmatch(code):
            # The columns may be in a base class in the same package.
            folders = {path.parent for path in SOURCES if of_class[1] in names_in(path)}
            places = [path for path in SOURCES if path.parent in folders]
            if not any(of_class[2] in names_in(path) for path in places):
                missing.add(code)
    assert missing - NOT_OURS - TASKS == set()


def test_every_package_and_module_of_callbacks_has_its_place_in_the_import_contract() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = (it["layers"] for it in linter["contracts"] if "containers" not in it)
    placed = {name for layer in layers for name in layer.split(" | ")}
    packages = {it.replace("/", ".") for it in PACKAGES if re.fullmatch(r"callbacks/\w+", it)}
    modules = {f"callbacks.{path.stem}" for path in (ROOT / "callbacks").glob("*.py")}
    apart = {"callbacks.__init__", "callbacks.migrations", "leads.migrations"}
    assert placed == (packages | modules | {"leads"}) - apart


@pytest.mark.parametrize("model", apps.get_models(), ids=lambda it: it._meta.label)
def test_it_is_said_where_personal_data_is_stored(model: type[Model]) -> None:
    """For a new model or text field, edit callbacks/privacy/places.py and docs/privacy.md."""
    if not model._meta.proxy:
        test_table.test_every_field_that_can_hold_a_text_is_in_the_table(model)
        assert f"`{model._meta.db_table}`" in (ROOT / "docs" / "privacy.md").read_text()


def test_no_module_is_longer_than_400_lines() -> None:
    """Migrations are exempt: they are written once and seldom read."""
    own = [path for path in SOURCES if path.parent.name != "migrations"]
    long = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in own}
    assert {path: lines for path, lines in long.items() if lines > MOST_LINES} == {}


def test_no_exception_is_frozen() -> None:
    """A `with` block sets the traceback of an exception, which would fail if it were frozen."""
    frozen = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).endswith(("Exception", "Error")) for base in node.bases)
        and any("frozen=True" in ast.unparse(it) for it in node.decorator_list)
    ]
    assert frozen == []
