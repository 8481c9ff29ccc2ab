"""Private content: signed URLs and cookies, canned and custom policies, RSA and ECDSA."""

import base64
import datetime
import json
import time

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from tests.services.cloudfront.conftest import some
from tests.services.cloudfront.test_api import public_key


class Private:
    def __init__(self, site, kind: str) -> None:
        self.site = site
        made = (rsa.generate_private_key(65537, 2048) if kind == "rsa"
                else ec.generate_private_key(ec.SECP256R1()))  # fmt: skip
        self.key = made
        config = {"CallerReference": kind, "Name": kind, "EncodedKey": public_key(made)}
        created = site.cloudfront.create_public_key(PublicKeyConfig=config)
        self.id = created["PublicKey"]["Id"]
        group = site.cloudfront.create_key_group(KeyGroupConfig={"Name": kind, "Items": [self.id]})
        groups = {"Enabled": True, **some([group["KeyGroup"]["Id"]])}
        site.behave(TrustedKeyGroups=groups)
        site.put("index.html", b"private")
        self.url = f"{site.endpoint}/_aws/cloudfront/{site.id}"

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(message, padding.PKCS1v15(), hashes.SHA1())
        return self.key.sign(message, ec.ECDSA(hashes.SHA1()))

    def signed(self, path: str, **how):
        """The path and query of a signed URL."""
        url = CloudFrontSigner(self.id, self.sign).generate_presigned_url(self.url + path, **how)
        return url.removeprefix(self.url)

    def cookies(self, resource: str, until: float) -> str:
        policy = json.dumps({"Statement": [{"Resource": resource, "Condition": {
            "DateLessThan": {"AWS:EpochTime": int(until)}}}]}).encode()  # fmt: skip
        coded = {"Policy": policy, "Signature": self.sign(policy)}
        values = {name: base64.b64encode(value).decode().translate(str.maketrans("+=/", "-_~"))
                  for name, value in coded.items()}  # fmt: skip
        values["Key-Pair-Id"] = self.id
        return "; ".join(f"CloudFront-{name}={value}" for name, value in values.items())


def date(seconds: float):
    return datetime.datetime.fromtimestamp(time.time() + seconds, datetime.UTC)


@pytest.fixture(params=["rsa", "ecdsa"])
def private(site, request) -> Private:
    return Private(site, request.param)


def code(reply) -> str:
    assert reply.status == 403
    assert reply.headers["X-Cache"] == "Error from cloudfront"
    return reply.body.decode().partition("<Code>")[2].partition("</Code>")[0]


def test_a_canned_policy_opens_one_address_for_a_time(private):
    site = private.site
    assert code(site.get("/index.html")) == "MissingKey"
    good = private.signed("/index.html", date_less_than=date(60))
    assert site.get(good).body == b"private"
    assert site.get(good).cache == "Hit"
    assert code(site.get(good.replace("index", "other"))) == "AccessDenied"
    assert code(site.get(private.signed("/index.html", date_less_than=date(-60)))) == "AccessDenied"
    assert code(site.get(good.replace(private.id, "KUNKNOWN"))) == "InvalidKey"


def test_the_address_on_aws_is_the_same_address(private):
    site = private.site
    domain = site.cloudfront.get_distribution(Id=site.id)["Distribution"]["DomainName"]
    signer = CloudFrontSigner(private.id, private.sign)
    url = signer.generate_presigned_url(f"https://{domain}/index.html", date_less_than=date(60))
    assert site.get(url.removeprefix(f"https://{domain}")).body == b"private"


def test_a_custom_policy_has_patterns_and_networks(private):
    site = private.site
    signer = CloudFrontSigner(private.id, private.sign)
    everything = f"{private.url}/*"
    near = signer.build_policy(everything, date(60), ip_address="127.0.0.0/8")
    far = signer.build_policy(everything, date(60), ip_address="10.0.0.0/8")
    later = signer.build_policy(everything, date(60), date_greater_than=date(30))
    assert site.get(private.signed("/index.html", policy=near)).status == 200
    assert code(site.get(private.signed("/index.html", policy=far))) == "AccessDenied"
    assert code(site.get(private.signed("/index.html", policy=later))) == "AccessDenied"
    mangled = private.signed("/index.html", policy=near).replace("Policy=", "Policy=A")
    assert code(site.get(mangled)) in ("AccessDenied", "MalformedPolicy")


def test_cookies_open_as_well(private):
    site = private.site
    cookie = private.cookies(f"{private.url}/*", time.time() + 60)
    assert site.get("/index.html", Cookie=f"other=1; {cookie}").body == b"private"
    old = private.cookies(f"{private.url}/*", time.time() - 60)
    assert code(site.get("/index.html", Cookie=old)) == "AccessDenied"
    broken = cookie.replace("CloudFront-Signature=", "CloudFront-Signature=!")
    assert code(site.get("/index.html", Cookie=broken)) == "MalformedSignature"


def test_a_custom_error_page_stands_in_for_the_refusal(site):
    private = Private(site, "ecdsa")
    site.put("login.html", b"please log in")
    rule = {"ErrorCode": 403, "ResponsePagePath": "/login.html", "ResponseCode": "403",
            "ErrorCachingMinTTL": 0}  # fmt: skip
    site.change(CustomErrorResponses=some([rule]))
    reply = site.get("/index.html")
    assert (reply.status, reply.body) == (403, b"please log in")
    assert site.get(private.signed("/index.html", date_less_than=date(60))).status == 200
