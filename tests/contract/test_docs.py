"""The examples of docs/voicenter.md run in order, and give the results after the arrows."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.simulator import eventually

PAGE = Path(__file__).parents[2] / "docs" / "voicenter.md"
EXAMPLES = re.findall(r"^## (\d+)\. .*?```python\n(.*?)```", PAGE.read_text(), re.DOTALL | re.M)
ARROW = "# → "


def run(source: str, names: dict) -> int:
    """Runs an example; returns how many results were compared."""
    compared = 0
    lines = source.splitlines()
    for statement in ast.parse(source).body:
        end = lines[(statement.end_lineno or 0) - 1]
        if isinstance(statement, ast.Expr) and ARROW in end:
            expression = compile(ast.Expression(statement.value), str(PAGE), "eval")
            assert repr(eval(expression, names)) == end.partition(ARROW)[2]
            compared += 1
        else:
            exec(compile(ast.Module([statement], []), str(PAGE), "exec"), names)
    return compared


def test_there_are_ten_of_them_and_each_shows_something():
    assert [number for number, _ in EXAMPLES] == [str(n) for n in range(1, 11)]
    assert all(ARROW in source for _, source in EXAMPLES)


def test_they_give_what_the_page_says(simulator, tmp_path):
    simulator.control(
        extensions={"101": "online", "103": "online", "105": "online", "106": "offline"}
    )
    names: dict = {"folder": tmp_path}
    for number, printed in EXAMPLES:
        source = printed.replace("http://127.0.0.1:8010", simulator.url)
        source = source.replace("the-code", simulator.code)
        # A call that an example hangs up must last until then.
        simulator.control(talk=3600 if "Terminate" in source else 0.03)
        if "call_log" in source:
            # The records of its calls are there once the calls are over.
            eventually(lambda: simulator.status()["live_calls"] == 0)
        assert run(source, names) == source.count(ARROW), f"example {number}"


def test_a_wrong_result_is_noticed():
    with pytest.raises(AssertionError):
        run("1 + 1  # → 3\n", {})
