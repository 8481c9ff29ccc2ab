"""Standard logs of distributions: files in a bucket, in AWS's format."""

import gzip
import re

import pytest
from tests.scenarios.conftest import eventually
from tests.services.cloudfront.conftest import make_site


@pytest.fixture
def logged(start):
    """A site with a log that is written often, and its bucket."""
    server = start(edge_log_seconds=0.2)
    site = make_site(server.client, "logged", server)
    site.s3.create_bucket(Bucket="logs", ObjectOwnership="BucketOwnerPreferred")
    site.change(Logging={"Enabled": True, "IncludeCookies": True, "Prefix": "edge",
                         "Bucket": "logs.s3.amazonaws.com"})  # fmt: skip
    site.server = server
    return site


def lines_of(site):
    names = [one["Key"] for one in site.s3.list_objects_v2(Bucket="logs").get("Contents", [])]
    texts = [gzip.decompress(site.s3.get_object(Bucket="logs", Key=name)["Body"].read()).decode()
             for name in names]  # fmt: skip
    rows = [line for text in texts for line in text.splitlines() if not line.startswith("#")]
    return names, texts, [row.split("\t") for row in rows]


def test_every_request_is_a_line_of_a_file(logged):
    logged.put("a b.html", b"0123456789")
    logged.get("/a%20b.html?x=1", User_Agent="Some Agent/1", Cookie="a=1", Referer="http://x/<y>")
    logged.get("/a%20b.html", Range="bytes=2-4")
    logged.get("/missing", "HEAD")
    rows = eventually(lambda: len(found := lines_of(logged)[2]) == 3 and found)
    names, texts, _ = lines_of(logged)
    assert re.fullmatch(rf"edge/{logged.id}\.\d{{4}}-\d\d-\d\d-\d\d\.[0-9a-z]{{8}}\.gz", names[0])
    head = texts[0].splitlines()
    assert head[0] == "#Version: 1.0"
    fields = head[1].removeprefix("#Fields: ").split()
    assert len(fields) == 33
    first, part, missing = (dict(zip(fields, row, strict=True)) for row in rows)
    assert first["cs-uri-stem"] == "/a%2520b.html"
    assert (first["cs-uri-query"], first["cs-method"], first["sc-status"]) == ("x=1", "GET", "200")
    assert first["cs(User-Agent)"] == "Some%20Agent/1"
    assert first["cs(Referer)"] == "http://x/%3Cy%3E"
    assert first["cs(Cookie)"] == "a=1"
    assert (first["x-edge-result-type"], part["x-edge-result-type"]) == ("Miss", "Hit")
    assert first["cs(Host)"].endswith(".cloudfront.net")
    assert first["sc-content-type"] == "text/html"
    assert (part["sc-range-start"], part["sc-range-end"], part["sc-content-len"]) == ("2", "4", "3")
    assert (missing["x-edge-result-type"], missing["cs-method"]) == ("Error", "HEAD")
    assert len(first["x-edge-request-id"]) == 56


def test_what_is_not_written_yet_is_written_at_the_end(start):
    server = start(edge_log_seconds=3600)
    site = make_site(server.client, "logged", server)
    site.s3.create_bucket(Bucket="logs", ObjectOwnership="ObjectWriter")
    site.change(Logging={"Enabled": True, "IncludeCookies": False, "Prefix": "",
                         "Bucket": "logs.s3.us-east-1.amazonaws.com"})  # fmt: skip
    site.get("/x", Cookie="a=1")
    server.stop()
    again = start(edge_log_seconds=3600)
    site.s3 = again.client("s3")
    (row,) = lines_of(site)[2]
    assert row[12] == "-", "no cookies"


@pytest.mark.parametrize(
    ("name", "said"),
    [("no-such-bucket.s3.amazonaws.com", "does not refer to a valid S3 bucket"),
     ("example.com", "does not refer to a valid S3 bucket"),
     ("{bucket}.s3.amazonaws.com", "does not enable ACL access")],
)  # fmt: skip
def test_a_bucket_that_takes_no_logs_is_refused(site, name, said):
    logging = {"Enabled": True, "IncludeCookies": False, "Prefix": "",
               "Bucket": name.format(bucket=site.bucket)}  # fmt: skip
    with pytest.raises(site.cloudfront.exceptions.InvalidArgument, match=said):
        site.change(Logging=logging)
