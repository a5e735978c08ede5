"""Light layers as an operator sets them: each on a real server, and the commands around them."""

import concurrent.futures
import json
import os
import subprocess
import time

import pytest

from boto import keys_of, make_client, put_all, read, refused
from conftest import bytes_of
from sluice import ACCESS_KEY, SECRET_KEY, Server, binary

pytestmark = pytest.mark.local("starts its own servers")

MIB = 1024 * 1024


@pytest.fixture
def serve(tmp_path):
    """Starts servers, which end with the test."""
    made = []

    def start(config, name="server"):
        made.append(Server(tmp_path / name, config=config))
        made[-1].start()
        return made[-1]

    yield start
    for server in made:
        if server.process.poll() is None:
            assert server.stop() == 0


def sluice(*words, home, environment=None):
    """Runs a command with the root key in its environment: exit status, standard output and standard error."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}
    variables.update(SLUICE_ACCESS_KEY=ACCESS_KEY, SLUICE_SECRET_KEY=SECRET_KEY)
    variables.update(environment or {})
    command = [binary(), *map(str, words)]
    done = subprocess.run(command, env=variables, cwd=home, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


LAYERED = """
[store.near]
kind = "local"
path = "near"

[bucket."*"]
store = "near"

[bucket.below]
remote = "whole"
layers = [ { kind = "quota", objects = 3, bytes = "1MiB" }, { kind = "prefix", prefix = "p/" } ]

[bucket.part]
remote = "parts"
prefix = "q/"
layers = [ { kind = "quota", objects = 2 } ]

[bucket.slow]
layers = [ { kind = "bandwidth", read = "4MiB", write = "4MiB" } ]

[bucket.few]
layers = [ { kind = "log" }, { kind = "limit", requests = 5, wait = "200ms" } ]
"""


def test_each_bucket_has_its_own_layers(serve):
    server = serve(LAYERED)
    s3 = make_client(server)
    put_all(s3, "below", ["a", "b", "c"])
    with refused("InsufficientStorage", 507):
        s3.put_object(Bucket="below", Key="d", Body=b"x")
    s3.put_object(Bucket="below", Key="a", Body=b"again")
    s3.delete_object(Bucket="below", Key="b")
    s3.put_object(Bucket="below", Key="d", Body=b"x")
    with refused("InsufficientStorage", 507):
        s3.put_object(Bucket="below", Key="a", Body=bytes(2 * MIB))
    assert keys_of(s3.list_objects_v2(Bucket="below"))[0] == ["a", "c", "d"]

    put_all(s3, "part", ["1", "2"])
    with refused("InsufficientStorage", 507):
        s3.put_object(Bucket="part", Key="3", Body=b"x")
    assert keys_of(s3.list_objects_v2(Bucket="part"))[0] == ["1", "2"]
    # What homes are made of is reached through them alone.
    names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert names == ["below", "few", "part", "slow"]

    content = bytes_of(4 * MIB)
    began = time.monotonic()
    s3.put_object(Bucket="slow", Key="k", Body=content)
    assert read(s3, "slow", "k") == content
    assert time.monotonic() - began > 1.5, "8 MiB passed at 4 MiB a second each way"

    # A second allows five; more than that at once is told to come back.
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        futures = [pool.submit(s3.list_objects_v2, Bucket="few") for _ in range(30)]
        errors = [future.exception() for future in futures if future.exception()]
    assert errors and all(error.response["Error"]["Code"] == "SlowDown" for error in errors)
    assert all(error.response["ResponseMetadata"]["HTTPStatusCode"] == 503 for error in errors)
    assert server.metrics()['sluice_limit_refused_total{bucket="few"}'] == len(errors)
    assert "list" in server.log.read_text()


def test_a_read_only_bucket_shows_what_it_holds_and_refuses_the_rest(serve):
    plain = '[store.near]\nkind = "local"\npath = "near"\n[bucket.frozen]\n'
    server = serve(plain)
    put_all(make_client(server), "frozen", ["a", "b"])
    assert server.stop() == 0
    server = serve(plain + 'layers = [ { kind = "read_only" } ]')
    s3 = make_client(server)
    assert read(s3, "frozen", "a") == b"a" and keys_of(s3.list_objects_v2(Bucket="frozen"))[0] == ["a", "b"]
    changes = [
        lambda: s3.put_object(Bucket="frozen", Key="c", Body=b"x"),
        lambda: s3.delete_object(Bucket="frozen", Key="a"),
        lambda: s3.copy_object(Bucket="frozen", Key="c", CopySource="frozen/a"),
        lambda: s3.create_multipart_upload(Bucket="frozen", Key="c"),
        lambda: s3.put_object_tagging(Bucket="frozen", Key="a", Tagging={"TagSet": []}),
        lambda: s3.delete_objects(Bucket="frozen", Delete={"Objects": [{"Key": "a"}]}),
    ]
    for change in changes:
        with refused("AccessDenied", 403) as caught:
            change()
        assert "read" in caught.value.response["Error"]["Message"]
    assert keys_of(s3.list_objects_v2(Bucket="frozen"))[0] == ["a", "b"]


def test_a_fault_layer_fails_as_often_as_it_is_told_and_retry_outlives_it(serve):
    config = """
[store.near]
kind = "memory"
layers = [ { kind = "fault", errors = 0.3, seed = 7 } ]
[bucket."*"]
store = "near"
layers = [ { kind = "retry", timeout = "5s", attempts = 10 } ]
"""
    server = serve(config)
    s3 = make_client(server, retries={"total_max_attempts": 8, "mode": "standard"})
    s3.create_bucket(Bucket="shaky")
    for number in range(20):
        s3.put_object(Bucket="shaky", Key=f"k{number}", Body=b"x")
    once = make_client(server)
    for number in range(40):
        assert read(once, "shaky", f"k{number % 20}") == b"x"
    metrics = server.metrics()
    assert metrics['sluice_faults_injected_total{kind="error",store="near"}'] > 5
    assert metrics['sluice_retry_retried_total{bucket="*"}'] > 0


def test_a_wrong_order_is_told_by_both_names(tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text('[bucket.one]\nlayers = [ { kind = "fault" }, { kind = "read_only" } ]\n')
    for words in (["check-config", "--config", path], ["serve", "--config", path]):
        status, _, said = sluice(*words, home=tmp_path)
        assert status == 2
        assert 'bucket.one.layers: layer "read_only" must come before layer "fault"' in said


def test_check_config_tells_the_layers_and_what_is_doubtful(tmp_path):
    path = tmp_path / "sluice.toml"
    assert sluice("crypt", "keygen", "keys.toml", home=tmp_path)[0] == 0
    path.write_text("""
[store.a]
kind = "local"
path = "a"
[store.b]
kind = "local"
path = "b"
layers = [ { kind = "crypt", keyring = "file:keys.toml" } ]
[store.both]
kind = "mirror"
targets = ["a", "b"]
write = "quorum"
[bucket."*"]
store = "both"
layers = [ { kind = "cache", path = "cached/here", size = "64MiB" } ]
""")
    status, said, _ = sluice("check-config", "--config", path, home=tmp_path)
    assert status == 0
    assert "b: local in" in said and "behind crypt" in said and "both: mirror of a, b, write = quorum" in said
    assert "warning: store.both.write: a quorum of 2 targets is all 2" in said
    assert 'warning: bucket."*".layers[0]: the cache in' in said and "keeps plain text" in said
    assert sorted(item.name for item in tmp_path.iterdir()) == ["keys.toml", "sluice.toml"], "something was made"
    (tmp_path / "keys.toml").chmod(0o644)
    assert "other users may read" in sluice("check-config", "--config", path, home=tmp_path)[1]
    (tmp_path / "keys.toml").write_text("[[key]]\nid = \"a\"\nsecret = \"c2hvcnQ=\"\n")
    status, _, said = sluice("check-config", "--config", path, home=tmp_path)
    assert status == 2 and "store.b.layers[0].keyring:" in said and "c2hvcnQ" not in said
    (tmp_path / "cached").write_text("a file where a directory is wanted")
    status, _, said = sluice("check-config", "--config", path, home=tmp_path)
    assert status == 2


def test_keygen_makes_a_keyring_for_its_owner_alone_and_extends_it(tmp_path):
    ring = tmp_path / "deep" / "keys.toml"
    status, said, _ = sluice("crypt", "keygen", ring, "--id", "first", home=tmp_path)
    assert status == 0 and "first" in said
    assert ring.stat().st_mode & 0o777 == 0o600
    before = ring.read_text()
    status, said, _ = sluice("crypt", "keygen", ring, home=tmp_path)
    assert status == 0 and ring.stat().st_mode & 0o777 == 0o600
    after = ring.read_text()
    assert after.count("[[key]]") == 2 and 'id = "first"' in after and 'primary = "key-' in after
    secret = next(line for line in before.splitlines() if line.startswith("secret"))
    assert secret in after and secret.split('"')[1] not in said
    status, _, said = sluice("crypt", "keygen", ring, "--id", "first", home=tmp_path)
    assert status == 1 and "first" in said and ring.read_text() == after
    ring.write_text("not a keyring")
    assert sluice("crypt", "keygen", ring, home=tmp_path)[0] == 1
    assert ring.read_text() == "not a keyring"


def test_commands_say_whom_they_could_not_reach(tmp_path):
    status, _, said = sluice("mirror", "status", "--data", tmp_path / "nothing", "--admin", "127.0.0.1:1", home=tmp_path)
    assert status == 1 and "127.0.0.1:1" in said
    status, _, said = sluice("mirror", "status", "--admin", "http://here", home=tmp_path)
    assert status == 2 and "--admin" in said


def test_an_unsigned_request_is_answered_health_and_metrics_only(serve, tmp_path):
    import urllib3

    server = serve('[store.near]\nkind = "memory"\n')
    for path in ("/v1/cache/stats", "/v1/mirror/status", "/v1/crypt/rewrap"):
        assert urllib3.request("POST", server.admin + path).status == 403
    assert urllib3.request("GET", server.admin + "/healthz").status == 200
    status, _, said = sluice("mirror", "status", "--admin", server.admin, home=tmp_path,
                             environment={"SLUICE_SECRET_KEY": "another-secret-than-the-servers"})
    assert status == 1 and "403" in said
    status, said, _ = sluice("mirror", "status", "--json", "--admin", server.admin, home=tmp_path)
    assert status == 0 and json.loads(said.splitlines()[-1])["event"] == "done"
