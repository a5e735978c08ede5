"""The process: first and second start, one owner of a directory, quick and small, other stores and listeners."""

import json
import re
import stat
import subprocess

import boto3
import botocore.config
import pytest
import urllib3

import sluice
from boto import make_client, read, refused
from conftest import bytes_of
from sluice import Server

pytestmark = pytest.mark.local("the process, its start and its data directory")


@pytest.fixture
def own(tmp_path):
    """Makes servers that are ended with the test."""
    made = []

    def make(name="own", **options):
        made.append(Server(tmp_path / name, **options))
        return made[-1]

    yield make
    for server in made:
        if server.process is not None and server.process.poll() is None:
            server.kill()


def generated_key(server):
    """The key that the server made for itself, as its banner shows it."""
    banner = server.log.read_text()
    return tuple(re.search(rf"{name} key +(\S+)", banner).group(1) for name in ("access", "secret"))


def test_the_second_start_finds_the_same_data_and_keys(own):
    server = own()
    keys = []
    for turn in range(2):
        server.log.unlink(missing_ok=True)
        server.start(root_key=None)
        keys.append(generated_key(server))
        banner = server.log.read_text()
        assert server.endpoint in banner and " aws " in banner and " rclone " in banner
        client = make_client(server, key=keys[-1])
        if turn == 0:
            client.create_bucket(Bucket="kept")
            client.put_object(Bucket="kept", Key="k", Body=bytes_of(100_000))
        assert read(client, "kept", "k") == bytes_of(100_000)
        assert server.stop() == 0
    assert keys[0] == keys[1]
    files = [path for path in server.data.rglob("*") if path.is_file()]
    secrets = [path for path in files if keys[0][1].encode() in path.read_bytes()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in secrets] == [0o600]


def test_keys_of_two_directories_differ(own):
    one, two = own("one"), own("two")
    for server in (one, two):
        server.start(root_key=None)
    assert generated_key(one)[0] != generated_key(two)[0]
    assert generated_key(one)[1] != generated_key(two)[1]


def test_a_second_process_on_one_directory_is_refused(own):
    first = own()
    first.start()
    command = [sluice.binary(), "serve", str(first.data), "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert second.returncode != 0
    assert str(first.data) in second.stderr
    make_client(first).list_buckets()


def test_an_empty_directory_is_served_within_a_tenth_of_a_second(own):
    seconds = []
    while not seconds or min(seconds) >= 0.1:
        assert len(seconds) < sluice.STARTS_MAX, seconds
        server = own(f"turn{len(seconds)}")
        seconds.append(server.start())
        server.stop()


def test_an_idle_server_is_small(own):
    server = own()
    server.start()
    with open(f"/proc/{server.pid}/status") as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
    assert resident < 30 * 1024, f"{resident} KiB"


def test_a_memory_store_writes_nothing_to_disk(own):
    server = own(words=["--store", "memory"], data=None)
    server.start()
    client = make_client(server)
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="k", Body=bytes_of(1_000_000))
    assert read(client, "bucket", "k") == bytes_of(1_000_000)
    assert server.stop() == 0
    assert list(server.home.iterdir()) == [server.log]


def test_a_memory_store_has_a_ceiling(own):
    server = own(config='[store.ram]\nkind = "memory"\nmax_size = "4MiB"\n\n[bucket."*"]\nstore = "ram"\n')
    server.start()
    client = make_client(server)
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="fits", Body=bytes_of(2_000_000))
    with refused("InsufficientStorage", 507):
        client.put_object(Bucket="bucket", Key="too-much", Body=bytes_of(3_000_000))
    assert read(client, "bucket", "fits") == bytes_of(2_000_000)
    client.delete_object(Bucket="bucket", Key="fits")
    client.put_object(Bucket="bucket", Key="again", Body=bytes_of(3_000_000))


def test_the_room_of_a_memory_store_is_used_again(own):
    server = own(config='[store.ram]\nkind = "memory"\nmax_size = "5MiB"\n\n[bucket."*"]\nstore = "ram"\n')
    server.start()
    client = make_client(server)
    client.create_bucket(Bucket="bucket")
    for turn in range(20):
        client.put_object(Bucket="bucket", Key="k", Body=bytes_of(2_000_000, seed=turn))
    assert read(client, "bucket", "k") == bytes_of(2_000_000, seed=19)


def test_a_memory_store_is_kept_in_a_snapshot(own, tmp_path):
    snapshot = tmp_path / "snapshot"
    config = f'[store.ram]\nkind = "memory"\nsnapshot = "{snapshot}"\n\n[bucket."*"]\nstore = "ram"\n'
    server = own(config=config)
    server.start()
    client = make_client(server)
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="k", Body=bytes_of(200_000), Metadata={"a": "1"})
    assert server.stop() == 0
    server.start()
    assert read(client, "bucket", "k") == bytes_of(200_000)
    assert client.head_object(Bucket="bucket", Key="k")["Metadata"] == {"a": "1"}


def test_an_object_beyond_the_limit_is_refused_before_it_is_read(own):
    server = own(config="[server]\nmax_object_size = \"1MiB\"\n")
    server.start()
    client = make_client(server)
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="k", Body=bytes_of(1024 * 1024))
    with refused("EntityTooLarge", 400):
        client.put_object(Bucket="bucket", Key="k", Body=bytes_of(1024 * 1024 + 1))


def test_a_region_that_is_set_is_asked_for(own):
    server = own(config='[server]\nregion = "eu-central-1"\n')
    server.start()
    right, wrong = make_client(server, region="eu-central-1"), make_client(server)
    place = {"LocationConstraint": "eu-central-1"}
    right.create_bucket(Bucket="bucket-of-region", CreateBucketConfiguration=place)
    assert right.get_bucket_location(Bucket="bucket-of-region")["LocationConstraint"] == "eu-central-1"
    assert right.head_bucket(Bucket="bucket-of-region")["BucketRegion"] == "eu-central-1"
    with refused("BucketAlreadyOwnedByYou", 409):
        right.create_bucket(Bucket="bucket-of-region", CreateBucketConfiguration=place)
    with refused("IllegalLocationConstraintException", 400):
        right.create_bucket(Bucket="bucket-elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    wrong.meta.events.unregister("needs-retry.s3")
    with refused("AuthorizationHeaderMalformed", 400) as caught:
        wrong.list_buckets()
    assert caught.value.response["Error"]["Region"] == "eu-central-1"


def test_a_bucket_that_everybody_may_read(own):
    server = own(config='[bucket.open]\nanonymous = "read"\n')
    server.start()
    client = make_client(server)
    client.put_object(Bucket="open", Key="k", Body=b"x")
    assert urllib3.request("GET", f"{server.endpoint}/open/k").data == b"x"
    assert urllib3.request("PUT", f"{server.endpoint}/open/k", body=b"y").status == 403
    assert urllib3.request("DELETE", f"{server.endpoint}/open/k").status == 403
    assert read(client, "open", "k") == b"x"


def test_virtual_hosts(own):
    server = own(config='[server]\ndomains = ["s3.localhost"]\n')
    server.start()
    client = make_client(server)
    client.create_bucket(Bucket="hosted")
    client.put_object(Bucket="hosted", Key="dir/k", Body=b"x")
    named = boto3.client(
        "s3", endpoint_url=f"http://s3.localhost:{server.port}", aws_access_key_id=sluice.ACCESS_KEY,
        aws_secret_access_key=sluice.SECRET_KEY, region_name="us-east-1",
        config=botocore.config.Config(s3={"addressing_style": "virtual"}, signature_version="s3v4"),
    )
    url = named.generate_presigned_url("get_object", Params={"Bucket": "hosted", "Key": "dir/k"})
    assert url.startswith(f"http://hosted.s3.localhost:{server.port}/dir/k?")
    pool = urllib3.HTTPConnectionPool("127.0.0.1", server.port)
    answer = pool.request("GET", url[url.index("/dir/k") :], headers={"Host": f"hosted.s3.localhost:{server.port}"})
    assert answer.data == b"x"


def test_the_admin_listener_answers(own):
    server = own()
    server.start()
    for path in ("/healthz", "/readyz"):
        assert urllib3.request("GET", server.admin + path).status == 200
    client = make_client(server)
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="k", Body=b"x")
    figures = server.metrics()
    puts = [value for name, value in figures.items() if "PutObject" in name and "_total" in name]
    assert 1 in puts


def test_logs_hold_no_secret_and_one_line_a_request(own):
    server = own(words=["--log-format", "json"])
    server.start()
    client = make_client(server)
    client.create_bucket(Bucket="bucket")
    client.put_object(Bucket="bucket", Key="k", Body=b"x")
    url = client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "k"})
    urllib3.request("GET", url)
    server.stop()
    log = server.log.read_text()
    assert sluice.SECRET_KEY not in log
    signature = re.search(r"Signature=([^&]+)", url).group(1)
    assert signature not in log
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    told = [line for line in lines if "PutObject" in json.dumps(line)]
    assert len(told) == 1


@pytest.mark.parametrize(("config", "said"), [
    ("[server]\nlistne = 1\n", "listne"), ('[server]\ndurability = "sometimes"\n', "durability"),
    ('[store.a]\nkind = "paper"\n', "kind"), ("[server\n", "server"),
])
def test_a_wrong_setting_is_named(own, tmp_path, config, said):
    path = tmp_path / "wrong.toml"
    path.write_text(config)
    for words in (["check-config"], ["serve", str(tmp_path / "d")]):
        done = subprocess.run([sluice.binary(), *words, "--config", str(path)], capture_output=True, text=True, timeout=60)
        assert done.returncode != 0 and said in done.stderr + done.stdout, words


def test_help_and_version():
    for words in (["--help"], ["serve", "--help"]):
        shown = subprocess.run([sluice.binary(), *words], capture_output=True, text=True, check=True)
        assert "serve" in shown.stdout
    shown = subprocess.run([sluice.binary(), "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("sluice ")
