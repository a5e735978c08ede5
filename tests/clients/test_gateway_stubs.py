"""Gateways onto stand-ins, where the whole matrix does not lead: an account's real limit, Google's HMAC keys."""

import concurrent.futures

import pytest

from boto import make_client, read, refused
from conftest import bytes_of
from gateways import Stub, drime_table, toml
from sluice import Server

pytestmark = pytest.mark.local("starts its own servers and the stand-ins behind them")

# More than the limiter lets through at once, so that calls have to wait for their turn.
OBJECTS = 560
AT_ONCE = 16


@pytest.fixture
def through(tmp_path):
    """Starts a stand-in and a gateway onto it, which end with the test."""
    made = []

    def start(kind, table):
        made.append(Stub(kind))
        config = f'[store.far]\nkind = "{kind}"\n{table(made[-1])}\n[bucket."*"]\nstore = "far"\n'
        made.append(Server(tmp_path / "gateway", config=config))
        made[-1].start()
        return made[-1]

    yield start
    for server in reversed(made):
        assert server.stop() == 0


def test_an_account_at_its_limit_is_waited_for_and_never_refused(through):
    server = through("drime", drime_table)
    client = make_client(server, max_pool_connections=AT_ONCE)
    client.create_bucket(Bucket="busy")

    def put(number):
        client.put_object(Bucket="busy", Key=f"k{number}", Body=bytes_of(100, number))

    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(put, range(OBJECTS)))
    assert len(client.list_objects_v2(Bucket="busy", MaxKeys=1000)["Contents"]) == OBJECTS
    assert read(client, "busy", "k7") == bytes_of(100, 7)
    figures = server.metrics()
    assert figure(figures, "sluice_drive_calls_waited_total") > 0
    assert figure(figures, "sluice_drive_calls_refused_total") == 0


def figure(figures, name):
    return sum(value for series, value in figures.items() if series.split("{")[0] == name)


def hmac_table(stub):
    told = dict(word.split("=", 1) for word in stub.banner.partition(" credentials=")[0].split())
    keys = (f"{name} = {toml(told[name])}\n" for name in ["endpoint", "access_key", "secret_key"])
    return "".join(keys)


def test_hmac_keys_open_google_s_side_that_speaks_s3(through):
    client = make_client(through("gcs", hmac_table))
    client.create_bucket(Bucket="keyed")
    assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == ["keyed"]
    sizes = {"small": 10, "a b/+ é": 1_000, "large": 3_000_000}
    for name, size in sizes.items():
        client.put_object(Bucket="keyed", Key=name, Body=bytes_of(size), Metadata={"colour": "blue"})
    for name, size in sizes.items():
        assert read(client, "keyed", name) == bytes_of(size)
        assert client.head_object(Bucket="keyed", Key=name)["Metadata"] == {"colour": "blue"}
    assert [entry["Key"] for entry in client.list_objects_v2(Bucket="keyed")["Contents"]] == sorted(sizes)

    upload = {"Bucket": "keyed", "Key": "parts"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    data = {1: bytes_of(5 << 20), 2: bytes_of(10)}
    tags = {number: client.upload_part(**upload, PartNumber=number, Body=part)["ETag"] for number, part in data.items()}
    listed = [{"PartNumber": number, "ETag": tag} for number, tag in tags.items()]
    client.complete_multipart_upload(**upload, MultipartUpload={"Parts": listed})
    assert read(client, "keyed", "parts") == data[1] + data[2]

    client.copy_object(Bucket="keyed", Key="copy", CopySource={"Bucket": "keyed", "Key": "small"})
    assert read(client, "keyed", "copy") == bytes_of(10)
    # Google's side looks at no condition of a write: it is refused, and nothing is replaced.
    with refused("NotImplemented", 501):
        client.put_object(Bucket="keyed", Key="copy", Body=b"x", IfNoneMatch="*")
    # Nor does it delete many at once: the gateway does it one by one.
    names = [{"Key": name} for name in [*sizes, "parts", "copy", "none"]]
    assert "Errors" not in client.delete_objects(Bucket="keyed", Delete={"Objects": names})
    assert client.list_objects_v2(Bucket="keyed")["KeyCount"] == 0
    client.delete_bucket(Bucket="keyed")
