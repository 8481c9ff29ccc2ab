"""Which operation a method, a path, a query string and headers mean."""

import pytest

from airside.protocol.models import load
from airside.protocol.routing import match

COPY = {"x-amz-copy-source": "/b/k"}


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "operation", "labels"),
    [
        ("GET", "/", "", {}, "ListBuckets", {}),
        ("GET", "/", "x-id=ListBuckets", {}, "ListBuckets", {}),
        ("GET", "/b", "", {}, "ListObjects", {"Bucket": "b"}),
        ("GET", "/b/", "", {}, "ListObjects", {"Bucket": "b"}),
        ("GET", "/b", "list-type=2&prefix=a", {}, "ListObjectsV2", {"Bucket": "b"}),
        ("GET", "/b", "list-type=1", {}, "ListObjects", {"Bucket": "b"}),
        ("GET", "/b", "location", {}, "GetBucketLocation", {"Bucket": "b"}),
        ("GET", "/b", "location=", {}, "GetBucketLocation", {"Bucket": "b"}),
        ("GET", "/b", "lifecycle", {}, "GetBucketLifecycleConfiguration", {"Bucket": "b"}),
        ("GET", "/b", "analytics", {}, "ListBucketAnalyticsConfigurations", {"Bucket": "b"}),
        ("GET", "/b", "analytics&id=1", {}, "GetBucketAnalyticsConfiguration", {"Bucket": "b"}),
        ("PUT", "/b", "analytics", {}, "PutBucketAnalyticsConfiguration", {"Bucket": "b"}),
        ("GET", "/b", "unheard-of", {}, "ListObjects", {"Bucket": "b"}),
        ("POST", "/b", "delete", {}, "DeleteObjects", {"Bucket": "b"}),
        ("GET", "/b/k", "", {}, "GetObject", {"Bucket": "b", "Key": "k"}),
        ("GET", "/b/k", "versionId=1", {}, "GetObject", {"Bucket": "b", "Key": "k"}),
        ("GET", "/b/k", "uploadId=1", {}, "ListParts", {"Bucket": "b", "Key": "k"}),
        ("GET", "/b/k", "acl&versionId=1", {}, "GetObjectAcl", {"Bucket": "b", "Key": "k"}),
        ("GET", "/b/k", "attributes", {}, "GetObjectAttributes", {"Bucket": "b", "Key": "k"}),
        ("PUT", "/b/k", "", {}, "PutObject", {"Bucket": "b", "Key": "k"}),
        ("PUT", "/b/k", "", COPY, "CopyObject", {"Bucket": "b", "Key": "k"}),
        ("PUT", "/b/k", "partNumber=1&uploadId=u", {}, "UploadPart", {"Bucket": "b", "Key": "k"}),
        ("PUT", "/b/k", "partNumber=1&uploadId=u", COPY, "UploadPartCopy",
         {"Bucket": "b", "Key": "k"}),
        ("POST", "/b/k", "uploads", {}, "CreateMultipartUpload", {"Bucket": "b", "Key": "k"}),
        ("POST", "/b/k", "uploadId=u", {}, "CompleteMultipartUpload", {"Bucket": "b", "Key": "k"}),
        ("DELETE", "/b/k", "uploadId=u", {}, "AbortMultipartUpload", {"Bucket": "b", "Key": "k"}),
        ("DELETE", "/b/k", "", {}, "DeleteObject", {"Bucket": "b", "Key": "k"}),
        ("HEAD", "/b/k", "", {}, "HeadObject", {"Bucket": "b", "Key": "k"}),
        ("HEAD", "/b", "", {}, "HeadBucket", {"Bucket": "b"}),
        ("GET", "/b//", "", {}, "GetObject", {"Bucket": "b", "Key": "/"}),
        ("GET", "/b//a//b/", "", {}, "GetObject", {"Bucket": "b", "Key": "/a//b/"}),
        ("GET", "/b/a%2Fb%20c+d%3F%C3%BC", "", {}, "GetObject",
         {"Bucket": "b", "Key": "a/b c+d?ü"}),
        ("GET", "/b/a/../c", "", {}, "GetObject", {"Bucket": "b", "Key": "a/../c"}),
        ("GET", "/b/%25zz", "", {}, "GetObject", {"Bucket": "b", "Key": "%zz"}),
        ("PATCH", "/b/k", "", {}, None, {}),
        ("GET", "//k", "", {}, None, {}),
    ],
)  # fmt: skip
def test_s3(method, path, query, headers, operation, labels):
    found = match(load("s3"), method, path, query, headers)
    assert found == ((operation, labels) if operation else None)


@pytest.mark.parametrize(
    ("service", "method", "path", "query", "operation", "labels"),
    [
        ("lambda", "GET", "/2015-03-31/functions", "", "ListFunctions", {}),
        ("lambda", "GET", "/2015-03-31/functions/", "", "ListFunctions", {}),
        ("lambda", "GET", "/2015-03-31/functions/f", "", "GetFunction", {"FunctionName": "f"}),
        ("lambda", "GET", "/2018-10-31/layers", "find=LayerVersion&Arn=a", "GetLayerVersionByArn",
         {}),
        ("lambda", "GET", "/2018-10-31/layers", "find=LayerVersion", "GetLayerVersionByArn", {}),
        ("lambda", "GET", "/2018-10-31/layers", "", "ListLayers", {}),
        ("lambda", "GET", "/2019-09-30/functions/f/provisioned-concurrency", "List=ALL",
         "ListProvisionedConcurrencyConfigs", {"FunctionName": "f"}),
        ("lambda", "GET", "/2019-09-30/functions/f/provisioned-concurrency", "",
         "GetProvisionedConcurrencyConfig", {"FunctionName": "f"}),
        ("lambda", "GET", "/2015-03-31/nothing", "", None, {}),
        ("apigatewayv2", "GET", "/v2/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fapis%2Fa", "",
         "GetTags", {"resource-arn": "arn:aws:apigateway:us-east-1::/apis/a"}),
        ("apigatewayv2", "GET", "/restapis", "", None, {}),
        ("apigateway", "GET", "/restapis", "", "GetRestApis", {}),
        ("apigateway", "POST", "/restapis", "mode=import", "ImportRestApi", {}),
        ("apigateway", "POST", "/restapis", "", "CreateRestApi", {}),
        ("cloudfront", "POST", "/2020-05-31/distribution", "WithTags",
         "CreateDistributionWithTags", {}),
        ("cloudfront", "POST", "/2020-05-31/distribution", "", "CreateDistribution", {}),
        ("cloudfront", "POST", "/2020-05-31/tagging", "Operation=Untag&Resource=a",
         "UntagResource", {}),
    ],
)  # fmt: skip
def test_other_services(service, method, path, query, operation, labels):
    found = match(load(service), method, path, query, {})
    assert found == ((operation, labels) if operation else None)


def test_a_path_that_is_not_utf8_matches_nothing():
    assert match(load("s3"), "GET", "/b/%ff", "", {}) is None


def test_the_address_of_an_api_tells_the_two_gateways_apart():
    first, second = load("apigateway"), load("apigatewayv2")
    assert first.signing_name == second.signing_name == "apigateway"
    paths = ["/v2/apis", "/v2/domainnames", "/restapis", "/domainnames"]
    found = [[match(model, "GET", path, "", {}) is not None for model in (first, second)]
             for path in paths]  # fmt: skip
    assert found == [[False, True], [False, True], [True, False], [True, False]]
