"""What only shows below the clients: documents of errors, identifiers, framing, limits."""

import datetime
import hashlib

import pytest

from boto import read, refused
from raw import HTTP, code_of, request, send_bytes, sign


def test_every_answer_bears_its_identifiers(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    good = request(server, "GET", f"/{bucket}/k")
    bad = request(server, "GET", f"/{bucket}/missing")
    for answer in (good, bad):
        assert answer.headers["x-amz-request-id"] and answer.headers["x-amz-id-2"]
    assert good.headers["x-amz-request-id"] != bad.headers["x-amz-request-id"]
    document = bad.data.decode()
    assert bad.status == 404 and bad.headers["content-type"] == "application/xml"
    for element in ("<Code>NoSuchKey</Code>", "<Key>missing</Key>", f"<RequestId>{bad.headers['x-amz-request-id']}</RequestId>",
                    f"<HostId>{bad.headers['x-amz-id-2']}</HostId>", "<Message>"):
        assert element in document


def test_an_error_to_head_has_no_body(server, bucket):
    answer = send_bytes(server, _head_of("HEAD", server, f"/{bucket}/missing"))
    assert answer.startswith(b"HTTP/1.1 404") and answer.endswith(b"\r\n\r\n")


def _head_of(method, server, path, **options):
    signed = sign(server, method, path, **options)
    lines = "".join(f"{name}: {value}\r\n" for name, value in signed.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}connection: close\r\n\r\n".encode()


def test_a_wrong_signature_shows_what_was_signed(server, bucket):
    answer = request(server, "GET", f"/{bucket}", key=("CLIENTTESTKEY0000001", "wrong"))
    assert (answer.status, code_of(answer)) == (403, "SignatureDoesNotMatch")
    document = answer.data.decode()
    assert "<CanonicalRequest>GET\n" in document and "<StringToSign>AWS4-HMAC-SHA256\n" in document
    assert "<AWSAccessKeyId>CLIENTTESTKEY0000001</AWSAccessKeyId>" in document


def test_an_unknown_key(server, bucket):
    answer = request(server, "GET", f"/{bucket}", key=("NOSUCHKEY", "wrong"))
    assert (answer.status, code_of(answer)) == (403, "InvalidAccessKeyId")


def test_nobody_is_refused(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for path in ("/", f"/{bucket}", f"/{bucket}/k"):
        answer = HTTP.request("GET", server.endpoint + path)
        assert (answer.status, code_of(answer)) == (403, "AccessDenied"), path


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_clock_that_is_wrong(server, bucket, minutes):
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    answer = request(server, "GET", f"/{bucket}", now=now)
    assert (answer.status, code_of(answer)) == (403, "RequestTimeTooSkewed")


def test_a_payload_that_was_not_signed_is_not_stored(server, s3, bucket):
    answer = request(server, "PUT", f"/{bucket}/k", body=b"other", payload=hashlib.sha256(b"signed").hexdigest())
    assert (answer.status, code_of(answer)) == (400, "XAmzContentSHA256Mismatch")
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")


def test_unknown_query_names_are_signed_and_ignored(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert request(server, "GET", f"/{bucket}/k", query=[("x-id", "GetObject")]).data == b"x"


def test_a_slash_behind_the_bucket_is_the_bucket(server, bucket):
    assert b"<ListBucketResult" in request(server, "GET", f"/{bucket}/").data


def test_a_missing_length_is_411(server, bucket):
    head = _head_of("PUT", server, f"/{bucket}/k", payload="UNSIGNED-PAYLOAD")
    answer = send_bytes(server, head.replace(b"connection: close", b"transfer-encoding: chunked") + b"1\r\nx\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 411")


def test_a_preflight_without_a_rule_is_403(server, bucket):
    headers = {"Origin": "http://a", "Access-Control-Request-Method": "GET"}
    answer = HTTP.request("OPTIONS", f"{server.endpoint}/{bucket}/k", headers=headers)
    assert answer.status == 403


def test_a_method_that_s3_does_not_have(server, bucket):
    answer = request(server, "PATCH", f"/{bucket}/k")
    assert (answer.status, code_of(answer)) == (405, "MethodNotAllowed")


def test_an_operation_that_is_not_there_yet_is_refused_by_name(server, bucket):
    answer = request(server, "GET", f"/{bucket}/k", query=[("torrent", "")])
    assert (answer.status, code_of(answer)) == (501, "NotImplemented")


@pytest.mark.parametrize("document", [b"", b"<", b"<Delete>", b"<Other/>", b"<Delete></Delete>", b"\xff\xfe<Delete/>",
                                      b"<!DOCTYPE a [<!ENTITY b 'c'>]><Delete>&b;</Delete>", b"<a>" * 10_000])
def test_broken_documents(server, bucket, document):
    answer = request(server, "POST", f"/{bucket}", query=[("delete", "")], body=document)
    assert answer.status == 400 and code_of(answer) in ("MalformedXML", "MissingRequestBodyError"), answer.data


def test_a_document_beyond_its_limit(server, bucket):
    document = b"<Delete>" + b" " * (8 * 1024 * 1024) + b"</Delete>"
    answer = request(server, "POST", f"/{bucket}", query=[("delete", "")], body=document)
    assert answer.status == 400


@pytest.mark.parametrize("framing", [b"zz\r\n", b"-1\r\n", b"5\r\nabc", b"3\r\nabcd\r\n0\r\n\r\n", b"3\r\nabc\r\n",
                                     b"ffffffffffffffffff\r\nabc\r\n"])
def test_broken_chunks_store_nothing(server, s3, bucket, framing):
    headers = {"content-encoding": "aws-chunked", "x-amz-decoded-content-length": "3", "x-amz-trailer": "x-amz-checksum-crc32"}
    answer = request(server, "PUT", f"/{bucket}/k", headers=headers, body=framing, payload="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    assert answer.status == 400, answer.data
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")


def test_a_body_that_ends_early_stores_nothing_and_the_server_stays(server, s3, bucket):
    head = _head_of("PUT", server, f"/{bucket}/k", payload="UNSIGNED-PAYLOAD")
    send_bytes(server, head.replace(b"connection: close", b"content-length: 100000") + b"x" * 5000, half_close=True)
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")
    s3.put_object(Bucket=bucket, Key="k", Body=b"y")
    assert read(s3, bucket, "k") == b"y"


def test_continue_is_answered_before_the_body(server, bucket):
    head = _head_of("PUT", server, f"/{bucket}/k", payload="UNSIGNED-PAYLOAD")
    waiting = head.replace(b"connection: close", b"expect: 100-continue\r\ncontent-length: 3")
    assert send_bytes(server, waiting).startswith(b"HTTP/1.1 100")
    wrong = waiting.replace(b"Signature=", b"Signature=0")
    assert send_bytes(server, wrong).startswith(b"HTTP/1.1 403") or send_bytes(server, wrong).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("data", [b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
                                  b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 200_000 + b"\r\n\r\n"])
def test_what_is_no_request_is_refused_and_the_server_stays(server, s3, data):
    try:
        answer = send_bytes(server, data)
    except (ConnectionResetError, BrokenPipeError):
        answer = b""
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    s3.list_buckets()


def test_a_session_token_is_refused_clearly(server, bucket):
    answer = request(server, "GET", f"/{bucket}", headers={"x-amz-security-token": "token"})
    assert answer.status in (400, 403) and code_of(answer) in ("InvalidToken", "NotImplemented")


def test_a_public_algorithm_is_refused_by_name(server, bucket):
    signed = sign(server, "GET", f"/{bucket}")
    signed["authorization"] = signed["authorization"].replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
    answer = HTTP.request("GET", f"{server.endpoint}/{bucket}", headers=signed)
    assert answer.status in (400, 501) and b"ECDSA" in answer.data
