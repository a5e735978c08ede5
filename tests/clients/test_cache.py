"""The cache as an operator meets it: what each answer says of itself, a service that is away, restarts, a full disk."""

import concurrent.futures
import hashlib
import json
import shutil
import subprocess
import time

import pytest

from boto import keys_of, make_client, put_all, read, refused
from conftest import bytes_of
from gateways import s3_table
from sluice import Server, until
from test_layers import sluice

pytestmark = pytest.mark.local("starts its own servers, and the caches in front of them")

MIB = 1024 * 1024
# For how long a gateway takes what it was told of a bucket as it is, and more.
BUCKET_KNOWN_SECONDS = 7.0


class Pair:
    """A service, and a server with a cache in front of it."""

    def __init__(self, home):
        self.home = home
        self.far = Server(home / "far")
        self.far.start()
        self.near = None

    def cached(self, options, path="cached"):
        """Starts the server in front; `options` are what the cache is told beside its directory."""
        cache = f'{{ kind = "cache", path = "{path}", {options} }}'
        self.near = Server(self.home / "near", config=f"""
[store.far]
kind = "s3"
{s3_table(self.far)}
[bucket."*"]
store = "far"
layers = [ {cache} ]
""")
        self.near.start()
        return make_client(self.near)

    def close(self):
        for server in (self.near, self.far):
            if server and server.process.poll() is None:
                assert server.stop() == 0


@pytest.fixture
def pair(tmp_path):
    made = Pair(tmp_path)
    yield made
    made.close()


def fetch(s3, key="k", bucket="bucket", **options):
    """An object's bytes, and what the cache says of the answer."""
    answer = s3.get_object(Bucket=bucket, Key=key, **options)
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    return answer["Body"].read(), headers.get("x-cache"), headers


def far_reads(far):
    """Requests for bytes that the service has answered."""
    metrics = far.metrics()
    return sum(count for name, count in metrics.items() if name.startswith('sluice_requests_total{operation="GetObject"'))


SIZE = 'size = "256MiB"'


def test_strict_asks_at_each_request_and_serves_what_still_holds(pair):
    s3, there = pair.cached(SIZE), make_client(pair.far)
    s3.create_bucket(Bucket="bucket")
    content = bytes_of(3 * MIB)
    there.put_object(Bucket="bucket", Key="k", Body=content)
    assert fetch(s3)[:2] == (content, "miss")
    until(lambda: fetch(s3)[1] == "revalidated", "a block that was kept")
    sent = pair.far.metrics()["sluice_sent_bytes_total"]
    assert fetch(s3)[:2] == (content, "revalidated")
    assert fetch(s3, Range="bytes=1000000-1000009")[:2] == (content[1000000:1000010], "revalidated")
    assert pair.far.metrics()["sluice_sent_bytes_total"] - sent < 100_000, "bytes came from the service"
    # Somebody else's write is seen by the next request.
    there.put_object(Bucket="bucket", Key="k", Body=b"other")
    assert fetch(s3)[:2] == (b"other", "miss")
    there.delete_object(Bucket="bucket", Key="k")
    with refused("NoSuchKey", 404):
        fetch(s3)


def test_ttl_believes_for_a_time_and_sees_its_own_writes_at_once(pair):
    s3, there = pair.cached(SIZE + ', mode = "ttl", ttl = "1h", negative_ttl = "1h", list_ttl = "1h"'), make_client(pair.far)
    s3.create_bucket(Bucket="bucket")
    there.put_object(Bucket="bucket", Key="k", Body=b"first")
    assert fetch(s3)[:2] == (b"first", "miss")
    until(lambda: fetch(s3)[1] == "hit", "a block that was kept")
    with refused("NoSuchKey"):
        fetch(s3, "absent")
    assert keys_of(s3.list_objects_v2(Bucket="bucket"))[0] == ["k"]
    for key, body in [("k", b"second"), ("absent", b"there now")]:
        there.put_object(Bucket="bucket", Key=key, Body=body)
    body, status, headers = fetch(s3)
    assert (body, status) == (b"first", "hit") and int(headers["age"]) >= 0
    with refused("NoSuchKey"):
        fetch(s3, "absent")
    assert keys_of(s3.list_objects_v2(Bucket="bucket"))[0] == ["k"]
    # What goes through the cache is seen at once.
    s3.put_object(Bucket="bucket", Key="k", Body=b"third")
    assert fetch(s3)[0] == b"third"
    s3.copy_object(Bucket="bucket", Key="absent", CopySource="bucket/k")
    assert fetch(s3, "absent")[0] == b"third"
    assert keys_of(s3.list_objects_v2(Bucket="bucket"))[0] == ["absent", "k"]
    s3.delete_object(Bucket="bucket", Key="k")
    with refused("NoSuchKey"):
        fetch(s3)


def test_immutable_asks_nothing_again(pair):
    s3, there = pair.cached(SIZE + ', mode = "immutable", memory = "16MiB"'), make_client(pair.far)
    s3.create_bucket(Bucket="bucket")
    there.put_object(Bucket="bucket", Key="k", Body=b"for ever")
    fetch(s3)
    until(lambda: fetch(s3)[1] == "hit", "a block that was kept")
    asked = far_reads(pair.far)
    for _ in range(20):
        assert fetch(s3)[:2] == (b"for ever", "hit")
    assert far_reads(pair.far) == asked
    # The service is away for longer than what is known of its bucket is good for.
    pair.far.kill()
    end = time.monotonic() + BUCKET_KNOWN_SECONDS
    while time.monotonic() < end:
        assert fetch(s3)[:2] == (b"for ever", "hit")


def test_offline_outlives_the_service_and_says_so(pair):
    s3, there = pair.cached(SIZE + ', mode = "offline", ttl = "1s"'), make_client(pair.far)
    s3.create_bucket(Bucket="bucket")
    content = bytes_of(MIB)
    there.put_object(Bucket="bucket", Key="k", Body=content)
    there.put_object(Bucket="bucket", Key="never-read", Body=b"x")
    fetch(s3)
    until(lambda: fetch(s3)[1] in ("hit", "revalidated"), "a block that was kept")
    pair.far.kill()
    until(lambda: fetch(s3)[1] == "stale", "what was believed grew old")
    body, status, headers = fetch(s3)
    assert (body, status) == (content, "stale")
    assert headers["warning"].startswith("110 ") and int(headers["age"]) >= 1
    with refused("ServiceUnavailable", 503):
        fetch(s3, "never-read")
    with refused("ServiceUnavailable", 503):
        s3.put_object(Bucket="bucket", Key="other", Body=b"new")
    pair.far.start()
    until(lambda: fetch(s3)[1] != "stale", "the service was found again")
    assert fetch(s3)[0] == content
    assert fetch(s3, "never-read")[0] == b"x"


def test_what_is_cached_is_known_after_a_kill_and_after_its_service_is_gone(pair):
    s3, there = pair.cached(SIZE + ', mode = "immutable", block = "1MiB"'), make_client(pair.far)
    s3.create_bucket(Bucket="bucket")
    contents = {f"k{number}": bytes_of(3 * MIB, seed=number) for number in range(4)}
    for key, content in contents.items():
        there.put_object(Bucket="bucket", Key=key, Body=content)
    status, said, _ = sluice("cache", "warm", "bucket/k", "--admin", pair.near.admin, home=pair.home)
    assert status == 0 and "4 objects are cached" in said
    until(lambda: all(fetch(s3, key)[1] == "hit" for key in contents), "all blocks were kept")
    pair.near.kill()
    asked = far_reads(pair.far)
    pair.near.start()
    for key, content in contents.items():
        assert fetch(s3, key)[:2] == (content, "hit")
    assert far_reads(pair.far) == asked


def test_many_readers_of_one_cold_object_fetch_each_block_once(pair):
    s3, there = pair.cached(SIZE + ', mode = "ttl", ttl = "1h", block = "1MiB"'), make_client(pair.far)
    s3.create_bucket(Bucket="bucket")
    content = bytes_of(24 * MIB)
    there.put_object(Bucket="bucket", Key="k", Body=content)
    sent = pair.far.metrics()["sluice_sent_bytes_total"]
    readers = [make_client(pair.near) for _ in range(16)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        bodies = list(pool.map(lambda client: read(client, "bucket", "k"), readers))
    assert all(body == content for body in bodies)
    fetched = pair.near.metrics()[f'sluice_cache_fetched_bytes_total{{cache="{pair.near.home / "cached"}"}}']
    assert fetched == len(content), f"{fetched / len(content):.2f} times the object was fetched"
    # What was on its way when a request was given up is sent all the same.
    sent = pair.far.metrics()["sluice_sent_bytes_total"] - sent
    assert len(content) <= sent < len(content) * 1.5, f"{sent / len(content):.2f} times the object came from the service"


def test_the_ceiling_holds_and_a_purge_makes_room(pair):
    s3, there = pair.cached('size = "64MiB", mode = "immutable"'), make_client(pair.far)
    s3.create_bucket(Bucket="bucket")
    content = bytes_of(12 * MIB)
    for number in range(8):
        there.put_object(Bucket="bucket", Key=f"dir/{number}", Body=content)
    directory = pair.near.home / "cached"

    def used():
        return sum(path.stat().st_blocks * 512 for path in directory.rglob("*") if path.is_file())

    for number in range(8):
        assert fetch(s3, f"dir/{number}")[0] == content
        assert used() <= 64 * MIB
    figures = pair.near.metrics()
    label = f'{{cache="{directory}"}}'
    assert 0 < figures[f"sluice_cache_used_bytes{label}"] <= 64 * MIB
    assert figures[f"sluice_cache_evictions_total{label}"] > 0
    status, said, _ = sluice("cache", "stats", "--json", "--admin", pair.near.admin, home=pair.home)
    told = [json.loads(line) for line in said.splitlines()]
    assert status == 0 and told[0]["figures"]["ceiling_bytes"] == 64 * MIB and told[0]["figures"]["blocks"] > 0
    status, said, _ = sluice("cache", "purge", "bucket/dir/", "--admin", pair.near.admin, home=pair.home)
    assert status == 0 and "blocks were dropped" in said
    assert fetch(s3, "dir/7")[1] == "miss"
    assert sluice("cache", "purge", home=pair.home)[0] == 2, "all of it goes only when that is said"
    assert sluice("cache", "purge", "--all", "--admin", pair.near.admin, home=pair.home)[0] == 0
    status, _, said = sluice("cache", "purge", "elsewhere", "--admin", pair.near.admin, home=pair.home)
    assert status == 0, said


def test_a_damaged_block_is_found_dropped_and_fetched_again(pair):
    s3, there = pair.cached(SIZE + ', mode = "immutable"'), make_client(pair.far)
    s3.create_bucket(Bucket="bucket")
    content = bytes_of(4 * MIB)
    there.put_object(Bucket="bucket", Key="k", Body=content)
    fetch(s3)
    until(lambda: fetch(s3)[1] == "hit", "a block that was kept")
    assert pair.near.stop() == 0
    damaged = 0
    for path in (pair.near.home / "cached").rglob("*"):
        if path.is_file() and content[2 * MIB : 2 * MIB + 64] in (found := path.read_bytes()):
            at = found.index(content[2 * MIB : 2 * MIB + 64])
            with path.open("r+b") as file:
                file.seek(at)
                file.write(bytes([found[at] ^ 1]))
            damaged += 1
    assert damaged == 1
    # A directory that nobody has is worked on without a server.
    config = ("--config", pair.near.home / "sluice.toml", "--data", pair.near.data)
    status, said, error = sluice("cache", "verify", *config, home=pair.home)
    assert status == 1 and "damaged" in said, said + error
    status, said, _ = sluice("cache", "verify", *config, home=pair.home)
    assert status == 0 and "nothing is damaged" in said
    assert "cache in" in sluice("cache", "stats", *config, home=pair.home)[1]
    pair.near.start()
    assert fetch(s3)[0] == content


def test_a_full_disk_passes_through_and_recovers(pair, tmp_path):
    mount = tmp_path / "small"
    mount.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", mount], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        s3, there = pair.cached('size = "512MiB", mode = "immutable"', path=str(mount / "cached")), make_client(pair.far)
        s3.create_bucket(Bucket="bucket")
        content = bytes_of(8 * MIB)
        for number in range(4):
            there.put_object(Bucket="bucket", Key=f"k{number}", Body=content)
        assert fetch(s3, "k0")[0] == content
        subprocess.run(["fallocate", "-l", str(shutil.disk_usage(mount).free), mount / "ballast"], check=True)
        label = f'{{cache="{mount / "cached"}"}}'
        for number in range(4):
            assert fetch(s3, f"k{number}")[0] == content
        until(lambda: pair.near.metrics()[f"sluice_cache_failing{label}"] == 1, "the full disk was noticed")
        assert fetch(s3, "k3")[0] == content
        (mount / "ballast").unlink()
        until(lambda: (fetch(s3, "k3"), fetch(s3, "k3")[1])[1] == "hit", "the cache was filled again")
        assert pair.near.metrics()[f"sluice_cache_failing{label}"] == 0
        assert pair.near.stop() == 0
    finally:
        if pair.near and pair.near.process.poll() is None:
            pair.near.kill()
        subprocess.run(["umount", mount], check=True)


def test_equal_content_is_cached_once_by_its_digest(pair):
    options = ', mode = "ttl", ttl = "1h", digest = "x-amz-meta-sha224"'
    s3, there = pair.cached(SIZE + options), make_client(pair.far)
    s3.create_bucket(Bucket="bucket")
    content = bytes_of(24 * MIB)
    digest = hashlib.sha224(content).hexdigest()
    for key in ("one", "two"):
        there.put_object(Bucket="bucket", Key=key, Body=content, Metadata={"sha224": digest})
    fetch(s3, "one")
    until(lambda: fetch(s3, "one")[1] == "hit", "a block that was kept")
    sent = pair.far.metrics()["sluice_sent_bytes_total"]
    assert fetch(s3, "two")[0] == content
    assert pair.far.metrics()["sluice_sent_bytes_total"] - sent < 12 * MIB, "the content came twice"


def test_the_log_and_a_head_say_how_the_answer_came_about(pair):
    s3, there = pair.cached(SIZE + ', mode = "ttl", ttl = "1h"'), make_client(pair.far)
    s3.create_bucket(Bucket="bucket")
    put_all(there, "bucket", ["k"])
    fetch(s3)
    until(lambda: fetch(s3)[1] == "hit", "a block that was kept")
    head = s3.head_object(Bucket="bucket", Key="k")
    assert head["ResponseMetadata"]["HTTPHeaders"]["x-cache"] == "hit"
    # A line is written once the answer is gone, which may be after it has arrived.
    until(lambda: "cache=hit" in pair.near.log.read_text(), "the line of a hit")
    assert "cache=miss" in pair.near.log.read_text()
