"""Cells in lines as Python has them. `str.splitlines` knows ten more ends of lines, and IPython goes by that."""

import linecache
import re

from IPython.core.compilerop import CachingCompiler
from IPython.core.inputtransformer2 import TransformerManager, leading_empty_lines

from .tracebacks import cell_name

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


def split(text: str) -> list[str]:
    """With their ends."""
    return _LINE.findall(text)


class Transformer(TransformerManager):
    """Also keeps the user's line numbers: IPython drops leading empty lines, which a cell magic alone needs."""

    def __init__(self):
        super().__init__()
        self.cleanup_transforms[self.cleanup_transforms.index(leading_empty_lines)] = _before_a_cell_magic

    def transform_cell(self, cell: str) -> str:
        lines = split(cell if cell.endswith("\n") else cell + "\n")
        for transform in self.cleanup_transforms + self.line_transforms:
            lines = transform(lines)
        return "".join(self.do_token_transforms(lines))


class Compiler(CachingCompiler):
    """Names cells as tracebacks show them, and remembers their lines for those."""

    def get_code_name(self, raw_code, transformed_code, number):
        name = cell_name(number)
        # `get_ipython().run_cell(...)` inside of a cell: another source with the same number.
        return name if name not in self._filename_map else f"{name}.{len(self._filename_map)}"

    def cache(self, transformed_code, number=0, raw_code=None):
        name = super().cache(transformed_code, number, raw_code)
        size, time, _, full_name = linecache.cache[name]
        lines = [line.rstrip("\r\n") + "\n" for line in split(transformed_code)]
        linecache.cache[name] = linecache._ipython_cache[name] = (size, time, lines, full_name)
        return name


def _before_a_cell_magic(lines: list[str]) -> list[str]:
    stripped = leading_empty_lines(lines)
    return stripped if stripped and stripped[0].startswith("%%") else lines
