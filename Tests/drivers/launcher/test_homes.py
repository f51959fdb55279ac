"""Homes are removed whatever is in them, and nothing else is."""

import os
import stat

import pytest
from sandbox_launcher.isolation import directories as homes


@pytest.fixture
def home(tmp_path):
    return homes.create(str(tmp_path))


def test_a_home_is_new_and_ours_alone(tmp_path):
    first, second = homes.create(str(tmp_path)), homes.create(str(tmp_path))
    assert first != second
    assert stat.S_IMODE(os.stat(first).st_mode) == 0o700 and os.listdir(first) == []


def test_a_home_that_is_gone_is_gone(home):
    os.rmdir(home)
    assert homes.remove(home)


def test_files_links_sockets_and_pipes_go(home):
    open(f"{home}/file", "w").close()
    os.mkfifo(f"{home}/pipe")
    os.symlink("/nowhere", f"{home}/link")
    os.makedirs(f"{home}/a/b/c")
    for number in range(2000):
        open(f"{home}/a/{number}", "w").close()
    assert homes.remove(home) and not os.path.lexists(home)


def test_directories_without_permissions_go(home):
    os.makedirs(f"{home}/a/b")
    open(f"{home}/a/b/file", "w").close()
    os.chmod(f"{home}/a/b", 0)
    os.chmod(f"{home}/a", 0)
    os.chmod(home, 0)
    assert homes.remove(home) and not os.path.lexists(home)


def test_links_are_not_followed(home, tmp_path):
    treasure = tmp_path / "treasure"
    treasure.mkdir(mode=0o500)
    (tmp_path / "kept").write_text("kept")
    os.symlink(treasure, f"{home}/link")
    os.mkdir(f"{home}/sub")
    os.symlink("../../treasure", f"{home}/sub/link")
    os.symlink(tmp_path / "kept", f"{home}/file")
    assert homes.remove(home)
    assert treasure.is_dir() and stat.S_IMODE(treasure.stat().st_mode) == 0o500
    assert (tmp_path / "kept").read_text() == "kept"


def test_a_home_that_became_a_link_goes_without_its_target(home, tmp_path):
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (treasure / "kept").write_text("kept")
    os.rmdir(home)
    os.symlink(treasure, home)
    assert homes.remove(home) and not os.path.lexists(home)
    assert (treasure / "kept").exists()


def test_a_tree_deeper_than_any_path_goes(home):
    directory = os.open(home, os.O_RDONLY)
    for _ in range(600):
        os.mkdir("d" * 20, dir_fd=directory)
        below = os.open("d" * 20, os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = below
    os.close(directory)
    assert homes.remove(home) and not os.path.lexists(home)
