"""CloudFront's API: every kind of thing made, read, changed, listed and removed."""

import contextlib
import time
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.services.cloudfront.conftest import DISABLED, OPTIMIZED, behavior, some


def refused(call, **arguments) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def public_key(private) -> str:
    return private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()  # fmt: skip


def test_distributions_are_listed_through_the_paginator(site):
    pages = list(site.cloudfront.get_paginator("list_distributions").paginate())
    (item,) = pages[0]["DistributionList"]["Items"]
    assert item["Id"] == site.id
    assert item["DefaultCacheBehavior"]["TargetOriginId"] == "site"
    assert item["ETag"]
    site.cloudfront.get_waiter("distribution_deployed").wait(Id=site.id)


def test_pages_of_a_list_follow_each_other(aws):
    cloudfront = aws("cloudfront")
    names = [f"control-{number}" for number in range(5)]
    for name in names:
        config = {
            "Name": name, "SigningProtocol": "sigv4", "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }  # fmt: skip
        cloudfront.create_origin_access_control(OriginAccessControlConfig=config)
    found, marker = [], ""
    while True:
        page = cloudfront.list_origin_access_controls(MaxItems="2", Marker=marker)
        page = page["OriginAccessControlList"]
        assert page["Quantity"] <= 2
        found += [item["Name"] for item in page["Items"]]
        if not page["IsTruncated"]:
            break
        marker = page["NextMarker"]
    assert sorted(found) == names
    assert refused(cloudfront.list_distributions, MaxItems="many") == "InvalidArgument"


def test_managed_and_own_policies_are_one_list(site):
    own = site.cache_policy("own")
    found, marker = [], ""
    while True:
        arguments = {"Marker": marker} if marker else {}
        page = site.cloudfront.list_cache_policies(MaxItems="3", **arguments)["CachePolicyList"]
        found += [(item["Type"], item["CachePolicy"]["Id"]) for item in page.get("Items", ())]
        marker = page.get("NextMarker", "")
        if not marker:
            break
    assert ("managed", OPTIMIZED) in found
    assert ("custom", own) in found
    assert len(found) == len(set(found))
    custom = site.cloudfront.list_cache_policies(Type="custom")["CachePolicyList"]
    assert [item["CachePolicy"]["Id"] for item in custom["Items"]] == [own]


def test_a_policy_in_use_stays(site):
    policy = site.cache_policy("used")
    site.behave(CachePolicyId=policy)
    etag = site.cloudfront.get_cache_policy(Id=policy)["ETag"]
    arguments = {"Id": policy, "IfMatch": etag}
    assert refused(site.cloudfront.delete_cache_policy, **arguments) == "CachePolicyInUse"
    found = site.cloudfront.list_distributions_by_cache_policy_id(CachePolicyId=policy)
    assert found["DistributionIdList"]["Items"] == [site.id]
    site.behave(CachePolicyId=OPTIMIZED)
    site.cloudfront.delete_cache_policy(**arguments)
    assert refused(site.cloudfront.get_cache_policy, Id=policy) == "NoSuchCachePolicy"
    delete = site.cloudfront.delete_cache_policy
    assert refused(delete, Id=DISABLED, IfMatch="E23ZP02F085DFQ") == "IllegalDelete"


def test_an_etag_that_is_none_and_one_that_is_old_differ(site):
    config = site.config
    update = site.cloudfront.update_distribution
    arguments = {"Id": site.id, "DistributionConfig": config}
    assert refused(update, **arguments) == "InvalidIfMatchVersion"
    assert refused(update, **arguments, IfMatch="nonsense") == "InvalidIfMatchVersion"
    assert refused(update, **arguments, IfMatch="E2QWRUHAPOMQZL") == "PreconditionFailed"


def test_the_same_caller_reference_makes_nothing_new(site):
    config = site.config
    again = site.cloudfront.create_distribution(DistributionConfig=config)
    assert again["Distribution"]["Id"] == site.id
    other = {**config, "Comment": "another"}
    create = site.cloudfront.create_distribution
    assert refused(create, DistributionConfig=other) == "DistributionAlreadyExists"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"DefaultRootObject": "/index.html"}, "InvalidDefaultRootObject"),
        ({"DefaultCacheBehavior": behavior("nowhere")}, "NoSuchOrigin"),
        ({"DefaultCacheBehavior": behavior(CachePolicyId="none")}, "NoSuchCachePolicy"),
        ({"DefaultCacheBehavior": behavior(TrustedKeyGroups={"Enabled": True, **some(["none"])})},
         "TrustedKeyGroupDoesNotExist"),
        ({"DefaultCacheBehavior": behavior(FunctionAssociations=some(
            [{"FunctionARN": "arn:aws:cloudfront::123456789012:function/none", "EventType": "viewer-request"}]))},
         "InvalidFunctionAssociation"),
        ({"Aliases": some(["www.example.com"])}, "InvalidViewerCertificate"),
        ({"CacheBehaviors": {"Quantity": 2, "Items": []}}, "InconsistentQuantities"),
        ({"CallerReference": "another"}, "IllegalUpdate"),
        ({"ContinuousDeploymentPolicyId": "none"}, "NoSuchContinuousDeploymentPolicy"),
        ({"CacheBehaviors": some([behavior(PathPattern="/a"), behavior(PathPattern="/a")])},
         "InvalidArgument"),
        ({"DefaultCacheBehavior": behavior(FieldLevelEncryptionId="none")},
         "NoSuchFieldLevelEncryptionConfig"),
        ({"CustomErrorResponses": some([{"ErrorCode": 200}])}, "InvalidErrorCode"),
        ({"CustomErrorResponses": some([{"ErrorCode": 404, "ResponsePagePath": "/x"}])},
         "InvalidArgument"),
    ],
)  # fmt: skip
def test_configurations_that_contradict_themselves_are_refused(site, changes, code):
    found = site.cloudfront.get_distribution_config(Id=site.id)
    config = {**found["DistributionConfig"], **changes}
    update = site.cloudfront.update_distribution
    assert refused(update, Id=site.id, IfMatch=found["ETag"], DistributionConfig=config) == code


def test_an_alias_moves_from_one_distribution_to_another(site):
    certificate = {
        "ACMCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/one",
        "SSLSupportMethod": "sni-only",
    }
    alias = f"www.{site.bucket}.example.com"
    site.change(ViewerCertificate=certificate, Aliases=some([alias]))
    config = {**site.config, "CallerReference": "second", "Aliases": {"Quantity": 0}}
    second = site.cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
    both = {**config, "Aliases": some([alias]), "CallerReference": "third"}
    create = site.cloudfront.create_distribution
    assert refused(create, DistributionConfig=both) == "CNAMEAlreadyExists"
    found = site.cloudfront.list_conflicting_aliases(DistributionId=second, Alias=alias)
    (conflict,) = found["ConflictingAliasesList"]["Items"]
    assert conflict["DistributionId"] == site.id
    site.cloudfront.associate_alias(TargetDistributionId=second, Alias=alias)
    assert site.config["Aliases"]["Quantity"] == 0
    held = site.cloudfront.get_distribution_config(Id=second)["DistributionConfig"]["Aliases"]
    assert held["Items"] == [alias]


def test_a_distribution_can_be_copied_for_staging(site):
    etag = site.cloudfront.get_distribution(Id=site.id)["ETag"]
    copy = site.cloudfront.copy_distribution(
        PrimaryDistributionId=site.id, Staging=True, IfMatch=etag, CallerReference="copy"
    )["Distribution"]
    assert copy["Id"] != site.id
    assert copy["DistributionConfig"]["Staging"] is True
    assert copy["DistributionConfig"]["Origins"] == site.config["Origins"]


def test_keys_and_groups_of_keys(site):
    cloudfront = site.cloudfront
    pem = public_key(rsa.generate_private_key(65537, 2048))
    config = {"CallerReference": "one", "Name": "one", "EncodedKey": pem}
    made = cloudfront.create_public_key(PublicKeyConfig=config)
    key = made["PublicKey"]["Id"]
    assert key.startswith("K")
    small = {
        **config,
        "Name": "small",
        "EncodedKey": public_key(rsa.generate_private_key(65537, 1024)),
    }
    assert refused(cloudfront.create_public_key, PublicKeyConfig=small) == "InvalidArgument"
    curve = {
        **config,
        "Name": "p256",
        "EncodedKey": public_key(ec.generate_private_key(ec.SECP256R1())),
    }
    second = cloudfront.create_public_key(PublicKeyConfig=curve)["PublicKey"]["Id"]
    other = {**config, "Name": "renamed"}
    update = cloudfront.update_public_key
    code = refused(update, Id=key, IfMatch=made["ETag"], PublicKeyConfig=other)
    assert code == "CannotChangeImmutablePublicKeyFields"
    commented = {**config, "Comment": "still the same"}
    etag = update(Id=key, IfMatch=made["ETag"], PublicKeyConfig=commented)["ETag"]

    group = cloudfront.create_key_group(KeyGroupConfig={"Name": "group", "Items": [key, second]})
    group_id = group["KeyGroup"]["Id"]
    assert refused(cloudfront.delete_public_key, Id=key, IfMatch=etag) == "PublicKeyInUse"
    site.behave(TrustedKeyGroups={"Enabled": True, **some([group_id])})
    delete = cloudfront.delete_key_group
    assert refused(delete, Id=group_id, IfMatch=group["ETag"]) == "ResourceInUse"
    active = cloudfront.get_distribution(Id=site.id)["Distribution"]["ActiveTrustedKeyGroups"]
    assert active["Items"] == [{"KeyGroupId": group_id, "KeyPairIds": some([key, second])}]
    found = cloudfront.list_distributions_by_key_group(KeyGroupId=group_id)
    assert found["DistributionIdList"]["Items"] == [site.id]
    listed = cloudfront.list_public_keys()["PublicKeyList"]
    assert {item["Id"] for item in listed["Items"]} == {key, second}
    assert cloudfront.list_key_groups()["KeyGroupList"]["Quantity"] == 1
    site.behave(TrustedKeyGroups={"Enabled": False, "Quantity": 0})
    delete(Id=group_id, IfMatch=group["ETag"])
    assert refused(cloudfront.get_key_group, Id=group_id) == "NoSuchResource"


def test_monitoring_is_recorded(site):
    wanted = {"RealtimeMetricsSubscriptionConfig": {"RealtimeMetricsSubscriptionStatus": "Enabled"}}
    arguments = {"DistributionId": site.id}
    get = site.cloudfront.get_monitoring_subscription
    assert refused(get, **arguments) == "NoSuchMonitoringSubscription"
    site.cloudfront.create_monitoring_subscription(**arguments, MonitoringSubscription=wanted)
    assert get(**arguments)["MonitoringSubscription"] == wanted
    site.cloudfront.delete_monitoring_subscription(**arguments)
    assert refused(get, **arguments) == "NoSuchMonitoringSubscription"


def test_what_is_not_built_says_so(site):
    call = site.cloudfront.list_streaming_distributions
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_distribution_answers_under_its_aliases(edge, origin):
    alias = f"www.{edge.bucket}.test"
    certificate = {
        "ACMCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/one",
        "SSLSupportMethod": "sni-only",
    }
    edge.change(ViewerCertificate=certificate, Aliases=some([alias, f"*.wild.{alias}"]))

    def cache(host: str) -> str:
        request = urllib.request.Request(f"{edge.endpoint}/page", headers={"Host": host})
        with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(request) as reply:
            return str(reply.headers["X-Cache"])
        return ""

    deadline = time.monotonic() + 10
    while not cache(alias) and time.monotonic() < deadline:
        pass
    assert cache(alias) == "Hit from cloudfront"
    assert cache(f"any.wild.{alias}") == "Hit from cloudfront"
    assert cache("other.test") == ""


def test_what_is_to_be_changed_is_asked_first(site):
    wrong = {**site.config, "DefaultRootObject": "/no"}
    update, delete = site.cloudfront.update_distribution, site.cloudfront.delete_distribution
    assert refused(update, Id="ENOBODY", DistributionConfig=wrong) == "InvalidIfMatchVersion"
    assert refused(delete, Id="ENOBODY") == "InvalidIfMatchVersion"
    etag = "E0123456789AB"
    assert refused(update, Id="ENOBODY", DistributionConfig=wrong, IfMatch=etag) \
        == "NoSuchDistribution"  # fmt: skip
    assert refused(update, Id=site.id, DistributionConfig=wrong, IfMatch=etag) \
        == "InvalidDefaultRootObject"  # fmt: skip


def test_custom_origins_have_defaults_and_bucket_origins_are_buckets(site):
    custom = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}
    site.change(Origins=some([
        {"Id": "site", "DomainName": "example.com", "CustomOriginConfig": custom},
    ]))  # fmt: skip
    shown = site.config["Origins"]["Items"][0]["CustomOriginConfig"]
    assert (shown["OriginReadTimeout"], shown["OriginKeepaliveTimeout"]) == (30, 5)
    assert set(shown["OriginSslProtocols"]["Items"]) == {"SSLv3", "TLSv1"}
    nowhere = some([{"Id": "site", "DomainName": "example.com",
                     "S3OriginConfig": {"OriginAccessIdentity": ""}}])  # fmt: skip
    with pytest.raises(ClientError, match="does not refer to a valid S3 bucket"):
        site.change(Origins=nowhere)
