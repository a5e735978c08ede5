"""Fixtures: a freshly started server for each module, and real programs that are there or fail loudly."""

import os
import pathlib
import random
import shutil
import subprocess
import uuid

# With the C runtime in the environment botocore signs with it; most users have it not.
os.environ["BOTO_DISABLE_CRT"] = "true"

import pytest  # noqa: E402 - the switch above is read on import

import gateways  # noqa: E402
from sluice import ACCESS_KEY, SECRET_KEY, External  # noqa: E402


def pytest_collection_modifyitems(config, items):
    """Through a gateway, leaves out what is not about what a client sees, and what its store says that it refuses."""
    kind = gateways.kind()
    if not kind:
        return
    is_left_out = lambda item: item.get_closest_marker("local") or any(  # noqa: E731
        mark.args[0] in gateways.REFUSED[kind] for mark in item.iter_markers("needs")
    )
    left_out = [item for item in items if is_left_out(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not is_left_out(item)]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A running server with an empty data directory."""
    external = os.environ.get("SLUICE_TEST_ENDPOINT")
    running = External(external) if external else gateways.make_server(tmp_path_factory.mktemp("server"))
    try:
        running.start()
        yield running
        assert running.stop() == 0, "the server did not end well"
    finally:
        running.close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home directory with the keys in the environment, as programs look for them."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "RCLONE_", "RESTIC_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


@pytest.fixture
def bucket_name():
    """A name that no other test uses."""
    return f"test-{uuid.uuid4().hex[:20]}"


def bytes_of(size, seed=0):
    """`size` bytes that do not compress, the same for the same seed."""
    return random.Random(f"{size}/{seed}").randbytes(size)


def run(*command, **options):
    """Runs a program and returns its standard output; fails with everything it said."""
    words = [str(word) for word in command]
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    options.setdefault("timeout", 1200)
    done = subprocess.run(words, capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{' '.join(words)}: {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def make_tree(root, seed=0):
    """Files of many kinds below `root`; returns their contents by path."""
    root = pathlib.Path(root)
    names = ["a.txt", "dir/b.bin", "dir/deep/c", "with space.txt", "plus+sign", "ümläut.txt", "emoji-😀.txt", "dir/empty"]
    sizes = [11, 100_000, 1, 4096, 65_536, 65_537, 70, 0]
    contents = {name: bytes_of(size, seed) for name, size in zip(names, sizes, strict=True)}
    contents["big.bin"] = bytes_of(20 * 1024 * 1024 + 3, seed)
    for name, content in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return contents


def read_tree(root):
    """The contents of all files below `root` by path."""
    root = pathlib.Path(root)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def s3(server):
    """A boto3 client with default settings."""
    from boto import make_client

    return make_client(server)


@pytest.fixture
def bucket(s3, bucket_name):
    """An empty bucket."""
    s3.create_bucket(Bucket=bucket_name)
    return bucket_name
