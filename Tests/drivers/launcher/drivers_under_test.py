"""Where the code under test is, and its packages under the names that the launcher gives them."""

import importlib.util
import json
from pathlib import Path

DRIVERS = Path(__file__).resolve().parents[3] / "Grains" / "drivers"
LAUNCHER = DRIVERS / "launcher" / "launcher.py"
# Where the silo looks for it.
BUN = DRIVERS / "typescript" / "node_modules" / "bun" / "bin" / "bun.exe"


def load_packages() -> None:
    spec = importlib.util.spec_from_file_location("launcher_entry_point", LAUNCHER)
    entry_point = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(entry_point)
    entry_point.load_package("sandbox_launcher", DRIVERS / "launcher")
    entry_point.load_package("sandbox_driver", DRIVERS / "python")


def fixture(name: str) -> dict:
    return json.loads((DRIVERS / "fixtures" / name).read_text(encoding="utf-8"))
