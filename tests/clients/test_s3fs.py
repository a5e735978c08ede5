"""s3fs-fuse: a bucket as a file system."""

import os
import pathlib
import shutil
import stat
import subprocess

import pytest

from boto import read
from conftest import bytes_of, run
from sluice import ACCESS_KEY, SECRET_KEY

MIB = 1024 * 1024


@pytest.fixture
def mount(server, home, bucket):
    """Mounts the bucket; called again, it mounts it anew with cold caches."""
    for program in ("s3fs", "fusermount"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if not os.path.exists("/dev/fuse"):
        pytest.skip("there is no /dev/fuse")
    secrets = home / "passwd"
    secrets.write_text(f"{ACCESS_KEY}:{SECRET_KEY}\n")
    secrets.chmod(0o600)
    point = home / "mnt"
    point.mkdir()

    def unmount():
        if os.path.ismount(point):
            run("fusermount", "-u", point)

    def again():
        unmount()
        run("s3fs", bucket, point, "-o", f"url={server.endpoint}", "-o", "use_path_request_style",
            "-o", f"passwd_file={secrets}", "-o", "endpoint=us-east-1", "-o", "multipart_size=10")
        return point

    yield again
    unmount()


def test_create_append_rename_truncate_and_remove(mount, s3, bucket):
    root = mount()
    file = root / "file"
    file.write_bytes(b"one")
    with file.open("ab") as stream:
        stream.write(b" two")
    assert file.read_bytes() == b"one two"
    assert read(s3, bucket, "file") == b"one two"
    file.rename(root / "renamed")
    assert not file.exists() and (root / "renamed").read_bytes() == b"one two"
    # By an open file: given a path, s3fs 1.90 writes zeros without asking for the bytes that stay.
    for size, content in [(3, b"one"), (6, b"one\0\0\0")]:
        with (root / "renamed").open("r+b") as stream:
            stream.truncate(size)
        assert (root / "renamed").read_bytes() == content
    with (root / "renamed").open("r+b") as stream:
        stream.seek(1)
        stream.write(b"XX")
    assert (root / "renamed").read_bytes() == b"oXX\0\0\0"
    os.truncate(root / "renamed", 0)
    assert (root / "renamed").read_bytes() == read(s3, bucket, "renamed") == b""
    (root / "renamed").unlink()
    assert list(root.iterdir()) == []


def test_directories_empty_files_and_odd_names(mount):
    root = mount()
    names = ["empty", "with space", "plus+sign", "ümläut", "emoji-😀", "percent%20", "quote'\"", "hash#and&", "tilde~", "-dash",
             "semi;colon", "brackets[1]", "x" * 200]
    directory = root / "dir" / "deep"
    directory.mkdir(parents=True)
    for name in names:
        (directory / name).write_bytes(b"" if name == "empty" else name.encode())
    root = mount()
    directory = root / "dir" / "deep"
    assert sorted(path.name for path in directory.iterdir()) == sorted(names)
    for name in names:
        assert (directory / name).read_bytes() == (b"" if name == "empty" else name.encode())
    (root / "dir").rename(root / "moved")
    assert sorted(path.name for path in (root / "moved" / "deep").iterdir()) == sorted(names)
    shutil.rmtree(root / "moved")
    assert list(root.iterdir()) == []


def test_a_hundred_megabytes(mount, s3, bucket):
    root = mount()
    content = bytes_of(100 * MIB)
    (root / "large").write_bytes(content)
    assert (root / "large").stat().st_size == len(content)
    root = mount()
    assert (root / "large").read_bytes() == content
    with (root / "large").open("r+b") as stream:
        stream.seek(50 * MIB)
        stream.write(b"in the middle")
    expected = content[: 50 * MIB] + b"in the middle" + content[50 * MIB + 13 :]
    assert read(s3, bucket, "large") == expected


def look(path, content, mode, modified):
    """Size, mode, time and bytes of a file, at once."""
    found = path.stat()
    assert found.st_size == len(content), path
    assert stat.S_IMODE(found.st_mode) == mode, path
    assert int(found.st_mtime) == modified, path
    assert path.read_bytes() == content, path


def test_two_hundred_files_are_right_at_once_new_and_existing(mount):
    root = mount()
    expected = {}
    for number in range(200):
        path = root / f"file-{number:03}"
        content, mode, modified = bytes_of(number * 37, seed=number), 0o600 + number % 8 * 0o11, 1_600_000_000 + number
        path.write_bytes(content)
        path.chmod(mode)
        os.utime(path, (modified, modified))
        look(path, content, mode, modified)
        expected[path.name] = (content, mode, modified)
    for name, (content, mode, modified) in expected.items():
        look(root / name, content, mode, modified)
    root = mount()
    assert sorted(path.name for path in root.iterdir()) == sorted(expected)
    for name, (content, mode, modified) in expected.items():
        look(root / name, content, mode, modified)
    for number, name in enumerate(sorted(expected)):
        content, modified = b"again %d" % number, 1_700_000_000 + number
        (root / name).write_bytes(content)
        os.utime(root / name, (modified, modified))
        look(root / name, content, expected[name][1], modified)


def test_what_others_put_is_seen(mount, s3, bucket):
    s3.put_object(Bucket=bucket, Key="plain", Body=b"from boto3")
    s3.put_object(Bucket=bucket, Key="implicit/child", Body=b"x")
    root = mount()
    assert (root / "plain").read_bytes() == b"from boto3"
    assert sorted(path.name for path in root.iterdir()) == ["implicit", "plain"]
    assert (root / "implicit" / "child").read_bytes() == b"x"


def test_links_and_copies_by_the_usual_programs(mount, home):
    root = mount()
    (home / "local").write_bytes(bytes_of(MIB))
    subprocess.run(["cp", "-p", home / "local", root / "copy"], check=True)
    subprocess.run(["cmp", home / "local", root / "copy"], check=True)
    os.symlink("copy", root / "link")
    root = mount()
    assert os.readlink(root / "link") == "copy"
    assert pathlib.Path(root / "link").read_bytes() == bytes_of(MIB)
