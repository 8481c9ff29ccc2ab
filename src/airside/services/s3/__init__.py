"""S3: buckets, objects, multipart uploads, versions, websites."""

from airside.kernel import Service
from airside.services.s3 import (
    archive,
    buckets,
    copies,
    cors,
    deletes,
    errors,
    listings,
    multipart,
    object_settings,
    objects,
    permissions,
    posts,
    reads,
    settings,
    uploads,
)
from airside.services.s3.access import bucket_policy_of
from airside.services.s3.cors import add_cors_headers
from airside.services.s3.events import Courier
from airside.services.s3.resources import BucketPolicyResource, BucketResource
from airside.services.s3.sweeper import LifecycleSweeper
from airside.services.s3.website import website_front

SERVICE = Service(
    "s3",
    modules=[
        archive,
        buckets,
        copies,
        cors,
        deletes,
        listings,
        multipart,
        object_settings,
        objects,
        permissions,
        posts,
        reads,
        settings,
        uploads,
    ],
    errors=errors,
    components=[Courier, LifecycleSweeper],
    resources=[BucketResource, BucketPolicyResource],
    fronts={"s3-website": website_front},
    policy=bucket_policy_of,
    anonymous=True,
    finish=add_cors_headers,
)
