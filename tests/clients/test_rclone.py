"""rclone: copy, sync, check, both versions of the listing, server-side copies, parts in parallel, hashes."""

import hashlib

import pytest

from conftest import bytes_of, make_tree, read_tree, run
from sluice import ACCESS_KEY, SECRET_KEY


@pytest.fixture(params=["1", "2"])
def rclone(request, server, home):
    config = home / "rclone.conf"
    config.write_text(
        f"[sluice]\ntype = s3\nprovider = Other\naccess_key_id = {ACCESS_KEY}\nsecret_access_key = {SECRET_KEY}\n"
        f"endpoint = {server.endpoint}\nregion = us-east-1\nlist_version = {request.param}\n"
        "chunk_size = 5Mi\nupload_cutoff = 10Mi\ncopy_cutoff = 10Mi\nupload_concurrency = 8\n"
    )

    def call(*words):
        return run("rclone", "--config", config, "--retries", "1", "--low-level-retries", "1", *words)

    return call


def test_a_tree_is_copied_checked_and_brought_back(rclone, home, bucket_name):
    contents = make_tree(home / "up")
    remote = f"sluice:{bucket_name}/tree"
    rclone("mkdir", f"sluice:{bucket_name}")
    rclone("copy", home / "up", remote)
    rclone("check", home / "up", remote)
    rclone("check", "--download", home / "up", remote)
    rclone("copy", remote, home / "down")
    assert read_tree(home / "down") == contents
    times = {path.name: path.stat().st_mtime for path in (home / "up").rglob("*") if path.is_file()}
    back = {path.name: path.stat().st_mtime for path in (home / "down").rglob("*") if path.is_file()}
    assert {name: round(value, 3) for name, value in back.items()} == {name: round(value, 3) for name, value in times.items()}


def test_sync_removes_and_renames(rclone, home, bucket_name):
    make_tree(home / "up")
    remote = f"sluice:{bucket_name}/tree"
    rclone("mkdir", f"sluice:{bucket_name}")
    rclone("sync", home / "up", remote)
    (home / "up" / "a.txt").unlink()
    (home / "up" / "big.bin").rename(home / "up" / "renamed.bin")
    (home / "up" / "new").write_bytes(b"new")
    rclone("sync", "--track-renames", home / "up", remote)
    rclone("check", home / "up", remote)
    rclone("sync", remote, home / "down")
    assert read_tree(home / "down") == read_tree(home / "up")


def test_hashes_and_streams(rclone, home, bucket_name):
    content = bytes_of(30 * 1024 * 1024 + 9)
    (home / "big").write_bytes(content)
    rclone("mkdir", f"sluice:{bucket_name}")
    rclone("copy", home / "big", f"sluice:{bucket_name}")
    digest = hashlib.md5(content).hexdigest()
    assert rclone("md5sum", f"sluice:{bucket_name}").split() == [digest, "big"]
    rclone("copyto", "--multi-thread-streams", "8", "--multi-thread-cutoff", "5M", f"sluice:{bucket_name}/big", home / "back")
    assert (home / "back").read_bytes() == content


@pytest.mark.needs("own_bucket")
def test_copies_and_moves_inside_the_server(rclone, home, bucket_name):
    contents = make_tree(home / "up")
    rclone("mkdir", f"sluice:{bucket_name}")
    rclone("copy", home / "up", f"sluice:{bucket_name}/one")
    rclone("copy", f"sluice:{bucket_name}/one", f"sluice:{bucket_name}/two")
    rclone("move", f"sluice:{bucket_name}/one", f"sluice:{bucket_name}/three")
    rclone("check", f"sluice:{bucket_name}/two", f"sluice:{bucket_name}/three")
    rclone("copy", f"sluice:{bucket_name}/three", home / "down")
    assert read_tree(home / "down") == contents
    assert rclone("lsf", f"sluice:{bucket_name}").split() == ["three/", "two/"]
    rclone("purge", f"sluice:{bucket_name}")


def test_many_small_files_and_a_listing_of_many_pages(rclone, home, bucket_name):
    for number in range(1500):
        path = home / "many" / f"{number % 7}" / f"{number:05}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes_of(number % 100, seed=number))
    rclone("mkdir", f"sluice:{bucket_name}")
    rclone("copy", "--transfers", "16", "--fast-list", home / "many", f"sluice:{bucket_name}")
    rclone("check", "--fast-list", home / "many", f"sluice:{bucket_name}")
    listed = rclone("lsf", "--recursive", "--files-only", f"sluice:{bucket_name}").split()
    assert len(listed) == 1500
