"""What a cell gives, through a real launcher, supervisor and driver."""

import pytest
from snippets import SNIPPETS


@pytest.mark.parametrize("cells, check", [pytest.param(cells, check, id=name) for name, cells, check in SNIPPETS])
def test_snippet(interpreter, cells, check):
    for cell in cells:
        outcome = interpreter.run(cell)
    assert check(outcome), outcome.events


def test_every_snippet_has_a_name_of_its_own():
    names = [name for name, _, _ in SNIPPETS]
    assert len(names) == len(set(names)) and len(names) >= 60
