"""The TypeScript driver's realm in one small file, which takes a driver half the time of its sources. deploy/build.sh makes it:

    /usr/bin/python3 -I bundle.py --bun PATH

Its name tells the sources that it was made of: once they change it is not found any more, and drivers load the sources.
"""

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path

_DRIVER = Path(__file__).resolve().parent.parent / "typescript"
_FOLDER = "bundle"
_ENTRY = "main.js"


def find(driver: Path) -> str | None:
    """Where it is below the driver's folder; None when there is none of these sources."""
    name = _name(driver)
    return name if (driver / name).exists() else None


def make(driver: Path, bun: Path) -> None:
    """Raises CalledProcessError when Bun does not want to."""
    if find(driver):
        return
    name = driver / _name(driver)
    # Names stay as they are: some of them are said in errors.
    made = subprocess.run([bun, "build", "--target=node", "--format=cjs", "--minify-whitespace", "--minify-syntax", _ENTRY],
                          cwd=driver, stdout=subprocess.PIPE, check=True).stdout
    name.parent.mkdir(exist_ok=True)
    for old in name.parent.iterdir():
        old.unlink()
    unfinished = name.with_suffix(".unfinished")
    unfinished.write_bytes(made)
    unfinished.rename(name)


def _name(driver: Path) -> str:
    digest = hashlib.sha256()
    own = (path for path in driver.rglob("*.js") if path.relative_to(driver).parts[0] not in ("node_modules", _FOLDER))
    for path in sorted([*own, driver / "package-lock.json"]):
        digest.update(f"{path.relative_to(driver)}\n{path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return f"{_FOLDER}/{digest.hexdigest()[:32]}.js"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bundle.py")
    parser.add_argument("--bun", type=Path, required=True)
    try:
        make(_DRIVER, parser.parse_args().bun)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"bundle.py: {error}")
