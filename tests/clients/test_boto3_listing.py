"""Listings: prefixes, delimiters, pages that end anywhere, both versions of the call."""

import pytest

from boto import keys_of, put_all, refused

KEYS = ["a", "a/", "a/1", "a/2", "a/b/1", "b", "b//", "b//c", "c+d", "c d", "c%d", "ä/1", "日/本", "z"]


def in_order(keys):
    return sorted(keys, key=lambda key: key.encode())


def folded(keys, prefix, delimiter):
    """What a listing with a delimiter holds, by the definition."""
    contents, prefixes = [], []
    for key in in_order(key for key in keys if key.startswith(prefix)):
        head, found, _ = key[len(prefix) :].partition(delimiter)
        if not found:
            contents.append(key)
        elif prefix + head + found not in prefixes:
            prefixes.append(prefix + head + found)
    return contents, prefixes


@pytest.fixture(scope="module")
def filled(s3):
    s3.create_bucket(Bucket="listing")
    put_all(s3, "listing", KEYS)
    return "listing"


@pytest.mark.parametrize("name", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 13, 14, 15, 1000])
def test_pages_of_every_size_hold_every_key_once(s3, filled, name, size):
    pages = list(s3.get_paginator(name).paginate(Bucket=filled, PaginationConfig={"PageSize": size}))
    assert [key for page in pages for key in keys_of(page)[0]] == in_order(KEYS)
    assert [page["IsTruncated"] for page in pages] == [True] * (len(pages) - 1) + [False]
    assert len(pages) == max(1, -(-len(KEYS) // size))


@pytest.mark.parametrize("name", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("delimiter", ["/", "//", "b", "+", " ", "本", "no such"])
@pytest.mark.parametrize("prefix", ["", "a", "a/", "b/", "c", "ä", "x"])
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_folding_by_any_delimiter(s3, filled, name, delimiter, prefix, size):
    pages = s3.get_paginator(name).paginate(
        Bucket=filled, Delimiter=delimiter, Prefix=prefix, PaginationConfig={"PageSize": size}
    )
    keys, prefixes = [], []
    for page in pages:
        found = keys_of(page)
        keys += found[0]
        prefixes += found[1]
    assert (keys, prefixes) == folded(KEYS, prefix, delimiter)


def test_starting_behind_any_key(s3, filled):
    for start in [*KEYS, "", "a/15", "zz", "c"]:
        page = s3.list_objects_v2(Bucket=filled, StartAfter=start)
        assert keys_of(page)[0] == [key for key in in_order(KEYS) if key.encode() > start.encode()]
        page = s3.list_objects(Bucket=filled, Marker=start)
        assert keys_of(page)[0] == [key for key in in_order(KEYS) if key.encode() > start.encode()]


def test_a_page_of_nothing(s3, filled):
    page = s3.list_objects_v2(Bucket=filled, MaxKeys=0)
    assert (page["KeyCount"], page["IsTruncated"], "Contents" in page) == (0, False, False)


def test_more_than_a_thousand_are_cut_to_a_thousand(s3, bucket):
    put_all(s3, bucket, [f"{number:04}" for number in range(1001)])
    for asked in (1000, 1001, 5000):
        page = s3.list_objects_v2(Bucket=bucket, MaxKeys=asked)
        assert (page["KeyCount"], page["IsTruncated"], page["MaxKeys"]) == (1000, True, 1000)
    rest = s3.list_objects_v2(Bucket=bucket, ContinuationToken=page["NextContinuationToken"])
    assert keys_of(rest)[0] == ["1000"]


@pytest.mark.parametrize("number", [-1, 2**31])
def test_a_size_that_is_none_is_refused(s3, filled, number):
    with refused("InvalidArgument", 400):
        s3.list_objects_v2(Bucket=filled, MaxKeys=number)


def test_a_token_that_is_none_is_refused(s3, filled):
    with refused("InvalidArgument", 400):
        s3.list_objects_v2(Bucket=filled, ContinuationToken="not a token")


def test_what_an_entry_says(s3, bucket):
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"hello", StorageClass="STANDARD_IA")
    entry = s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (entry["ETag"], entry["Size"], entry["StorageClass"]) == (put["ETag"], 5, "STANDARD_IA")
    assert entry["LastModified"].replace(microsecond=0) == head["LastModified"]
    assert entry["Owner"]["ID"] == s3.list_buckets()["Owner"]["ID"]
    assert entry["ChecksumType"] == "FULL_OBJECT"
    assert "Owner" not in s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert "Owner" in s3.list_objects(Bucket=bucket)["Contents"][0]


def test_keys_in_plain_and_in_url_encoding(s3, filled):
    page = s3.list_objects_v2(Bucket=filled, EncodingType="url", Prefix="c")
    assert page["EncodingType"] == "url"
    # botocore decodes only what it asked for itself; here the keys come as they were sent.
    assert [item["Key"] for item in page["Contents"]] == ["c+d", "c%25d", "c%2Bd"]


def test_a_listing_sees_a_write_at_once(s3, bucket):
    for number in range(50):
        s3.put_object(Bucket=bucket, Key=f"{number:03}", Body=b"")
        assert len(s3.list_objects_v2(Bucket=bucket)["Contents"]) == number + 1
    for number in range(50):
        s3.delete_object(Bucket=bucket, Key=f"{number:03}")
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 49 - number
