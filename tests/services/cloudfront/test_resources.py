"""CloudFormation's resource types of CloudFront, from creation over updates to removal."""

import copy

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from tests.services.cloudformation.conftest import Stacks
from tests.services.cloudfront.test_api import public_key


@pytest.fixture
def stacks(aws) -> Stacks:
    return Stacks(aws("cloudformation"))


def template(name: str, origin_port: int = 80) -> dict:
    pem = public_key(ec.generate_private_key(ec.SECP256R1()))
    keyed = {
        "EnableAcceptEncodingGzip": True, "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
    }  # fmt: skip
    forward = {
        "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["X-One"]},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    resources = {
        "Cache": ("CachePolicy", {"CachePolicyConfig": {
            "Name": name, "MinTTL": 0, "DefaultTTL": 60, "MaxTTL": "600",
            "ParametersInCacheKeyAndForwardedToOrigin": keyed}}),
        "Forward": ("OriginRequestPolicy", {"OriginRequestPolicyConfig": {"Name": name, **forward}}),
        "Headers": ("ResponseHeadersPolicy", {"ResponseHeadersPolicyConfig": {
            "Name": name, "CustomHeadersConfig": {"Items": [
                {"Header": "X-Own", "Value": "1", "Override": True}]}}}),
        "Control": ("OriginAccessControl", {"OriginAccessControlConfig": {
            "Name": name, "OriginAccessControlOriginType": "s3", "SigningBehavior": "always",
            "SigningProtocol": "sigv4"}}),
        "Identity": ("CloudFrontOriginAccessIdentity", {
            "CloudFrontOriginAccessIdentityConfig": {"Comment": name}}),
        "Key": ("PublicKey", {"PublicKeyConfig": {
            "Name": name, "CallerReference": name, "EncodedKey": pem}}),
        "Group": ("KeyGroup", {"KeyGroupConfig": {"Name": name, "Items": [{"Ref": "Key"}]}}),
        "Rewrite": ("Function", {
            "Name": name, "AutoPublish": True,
            "FunctionConfig": {"Comment": "", "Runtime": "cloudfront-js-2.0"},
            "FunctionCode": "function handler(event) { return { statusCode: 201 } }"}),
        "Site": ("Distribution", {"DistributionConfig": {
            "Enabled": True,
            "Origins": [{"Id": "site", "DomainName": "localhost", "CustomOriginConfig": {
                "HTTPPort": origin_port, "OriginProtocolPolicy": "http-only"}}],
            "CacheBehaviors": [{
                "PathPattern": "/private/*", "TargetOriginId": "site",
                "ViewerProtocolPolicy": "allow-all", "CachePolicyId": {"Ref": "Cache"},
                "TrustedKeyGroups": [{"Ref": "Group"}]}],
            "DefaultCacheBehavior": {
                "TargetOriginId": "site", "ViewerProtocolPolicy": "allow-all",
                "CachePolicyId": {"Ref": "Cache"}, "OriginRequestPolicyId": {"Ref": "Forward"},
                "ResponseHeadersPolicyId": {"Ref": "Headers"},
                "FunctionAssociations": [{
                    "EventType": "viewer-request",
                    "FunctionARN": {"Fn::GetAtt": ["Rewrite", "FunctionMetadata.FunctionARN"]}}]}},
            "Tags": [{"Key": "a", "Value": "b"}]}),
    }  # fmt: skip
    return {
        "Resources": {
            key: {"Type": f"AWS::CloudFront::{kind}", "Properties": properties}
            for key, (kind, properties) in resources.items()
        },
        "Outputs": {
            "Id": {"Value": {"Ref": "Site"}},
            "Domain": {"Value": {"Fn::GetAtt": ["Site", "DomainName"]}},
            "User": {"Value": {"Fn::GetAtt": ["Identity", "S3CanonicalUserId"]}},
            "Key": {"Value": {"Fn::GetAtt": ["Group", "Id"]}},
        },
    }


def test_a_stack_with_everything_of_cloudfront(stacks, aws, account, origin):
    cloudfront = aws("cloudfront")
    wanted = template(f"all-{account}", origin.port)
    stack = stacks.create("edge", wanted)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stacks.reasons("edge")
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}
    config = cloudfront.get_distribution(Id=outputs["Id"])["Distribution"]["DistributionConfig"]
    behavior = config["CacheBehaviors"]["Items"][0]
    assert behavior["TrustedKeyGroups"] == {
        "Enabled": True,
        "Quantity": 1,
        "Items": [outputs["Key"]],
    }

    changed = copy.deepcopy(wanted)
    resources = changed["Resources"]
    resources["Rewrite"]["Properties"]["FunctionCode"] = "function handler(e) { return e.request }"
    resources["Cache"]["Properties"]["CachePolicyConfig"]["DefaultTTL"] = 120
    resources["Site"]["Properties"]["DistributionConfig"]["Comment"] = "changed"
    resources["Key"]["Properties"]["PublicKeyConfig"]["Comment"] = "changed"
    assert stacks.update("edge", changed)["StackStatus"] == "UPDATE_COMPLETE", stacks.reasons(
        "edge"
    )
    live = cloudfront.get_function(Name=f"all-{account}", Stage="LIVE")["FunctionCode"].read()
    assert live == b"function handler(e) { return e.request }"
    assert (
        cloudfront.get_distribution_config(Id=outputs["Id"])["DistributionConfig"]["Comment"]
        == "changed"
    )

    assert stacks.delete("edge")["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(ClientError):
        cloudfront.get_distribution(Id=outputs["Id"])
    assert cloudfront.list_functions()["FunctionList"]["Quantity"] == 0
    assert cloudfront.list_key_groups()["KeyGroupList"]["Quantity"] == 0
