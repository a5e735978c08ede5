"""restic with 32 connections: backup, check of all data, restore, differences, forget and prune."""

import json

import pytest

from conftest import bytes_of, make_tree, read_tree, run

CONNECTIONS = 32


@pytest.fixture
def restic(server, home, bucket_name, monkeypatch):
    monkeypatch.setenv("RESTIC_REPOSITORY", f"s3:{server.endpoint}/{bucket_name}")
    monkeypatch.setenv("RESTIC_PASSWORD", "a test")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))

    def call(*words):
        return run("restic", "-o", f"s3.connections={CONNECTIONS}", *words)

    call("init")
    return call


def test_a_backup_is_checked_restored_and_pruned(restic, home):
    tree = home / "tree"
    make_tree(tree)
    for number in range(400):
        path = tree / "many" / f"{number:03}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes_of(2000 + number, seed=number))
    (tree / "large").write_bytes(bytes_of(64 * 1024 * 1024))
    restic("backup", tree)
    first = read_tree(tree)
    restic("check", "--read-data")

    (tree / "a.txt").write_bytes(b"changed")
    (tree / "large").unlink()
    restic("backup", tree)
    snapshots = [entry["short_id"] for entry in json.loads(restic("snapshots", "--json"))]
    assert len(snapshots) == 2
    difference = restic("diff", *snapshots)
    assert "M    " in difference and "/a.txt" in difference and "/large" in difference

    restic("restore", snapshots[0], "--target", home / "first")
    assert read_tree(home / "first" / tree.relative_to("/")) == first
    restic("restore", "latest", "--target", home / "second")
    assert read_tree(home / "second" / tree.relative_to("/")) == read_tree(tree)

    restic("forget", "--keep-last", "1", "--prune")
    restic("check", "--read-data")
    restic("restore", "latest", "--target", home / "third")
    assert read_tree(home / "third" / tree.relative_to("/")) == read_tree(tree)
