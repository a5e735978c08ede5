"""Gateways as an operator meets them: places in another store, an absent service, what a check says, what is measured."""

import json
import os
import shutil
import subprocess
import time

import pytest

from boto import make_client, read, refused
from conftest import bytes_of
from gateways import REFUSED, s3_table
from raw import HTTP, request
from sluice import ACCESS_KEY, SECRET_KEY, Server, binary, until

pytestmark = pytest.mark.local("starts its own servers and the gateways in front of them")


@pytest.fixture
def far(tmp_path):
    """The service behind the gateway."""
    server = Server(tmp_path / "far")
    server.start()
    yield server
    if server.process.poll() is None:
        server.stop()


@pytest.fixture
def gateway(tmp_path):
    """Makes gateways, which end with the test."""
    made = []

    def make(config, name="gateway"):
        made.append(Server(tmp_path / name, config=config))
        made[-1].start()
        return made[-1]

    yield make
    for server in made:
        if server.process.poll() is None:
            assert server.stop() == 0


def store_table(server, name="far"):
    return f'[store.{name}]\nkind = "s3"\n{s3_table(server)}\n'


def check(home, config, *words, environment=None):
    """`sluice check-config` on a file with this text: the exit status and all that it said."""
    path = home / "checked.toml"
    path.write_text(config)
    environment = {**os.environ, **(environment or {})}
    command = [binary(), "check-config", "--config", str(path), *words]
    done = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


PLACES = """
[store.near]
kind = "local"
path = "near"

[bucket."*"]
store = "near"

[bucket.left]
store = "far"
remote = "shared"
prefix = "l/"

[bucket.right]
store = "far"
remote = "shared"
prefix = "r/"

[bucket.whole]
store = "far"
remote = "whole-far"
"""


def test_buckets_have_other_names_and_prefixes_in_their_store(far, gateway):
    front = gateway(store_table(far) + PLACES)
    s3, there = make_client(front), make_client(far)
    names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert names == ["left", "right", "whole"]
    for bucket in names:
        s3.put_object(Bucket=bucket, Key="dir/a b+ü", Body=bucket.encode(), Metadata={"from": bucket})
    keys = [item["Key"] for item in there.list_objects_v2(Bucket="shared")["Contents"]]
    assert keys == ["l/dir/a b+ü", "r/dir/a b+ü"]
    assert read(there, "whole-far", "dir/a b+ü") == b"whole"

    page = s3.list_objects_v2(Bucket="left", Delimiter="/")
    assert [item["Prefix"] for item in page["CommonPrefixes"]] == ["dir/"] and "Contents" not in page
    s3.copy_object(Bucket="right", Key="copy", CopySource={"Bucket": "left", "Key": "dir/a b+ü"})
    assert read(there, "shared", "r/copy") == b"left"
    s3.create_bucket(Bucket="plain")
    s3.copy_object(Bucket="plain", Key="copy", CopySource={"Bucket": "right", "Key": "copy"})
    assert read(s3, "plain", "copy") == b"left"
    assert "plain" not in [bucket["Name"] for bucket in there.list_buckets()["Buckets"]]

    part = s3.create_multipart_upload(Bucket="left", Key="parts")["UploadId"]
    uploads = s3.list_multipart_uploads(Bucket="left")["Uploads"]
    assert [(upload["Key"], upload["UploadId"]) for upload in uploads] == [("parts", part)]
    etag = s3.upload_part(Bucket="left", Key="parts", UploadId=part, PartNumber=1, Body=b"one")["ETag"]
    done = s3.complete_multipart_upload(
        Bucket="left", Key="parts", UploadId=part, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}
    )
    assert there.head_object(Bucket="shared", Key="l/parts")["ETag"] == done["ETag"]
    s3.delete_objects(Bucket="left", Delete={"Objects": [{"Key": "parts"}, {"Key": "dir/a b+ü"}]})
    assert "Contents" not in s3.list_objects_v2(Bucket="left")
    assert len(s3.list_objects_v2(Bucket="right")["Contents"]) == 2

    with refused("NotImplemented", 501):
        s3.put_bucket_versioning(Bucket="left", VersioningConfiguration={"Status": "Enabled"})
    with refused("NotImplemented", 501):
        s3.put_object(Bucket="left", Key="k" * 1023, Body=b"")


def test_what_others_write_appears_and_what_is_written_is_plain(far, gateway):
    front = gateway(store_table(far))
    s3, there = make_client(front), make_client(far)
    there.create_bucket(Bucket="foreign")
    there.put_object(Bucket="foreign", Key="theirs", Body=b"theirs", ContentType="text/x-theirs", CacheControl="no-store")
    seen = s3.get_object(Bucket="foreign", Key="theirs")
    assert (seen["ContentType"], seen["CacheControl"], seen["Body"].read()) == ("text/x-theirs", "no-store", b"theirs")
    s3.put_object(Bucket="foreign", Key="ours", Body=b"ours", Metadata={"a": "b"})
    assert there.get_object(Bucket="foreign", Key="ours")["Metadata"] == {"a": "b"}
    s3.create_bucket(Bucket="made-in-front")
    assert there.head_bucket(Bucket="made-in-front")
    s3.delete_bucket(Bucket="made-in-front")
    assert [bucket["Name"] for bucket in there.list_buckets()["Buckets"]] == ["foreign"]


def test_the_loss_of_the_state_directory_loses_no_object(far, gateway):
    config = store_table(far)
    front = gateway(config)
    s3 = make_client(front)
    s3.create_bucket(Bucket="kept")
    body = bytes_of(6 * 1024 * 1024)
    upload = s3.create_multipart_upload(Bucket="kept", Key="parts", Metadata={"a": "b"})["UploadId"]
    parts = []
    for number, piece in enumerate([body[: 5 * 1024 * 1024], body[5 * 1024 * 1024 :]], 1):
        etag = s3.upload_part(Bucket="kept", Key="parts", UploadId=upload, PartNumber=number, Body=piece)["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})
    s3.complete_multipart_upload(Bucket="kept", Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
    s3.put_object(Bucket="kept", Key="one", Body=b"one")
    before = {key: s3.head_object(Bucket="kept", Key=key)["ETag"] for key in ["one", "parts"]}
    assert front.stop() == 0
    shutil.rmtree(front.data)
    front.start()
    s3 = make_client(front)
    assert read(s3, "kept", "parts") == body and read(s3, "kept", "one") == b"one"
    assert {key: s3.head_object(Bucket="kept", Key=key)["ETag"] for key in ["one", "parts"]} == before


def test_an_absent_service_takes_away_its_buckets_and_no_others(tmp_path, gateway):
    far = Server(tmp_path / "far")
    began = time.monotonic()
    front = gateway(store_table(far) + PLACES)
    assert time.monotonic() - began < 10
    s3 = make_client(front)
    s3.create_bucket(Bucket="plain")
    s3.put_object(Bucket="plain", Key="k", Body=b"here")
    assert read(s3, "plain", "k") == b"here"
    with refused("ServiceUnavailable", 503):
        s3.put_object(Bucket="left", Key="k", Body=b"away")
    # Those that the configuration names are listed all the same: they are there by configuration.
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["left", "plain", "right", "whole"]

    far.start()
    there = make_client(far)
    made = lambda: {"shared", "whole-far"} <= {bucket["Name"] for bucket in there.list_buckets()["Buckets"]}  # noqa: E731
    until(made, "the making of the configured buckets")

    def answers():
        try:
            return s3.put_object(Bucket="left", Key="k", Body=b"back")
        except s3.exceptions.ClientError:
            return False

    until(answers, "an answer of the store")
    assert read(there, "shared", "l/k") == b"back"
    assert far.stop() == 0


def test_connections_are_used_again_and_the_metrics_show_it(far, gateway):
    front = gateway(store_table(far))
    s3 = make_client(front)
    s3.create_bucket(Bucket="often")
    for number in range(50):
        s3.put_object(Bucket="often", Key=str(number), Body=b"x")
        read(s3, "often", str(number))
    figures = {name: value for name, value in front.metrics().items() if 'store="far"' in name}
    connections = figures['sluice_remote_connections_total{store="far"}']
    requests = figures['sluice_remote_requests_total{store="far"}']
    assert requests >= 100 and connections <= requests / 10, (connections, requests)


def test_a_check_tells_what_may_be_done_and_leaves_nothing(far, tmp_path):
    config = store_table(far) + PLACES + '[store.all]\nkind = "s3"\n' + s3_table(far)
    there = make_client(far)
    there.create_bucket(Bucket="shared")
    status, said = check(tmp_path, config.replace('[bucket."*"]\nstore = "near"', '[bucket."*"]\nstore = "all"'), "--connect")
    assert status == 0, said
    for line in ["list            yes", "put             yes", "read            yes", "conditions      yes", "delete          yes"]:
        assert said.count(line) == 4, said
    assert said.count("make bucket     yes") == 2, said
    assert [bucket["Name"] for bucket in there.list_buckets()["Buckets"]] == ["shared"]
    assert "Contents" not in there.list_objects_v2(Bucket="shared")
    assert SECRET_KEY not in said


def test_a_check_fails_where_the_keys_may_not_do_what_is_needed(tmp_path):
    reader = '[[access_key]]\nid = "READKEY0000000000001"\nsecret = "read-secret-0123456789"\nname = "reader"\npolicy = "readonly"\n'
    far = Server(tmp_path / "far", config=reader)
    far.start()
    make_client(far).create_bucket(Bucket="shared")
    table = store_table(far).replace(ACCESS_KEY, "READKEY0000000000001").replace(SECRET_KEY, "read-secret-0123456789")
    config = table + "[bucket.one]\nremote = \"shared\"\n"
    status, said = check(tmp_path, config, "--connect")
    assert status == 1 and "put             NO:" in said and "list            yes" in said, said
    status, said = check(tmp_path, store_table(far).replace(SECRET_KEY, "another secret"), "--connect")
    assert status == 1 and "NO:" in said, said
    assert far.stop() == 0
    status, said = check(tmp_path, config, "--connect")
    assert status == 1 and "does not answer" in said, said


def test_overlapping_places_are_refused_before_anything_starts(tmp_path):
    config = '[store.far]\nkind = "s3"\n[bucket.one]\nremote = "shared"\n[bucket.two]\nremote = "shared"\nprefix = "p/"\n'
    status, said = check(tmp_path, config)
    assert status == 2 and "bucket.two: its place" in said and "overlaps that of bucket.one" in said, said


def test_what_each_store_can_do_is_answered_to_the_operator(far, gateway):
    front = gateway(store_table(far) + PLACES)
    address = {"port": front.admin_port, "endpoint": front.admin}
    assert HTTP.request("GET", f"{front.admin}/v1/capabilities").status == 403
    answer = request(type("Admin", (), address), "GET", "/v1/capabilities", service="sluice-admin")
    stores = json.loads(answer.data)["stores"]
    assert {name: store["kind"] for name, store in stores.items()} == {"far": "s3", "near": "local"}
    assert stores["near"]["operations"]["UploadPart"] == {"support": "native"}
    assert stores["far"]["operations"]["GetBucketAcl"]["support"] == "supplied"
    assert stores["far"]["capabilities"]["any_metadata"]["support"] == "refused"
    for name, kind in [("near", ""), ("far", "s3")]:
        refused_there = {row for row, told in stores[name]["capabilities"].items() if told["support"] == "refused"}
        assert REFUSED.get(kind, set()) <= refused_there
