"""What tests of S3 share: a client, a bucket, refusals."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def s3(aws) -> Any:
    return aws("s3")


@pytest.fixture
def bucket(s3, account) -> str:
    name = f"bucket-{account}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def refused() -> Callable[..., dict[str, Any]]:
    """Call an operation that must fail; its error."""

    def call(operation: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
        with pytest.raises(ClientError) as caught:
            operation(**arguments)
        error: dict[str, Any] = dict(caught.value.response["Error"])
        error["Status"] = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
        error["Headers"] = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
        return error

    return call


def _versioned(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


@pytest.fixture
def versioned(s3, bucket) -> str:
    """A bucket that keeps versions."""
    _versioned(s3, bucket)
    return bucket
