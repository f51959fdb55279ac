"""The files of a checkpoint: everything comes back as it was, and nothing gets out of the home."""

import io
import os
import stat
import subprocess
import tarfile

import pytest
from sandbox_launcher.checkpoints import packing
from sandbox_launcher.checkpoints.stream import Damaged, Lost
from sandbox_launcher.checkpoints.unpacking import unpack


class Source(io.BytesIO):
    """As a section is: too short is damage."""

    def read(self, size: int) -> bytes:
        data = super().read(size)
        if len(data) < size:
            raise Damaged
        return data


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def other(tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    return folder


def pack(home) -> bytes:
    sink = io.BytesIO()
    assert packing.pack(sink, str(home)) == []
    return sink.getvalue()


def move(home, other) -> None:
    unpack(Source(pack(home)), str(other))


def test_contents_modes_and_times_come_back(home, other):
    (home / "a" / "b").mkdir(parents=True)
    (home / "a" / "b" / "file").write_bytes(b"x" * 1_000_001)
    (home / "empty").touch()
    os.chmod(home / "empty", 0o640)
    os.utime(home / "empty", ns=(1, 1_234_567_890_123_456_789))
    os.utime(home / "a", ns=(2, -1_500_000_000))
    os.chmod(home / "a" / "b", 0o500)
    move(home, other)
    assert (other / "a" / "b" / "file").read_bytes() == b"x" * 1_000_001
    assert stat.S_IMODE(os.stat(other / "empty").st_mode) == 0o640
    assert os.stat(other / "empty").st_mtime_ns == 1_234_567_890_123_456_789
    assert os.stat(other / "a").st_mtime_ns == -1_500_000_000
    assert stat.S_IMODE(os.stat(other / "a" / "b").st_mode) == 0o500


def test_links_stay_links(home, other):
    (home / "file").write_text("x")
    os.symlink("file", home / "relative")
    os.symlink("/usr/bin/python3", home / "absolute")
    os.symlink("../nowhere/" + "d" * 300, home / "dangling")
    os.link(home / "file", home / "hard")
    move(home, other)
    assert [os.readlink(other / name) for name in ("relative", "absolute", "dangling")] == [
        "file", "/usr/bin/python3", "../nowhere/" + "d" * 300]
    assert os.path.samefile(other / "file", other / "hard")


def test_holes_stay_holes(home, other):
    with open(home / "sparse", "wb") as file:
        file.seek(100 << 20)
        file.write(b"end")
        file.truncate(200 << 20)
    (home / "hole").touch()
    os.truncate(home / "hole", 5 << 20)
    assert len(pack(home)) < 1 << 20
    move(home, other)
    with open(other / "sparse", "rb") as file:
        assert file.seek(0, 2) == 200 << 20
        file.seek(100 << 20)
        assert file.read(4) == b"end\0"
    assert os.stat(other / "sparse").st_blocks * 512 < 1 << 20
    assert (other / "hole").stat().st_size == 5 << 20


@pytest.mark.parametrize("name", [
    "ä", "日本語 🐍", "n" * 255, "with\nline", "-rf", "a'b\"c", " ", "\udcff\udcfe", "x" * 101, "%s", "*"], ids=ascii)
def test_odd_names_come_back(home, other, name):
    (home / name).mkdir()
    (home / name / name).write_text("x")
    os.symlink(name, home / "link")
    move(home, other)
    assert sorted(os.listdir(other)) == sorted(os.listdir(home)) and (other / "link" / name).read_text() == "x"


def test_many_files_and_deep_folders_come_back(home, other):
    for number in range(10_000):
        (home / f"{number}").write_text(str(number))
    deep = home
    for _ in range(200):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "file").write_text("deep")
    move(home, other)
    assert all((other / f"{number}").read_text() == str(number) for number in range(10_000))
    assert (other / deep.relative_to(home) / "file").read_text() == "deep"


def test_what_is_no_file_is_left_out_and_named(home):
    os.mkfifo(home / "pipe")
    (home / "file").touch()
    sink = io.BytesIO()
    lost = packing.pack(sink, str(home))
    assert lost == [Lost("file", "pipe", "neither a file nor a directory nor a link")]
    assert [member.name for member in tarfile.open(fileobj=io.BytesIO(sink.getvalue()))] == ["file"]


def test_a_tree_deeper_than_descriptors_is_cut_and_named(home):
    directory = os.open(home, os.O_RDONLY)
    for _ in range(400):
        os.mkdir("d" * 20, dir_fd=directory)
        below = os.open("d" * 20, os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = below
    os.close(directory)
    lost = packing.pack(io.BytesIO(), str(home))
    assert [one.reason for one in lost] == ["it lies too deep"]


def test_it_is_a_tar_like_any_other(home, other):
    (home / "a").mkdir()
    (home / "a" / ("é" * 120)).write_text("x")
    with open(home / "sparse", "wb") as file:
        file.seek(10 << 20)
        file.write(b"end")
    tar = pack(home)
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        assert sorted(archive.getnames()) == ["a", "a/" + "é" * 120, "sparse"]
        assert archive.extractfile("sparse").read() == bytes(10 << 20) + b"end"
    subprocess.run(["tar", "--extract", "--directory", other], input=tar, check=True)
    assert subprocess.run(["diff", "--recursive", home, other]).returncode == 0


def member(name: str, kind=tarfile.REGTYPE, content=b"x", target="") -> bytes:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    info.size = len(content) if kind == tarfile.REGTYPE else 0
    return info.tobuf(tarfile.PAX_FORMAT) + (content + bytes(-len(content) % 512) if info.size else b"")


END = bytes(1024)


@pytest.mark.parametrize("attack", [
    member("../escaped"),
    member("a/../../escaped"),
    member("/tmp/escaped"),
    member("./escaped"),
    member("a//b"),
    member(""),
    member("missing/file"),
    member("link", tarfile.SYMTYPE, target="..") + member("link/escaped"),
    member("link", tarfile.SYMTYPE, target="../escaped") + member("link"),
    member("a", tarfile.DIRTYPE) + member("a/link", tarfile.SYMTYPE, target="../..") + member("a/link/escaped"),
    member("hard", tarfile.LNKTYPE, target="../treasure"),
    member("hard", tarfile.LNKTYPE, target="/etc/passwd"),
    member("link", tarfile.SYMTYPE, target="..") + member("hard", tarfile.LNKTYPE, target="link/treasure"),
    member("link", tarfile.SYMTYPE, target="..") + member("link", tarfile.DIRTYPE),
    member("node", tarfile.CHRTYPE),
    member("node", tarfile.BLKTYPE),
    member("pipe", tarfile.FIFOTYPE),
    member("x") + member("x"),
    member("x" * 300 + "/../../escaped"),
    b"\0" * 512 + b"x" * 512,
    b"garbage" * 200,
    member("x")[:-100],
    member("a/" * 300 + "b"),
], ids=range(23))
def test_a_path_that_leads_elsewhere_is_damage_and_leads_nowhere(home, tmp_path, attack):
    (tmp_path / "treasure").write_text("kept")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Damaged):
        unpack(Source(attack + END), str(home))
    assert [path for path in sorted(tmp_path.rglob("*")) if home not in path.parents] == before
    assert (tmp_path / "treasure").read_text() == "kept" and os.stat(tmp_path / "treasure").st_nlink == 1


def test_a_link_that_was_there_is_not_followed_to_set_its_folder_right(home, tmp_path):
    """A folder is opened anew at the end, when its mode and time are set."""
    with pytest.raises(Damaged):
        unpack(Source(member("a", tarfile.DIRTYPE) + member("a", tarfile.SYMTYPE, target="..") + END), str(home))


@pytest.mark.parametrize("records", [
    {"GNU.sparse.realsize": "10"},
    {"GNU.sparse.realsize": "-1"},
    {"GNU.sparse.realsize": "x"},
    {"mtime": "never"},
    {"path": "../escaped"},
    {"path": "a\0b"},
    {"GNU.sparse.name": "/escaped", "GNU.sparse.realsize": "1"},
], ids=str)
def test_records_that_make_no_sense_are_damage(home, records):
    info = tarfile.TarInfo("x")
    info.size = 512
    info.pax_headers = records
    with pytest.raises(Damaged):
        unpack(Source(info.tobuf(tarfile.PAX_FORMAT) + b"1\n0\n999999999\n".ljust(512, b"\0") + END), str(home))


def test_set_user_id_bits_do_not_come_back(home, other):
    (home / "file").touch()
    os.chmod(home / "file", 0o6755)
    move(home, other)
    assert stat.S_IMODE(os.stat(other / "file").st_mode) == 0o755
