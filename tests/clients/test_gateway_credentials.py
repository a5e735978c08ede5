"""Where an S3 gateway finds its keys when the configuration names none: the sources of Amazon's tools, one after the other."""

import datetime
import http.server
import json
import threading

import pytest

from boto import make_client, read, refused
from sluice import ACCESS_KEY, SECRET_KEY, Server

pytestmark = pytest.mark.local("starts its own servers and the services that issue keys")

KEYS = {"AccessKeyId": ACCESS_KEY, "SecretAccessKey": SECRET_KEY}


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("far"))
    server.start()
    make_client(server).create_bucket(Bucket="shared")
    yield server
    assert server.stop() == 0


def path_is_session(path):
    """Whether the instance's metadata service is asked for a session."""
    return path == "/latest/api/token"


class Issuer:
    """Answers requests as `answer(method, path, headers)` says, and keeps what was asked."""

    def __init__(self, answer):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def reply(self):
                length = int(self.headers.get("content-length", 0))
                asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length).decode()))
                status, body = answer(self.command, self.path, self.headers)
                data = body.encode()
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                if path_is_session(self.path):
                    self.send_header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_POST = reply

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def soon(seconds=3600):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def gateway(far, tmp_path, monkeypatch):
    """Starts a gateway that finds keys in this environment and nowhere else."""
    made = []
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def start(more="", **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, str(value))
        config = f'[store.far]\nkind = "s3"\nendpoint = "{far.endpoint}"\n{more}\n'
        made.append(Server(tmp_path / "gateway", config=config))
        made[-1].start()
        return make_client(made[-1])

    yield start
    for server in made:
        assert server.stop() == 0


def assert_works(s3, key):
    s3.put_object(Bucket="shared", Key=key, Body=key.encode())
    assert read(s3, "shared", key) == key.encode()


def test_keys_of_the_environment(gateway):
    assert_works(gateway(AWS_ACCESS_KEY_ID=ACCESS_KEY, AWS_SECRET_ACCESS_KEY=SECRET_KEY), "environment")


def test_keys_of_a_profile(gateway, tmp_path):
    file = tmp_path / "credentials"
    file.write_text(f"[default]\naws_access_key_id = nobody\naws_secret_access_key = nothing\n[work]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n")
    assert_works(gateway('profile = "work"', AWS_SHARED_CREDENTIALS_FILE=file), "profile")


def test_keys_of_a_container(gateway):
    issuer = Issuer(lambda method, path, headers: (200, json.dumps({**KEYS, "Token": "", "Expiration": soon()})))
    try:
        assert_works(gateway(AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{issuer.url}/keys", AWS_CONTAINER_AUTHORIZATION_TOKEN="let me in"), "container")
        assert [(method, path) for method, path, _, _ in issuer.asked] == [("GET", "/keys")]
        assert issuer.asked[0][2].get("authorization") == "let me in"
    finally:
        issuer.stop()


def test_keys_of_an_instance_are_asked_for_anew_before_they_end(gateway, monkeypatch):
    def answer(method, path, headers):
        if method == "PUT" and path_is_session(path):
            return 200, "a session"
        if path.endswith("/security-credentials/"):
            return 200, "role"
        if path.endswith("/security-credentials/role"):
            return 200, json.dumps({"Code": "Success", "Type": "AWS-HMAC", **KEYS, "Token": "", "Expiration": soon(60), "LastUpdated": soon(-60)})
        return 404, ""

    issuer = Issuer(answer)
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    try:
        s3 = gateway(AWS_EC2_METADATA_SERVICE_ENDPOINT=issuer.url)
        assert_works(s3, "instance-one")
        first = len(issuer.asked)
        assert_works(s3, "instance-two")
        # They end within five minutes, so each request that finds them so asks again.
        assert len(issuer.asked) > first > 0
    finally:
        issuer.stop()


def test_a_web_identity_is_exchanged_for_keys(gateway, tmp_path):
    token = tmp_path / "token"
    token.write_text("a token of the platform")
    keys = "".join(f"<{name}>{value}</{name}>" for name, value in {**KEYS, "SessionToken": "", "Expiration": soon()}.items())
    answer = (
        '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>'
        f"<Credentials>{keys}</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    )
    issuer = Issuer(lambda method, path, headers: (200, answer))
    try:
        s3 = gateway(
            AWS_WEB_IDENTITY_TOKEN_FILE=token, AWS_ROLE_ARN="arn:aws:iam::123456789012:role/work", AWS_ROLE_SESSION_NAME="test",
            AWS_ENDPOINT_URL_STS=issuer.url, AWS_ENDPOINT_URL=issuer.url, AWS_REGION="us-east-1",
        )
        assert_works(s3, "web-identity")
        assert "a+token+of+the+platform" in issuer.asked[0][3].replace("%20", "+")
    finally:
        issuer.stop()


def test_what_an_issuer_answers_is_never_logged(gateway, tmp_path):
    issuer = Issuer(lambda method, path, headers: (200, '{"Code": "Success", "Token": "a secret answer"}'))
    try:
        s3 = gateway(AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{issuer.url}/keys")
        with refused("InternalError", 500):
            s3.list_buckets()
        assert issuer.asked and "a secret answer" not in (tmp_path / "gateway" / "server.log").read_text()
    finally:
        issuer.stop()


def test_no_keys_anywhere_is_told_to_the_operator_and_not_to_the_client(gateway):
    s3 = gateway()
    with refused("InternalError", 500):
        s3.list_buckets()
