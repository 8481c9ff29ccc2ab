"""Ways in: signed addresses, forms, virtual hosts, policies, websites; what is not built says so."""

import json
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.config import Config


def fetch(request: Any) -> tuple[int, bytes, Any]:
    opener = urllib.request.build_opener(NoRedirect)
    try:
        with opener.open(request) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def open_to_all(s3: Any, bucket: str, **condition: Any) -> None:
    s3.delete_public_access_block(Bucket=bucket)
    read = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket}/*", **condition}  # fmt: skip
    see = {"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket",
           "Resource": f"arn:aws:s3:::{bucket}"}  # fmt: skip
    document = {"Version": "2012-10-17", "Statement": [read, see]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_signed_address_binds_its_headers_and_ends(aws, bucket, version):
    s3 = aws("s3", config=Config(signature_version=version))
    place = {"Bucket": bucket, "Key": "k", "ContentType": "text/x"}
    url = s3.generate_presigned_url("put_object", Params=place, ExpiresIn=60)
    right = urllib.request.Request(url, b"x", {"Content-Type": "text/x"}, method="PUT")
    wrong = urllib.request.Request(url, b"x", {"Content-Type": "text/y"}, method="PUT")
    assert fetch(wrong)[0] == 403
    assert fetch(right)[0] == 200
    brief = s3.generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=1
    )
    assert fetch(brief)[:2] == (200, b"x")
    deadline = time.monotonic() + 10
    while fetch(brief)[0] == 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    status, body, _ = fetch(brief)
    assert status == 403
    assert b"<Message>Request has expired</Message>" in body


def test_temporary_credentials_sign_addresses(server, s3, bucket, aws):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    given = aws("sts").get_session_token()["Credentials"]
    temporary = server.client("s3", given["AccessKeyId"], given["SecretAccessKey"],
                              aws_session_token=given["SessionToken"],
                              config=Config(signature_version="s3v4"))  # fmt: skip
    url = temporary.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert fetch(url)[:2] == (200, b"x")
    assert fetch(url.replace("X-Amz-Security-Token=", "X-Amz-Security-Token=A"))[0] in (400, 403)


def test_a_form_uploads_within_its_policy(s3, bucket):
    form = s3.generate_presigned_post(
        bucket, "in/${filename}", Fields={"success_action_status": "201"},
        Conditions=[{"success_action_status": "201"}, ["content-length-range", 1, 10]],
    )  # fmt: skip

    def post(data: bytes, **changes: str) -> int:
        fields = {**form["fields"], **changes}
        edge = "----edge"
        parts = [f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                 for name, value in fields.items()]  # fmt: skip
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="f.t"\r\n\r\n'
        body = "".join(parts).encode() + head.encode() + data + f"\r\n--{edge}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        return fetch(urllib.request.Request(form["url"], body, kind))[0]

    assert post(b"12345") == 201
    assert s3.get_object(Bucket=bucket, Key="in/f.t")["Body"].read() == b"12345"
    assert post(b"x" * 11) == 400
    assert post(b"12345", key="out/f") == 403
    assert post(b"12345", policy=form["fields"]["policy"][:-4]) in (400, 403)


def test_a_bucket_is_a_host(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"x")
    open_to_all(s3, bucket)
    for host in (f"{bucket}.s3.localhost", f"{bucket}.s3.us-east-1.amazonaws.com"):
        request = urllib.request.Request(f"{server.endpoint}/a/b", headers={"Host": host})
        assert fetch(request)[:2] == (200, b"x")


def test_policies_may_ask_for_the_address_and_the_referer(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    address = f"{server.endpoint}/{bucket}/k"
    open_to_all(s3, bucket, Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    assert fetch(address)[0] == 403
    open_to_all(s3, bucket, Condition={"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}})
    assert fetch(address)[0] == 200
    open_to_all(s3, bucket, Condition={"StringLike": {"aws:Referer": "http://good/*"}})
    assert fetch(address)[0] == 403
    good = urllib.request.Request(address, headers={"Referer": "http://good/page"})
    assert fetch(good)[0] == 200


def test_a_website_redirects_as_its_rules_say(server, s3, bucket):
    open_to_all(s3, bucket)
    rules = [
        {"Condition": {"KeyPrefixEquals": "docs/"},
         "Redirect": {"ReplaceKeyPrefixWith": "documents/"}},
        {"Condition": {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "old"},
         "Redirect": {"HostName": "example.com", "HttpRedirectCode": "302",
                      "ReplaceKeyWith": "gone"}},
    ]  # fmt: skip
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={
        "IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"},
        "RoutingRules": rules,
    })  # fmt: skip
    s3.put_object(Bucket=bucket, Key="sub/index.html", Body=b"sub", ContentType="text/html")
    s3.put_object(Bucket=bucket, Key="error.html", Body=b"sorry")
    s3.put_object(Bucket=bucket, Key="moved", WebsiteRedirectLocation="/sub/")
    host = f"{bucket}.s3-website.localhost"

    def visit(path: str) -> tuple[int, bytes, str]:
        request = urllib.request.Request(server.endpoint + path, headers={"Host": host})
        status, body, headers = fetch(request)
        return status, body, headers.get("Location", "")

    assert visit("/sub/")[:2] == (200, b"sub")
    assert visit("/sub")[::2] == (302, "/sub/")
    assert visit("/nothing")[:2] == (404, b"sorry")
    assert visit("/moved")[::2] == (301, "/sub/")
    assert visit("/docs/a")[::2] == (301, f"http://{host}/documents/a")
    assert visit("/old-page")[::2] == (302, "http://example.com/gone")


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("get_bucket_replication", {}),
        ("list_bucket_inventory_configurations", {}),
        ("list_bucket_analytics_configurations", {}),
        ("get_object_torrent", {"Key": "k"}),
        ("select_object_content", {
            "Key": "k", "Expression": "SELECT 1", "ExpressionType": "SQL",
            "InputSerialization": {"CSV": {}}, "OutputSerialization": {"CSV": {}}}),
    ],
)  # fmt: skip
def test_what_is_not_built_says_so(s3, bucket, refused, operation, more):
    error = refused(getattr(s3, operation), Bucket=bucket, **more)
    assert error["Status"] == 501
    assert error["Code"] == "NotImplemented"


def test_scripts_are_told_how_long_a_rule_holds(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    question = {"Origin": "https://a.example"}
    bare = f"{server.endpoint}/{bucket}/k"
    status, page, _ = fetch(urllib.request.Request(bare, headers=question, method="OPTIONS"))
    assert status == 403
    assert b"CORS is not enabled for this bucket.</Message><Method>OPTIONS</Method>" in page
    assert b"<ResourceType>BUCKET</ResourceType>" in page
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://a.example"],
            "MaxAgeSeconds": 3000}  # fmt: skip
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    status, _, headers = fetch(urllib.request.Request(url, headers=question))
    assert (status, headers["Access-Control-Max-Age"]) == (200, "3000")
