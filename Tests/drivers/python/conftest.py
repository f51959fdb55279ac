import importlib.util
import sys
from pathlib import Path

_LAUNCHER_TESTS = Path(__file__).resolve().parent.parent / "launcher"

# The same launcher fixtures as its own tests use, whichever folder is run.
_spec = importlib.util.spec_from_file_location("launcher_conftest", _LAUNCHER_TESTS / "conftest.py")
_fixtures = sys.modules.setdefault("launcher_conftest", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(_fixtures)

launcher = _fixtures.launcher
interpreter = _fixtures.interpreter
home = _fixtures.home
files = _fixtures.files
session = _fixtures.session
