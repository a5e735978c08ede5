"""Checksums in all ten algorithms: sent, verified, kept and given back."""

import base64
import hashlib
import io

import botocore.httpchecksum
import pytest
from awscrt import checksums

from boto import make_client, read, refused
from conftest import bytes_of


# The algorithms that botocore takes from the C runtime; the runtime is otherwise switched off.
botocore.httpchecksum.crt_checksums = checksums
BY_RUNTIME = {
    "crc32c": botocore.httpchecksum.CrtCrc32cChecksum,
    "crc64nvme": botocore.httpchecksum.CrtCrc64NvmeChecksum,
    "xxhash64": botocore.httpchecksum.CrtXxhash64Checksum,
    "xxhash3": botocore.httpchecksum.CrtXxhash3Checksum,
    "xxhash128": botocore.httpchecksum.CrtXxhash128Checksum,
}
botocore.httpchecksum._CHECKSUM_CLS.update(BY_RUNTIME)
botocore.httpchecksum._SUPPORTED_CHECKSUM_ALGORITHMS += BY_RUNTIME


def big_endian(number, size):
    return number.to_bytes(size, "big")


def xxhash(make):
    def digest(data):
        state = make()
        state.update(data)
        return state.finalize()

    return digest


DIGESTS = {
    "CRC32": lambda data: big_endian(checksums.crc32(data), 4),
    "CRC32C": lambda data: big_endian(checksums.crc32c(data), 4),
    "CRC64NVME": lambda data: big_endian(checksums.crc64nvme(data), 8),
    "SHA1": lambda data: hashlib.sha1(data).digest(),
    "SHA256": lambda data: hashlib.sha256(data).digest(),
    "SHA512": lambda data: hashlib.sha512(data).digest(),
    "MD5": lambda data: hashlib.md5(data).digest(),
    "XXHASH64": xxhash(checksums.XXHash.new_xxhash64),
    "XXHASH3": xxhash(checksums.XXHash.new_xxhash3_64),
    "XXHASH128": xxhash(checksums.XXHash.new_xxhash3_128),
}
# botocore computes all but MD5 by itself; the value of that one is handed to it.
COMPUTED = [name for name in DIGESTS if name != "MD5"]


def value_of(algorithm, data):
    return base64.b64encode(DIGESTS[algorithm](data)).decode()


@pytest.mark.parametrize("algorithm", DIGESTS)
@pytest.mark.parametrize("size", [0, 10, 200_000])
def test_a_checksum_by_header_is_kept(s3, bucket, algorithm, size):
    data = bytes_of(size)
    value = value_of(algorithm, data)
    put = s3.put_object(Bucket=bucket, Key="k", Body=data, **{f"Checksum{algorithm}": value})
    assert put[f"Checksum{algorithm}"] == value
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"] == value
    assert head["ChecksumType"] == "FULL_OBJECT"
    assert read(s3, bucket, "k") == data


@pytest.mark.parametrize("algorithm", COMPUTED)
def test_a_checksum_by_trailer_is_kept(s3, bucket, algorithm):
    data = bytes_of(300_000)
    with_stream = s3.put_object(Bucket=bucket, Key="k", Body=io.BytesIO(data), ChecksumAlgorithm=algorithm)
    assert with_stream[f"Checksum{algorithm}"] == value_of(algorithm, data)
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == ([algorithm], "FULL_OBJECT")




@pytest.mark.parametrize("algorithm", DIGESTS)
def test_a_wrong_checksum_stores_nothing(s3, bucket, algorithm):
    with refused("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"right", **{f"Checksum{algorithm}": value_of(algorithm, b"wrong")})
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")


def test_a_wrong_content_md5_stores_nothing(s3, bucket):
    with refused("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"right", ContentMD5=value_of("MD5", b"wrong"))
    with refused("InvalidDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"right", ContentMD5="bm90IGFuIG1kNQ==")
    with refused("NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="k")
    s3.put_object(Bucket=bucket, Key="k", Body=b"right", ContentMD5=value_of("MD5", b"right"))


def test_crc64nvme_is_kept_where_the_client_sends_none(server, s3, bucket):
    quiet = make_client(server, request_checksum_calculation="when_required")
    data = bytes_of(70_000)
    quiet.put_object(Bucket=bucket, Key="k", Body=data)
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head["ChecksumCRC64NVME"] == value_of("CRC64NVME", data)


def test_no_checksum_is_given_for_a_part_of_the_object(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    answer = s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-3", ChecksumMode="ENABLED")
    assert [name for name in answer if name.startswith("ChecksumC")] == []


def test_no_checksum_is_given_unless_asked(server, bucket):
    client = make_client(server, response_checksum_validation="when_required")
    client.put_object(Bucket=bucket, Key="k", Body=b"x")
    head = client.head_object(Bucket=bucket, Key="k")
    assert [name for name in head if name.startswith("Checksum")] == []


@pytest.mark.parametrize("algorithm", [name for name in COMPUTED if name not in ("XXHASH64", "XXHASH3", "XXHASH128", "CRC64NVME")])
def test_a_composite_checksum_of_parts(s3, bucket, algorithm):
    data = [bytes_of(5 * 1024 * 1024), bytes_of(1000, seed=1)]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType="COMPOSITE")
    parts = _upload(s3, bucket, upload["UploadId"], data, algorithm)
    done = _complete(s3, bucket, upload["UploadId"], parts)
    whole = base64.b64encode(DIGESTS[algorithm](b"".join(DIGESTS[algorithm](part) for part in data))).decode()
    assert done[f"Checksum{algorithm}"] == f"{whole}-2"
    assert done["ChecksumType"] == "COMPOSITE"
    attributes = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum", "ObjectParts"])
    shown = [part[f"Checksum{algorithm}"] for part in attributes["ObjectParts"]["Parts"]]
    assert shown == [value_of(algorithm, part) for part in data]
    assert read(s3, bucket, "k") == b"".join(data)


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME"])
def test_a_full_object_checksum_of_parts(s3, bucket, algorithm):
    data = [bytes_of(5 * 1024 * 1024), bytes_of(5 * 1024 * 1024 + 7, seed=1), bytes_of(3, seed=2)]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")
    parts = _upload(s3, bucket, upload["UploadId"], data, algorithm)
    whole = value_of(algorithm, b"".join(data))
    with refused("BadDigest", 400):
        _complete(s3, bucket, upload["UploadId"], parts, **{f"Checksum{algorithm}": value_of(algorithm, b"other")})
    done = _complete(s3, bucket, upload["UploadId"], parts, **{f"Checksum{algorithm}": whole})
    assert (done[f"Checksum{algorithm}"], done["ChecksumType"]) == (whole, "FULL_OBJECT")
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"] == whole


@pytest.mark.parametrize(("algorithm", "kind"), [("SHA256", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")])
def test_kinds_that_an_algorithm_does_not_have(s3, bucket, algorithm, kind):
    with refused("InvalidRequest", 400):
        s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType=kind)


def _upload(s3, bucket, upload, data, algorithm):
    parts = []
    for number, part in enumerate(data, 1):
        answer = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, Body=part,
                                ChecksumAlgorithm=algorithm)
        name = f"Checksum{algorithm}"
        assert answer[name] == value_of(algorithm, part)
        parts.append({"PartNumber": number, "ETag": answer["ETag"], name: answer[name]})
    return parts


def _complete(s3, bucket, upload, parts, **options):
    return s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": parts}, **options)
