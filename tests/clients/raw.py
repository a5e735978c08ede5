"""Requests below any client: signed by hand, sent as bytes."""

import datetime
import hashlib
import hmac
import socket
import urllib.parse

import urllib3

from sluice import ACCESS_KEY, SECRET_KEY

HTTP = urllib3.PoolManager(retries=False)
EMPTY = hashlib.sha256(b"").hexdigest()


def sign(server, method, path, query=(), headers=(), payload=EMPTY, now=None, key=(ACCESS_KEY, SECRET_KEY), region="us-east-1", service="s3"):
    """The headers of a request with Signature Version 4; `path` is as it goes onto the wire."""
    now = now or datetime.datetime.now(datetime.timezone.utc)
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    signed = {"host": f"127.0.0.1:{server.port}", "x-amz-content-sha256": payload, "x-amz-date": moment}
    signed.update({name.lower(): value for name, value in dict(headers).items()})
    names = sorted(signed)
    escape = lambda text: urllib.parse.quote(text, safe="-_.~")  # noqa: E731
    canonical_query = "&".join(f"{escape(name)}={escape(value)}" for name, value in sorted(query))
    lines = [method, path, canonical_query, *(f"{name}:{signed[name]}" for name in names), "", ";".join(names), payload]
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    secret = f"AWS4{key[1]}".encode()
    for step in scope.split("/"):
        secret = hmac.new(secret, step.encode(), hashlib.sha256).digest()
    signature = hmac.new(secret, to_sign.encode(), hashlib.sha256).hexdigest()
    signed["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key[0]}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return signed


def request(server, method, path, query=(), headers=(), body=b"", **options):
    """Sends a signed request; options go to `sign`."""
    options.setdefault("payload", hashlib.sha256(body).hexdigest())
    signed = sign(server, method, path, query, headers, **options)
    text = "&".join(f"{name}={urllib.parse.quote(value, safe='-_.~')}" if value else name for name, value in query)
    url = f"{server.endpoint}{path}" + (f"?{text}" if text else "")
    return HTTP.request(method, url, headers=signed, body=body or None, redirect=False)


def send_bytes(server, data, half_close=False):
    """Sends raw bytes and returns all that comes back until the server closes or pauses."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as stream:
        stream.sendall(data)
        if half_close:
            stream.shutdown(socket.SHUT_WR)
        answer = b""
        while b"\r\n\r\n" not in answer:
            piece = stream.recv(65_536)
            if not piece:
                break
            answer += piece
        return answer


def code_of(answer):
    """The S3 error code in a document."""
    document = answer.data.decode()
    return document.partition("<Code>")[2].partition("</Code>")[0]
