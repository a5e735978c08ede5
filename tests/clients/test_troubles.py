"""Damaged files, a full disk, a read-only one, too few file descriptors: the right error, nothing half visible, still up."""

import concurrent.futures
import os
import resource
import subprocess

import botocore.exceptions
import pytest

import sluice
from boto import make_client, read, refused
from conftest import bytes_of, run
from sluice import ACCESS_KEY, SECRET_KEY, Server, binary

pytestmark = pytest.mark.local("damaged and full files of the data directory")

MIB = 1024 * 1024


@pytest.fixture
def own(tmp_path):
    """A server that the test starts itself."""
    server = Server(tmp_path / "own")
    yield server
    if server.process is not None and server.process.poll() is None:
        server.kill()


@pytest.fixture
def small_disk(own):
    """The server's data directory as a file system of its own."""
    own.data.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    run("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", own.data)
    yield own
    if own.process.poll() is None:
        own.kill()
    run("umount", own.data)


def total(server, name):
    return sum(value for key, value in server.metrics().items() if key.startswith(f"{name}_total"))


def blob_files(server):
    return [path for path in (server.data / "blobs").rglob("*") if path.is_file() and len(path.name) == 32]


def scrub(server):
    environment = dict(os.environ, SLUICE_ACCESS_KEY=ACCESS_KEY, SLUICE_SECRET_KEY=SECRET_KEY)
    return subprocess.run([binary(), "scrub", str(server.data)], env=environment, capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize("place", [0, 70_000, 299_999])
def test_a_flipped_bit_is_never_served(own, place):
    own.start()
    client = make_client(own, read_timeout=60)
    client.create_bucket(Bucket="bucket")
    content = bytes_of(300_000)
    client.put_object(Bucket="bucket", Key="k", Body=content)
    client.put_object(Bucket="bucket", Key="sound", Body=bytes_of(300_000, seed=1))
    assert scrub(own).returncode == 0
    (damaged,) = [path for path in blob_files(own) if path.read_bytes().startswith(content[:1000])]
    with damaged.open("r+b") as file:
        file.seek(place)
        file.write(bytes([content[place] ^ 1]))
    received = b""
    with pytest.raises((botocore.exceptions.ClientError, botocore.exceptions.HTTPClientError)):
        body = client.get_object(Bucket="bucket", Key="k")["Body"]
        for piece in body.iter_chunks(1000):
            received += piece
    assert content.startswith(received) and len(received) <= place
    assert total(own, "sluice_corrupt_reads") >= 1
    assert read(client, "bucket", "sound") == bytes_of(300_000, seed=1)
    running = scrub(own)
    assert running.returncode != 0 and "k" in running.stdout + running.stderr
    assert own.stop() == 0
    stopped = scrub(own)
    assert stopped.returncode != 0 and "damaged" in stopped.stdout + stopped.stderr


def test_a_full_disk_refuses_writes_and_serves_reads(small_disk):
    small_disk.start()
    client = make_client(small_disk)
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="first", Body=bytes_of(2 * MIB))
    kept = []
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        for number in range(30):
            client.put_object(Bucket="bucket", Key=f"more/{number:02}", Body=bytes_of(2 * MIB, seed=number))
            kept.append(number)
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("InsufficientStorage", 507), answer
    listed = [item["Key"] for item in client.list_objects_v2(Bucket="bucket", Prefix="more/").get("Contents", [])]
    assert listed == [f"more/{number:02}" for number in kept]
    assert read(client, "bucket", "first") == bytes_of(2 * MIB)
    small_disk.kill()
    small_disk.start()
    for number in kept:
        assert read(client, "bucket", f"more/{number:02}") == bytes_of(2 * MIB, seed=number)


def test_room_is_used_again_after_a_delete(small_disk):
    small_disk.start()
    client = make_client(small_disk)
    client.create_bucket(Bucket="bucket")
    for turn in range(20):
        client.put_object(Bucket="bucket", Key="k", Body=bytes_of(4 * MIB, seed=turn))
    assert read(client, "bucket", "k") == bytes_of(4 * MIB, seed=19)


def test_a_read_only_disk_refuses_writes_and_serves_reads(small_disk):
    small_disk.start()
    client = make_client(small_disk)
    client.create_bucket(Bucket="bucket")
    for key, size in (("small", 100), ("large", MIB)):
        client.put_object(Bucket="bucket", Key=key, Body=bytes_of(size))
    if subprocess.run(["mount", "-o", "remount,ro", small_disk.data], capture_output=True).returncode != 0:
        # A file system with files open for writing cannot be made read-only; the server finds it so when it starts.
        small_disk.stop()
        run("mount", "-o", "remount,ro", small_disk.data)
        started = subprocess.run([binary(), "serve", str(small_disk.data), "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"],
                                 capture_output=True, text=True, timeout=60)
        assert started.returncode != 0 and str(small_disk.data) in started.stderr
        run("mount", "-o", "remount,rw", small_disk.data)
        small_disk.start()
    else:
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            client.put_object(Bucket="bucket", Key="new", Body=b"x")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
    for key, size in (("small", 100), ("large", MIB)):
        assert read(client, "bucket", key) == bytes_of(size)


def test_too_few_file_descriptors(own, monkeypatch):
    limit = 64
    original = subprocess.Popen

    def limited(*words, **options):
        return original(*words, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)), **options)

    monkeypatch.setattr(sluice.subprocess, "Popen", limited)
    own.start()
    client = make_client(own)
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="k", Body=bytes_of(200_000))

    def ask(number):
        one = make_client(own)
        try:
            one.put_object(Bucket="bucket", Key=f"{number}", Body=bytes_of(200_000, seed=number))
            return read(one, "bucket", f"{number}") == bytes_of(200_000, seed=number)
        except (botocore.exceptions.ClientError, botocore.exceptions.HTTPClientError) as error:
            return error
        finally:
            one.close()

    with concurrent.futures.ThreadPoolExecutor(60) as pool:
        outcomes = list(pool.map(ask, range(60)))
    assert False not in outcomes and True in outcomes, outcomes
    assert read(make_client(own), "bucket", "k") == bytes_of(200_000)
    for number, outcome in enumerate(outcomes):
        if outcome is True:
            assert read(client, "bucket", f"{number}") == bytes_of(200_000, seed=number)


def test_the_error_for_no_room_is_the_same_for_parts(small_disk):
    small_disk.start()
    client = make_client(small_disk)
    client.create_bucket(Bucket="bucket")
    upload = client.create_multipart_upload(Bucket="bucket", Key="k")["UploadId"]
    with refused("InsufficientStorage", 507):
        for number in range(1, 30):
            client.upload_part(Bucket="bucket", Key="k", UploadId=upload, PartNumber=number, Body=bytes_of(2 * MIB))
    client.abort_multipart_upload(Bucket="bucket", Key="k", UploadId=upload)
    assert client.list_objects_v2(Bucket="bucket")["KeyCount"] == 0
