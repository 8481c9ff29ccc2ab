"""Numbers that AWS publishes, and a few of ours.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/BucketRestrictions.html
"""

KEY_BYTES_MAX = 1024
METADATA_BYTES_MAX = 2048
LIST_KEYS_MAX = 1000
DELETE_KEYS_MAX = 1000
BUCKETS_PER_ACCOUNT_MAX = 10_000

OBJECT_BYTES_MAX = 5 << 40
PUT_BYTES_MAX = 5 << 30
PART_BYTES_MIN = 5 << 20
PART_NUMBER_MAX = 10_000
POLICY_BYTES_MAX = 20 << 10

OBJECT_TAGS_MAX = 10
BUCKET_TAGS_MAX = 50
TAG_KEY_LENGTH_MAX = 128
TAG_VALUE_LENGTH_MAX = 256

INLINE_BYTES_MAX = 64 << 10
"""Bodies up to this size lie in the ordered store and share its group commit; larger ones are
files. A file costs an fsync of its own, a row is copied through the log once more."""
READ_SOON_BYTES_MAX = 256 << 20
"""An object that came whole and has no more bytes is likely to be read before others push it out;
what comes in parts, or is larger, is not worth the memory."""
