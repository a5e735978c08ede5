"""boto3 clients as users make them."""

import contextlib

import boto3
import botocore.config
import botocore.exceptions
import pytest

from sluice import ACCESS_KEY, SECRET_KEY


def make_client(server, region="us-east-1", key=(ACCESS_KEY, SECRET_KEY), **config):
    """A client with default settings; `config` holds what a test changes of them."""
    config.setdefault("retries", {"total_max_attempts": 1})
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        region_name=region,
        config=botocore.config.Config(**config),
    )


@contextlib.contextmanager
def refused(code, status=None):
    """The block is refused with this code, and with this HTTP status where one is named."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        yield caught
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer
    if status is not None:
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer


def put_all(client, bucket, keys):
    """Puts small objects; each holds its own key."""
    for key in keys:
        client.put_object(Bucket=bucket, Key=key, Body=key.encode())


def keys_of(listing):
    """The keys and the common prefixes of a page."""
    keys = [item["Key"] for item in listing.get("Contents", [])]
    return keys, [item["Prefix"] for item in listing.get("CommonPrefixes", [])]


def read(client, bucket, key, **options):
    """An object's bytes."""
    return client.get_object(Bucket=bucket, Key=key, **options)["Body"].read()
