"""What buckets and objects may be called. Pure."""

import re

from airside.services.s3 import errors, limits

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
REGIONS = frozenset(
    {
        "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "ca-west-1",
        "mx-central-1", "sa-east-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1",
        "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "af-south-1", "il-central-1",
        "me-central-1", "me-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1",
        "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1",
        "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6",
        "ap-southeast-7", "cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1"
    }
)  # fmt: skip
"""https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html"""
_RESERVED_HEADS = ("xn--", "sthree-")
_RESERVED_TAILS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def check_bucket_name(name: str) -> None:
    """Raise InvalidBucketName unless a bucket may be created under `name`.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    if (
        not _BUCKET.fullmatch(name)
        or ".." in name
        or _ADDRESS.fullmatch(name)
        or name.startswith(_RESERVED_HEADS)
        or name.endswith(_RESERVED_TAILS)
    ):
        raise errors.InvalidBucketName("The specified bucket is not valid.", BucketName=name)


def check_key(key: str) -> None:
    """Raise KeyTooLongError for more than 1,024 bytes of UTF-8."""
    if len(key) > 255:
        size = len(key.encode("utf-8", "surrogatepass"))
        if size > limits.KEY_BYTES_MAX:
            raise errors.KeyTooLongError(
                "Your key is too long", Size=str(size), MaxSizeAllowed=str(limits.KEY_BYTES_MAX)
            )


def bucket_arn(bucket: str) -> str:
    """The ARN that policies speak about."""
    return f"arn:aws:s3:::{bucket}"


def object_arn(bucket: str, key: str) -> str:
    """The ARN of one object."""
    return f"arn:aws:s3:::{bucket}/{key}"


def split_arn(arn: str) -> tuple[str, str]:
    """`arn:aws:s3:::bucket/key` as (bucket, key); the key is empty for a bucket."""
    bucket, _, key = arn.removeprefix("arn:aws:s3:::").partition("/")
    return bucket, key
