"""Presigned URLs and POST forms, signed as boto3 signs them by default (version 2) and with version 4."""

import pytest
import urllib3

from boto import make_client, read
from conftest import bytes_of

HTTP = urllib3.PoolManager(retries=False)


def client_of(server, version):
    # us-east-1 with a custom endpoint presigns with version 2 unless told otherwise.
    return make_client(server) if version == "default" else make_client(server, signature_version=version)


VERSIONS = ["default", "s3", "s3v4"]


@pytest.mark.parametrize("version", VERSIONS)
def test_get_put_head_and_delete(server, s3, bucket, version):
    client = client_of(server, version)
    content, key = bytes_of(100_000), "dir/ü +&k"

    def url(name, **more):
        return client.generate_presigned_url(name, Params={"Bucket": bucket, "Key": key, **more}, ExpiresIn=60)

    assert HTTP.request("PUT", url("put_object"), body=content).status == 200
    got = HTTP.request("GET", url("get_object"))
    assert (got.status, got.data) == (200, content)
    got = HTTP.request("GET", url("get_object"), headers={"Range": "bytes=5-9"})
    assert (got.status, got.data) == (206, content[5:10])
    got = HTTP.request("GET", url("get_object", ResponseContentType="text/plain", ResponseContentDisposition="attachment"))
    assert (got.headers["content-type"], got.headers["content-disposition"]) == ("text/plain", "attachment")
    assert HTTP.request("HEAD", url("head_object")).headers["content-length"] == "100000"
    assert HTTP.request("DELETE", url("delete_object")).status == 204
    assert HTTP.request("GET", url("get_object")).status == 404


@pytest.mark.parametrize("version", VERSIONS)
def test_a_changed_url_is_refused(server, s3, bucket, version):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = client_of(server, version).generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    for changed in (url.replace("/k?", "/other?"), url.replace(bucket, "elsewhere")):
        refused = HTTP.request("GET", changed)
        assert refused.status == 403 and b"<Code>SignatureDoesNotMatch</Code>" in refused.data
    refused = HTTP.request("PUT", url, body=b"y")
    assert refused.status == 403


@pytest.mark.parametrize("version", VERSIONS)
def test_an_expired_url_is_refused(server, s3, bucket, version):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = client_of(server, version).generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=-5)
    refused = HTTP.request("GET", url)
    assert refused.status in (400, 403) and b"<Error>" in refused.data


def test_more_than_a_week_is_refused(server, s3, bucket):
    client = client_of(server, "s3v4")
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=604_801)
    refused = HTTP.request("GET", url)
    assert refused.status == 400 and b"AuthorizationQueryParametersError" in refused.data


def test_an_upload_in_parts_by_urls(server, s3, bucket):
    client = client_of(server, "s3v4")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    params = {"Bucket": bucket, "Key": "k", "UploadId": upload, "PartNumber": 1}
    put = HTTP.request("PUT", client.generate_presigned_url("upload_part", Params=params), body=b"part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": put.headers["etag"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload=parts)
    assert read(s3, bucket, "k") == b"part"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_form_uploads_a_file(server, s3, bucket, version):
    content = bytes_of(150_000)
    fields = {"Content-Type": "text/x-own", "x-amz-meta-a": "1", "success_action_status": "201"}
    conditions = [{name: value} for name, value in fields.items()] + [["content-length-range", 1, 200_000]]
    form = client_of(server, version).generate_presigned_post(bucket, "up/${filename}", Fields=fields, Conditions=conditions)
    answer = send_form(form, "näme.bin", content)
    assert answer.status == 201, answer.data
    assert b"<PostResponse>" in answer.data or b"<PostResponse " in answer.data
    got = s3.get_object(Bucket=bucket, Key="up/näme.bin")
    assert got["Body"].read() == content
    assert (got["ContentType"], got["Metadata"]) == ("text/x-own", {"a": "1"})


@pytest.mark.parametrize("version", VERSIONS)
def test_a_form_that_breaks_its_policy_stores_nothing(server, s3, bucket, version):
    client = client_of(server, version)
    conditions = [["content-length-range", 1, 10]]
    form = client.generate_presigned_post(bucket, "k", Conditions=conditions)
    assert b"EntityTooLarge" in send_form(form, "f", b"x" * 11).data
    assert b"EntityTooSmall" in send_form(form, "f", b"").data
    other = client.generate_presigned_post(bucket, "k", Conditions=conditions)
    other["fields"]["key"] = "elsewhere"
    answer = send_form(other, "f", b"x")
    assert answer.status == 403 and b"AccessDenied" in answer.data
    broken = client.generate_presigned_post(bucket, "k")
    broken["fields"]["policy"] = broken["fields"]["policy"][:-8] + "AAAAAAA="
    assert send_form(broken, "f", b"x").status in (400, 403)
    late = client.generate_presigned_post(bucket, "k", ExpiresIn=-5)
    answer = send_form(late, "f", b"x")
    assert answer.status == 403 and b"AccessDenied" in answer.data
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_form_redirects(server, s3, bucket):
    fields = {"success_action_redirect": "http://127.0.0.1/done?x=1"}
    form = client_of(server, "s3v4").generate_presigned_post(bucket, "k", Fields=fields, Conditions=[fields])
    answer = send_form(form, "f", b"x")
    assert answer.status == 303
    assert answer.headers["location"].startswith("http://127.0.0.1/done?x=1&bucket=")


def send_form(form, filename, content):
    fields = [*form["fields"].items(), ("file", (filename, content, "application/octet-stream"))]
    return HTTP.request("POST", form["url"], fields=fields, redirect=False)
