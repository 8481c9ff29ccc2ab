"""Origins of every kind: other servers, groups that fail over, what is forwarded, what is slow."""

import concurrent.futures
import json
import socket

from tests.services.cloudfront.conftest import DISABLED, behavior, custom_origin, some

ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_an_origin_outside_is_asked_once(edge, origin):
    origin.answers(b"page", Content_Type="text/plain", ETag='"1"')
    first, second = edge.get("/page?ignored=1"), edge.get("/page")
    assert (first.status, first.body, first.cache) == (200, b"page", "Miss")
    assert (second.body, second.cache) == (b"page", "Hit")
    (asked,) = origin.asked
    assert asked.path == "/page"
    assert asked.headers["Host"] == f"localhost:{origin.port}"
    assert asked.headers["User-Agent"] == "Amazon CloudFront"
    assert asked.headers["Via"].endswith("(CloudFront)")
    assert asked.headers["X-Forwarded-For"] == "127.0.0.1"


def test_what_a_policy_forwards_and_what_it_does_not(edge, origin):
    edge.behave(CachePolicyId=DISABLED, OriginRequestPolicyId=ALL_VIEWER)
    edge.get("/x?a=1&b=2", Cookie="one=1", X_Own="2", Authorization="secret")
    asked = origin.asked[-1]
    assert asked.path == "/x?a=1&b=2"
    assert (asked.headers["Cookie"], asked.headers["X-Own"]) == ("one=1", "2")
    assert asked.headers["Authorization"] == "secret"
    edge.behave(CachePolicyId=DISABLED, OriginRequestPolicyId="")
    edge.get("/x?a=1&b=2", Cookie="one=1", X_Own="2", Authorization="secret")
    asked = origin.asked[-1]
    assert asked.path == "/x"
    assert not any(asked.headers[name] for name in ("Cookie", "X-Own", "Authorization"))


def test_bodies_pass_through(edge, origin):
    methods = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    allowed = {**some(methods), "CachedMethods": some(["GET", "HEAD"])}
    edge.behave(CachePolicyId=DISABLED, AllowedMethods=allowed)
    sent = b"x" * 300_000
    origin.answers(b"done", 201)
    reply = edge.get("/form", "POST", sent, Content_Type="text/plain")
    assert (reply.status, reply.body, reply.cache) == (201, b"done", "Miss")
    assert origin.asked[-1].sent == sent
    assert edge.get("/form", "DELETE").status == 201
    assert edge.get("/form", "GET", b"a body").status == 403


def test_custom_headers_and_the_path_of_an_origin(edge, origin):
    headers = some([{"HeaderName": "X-Secret", "HeaderValue": "word"}])
    found = custom_origin(origin.port, OriginPath="/base", CustomHeaders=headers)
    edge.change(Origins=some([found]))
    edge.get("/page", X_Secret="guessed")
    asked = origin.asked[-1]
    assert (asked.path, asked.headers["X-Secret"]) == ("/base/page", "word")


def test_an_origin_that_is_not_there(edge, origin):
    missing = custom_origin(free_port(), ConnectionAttempts=1, ConnectionTimeout=1)
    edge.change(Origins=some([missing]))
    reply = edge.get("/")
    assert (reply.status, reply.cache) == (502, "Error")
    assert b"<H1>502 ERROR</H1>" in reply.body
    missing["DomainName"] = "nowhere.amazonaws.com"
    edge.change(Origins=some([missing]))
    assert edge.get("/another").status == 502


def test_an_origin_that_is_slow(edge, origin):
    slow = custom_origin(origin.port)
    slow["CustomOriginConfig"]["OriginReadTimeout"] = 1
    edge.change(Origins=some([slow]))
    origin.delay.clear()
    reply = edge.get("/")
    assert (reply.status, reply.cache) == (504, "Error")
    assert b"<H1>504 ERROR</H1>" in reply.body


def test_the_second_of_a_group_takes_over(edge, origin):
    first = custom_origin(free_port(), "first", ConnectionAttempts=1)
    group = {
        "Id": "group", "FailoverCriteria": {"StatusCodes": some([500, 502, 503])},
        "Members": some([{"OriginId": "first"}, {"OriginId": "site"}]),
    }  # fmt: skip
    edge.change(
        Origins=some([first, custom_origin(origin.port)]),
        OriginGroups=some([group]),
        DefaultCacheBehavior={**edge.config["DefaultCacheBehavior"], "TargetOriginId": "group"},
    )
    origin.answers(b"from the second")
    assert edge.get("/").body == b"from the second"


def test_many_who_miss_at_once_are_one_request(edge, origin):
    origin.delay.clear()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = [pool.submit(edge.get, "/one") for _ in range(8)]
        for _ in range(500):
            if origin.asked:
                break
            concurrent.futures.wait(replies, 0.01)
        concurrent.futures.wait(replies, 0.3)
        origin.delay.set()
        found = [reply.result() for reply in replies]
    assert {reply.body for reply in found} == {b"hello"}
    assert len(origin.asked) == 1
    assert sorted(reply.cache for reply in found).count("Miss") == 1


def test_a_viewer_who_leaves_does_not_disturb_the_others(edge, origin):
    origin.delay.clear()
    host, port = edge.endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as leaving:
        target = f"/_aws/cloudfront/{edge.id}/left"
        leaving.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            while not origin.asked:
                concurrent.futures.wait([pool.submit(int)], 0.01)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        staying = pool.submit(edge.get, "/left")
        concurrent.futures.wait([staying], 0.2)
        origin.delay.set()
        assert staying.result().body == b"hello"
    assert len(origin.asked) == 1


def test_a_distribution_that_asks_itself_is_stopped(edge):
    domain = edge.cloudfront.get_distribution(Id=edge.id)["Distribution"]["DomainName"]
    loop = custom_origin(80)
    loop["DomainName"] = domain
    edge.change(Origins=some([loop]))
    assert edge.get("/").status == 403


def test_a_website_endpoint_is_an_origin(aws, account, site):
    bucket = f"web-{account}"
    site.s3.create_bucket(Bucket=bucket)
    site.s3.delete_public_access_block(Bucket=bucket)
    site.s3.put_bucket_website(
        Bucket=bucket,
        WebsiteConfiguration={
            "IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "404.html"},
        },
    )  # fmt: skip
    statement = {
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }  # fmt: skip
    policy = '{"Version": "2012-10-17", "Statement": [%s]}'
    site.s3.put_bucket_policy(Bucket=bucket, Policy=policy % json.dumps(statement))
    site.s3.put_object(Bucket=bucket, Key="sub/index.html", Body=b"sub", ContentType="text/html")
    site.s3.put_object(Bucket=bucket, Key="404.html", Body=b"none", ContentType="text/html")
    web = custom_origin(80)
    web["DomainName"] = f"{bucket}.s3-website-us-east-1.amazonaws.com"
    site.change(Origins=some([web]), DefaultCacheBehavior=behavior())
    assert site.get("/sub/").body == b"sub"
    missing = site.get("/none")
    assert (missing.status, missing.body) == (
        403,
        b"none",
    )  # who may not list is not told what is missing


def test_half_an_answer_is_none(edge, origin):
    origin.missing = 100
    reply = edge.get("/half")
    assert (reply.status, reply.cache) == (502, "Error")
    origin.missing = 0
    assert edge.get("/half").body == b"hello"
