"""Mirrors as an operator meets them: a target is killed and comes back, a target is added, what commands and metrics tell."""

import concurrent.futures
import json
import os
import pathlib
import shutil

import pytest

from boto import keys_of, make_client, put_all, read, refused
from conftest import bytes_of, run
from gateways import keyring, s3_table
from sluice import ACCESS_KEY, SECRET_KEY, Server
from test_cache import until
from test_layers import sluice

pytestmark = pytest.mark.local("starts its own servers, and mirrors in front of them")

MIB = 1024 * 1024


class Mirrored:
    """A server whose store is a mirror of services, each a server of its own."""

    def __init__(self, home, names=("one", "two")):
        self.home, self.front = home, None
        self.targets = {}
        for name in names:
            self.add(name)

    def add(self, name):
        self.targets[name] = Server(self.home / name)
        self.targets[name].start()

    def start(self, options, names=None, layers=None):
        """Starts the server in front; `options` are those of the mirror, `layers` those of each target."""
        names = names or list(self.targets)
        tables = "".join(
            f'[store.{name}]\nkind = "s3"\n{s3_table(self.targets[name])}layers = [ {(layers or {}).get(name, "")} ]\n' for name in names
        )
        config = f'{tables}\n[store.both]\nkind = "mirror"\ntargets = {json.dumps(names)}\n{options}\n[bucket."*"]\nstore = "both"\n'
        self.front = Server(self.home / "front", config=config)
        self.front.start()
        return make_client(self.front, retries={"total_max_attempts": 3})

    def there(self, name):
        return make_client(self.targets[name])

    def command(self, *words):
        return sluice("mirror", *words, "--admin", self.front.admin, home=self.home)

    def owed(self):
        """What each target owes, by its name."""
        status, said, error = self.command("status", "--json")
        assert status == 0, error
        told = [json.loads(line) for line in said.splitlines()]
        return {line["figures"]["target"]: line["figures"]["owed_operations"] for line in told if line["event"] == "figures"}

    def close(self):
        for server in [self.front, *self.targets.values()]:
            if server and server.process.poll() is None:
                assert server.stop() == 0


@pytest.fixture
def mirrored(tmp_path):
    made = []

    def make(*names):
        made.append(Mirrored(tmp_path, *([names] if names else [])))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_target_is_killed_comes_back_and_has_everything(mirrored):
    world = mirrored()
    s3 = world.start('write = "any"')
    s3.create_bucket(Bucket="bucket")
    put_all(s3, "bucket", ["before", "changed", "deleted"])
    world.targets["two"].kill()
    s3.put_object(Bucket="bucket", Key="changed", Body=b"anew")
    s3.put_object(Bucket="bucket", Key="large", Body=(large := bytes_of(6 * MIB)))
    s3.delete_object(Bucket="bucket", Key="deleted")
    s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/before")
    upload = s3.create_multipart_upload(Bucket="bucket", Key="parts")["UploadId"]
    part = s3.upload_part(Bucket="bucket", Key="parts", UploadId=upload, PartNumber=1, Body=b"one part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    etag = s3.complete_multipart_upload(Bucket="bucket", Key="parts", UploadId=upload, MultipartUpload=parts)["ETag"]
    expected = {"before": b"before", "changed": b"anew", "large": large, "copy": b"before", "parts": b"one part"}
    assert keys_of(s3.list_objects_v2(Bucket="bucket"))[0] == sorted(expected)
    assert {key: read(s3, "bucket", key) for key in expected} == expected

    log = world.front.log.read_text()
    assert "targets=one:done,two:owed" in log, log[-2000:]
    metrics = world.front.metrics()
    assert metrics['sluice_mirror_writes_total{target="two",outcome="owed",store="both"}'] >= 5
    assert metrics['sluice_mirror_writes_total{target="one",outcome="done",store="both"}'] >= 8
    assert world.owed()["one"] == 0 and world.owed()["two"] >= 5
    status, said, error = world.command("verify", "both")
    assert status == 1, said + error

    world.targets["two"].start()
    until(lambda: sum(world.owed().values()) == 0, "the target made up for what it owed")
    status, said, error = world.command("verify", "--deep", "both")
    assert status == 0 and "all targets agree" in said, said + error
    there = world.there("two")
    assert {key: read(there, "bucket", key) for key in expected} == expected
    assert keys_of(there.list_objects_v2(Bucket="bucket"))[0] == sorted(expected)
    # What was acknowledged is there, whichever target is left.
    world.targets["one"].kill()
    assert {key: read(s3, "bucket", key) for key in expected} == expected
    assert s3.head_object(Bucket="bucket", Key="parts")["ETag"] == etag
    world.targets["one"].start()


def test_the_front_is_killed_while_writing_and_the_targets_agree_afterwards(mirrored):
    world = mirrored()
    s3 = world.start('write = "all"')
    s3.create_bucket(Bucket="bucket")
    acknowledged = {}

    def write(number):
        key, body = f"k{number % 7}", b"%d" % number
        try:
            s3.put_object(Bucket="bucket", Key=f"{key}-{number}", Body=body)
            acknowledged[f"{key}-{number}"] = body
        except Exception:  # noqa: BLE001 - the process is being killed
            pass

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(write, number) for number in range(200)]
        until(lambda: len(acknowledged) >= 40, "some writes")
        world.front.kill()
        concurrent.futures.wait(futures)
    world.front.start()
    s3 = make_client(world.front)
    assert {key: read(s3, "bucket", key) for key in acknowledged} == acknowledged
    status, said, error = world.command("repair", "both")
    assert status == 0 and "nothing is owed any more" in said, said + error
    status, said, error = world.command("verify", "--deep", "both")
    assert status == 0, said + error


def test_a_policy_that_is_not_met_is_an_error_and_leaves_nothing_half_done(mirrored):
    world = mirrored()
    s3 = world.start('write = "all"')
    s3 = make_client(world.front)
    s3.create_bucket(Bucket="bucket")
    put_all(s3, "bucket", ["old"])
    world.targets["two"].kill()
    with refused("ServiceUnavailable", 503):
        s3.put_object(Bucket="bucket", Key="new", Body=b"x")
    assert read(s3, "bucket", "old") == b"old"
    world.targets["two"].start()
    until(lambda: sum(world.owed().values()) == 0, "the rest was settled")
    assert world.command("verify", "--deep", "both")[0] == 0


def test_a_target_that_is_added_is_filled_while_serving(mirrored):
    world = mirrored("one", "two")
    s3 = world.start('write = "all"')
    s3.create_bucket(Bucket="bucket")
    expected = {f"k{number:03}": b"%d" % number for number in range(60)}
    for key, body in expected.items():
        s3.put_object(Bucket="bucket", Key=key, Body=body)
    assert world.front.stop() == 0
    world.add("three")
    s3 = world.start('write = "any"', names=["one", "two", "three"])
    assert read(s3, "bucket", "k000") == b"0"
    s3.put_object(Bucket="bucket", Key="during", Body=b"x")

    def is_filled():
        there = world.there("three")
        buckets = [bucket["Name"] for bucket in there.list_buckets()["Buckets"]]
        return "bucket" in buckets and len(keys_of(there.list_objects_v2(Bucket="bucket"))[0]) == 61

    until(is_filled, "the new target was filled")
    until(lambda: sum(world.owed().values()) == 0, "nothing was owed")
    status, said, error = world.command("verify", "--deep", "both")
    assert status == 0, said + error


def test_what_somebody_changes_behind_the_mirror_is_found_and_reported(mirrored):
    world = mirrored()
    s3 = world.start('write = "all"')
    s3.create_bucket(Bucket="bucket")
    put_all(s3, "bucket", ["same", "changed", "lost"])
    world.there("two").put_object(Bucket="bucket", Key="changed", Body=b"CHANGED")
    world.there("two").delete_object(Bucket="bucket", Key="lost")
    status, said, error = world.command("verify", "--deep", "--json", "both")
    told = [json.loads(line) for line in said.splitlines()]
    findings = {line["details"]["key"]: line["details"] for line in told if line["event"] in ("finding", "compared")}
    assert status == 1 and set(findings) == {"same", "changed", "lost"}, said + error
    assert findings["same"]["agreement"] == "same"
    digests = {target["sha256"] for target in findings["same"]["targets"].values()}
    assert len(digests) == 1 and len(digests.pop()) == 64
    assert findings["changed"]["agreement"] == "differs" and findings["lost"]["targets"]["two"]["seen"] == "absent"
    status, said, error = world.command("verify", "--deep", "--anew", "--repair", "both")
    assert "repaired" in said or "brought" in said, said + error
    status, said, error = world.command("verify", "--deep", "--anew", "both")
    assert status == 0, said + error
    assert read(world.there("two"), "bucket", "changed") == b"changed"


def test_repair_and_verify_work_without_a_server_and_not_beside_one(mirrored):
    world = mirrored()
    s3 = world.start('write = "any"')
    s3.create_bucket(Bucket="bucket")
    world.targets["two"].kill()
    put_all(s3, "bucket", ["a", "b"])
    assert world.front.stop() == 0
    world.targets["two"].start()
    config = ("--config", world.front.home / "sluice.toml", "--data", world.front.data)
    status, said, error = sluice("mirror", "repair", "both", *config, home=world.home)
    assert status == 0 and "nothing is owed any more" in said, said + error
    assert read(world.there("two"), "bucket", "b") == b"b"
    status, said, error = sluice("mirror", "verify", "both", "--deep", *config, home=world.home)
    assert status == 0 and "all targets agree" in said, said + error
    status, _, said = sluice("mirror", "repair", "neither", *config, home=world.home)
    assert status == 1 and 'there is no store "neither"' in said
    status, _, said = sluice("mirror", "repair", "one", *config, home=world.home)
    assert status == 1 and "is not a mirror" in said
    # With the server on the directory, the same words go to it.
    world.front.start()
    assert sluice("mirror", "status", "both", *config, home=world.home)[0] == 0


def test_the_memory_of_a_server_is_not_repaired_from_outside(tmp_path):
    path = tmp_path / "sluice.toml"
    path.write_text('[store.a]\nkind = "memory"\n[store.b]\nkind = "local"\npath = "b"\n'
                    '[store.both]\nkind = "mirror"\ntargets = ["a", "b"]\n')
    (tmp_path / "data").mkdir()
    status, _, said = sluice("mirror", "repair", "both", "--config", path, "--data", tmp_path / "data", home=tmp_path)
    assert status == 1 and 'store "a" is in the memory of one' in said


@pytest.fixture
def mount(home):
    """Mounts a bucket of a server; called again, it mounts it anew with cold caches."""
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

    def again(server, bucket):
        unmount()
        run("s3fs", bucket, point, "-o", f"url={server.endpoint}", "-o", "use_path_request_style", "-o", "multipart_size=10",
            "-o", f"passwd_file={secrets}", "-o", "endpoint=us-east-1")
        return pathlib.Path(point)

    yield again
    unmount()


def test_s3fs_on_a_mirrored_encrypted_bucket_while_a_target_is_killed_and_comes_back(mirrored, mount, tmp_path):
    world = mirrored()
    rings = {name: keyring(tmp_path, f"ring-{name}") for name in ("one", "two")}
    layers = {name: f'{{ kind = "crypt", keyring = "{ring}" }}' for name, ring in rings.items()}
    s3 = world.start('write = "any"', layers=layers)
    s3.create_bucket(Bucket="bucket")
    root = mount(world.front, "bucket")
    expected = {}

    def write(name, content):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1_600_000_000, 1_600_000_000))
        expected[name] = content

    def look():
        found = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
        assert sorted(found) == sorted(expected)
        for name, content in expected.items():
            assert found[name].stat().st_size == len(content) and int(found[name].stat().st_mtime) == 1_600_000_000, name
            assert found[name].read_bytes() == content, name

    for number in range(10):
        write(f"dir/existing-{number}", bytes_of(number * 7001, seed=number))
    write("large", bytes_of(12 * MIB))
    look()
    world.targets["two"].kill()
    for number in range(10):
        write(f"dir/new-{number}", bytes_of(number * 7001, seed=100 + number))
    for number in range(5):
        write(f"dir/existing-{number}", b"changed %d" % number)
    (root / "dir" / "existing-9").rename(root / "renamed")
    expected["renamed"] = expected.pop("dir/existing-9")
    (root / "dir" / "existing-8").unlink()
    expected.pop("dir/existing-8")
    look()
    root = mount(world.front, "bucket")
    look()
    world.targets["two"].start()
    write("after", b"the target is back")
    until(lambda: sum(world.owed().values()) == 0, "the target made up for what it owed")
    root = mount(world.front, "bucket")
    look()
    status, said, error = world.command("verify", "--deep", "both")
    assert status == 0 and "all targets agree" in said, said + error
    # The returned target alone has everything, as the other one has.
    world.targets["one"].kill()
    root = mount(world.front, "bucket")
    look()
    world.targets["one"].start()
    # Neither of them has a word of it in plain text.
    for server in world.targets.values():
        for path in server.data.rglob("*"):
            assert not path.is_file() or b"the target is back" not in path.read_bytes()
