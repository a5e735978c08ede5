"""Requests that botocore signs, verified by the crate that the server verifies with: many odd names, one process."""

import datetime
import json
import pathlib
import random
import subprocess
import time
from urllib.parse import quote, urlencode, urlsplit

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ROOT = pathlib.Path(__file__).resolve().parents[2]
CREDENTIALS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
CASES = 300
ODD = ["/", "//", ".", "..", " ", "+", "%", "%2F", "~", "é", "日本", "\U0001f600", "a=b", "&", "?", "#", "'", '"', "(", ")", "!", "*", ";", ":",
       "@", "$", ",", "\\", "|", "^", "`", "<", ">", "[", "]", "{", "}", "\t", "\x01", "\x7f", "A", "z", "0", "-", "_"]


class Verifier:
    """The example program, fed and read line by line."""

    def __init__(self):
        command = ["cargo", "run", "--quiet", "--package", "s3-auth", "--example", "verify"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=60) == 0


@pytest.fixture(scope="module")
def verifier():
    running = Verifier()
    yield running
    running.close()


@pytest.fixture
def chance(request):
    """The same odd names in every run, others for each test."""
    return random.Random(request.node.name)


def some(chance, least=1, most=6):
    return "".join(chance.choice(ODD) for _ in range(chance.randint(least, most)))


def request_of(chance, headers=True):
    """An odd request: a key, parameters and headers of all sorts, path style or with the bucket before the host."""
    virtual = chance.random() < 0.4
    host = "bucket.example.net" if virtual else chance.choice(["localhost:9000", "127.0.0.1", "example.org:8443"])
    key = quote(some(chance), safe="/~")
    path = f"/k{key}" if virtual else f"/bucket/k{key}"
    names = ["response-content-type", "response-content-disposition", "response-expires", "prefix", "x-id", "max-keys", "marker"]
    query = [(name, some(chance)) for name in chance.sample(names, chance.randint(0, 4))]
    if chance.random() < 0.3:
        query.insert(0, ("versionId", "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY_MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo"))
    query = urlencode(query, quote_via=quote, safe="~")
    method = chance.choice(["GET", "HEAD", "DELETE"])
    request = AWSRequest(method=method, url=f"http://{host}{path}" + (f"?{query}" if query else ""))
    request.auth_path = f"/bucket{path}" if virtual else None
    if headers:
        for number in range(chance.randint(0, 3)):
            request.headers[f"X-Amz-Meta-{chance.choice('abc')}{number}"] = chance.choice([" a  b ", "c,d", "e", "", "x" * 300, "a\tb"])
        if chance.random() < 0.5:
            request.headers["Content-Type"] = "text/plain; charset=utf-8"
    return request


def question(request, body=b"", now=None):
    """The request as a server receives it."""
    url = urlsplit(request.url)
    headers = [[name, value] for name, value in request.headers.items() if name.lower() != "host"]
    return {
        "method": request.method,
        "uri": url.path + (f"?{url.query}" if url.query else ""),
        "headers": [["Host", url.netloc], *headers],
        "body": body.hex(),
        "now": int(now if now is not None else time.time()),
    }


def changed(chance, asked):
    """The same with one thing changed that every signature covers."""
    path, _, query = asked["uri"].partition("?")
    if chance.random() < 0.5:
        return {**asked, "uri": f"{path}x" + (f"?{query}" if query else "")}
    return {**asked, "method": "PUT" if asked["method"] != "PUT" else "GET"}


def sign_v4(request):
    auth.S3SigV4Auth(CREDENTIALS, "s3", "eu-west-1").add_auth(request)


def presign_v4(request):
    auth.S3SigV4QueryAuth(CREDENTIALS, "s3", "us-east-1", expires=60).add_auth(request)


def sign_v2(request):
    auth.HmacV1Auth(CREDENTIALS).add_auth(request)


def presign_v2(request):
    auth.HmacV1QueryAuth(CREDENTIALS, expires=60).add_auth(request)


@pytest.mark.parametrize("sign, scheme", [(sign_v4, "v4-header"), (presign_v4, "v4-query"), (sign_v2, "v2-header"), (presign_v2, "v2-query")])
def test_what_botocore_signs_verifies_and_nothing_else(verifier, chance, sign, scheme):
    for number in range(CASES):
        request = request_of(chance)
        sign(request)
        asked = question(request)
        assert verifier.ask(asked) == {"scheme": scheme, "who": "root"}, f"case {number}: {asked}"
        answer = verifier.ask(changed(chance, asked))
        assert answer.get("code") in ("SignatureDoesNotMatch", "MethodNotAllowed"), f"case {number}: {answer}"


def test_a_presigned_version_2_url_needs_no_headers_that_its_query_bears(verifier, chance):
    for _ in range(CASES):
        request = request_of(chance, headers=False)
        request.headers["x-amz-meta-name"] = "a value"
        request.headers["Content-Type"] = "text/plain"
        presign_v2(request)
        asked = question(request)
        asked["headers"] = asked["headers"][:1]
        assert verifier.ask(asked) == {"scheme": "v2-query", "who": "root"}, asked


@pytest.mark.parametrize("size", [0, 1, 1000, 100_000])
def test_bodies_are_covered_by_their_hash(verifier, chance, size):
    body = chance.randbytes(size)
    request = AWSRequest(method="PUT", url="https://localhost:9000/bucket/key", data=body)
    request.context["payload_signing_enabled"] = True
    sign_v4(request)
    assert verifier.ask(question(request, body))["scheme"] == "v4-header"
    other = bytes([body[0] ^ 1]) + body[1:] if size else b"x"
    assert verifier.ask(question(request, other))["code"] == "Body"


def test_subresources_of_version_2(verifier):
    for query in ["acl", "uploads", "uploads=", "versioning", "tagging=&versionId=1", "delete", "lifecycle", "cors=", "policy"]:
        request = AWSRequest(method="GET", url=f"http://localhost:9000/bucket?{query}")
        sign_v2(request)
        answer = verifier.ask(question(request))
        # The router refuses some of these for GET before any signature is looked at.
        assert answer.get("scheme") == "v2-header" or answer["code"] in ("MethodNotAllowed", "NotImplemented"), (query, answer)


@pytest.mark.parametrize("post, scheme", [(auth.S3SigV4PostAuth, "v4-form"), (auth.HmacV1PostAuth, "v2-form")])
def test_policies(verifier, chance, post, scheme):
    for number in range(CASES):
        prefix = some(chance)
        kind = chance.choice(["image/png", "text/plain"])
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=5)
        policy = {
            "expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "conditions": [{"bucket": "bucket"}, ["starts-with", "$key", prefix], ["eq", "$Content-Type", kind], ["content-length-range", 0, 10]],
        }
        request = AWSRequest(method="POST", url="http://localhost:9000/bucket")
        request.context["s3-presign-post-fields"] = {"key": prefix + "/name", "Content-Type": kind}
        request.context["s3-presign-post-policy"] = policy
        signer = post(CREDENTIALS) if post is auth.HmacV1PostAuth else post(CREDENTIALS, "s3", "us-east-1")
        signer.add_auth(request)
        fields = [list(pair) for pair in request.context["s3-presign-post-fields"].items()]
        asked = {"fields": fields, "bucket": "bucket", "key": prefix + "/name", "now": int(time.time())}
        assert verifier.ask(asked) == {"scheme": scheme, "who": "root"}, f"case {number}: {asked}"
        assert verifier.ask({**asked, "bucket": "other"})["code"] == "AccessDenied"
        assert verifier.ask({**asked, "fields": [*fields, ["acl", "private"]]})["code"] == "AccessDenied"
        assert verifier.ask({**asked, "now": asked["now"] + 301})["code"] == "AccessDenied"
        cut = [[name, value[:-1] if "ignature" in name else value] for name, value in fields]
        assert verifier.ask({**asked, "fields": cut})["code"] == "SignatureDoesNotMatch"


def test_a_session_token_is_refused_by_name(verifier):
    request = AWSRequest(method="GET", url="http://localhost:9000/bucket/key")
    temporary = Credentials(CREDENTIALS.access_key, CREDENTIALS.secret_key, "token")
    auth.S3SigV4Auth(temporary, "s3", "us-east-1").add_auth(request)
    assert verifier.ask(question(request))["code"] == "InvalidToken"
