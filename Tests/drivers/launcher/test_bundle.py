"""The TypeScript driver in one file, as deploy/build.sh makes it."""

import shutil

import pytest
from drivers_under_test import BUN, DRIVERS
from launcher_process import LauncherProcess
from sandbox_launcher import bundle


@pytest.fixture
def drivers(tmp_path):
    """A copy of the drivers that has no bundle. It lies where a context can see it in every tier."""
    copy = tmp_path / "drivers"
    shutil.copytree(DRIVERS, copy, symlinks=True, ignore=shutil.ignore_patterns("bundle", "__pycache__"))
    return copy


def test_is_found_for_the_sources_that_it_was_made_of_and_for_no_others(drivers):
    driver = drivers / "typescript"
    assert bundle.find(driver) is None
    bundle.make(driver, BUN)
    first = bundle.find(driver)
    assert first is not None

    with open(driver / "output" / "text.js", "a", encoding="utf-8") as source:
        source.write("// changed\n")
    assert bundle.find(driver) is None

    bundle.make(driver, BUN)
    assert bundle.find(driver) not in (None, first)
    assert [path.name for path in (driver / "bundle").iterdir()] == [bundle.find(driver).rpartition("/")[2]]


@pytest.mark.parametrize("bundled", [True, False])
def test_a_driver_does_the_same_with_it_and_without(drivers, bundled):
    if bundled:
        bundle.make(drivers / "typescript", BUN)
    with LauncherProcess("--bun", str(BUN), language="typescript", launcher=drivers / "launcher" / "launcher.py") as launcher:
        interpreter = launcher.start()
        assert interpreter.run("const n: number = 42; n").text == "42"
        assert interpreter.run("process.argv.length").text == "2"
        error = interpreter.run("function fail() { throw new TypeError('no') }\nfail()").error
        assert error["name"] == "TypeError" and "driver:" not in error["traceback"] and "bundle" not in error["traceback"]
        assert interpreter.run("let x = ;").error["name"] == "SyntaxError"
        used = interpreter.run("require('fs').readFileSync('/proc/self/cmdline', 'utf8').includes('/bundle/')")
        assert used.text == str(bundled).lower()
        interpreter.close()


def test_a_launcher_whose_bundle_is_taken_away_goes_on_with_the_sources(drivers):
    bundle.make(drivers / "typescript", BUN)
    with LauncherProcess("--bun", str(BUN), "--pool-minimum", "0", language="typescript", tier="none",
                         launcher=drivers / "launcher" / "launcher.py") as launcher:
        (drivers / "typescript" / bundle.find(drivers / "typescript")).unlink()
        interpreter = launcher.start()
        assert interpreter.run("const n: number = 42; n").text == "42"
        interpreter.close()
