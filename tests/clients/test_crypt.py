"""Encryption as an operator meets it: what lies in the store, keys that change and go, a lost state directory, Vault."""

import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import threading
import uuid

import pytest

from boto import keys_of, make_client, put_all, read, refused
from conftest import bytes_of
from gateways import keyring
from sluice import Server
from test_layers import sluice

pytestmark = pytest.mark.local("starts its own servers, and looks at what lies below them")

MIB = 1024 * 1024
DECRYPT = pathlib.Path(__file__).parents[2] / "docs/format/decrypt.py"


class Sealed:
    """A server with one bucket whose store is encrypted; its files can be looked at, and served as they are."""

    def __init__(self, home, options="", keys=None):
        self.home = home
        keys = keys or f'keyring = "{keyring(home, "keys")}"'
        self.store = '[store.near]\nkind = "local"\npath = "near"\n'
        layer = f'{{ kind = "crypt", {keys} {options} }}'
        self.server = Server(home / "server", config=f"{self.store}layers = [ {layer} ]\n")
        self.server.start()

    @property
    def s3(self):
        return make_client(self.server)

    def files(self):
        """Every byte that the store keeps, state and all."""
        return b"".join(path.read_bytes() for path in self.server.home.rglob("*") if path.is_file() and path.suffix != ".log")

    def raw(self, name="raw"):
        """The same store without the layer, while the server is stopped."""
        assert self.server.stop() == 0
        plain = Server(self.home / name, config=f'[store.near]\nkind = "local"\npath = "{self.server.home / "near"}"\n')
        plain.start()
        return plain

    def close(self):
        if self.server.process.poll() is None:
            assert self.server.stop() == 0


@pytest.fixture
def sealed(tmp_path):
    made = []

    def make(*words, **options):
        made.append(Sealed(tmp_path / f"sealed{len(made)}", *words, **options))
        return made[-1]

    def prepared(*words, **options):
        (tmp_path / f"sealed{len(made)}").mkdir()
        return make(*words, **options)

    yield prepared
    for one in made:
        one.close()


def test_nothing_in_the_store_is_plain(sealed):
    world = sealed(', names = "encrypted"')
    s3 = world.s3
    s3.create_bucket(Bucket="bucket")
    secret = b"the quick brown fox jumps over the lazy dog " * 100
    name = "quarterly/figures-nobody-may-see.txt"
    s3.put_object(Bucket="bucket", Key=name, Body=secret, Metadata={"note": "plain"})
    s3.put_object(Bucket="bucket", Key="large", Body=secret * 500)
    answer = s3.get_object(Bucket="bucket", Key=name, Range="bytes=4-18")
    assert answer["Body"].read() == secret[4:19] and answer["Metadata"] == {"note": "plain"}
    assert answer["ETag"].strip('"') == hashlib.md5(secret).hexdigest()
    listed = s3.list_objects_v2(Bucket="bucket", Prefix="quarterly/")["Contents"]
    assert [(item["Key"], item["Size"]) for item in listed] == [(name, len(secret))]
    everything = world.files()
    for hidden in (b"quick brown", b"figures-nobody", b"quarterly"):
        assert hidden not in everything
    raw = world.raw()
    keys = keys_of(make_client(raw).list_objects_v2(Bucket="bucket"))[0]
    assert len(keys) >= 2 and not any("figures" in key for key in keys)
    assert raw.stop() == 0


def test_clients_see_neither_the_keys_of_buckets_nor_may_they_write_there(sealed):
    world = sealed()
    s3 = world.s3
    s3.create_bucket(Bucket="bucket")
    put_all(s3, "bucket", ["a", "z"])
    assert keys_of(s3.list_objects_v2(Bucket="bucket"))[0] == ["a", "z"]
    assert s3.list_objects_v2(Bucket="bucket", Prefix=".sluice/")["KeyCount"] == 0
    with refused("AccessDenied", 403):
        s3.put_object(Bucket="bucket", Key=".sluice/crypt/x", Body=b"x")
    for key in ("a", "z"):
        s3.delete_object(Bucket="bucket", Key=key)
    s3.delete_bucket(Bucket="bucket")
    raw = world.raw()
    assert make_client(raw).list_buckets()["Buckets"] == []
    assert raw.stop() == 0


def test_losing_the_state_loses_no_object(sealed):
    world = sealed()
    s3 = world.s3
    s3.create_bucket(Bucket="bucket")
    contents = {"small": b"x", "empty": b"", "large": bytes_of(3 * MIB)}
    for key, content in contents.items():
        s3.put_object(Bucket="bucket", Key=key, Body=content)
    upload = s3.create_multipart_upload(Bucket="bucket", Key="parts")["UploadId"]
    halves = [bytes_of(5 * MIB, seed=7), b"the rest"]
    parts = [
        {"PartNumber": number, "ETag": s3.upload_part(Bucket="bucket", Key="parts", UploadId=upload, PartNumber=number, Body=half)["ETag"]}
        for number, half in enumerate(halves, 1)
    ]
    s3.complete_multipart_upload(Bucket="bucket", Key="parts", UploadId=upload, MultipartUpload={"Parts": parts})
    contents["parts"] = b"".join(halves)
    listed = {item["Key"]: (item["Size"], item["ETag"]) for item in s3.list_objects_v2(Bucket="bucket")["Contents"]}
    assert world.server.stop() == 0
    shutil.rmtree(world.server.data)
    world.server.start()
    s3 = world.s3
    again = {item["Key"]: (item["Size"], item["ETag"]) for item in s3.list_objects_v2(Bucket="bucket")["Contents"]}
    assert again == listed
    for key, content in contents.items():
        assert read(s3, "bucket", key) == content
        head = s3.head_object(Bucket="bucket", Key=key)
        assert (head["ContentLength"], head["ETag"]) == listed[key]


def test_keys_change_without_touching_objects_and_a_destroyed_one_takes_its_objects_along(sealed, tmp_path):
    world = sealed()
    s3, ring = world.s3, world.home / "keys.toml"
    s3.create_bucket(Bucket="first")
    put_all(s3, "first", [f"k{number}" for number in range(20)])
    first = ring.read_text()
    assert sluice("crypt", "keygen", ring, "--id", "second", home=tmp_path)[0] == 0
    files = {path: path.stat().st_mtime_ns for path in (world.server.home / "near" / "blobs").rglob("*") if path.is_file()}
    status, said, error = sluice("crypt", "rewrap", "--all", "--admin", world.server.admin, home=tmp_path)
    assert status == 0 and "1 of 1 bucket keys were wrapped anew" in said, said + error
    assert {path: path.stat().st_mtime_ns for path in files} == files, "an object was touched"
    status, said, _ = sluice("crypt", "rewrap", "first", "--json", "--admin", world.server.admin, home=tmp_path)
    done = json.loads(said.splitlines()[-1])
    assert status == 0 and done["details"]["rewrapped"] == 0, "what was done is not done again"
    # The older key is not needed any more.
    only_second = 'primary = "second"\n' + ring.read_text()[ring.read_text().rindex("[[key]]"):]
    assert 'id = "second"' in only_second
    assert world.server.stop() == 0
    ring.write_text(only_second)
    world.server.start()
    assert read(world.s3, "first", "k7") == b"k7"
    # Nor is it enough.
    assert world.server.stop() == 0
    ring.write_text(first)
    world.server.start()
    s3 = world.s3
    with refused("AccessDenied", 403) as caught:
        s3.get_object(Bucket="first", Key="k7")
    assert "key" in caught.value.response["Error"]["Message"].lower()
    status, _, said = sluice("crypt", "rewrap", "--all", "--admin", world.server.admin, home=tmp_path)
    assert status == 1


def test_rewrap_works_without_a_server(sealed, tmp_path):
    world = sealed()
    world.s3.create_bucket(Bucket="bucket")
    put_all(world.s3, "bucket", ["k"])
    assert world.server.stop() == 0
    assert sluice("crypt", "keygen", world.home / "keys.toml", home=tmp_path)[0] == 0
    config = ("--config", world.server.home / "sluice.toml", "--data", world.server.data)
    status, said, error = sluice("crypt", "rewrap", "bucket", *config, home=tmp_path)
    assert status == 0 and "1 of 1" in said, said + error
    status, _, said = sluice("crypt", "rewrap", *config, home=tmp_path)
    assert status == 2 and "--all" in said
    world.server.start()
    assert read(world.s3, "bucket", "k") == b"k"


def test_what_was_not_encrypted_is_refused_or_passed_and_never_shown_wrong(sealed):
    world = sealed()
    world.s3.create_bucket(Bucket="bucket")
    put_all(world.s3, "bucket", ["ours"])
    raw = world.raw()
    make_client(raw).put_object(Bucket="bucket", Key="theirs", Body=b"in plain text")
    assert raw.stop() == 0
    world.server.start()
    assert read(world.s3, "bucket", "ours") == b"ours"
    with refused("AccessDenied", 403):
        world.s3.get_object(Bucket="bucket", Key="theirs")
    sizes = {item["Key"]: item["Size"] for item in world.s3.list_objects_v2(Bucket="bucket")["Contents"]}
    assert sizes.get("theirs", 13) == 13 and sizes["ours"] == 4


def test_a_changed_byte_is_an_error_and_never_served(sealed):
    world = sealed()
    s3 = world.s3
    s3.create_bucket(Bucket="bucket")
    content = bytes_of(2 * MIB)
    s3.put_object(Bucket="bucket", Key="k", Body=content)
    raw = world.raw()
    there = make_client(raw)
    answer = there.get_object(Bucket="bucket", Key="k")
    sealed_bytes = bytearray(answer["Body"].read())
    sealed_bytes[MIB] ^= 1
    there.put_object(Bucket="bucket", Key="k", Body=bytes(sealed_bytes), Metadata=answer["Metadata"])
    assert raw.stop() == 0
    world.server.start()
    got = b""
    try:
        for piece in world.s3.get_object(Bucket="bucket", Key="k")["Body"].iter_chunks(64 * 1024):
            got += piece
        pytest.fail("the changed object was served whole")
    except Exception as error:  # noqa: BLE001 - a connection that breaks, or an error before the first byte
        assert not isinstance(error, pytest.fail.Exception), error
    assert content.startswith(got) and len(got) <= MIB


def test_a_program_of_a_hundred_lines_reads_an_object_back(sealed, tmp_path):
    world = sealed()
    s3 = world.s3
    s3.create_bucket(Bucket="bucket")
    content = bytes_of(300_000)
    s3.put_object(Bucket="bucket", Key="dir/k", Body=content)
    raw = world.raw()
    there = make_client(raw)
    (tmp_path / "object").write_bytes(read(there, "bucket", "dir/k"))
    epochs = keys_of(there.list_objects_v2(Bucket="bucket", Prefix=".sluice/crypt/epoch/"))[0]
    assert len(epochs) == 1
    (tmp_path / "epoch").write_bytes(read(there, "bucket", epochs[0]))
    assert raw.stop() == 0
    assert len(DECRYPT.read_text().splitlines()) <= 100
    command = [sys.executable, DECRYPT, "--keyring", world.home / "keys.toml", "--epoch", tmp_path / "epoch", "--bucket", "bucket",
               "--key", "dir/k", tmp_path / "object"]
    done = subprocess.run([str(word) for word in command], capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == content


class Transit(http.server.BaseHTTPRequestHandler):
    """A stand-in of Vault's Transit engine: what it wraps tells its version and is held to its associated data."""

    keys, token, calls, may_read = {}, "vault-token", [], True

    def log_message(self, *_):
        pass

    def answer(self, status, data=None):
        body = json.dumps({"data": data} if status == 200 else {"errors": ["refused"]}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        _, _, mount, action, name = self.path.split("/")
        self.calls.append((mount, action, name))
        if self.headers["X-Vault-Token"] != self.token or not self.may_read:
            return self.answer(403)
        if name not in self.keys:
            return self.answer(404)
        return self.answer(200, {"latest_version": len(self.keys[name]), "min_decryption_version": 1})

    def do_POST(self):
        _, _, mount, action, name = self.path.split("/")
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.calls.append((mount, action, name))
        if self.headers["X-Vault-Token"] != self.token:
            return self.answer(403)
        if name not in self.keys:
            return self.answer(400)
        aad = base64.b64decode(told["associated_data"])

        def pad(version, nonce):
            return hmac.new(self.keys[name][version - 1], nonce + aad, hashlib.sha512).digest()

        if action == "encrypt":
            version, nonce = len(self.keys[name]), uuid.uuid4().bytes
            plain = base64.b64decode(told["plaintext"])
            stream = pad(version, nonce)
            sealed = bytes(left ^ right for left, right in zip(plain, stream)) + stream[-16:]
            return self.answer(200, {"ciphertext": f"vault:v{version}:{base64.b64encode(nonce + sealed).decode()}"})
        _, version, text = told["ciphertext"].split(":")
        blob = base64.b64decode(text)
        stream = pad(int(version[1:]), blob[:16])
        if blob[-16:] != stream[-16:]:
            return self.answer(400)
        plain = bytes(left ^ right for left, right in zip(blob[16:-16], stream))
        return self.answer(200, {"plaintext": base64.b64encode(plain).decode()})


@pytest.fixture
def vault():
    Transit.keys, Transit.calls, Transit.may_read = {"sluice": [b"one"]}, [], True
    service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Transit)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    yield service
    service.shutdown()
    service.server_close()


def transit(vault):
    return f'vault = {{ address = "http://127.0.0.1:{vault.server_port}", token = "{Transit.token}", key = "sluice" }}'


def test_a_transit_service_keeps_the_keys(sealed, vault, tmp_path):
    world = sealed(keys=transit(vault))
    s3 = world.s3
    s3.create_bucket(Bucket="bucket")
    put_all(s3, "bucket", [f"k{number}" for number in range(50)])
    assert read(s3, "bucket", "k3") == b"k3"
    assert [call for call in Transit.calls if call[1] == "encrypt"] == [("transit", "encrypt", "sluice")], "one key of a bucket"
    # Rotated there, wrapped anew here.
    Transit.keys["sluice"].append(b"two")
    status, said, error = sluice("crypt", "rewrap", "--all", "--admin", world.server.admin, home=tmp_path)
    assert status == 0 and "1 of 1" in said, said + error
    assert world.server.stop() == 0
    world.server.start()
    assert read(world.s3, "bucket", "k3") == b"k3"
    # Destroyed there, unreadable here, and it is said why.
    assert world.server.stop() == 0
    del Transit.keys["sluice"]
    world.server.start()
    with refused("AccessDenied", 403):
        world.s3.get_object(Bucket="bucket", Key="k3")


def test_a_transit_service_is_asked_once_in_a_minute_and_may_be_away(sealed, vault):
    world = sealed(keys=transit(vault))
    s3 = world.s3
    s3.create_bucket(Bucket="bucket")
    put_all(s3, "bucket", [f"k{number}" for number in range(50)])
    # Nobody is told how the minute lies to these writes.
    assert len([call for call in Transit.calls if call[1] == "keys"]) <= 2, Transit.calls
    vault.shutdown()
    vault.server_close()
    s3.put_object(Bucket="bucket", Key="k0", Body=b"written while the service is away")
    assert read(s3, "bucket", "k0") == b"written while the service is away"


def test_a_token_that_may_not_read_the_key_rotates_it_all_the_same(sealed, vault, tmp_path):
    Transit.may_read = False
    world = sealed(keys=transit(vault))
    s3 = world.s3
    s3.create_bucket(Bucket="bucket")
    put_all(s3, "bucket", ["k"])
    Transit.keys["sluice"].append(b"two")
    status, said, error = sluice("crypt", "rewrap", "--all", "--admin", world.server.admin, home=tmp_path)
    assert status == 0 and "1 of 1" in said, said + error
    # The first version is destroyed.
    Transit.keys["sluice"][0] = b"destroyed"
    assert world.server.stop() == 0
    world.server.start()
    assert read(world.s3, "bucket", "k") == b"k"


def test_one_bucket_that_is_rewrapped_says_nothing_of_the_others(sealed, tmp_path):
    world = sealed()
    s3, ring = world.s3, world.home / "keys.toml"
    for bucket in ("first", "second"):
        s3.create_bucket(Bucket=bucket)
        put_all(s3, bucket, ["k"])
    assert sluice("crypt", "keygen", ring, "--id", "new", home=tmp_path)[0] == 0
    status, said, error = sluice("crypt", "rewrap", "first", "--admin", world.server.admin, home=tmp_path)
    assert status == 0 and "1 of 1" in said and "--all" in said and "not needed" not in said, said + error
    status, said, error = sluice("crypt", "rewrap", "--all", "--admin", world.server.admin, home=tmp_path)
    assert status == 0 and "1 of 2" in said and "not needed any more" in said, said + error


def test_a_bucket_whose_key_is_gone_is_named_and_the_older_keys_are_to_stay(sealed, tmp_path):
    world = sealed()
    s3, ring = world.s3, world.home / "keys.toml"
    s3.create_bucket(Bucket="bucket")
    put_all(s3, "bucket", ["k"])
    ring.unlink()
    assert sluice("crypt", "keygen", ring, "--id", "other", home=tmp_path)[0] == 0
    status, said, error = sluice("crypt", "rewrap", "--all", "--admin", world.server.admin, home=tmp_path)
    assert status == 1 and "keep the older keys" in said + error and "that key is missing" in said + error, said + error


def test_a_crypt_layer_that_is_put_in_below_another_is_refused(sealed):
    world = sealed()
    world.s3.create_bucket(Bucket="bucket")
    put_all(world.s3, "bucket", ["k"])
    assert world.server.stop() == 0
    config = world.server.home / "sluice.toml"
    text = config.read_text()
    layer = f'{{ kind = "crypt", keyring = "{keyring(world.home, "others")}" }}'
    config.write_text(text.replace(" ]\n", f", {layer} ]\n"))
    with pytest.raises(RuntimeError, match="a crypt layer was put in below it"):
        world.server.start()
    config.write_text(text)
    world.server.start()
    assert read(world.s3, "bucket", "k") == b"k"
