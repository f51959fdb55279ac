"""Programs that a cell runs: `!command` and `%%bash` and its like. They end with the cell that is interrupted."""

import signal
import subprocess
import sys

from IPython.core.magic import cell_magic, magics_class
from IPython.core.magic_arguments import magic_arguments
from IPython.core.magics.script import ScriptMagics, script_args
from IPython.utils.process import arg_split

from sandbox_launcher.processes import descendants_of, kill


def run(gate, arguments: list, text: bytes | None = None, out=None, errors=None) -> tuple:
    """(exit code, output, errors). `text` is its stdin, which is empty without; what is not piped goes the way of all output."""
    sys.stdout.flush()
    stdin = subprocess.DEVNULL if text is None else subprocess.PIPE
    process = subprocess.Popen(arguments, stdin=stdin, stdout=out, stderr=errors)
    try:
        output = process.communicate(text)
        return process.returncode, *output
    except BaseException:
        was_armed = gate.enter()
        try:
            _end(process.pid)
            process.wait()
        finally:
            gate.leave(was_armed)
        raise


def _end(pid: int) -> None:
    """The process and all below it. Stopped before they are killed, so that none can start another meanwhile."""
    found = set()
    while new := {pid, *descendants_of(pid)} - found:
        for process in new:
            kill(process, signal.SIGSTOP)
        found |= new
    for process in found:
        kill(process, signal.SIGKILL)


@magics_class
class Scripts(ScriptMagics):
    """As IPython has them, which reads the output in a thread that outlives the cell."""

    @magic_arguments()
    @script_args
    @cell_magic("script")
    def shebang(self, line, cell):
        """Run a cell by a program: `%%script bash` is like the line `#!bash` of a script."""
        arguments, command = self.shebang.parser.parse_known_args(arg_split(line))
        if arguments.bg:
            return super().shebang(line, cell)
        # Who has put something else in the place of sys.stdout wants the text there.
        out = subprocess.PIPE if arguments.out or sys.stdout is not sys.__stdout__ else None
        errors = subprocess.PIPE if arguments.err or sys.stderr is not sys.__stderr__ else None
        text = (cell if cell.endswith("\n") else cell + "\n").encode("utf-8", "replace")
        try:
            code, output, error_output = run(self.shell.gate, command, text, out, errors)
        except FileNotFoundError:
            print(f"Couldn't find program: {command[0]!r}")
            return None
        self._hand_out(output, arguments.out, sys.stdout)
        self._hand_out(error_output, arguments.err, sys.stderr)
        if arguments.raise_error and code != 0:
            raise subprocess.CalledProcessError(code, text)
        return None

    def _hand_out(self, output: bytes | None, variable: str | None, stream) -> None:
        if output is None:
            return
        text = output.decode("utf-8", "replace")
        if variable:
            self.shell.user_ns[variable] = text
        else:
            stream.write(text)
            stream.flush()
