"""The real binary, killed again and again under load from boto3.

No acknowledged write is lost, no object is torn, a write that was never acknowledged is wholly there or absent, and what
a crash leaves behind is gone within a minute of the start.
"""

import dataclasses
import os
import random
import statistics
import subprocess
import threading
import time

import botocore.exceptions
import pytest

from boto import make_client
from sluice import Server

pytestmark = pytest.mark.local("what this machine's files hold after the process was killed")

BUCKET = "killed"
WORKERS = 8
KEYS_PER_WORKER = 12
SMALL, LARGE = 3_000, 150_000
RECHECKED = 20
COLLECTED_WITHIN_SECONDS = 60.0
WRITES_PER_KILL_MAX = 50
PATIENCE_SECONDS = 120.0
GONE = (
    botocore.exceptions.EndpointConnectionError, botocore.exceptions.ConnectionClosedError,
    botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError,
)


def kills():
    return 2000 if os.environ.get("SLUICE_TEST_FULL") == "1" else 200


@dataclasses.dataclass(frozen=True)
class Content:
    """What one write wrote; every few bytes name the write, so a mixture of two is seen."""

    name: str
    size: int

    def bytes(self):
        line = f"{self.name};".encode()
        return (line * (self.size // len(line) + 1))[: self.size]


class Model:
    """What may be under each key: one content or nothing, several where a write was never answered."""

    def __init__(self):
        self.lock = threading.Lock()
        self.states = {}
        self.touched = set()
        self.answered = threading.Condition(self.lock)
        self.answers = 0

    def possible(self, key):
        with self.lock:
            return self.states.get(key, {None})

    def begin(self, key, content):
        with self.lock:
            self.states[key] = self.states.get(key, {None}) | {content}
            self.touched.add(key)

    def acknowledged(self, key, content):
        with self.lock:
            self.states[key] = {content}
            self.answers += 1
            self.answered.notify_all()

    def wait_for_answers(self, count):
        """Waits until so many more writes were acknowledged."""
        with self.lock:
            until = self.answers + count
            assert self.answered.wait_for(lambda: self.answers >= until, timeout=PATIENCE_SECONDS), "there is no load"

    def refused(self, key, content, before):
        """The server said no, so the write did nothing."""
        with self.lock:
            self.states[key] = before

    def seen(self, key, data):
        """A read after the restart decides what was open; returns whether it is one of the possible states."""
        for content in self.possible(key):
            if data == (None if content is None else content.bytes()):
                self.acknowledged(key, content)
                return True
        return False


class Worker(threading.Thread):
    """Writes to its own keys until the server is gone."""

    def __init__(self, number, turn, client, model):
        super().__init__(daemon=True)
        self.number, self.turn, self.client, self.model = number, turn, client, model
        self.random = random.Random(f"{turn}/{number}")
        self.writes = 0
        self.failure = None

    def run(self):
        try:
            while True:
                self.step()
                self.writes += 1
        except GONE:
            pass
        except Exception as error:  # noqa: BLE001 - handed to the test, which fails with it
            self.failure = error

    def step(self):
        key = f"w{self.number}/{self.random.randrange(KEYS_PER_WORKER):02}"
        name = f"{key}@{self.turn}.{self.writes}"
        size = self.random.choice([0, 40, SMALL, LARGE, LARGE * 3])
        act = self.random.choice([self.put, self.put, self.put, self.create, self.delete, self.upload, self.copy])
        act(key, Content(name, size))

    def put(self, key, content, **options):
        self.model.begin(key, content)
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content.bytes(), **options)
        self.model.acknowledged(key, content)

    def create(self, key, content):
        before = self.model.possible(key)
        try:
            self.put(key, content, IfNoneMatch="*")
            assert None in before, f"{key} was created although it was there"
        except botocore.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed", error
            self.model.refused(key, content, before)

    def delete(self, key, _):
        self.model.begin(key, None)
        self.client.delete_object(Bucket=BUCKET, Key=key)
        self.model.acknowledged(key, None)

    def upload(self, key, content):
        upload = self.client.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
        part = self.client.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=1, Body=content.bytes())
        self.model.begin(key, content)
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        self.client.complete_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload=parts)
        self.model.acknowledged(key, content)

    def copy(self, key, _):
        source = f"w{self.number}/{self.random.randrange(KEYS_PER_WORKER):02}"
        possible = self.model.possible(source)
        if source == key or len(possible) != 1 or None in possible:
            return
        (content,) = possible
        self.model.begin(key, content)
        self.client.copy_object(Bucket=BUCKET, Key=key, CopySource={"Bucket": BUCKET, "Key": source})
        self.model.acknowledged(key, content)


def look(client, key):
    try:
        return client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    except client.exceptions.NoSuchKey:
        return None


def check(client, model, keys):
    for key in keys:
        data = look(client, key)
        assert model.seen(key, data), f"{key}: {data[:80] if data else data} is none of {model.possible(key)}"


def check_listing(client, model):
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    listed = {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}
    expected = {key: content.size for key, (content,) in model.states.items() if content is not None}
    assert listed == expected


def blob_files(server):
    """Files of objects, named by 32 hexadecimal digits."""
    return [path for path in (server.data / "blobs").rglob("*") if path.is_file() and len(path.name) == 32]


@pytest.fixture
def server(tmp_path):
    running = Server(tmp_path / "killed")
    yield running
    if running.process.poll() is None:
        running.kill()


@pytest.mark.timeout(3600)
def test_killed_under_load_nothing_acknowledged_is_lost(server):
    model, starts, writes, orphans = Model(), [], 0, 0
    chance = random.Random(20)
    clients = [make_client(server, max_pool_connections=2, connect_timeout=60, read_timeout=60) for _ in range(WORKERS + 1)]
    checker = clients[-1]
    for turn in range(kills()):
        starts.append(server.start())
        if turn == 0:
            checker.create_bucket(Bucket=BUCKET)
        everything = sorted(model.states)
        check(checker, model, sorted(model.touched) + chance.sample(everything, min(RECHECKED, len(everything))))
        check_listing(checker, model)
        model.touched.clear()
        workers = [Worker(number, turn, client, model) for number, client in enumerate(clients[:-1])]
        for worker in workers:
            worker.start()
        model.wait_for_answers(chance.randint(1, WRITES_PER_KILL_MAX))
        orphans += sum(value for name, value in server.metrics().items() if name.startswith("sluice_orphans_removed_total"))
        server.kill()
        for worker in workers:
            worker.join(timeout=PATIENCE_SECONDS)
            assert not worker.is_alive(), "a client waits for a dead server"
            if worker.failure is not None:
                raise worker.failure
            writes += worker.writes
    assert writes > kills() * 5, "there was no load worth the name"
    assert orphans > 0, "no crash left a blob behind, so none was seen to be collected"
    starts.append(server.start())
    check(checker, model, sorted(model.states))
    check_listing(checker, model)
    print(f"{kills()} kills, {writes} writes, {orphans:.0f} orphans removed; "
          f"start: median {statistics.median(starts):.3f} s, longest {max(starts):.3f} s")
    the_rest_is_collected(server, checker, model, chance)


def the_rest_is_collected(server, client, model, chance):
    """With no upload open, files and live objects agree within a minute of a start."""
    uploads = client.get_paginator("list_multipart_uploads").paginate(Bucket=BUCKET)
    for upload in [upload for page in uploads for upload in page.get("Uploads", [])]:
        client.abort_multipart_upload(Bucket=BUCKET, Key=upload["Key"], UploadId=upload["UploadId"])
    server.kill()
    server.start()
    began = time.monotonic()
    live = {content for (content,) in model.states.values() if content is not None and content.size >= LARGE}
    while len(blob_files(server)) != len(live):
        left = f"{len(blob_files(server))} files for {len(live)} objects"
        assert time.monotonic() - began < COLLECTED_WITHIN_SECONDS, left
        check(client, model, chance.sample(sorted(model.states), RECHECKED))
    check(client, model, sorted(model.states))
    assert server.stop() == 0


def test_a_start_with_a_million_objects_takes_less_than_a_second(server):
    count = 1_000_000
    fill = [os.environ["SLUICE_FILL"], str(server.data), "--objects", str(count), "--bucket", BUCKET]
    subprocess.run(fill, check=True, timeout=1500)
    server.quickest_start(within=1.0)
    client = make_client(server)
    page = client.list_objects_v2(Bucket=BUCKET, StartAfter=f"load/o{count - 3:08}")
    assert [item["Key"] for item in page["Contents"]] == [f"load/o{count - 2:08}", f"load/o{count - 1:08}"]
    assert look(client, "load/o00500000") == b"x" * 100
    client.put_object(Bucket=BUCKET, Key="after", Body=b"y")
    server.kill()
    server.quickest_start(within=1.0)
    assert look(client, "after") == b"y"
