"""What CloudFront checks in a distribution's configuration, and fills in. Pure."""

from collections.abc import Mapping
from typing import Any

from airside.services.cloudfront import errors, limits

Config = dict[str, Any]

_ERROR_CODES = frozenset({400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504})
_GROUP_MEMBERS = 2
_METHOD_SETS = (
    {"GET", "HEAD"},
    {"GET", "HEAD", "OPTIONS"},
    {"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"},
)


_CUSTOM_ORIGIN: Config = {
    "OriginSslProtocols": {"Quantity": 2, "Items": ["SSLv3", "TLSv1"]},
    "OriginReadTimeout": 30,
    "OriginKeepaliveTimeout": 5,
}


def none_of() -> Config:
    """An empty list, as the model writes lists."""
    return {"Quantity": 0}


def completed(config: Mapping[str, Any]) -> Config:
    """A configuration with everything that CloudFront shows even when it was not given."""
    found = dict(config)
    found.setdefault("Aliases", none_of())
    found.setdefault("DefaultRootObject", "")
    found["Origins"] = _items(found["Origins"], _origin)
    found.setdefault("OriginGroups", none_of())
    found["DefaultCacheBehavior"] = _behavior(found["DefaultCacheBehavior"])
    found["CacheBehaviors"] = _items(found.get("CacheBehaviors", none_of()), _behavior)
    found["CustomErrorResponses"] = _items(
        found.get("CustomErrorResponses", none_of()), _error_response
    )
    found.setdefault("Comment", "")
    found.setdefault(
        "Logging", {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""}
    )
    found.setdefault("PriceClass", "PriceClass_All")
    found.setdefault(
        "ViewerCertificate",
        {
            "CloudFrontDefaultCertificate": True,
            "SSLSupportMethod": "vip",
            "MinimumProtocolVersion": "TLSv1",
            "CertificateSource": "cloudfront",
        },
    )
    found.setdefault("Restrictions", {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}})
    found.setdefault("WebACLId", "")
    found.setdefault("HttpVersion", "http2")
    found.setdefault("IsIPV6Enabled", True)
    found.setdefault("ContinuousDeploymentPolicyId", "")
    found.setdefault("Staging", False)
    return found


def _items(collection: Mapping[str, Any], complete: Any) -> Config:
    if not collection.get("Items"):
        return {**collection}
    return {**collection, "Items": [complete(item) for item in collection["Items"]]}


def _origin(origin: Mapping[str, Any]) -> Config:
    found = dict(origin)
    found.setdefault("OriginPath", "")
    found.setdefault("CustomHeaders", none_of())
    found.setdefault("ConnectionAttempts", 3)
    found.setdefault("ConnectionTimeout", 10)
    found.setdefault("OriginShield", {"Enabled": False})
    found.setdefault("OriginAccessControlId", "")
    if "CustomOriginConfig" in found:
        found["CustomOriginConfig"] = {**_CUSTOM_ORIGIN, **found["CustomOriginConfig"]}
    return found


def _behavior(behavior: Mapping[str, Any]) -> Config:
    found = dict(behavior)
    found.setdefault("TrustedSigners", {"Enabled": False, "Quantity": 0})
    found.setdefault("TrustedKeyGroups", {"Enabled": False, "Quantity": 0})
    methods = dict(found.get("AllowedMethods") or {"Quantity": 2, "Items": ["HEAD", "GET"]})
    methods.setdefault("CachedMethods", {"Quantity": 2, "Items": ["HEAD", "GET"]})
    found["AllowedMethods"] = methods
    found.setdefault("SmoothStreaming", False)
    found.setdefault("Compress", False)
    found.setdefault("LambdaFunctionAssociations", none_of())
    found.setdefault("FunctionAssociations", none_of())
    found.setdefault("FieldLevelEncryptionId", "")
    return found


def _error_response(item: Mapping[str, Any]) -> Config:
    found = dict(item)
    found.setdefault("ErrorCachingMinTTL", 10)
    found.setdefault("ResponsePagePath", "")
    found.setdefault("ResponseCode", "")
    return found


def check(config: Mapping[str, Any]) -> None:
    """Raise what CloudFront raises for a configuration that contradicts itself."""
    _check_quantities(config, "DistributionConfig")
    origins = config["Origins"].get("Items") or []
    if not origins:
        raise errors.InvalidArgument("The parameter Origins is required.")
    for origin in origins:
        _check_origin(origin)
    targets = {origin["Id"] for origin in origins}
    if len(targets) != len(origins):
        raise errors.InvalidArgument("The parameter Origin Id contains duplicate values.")
    groups = (config.get("OriginGroups") or {}).get("Items") or []
    for group in groups:
        if len(group["Members"].get("Items") or ()) != _GROUP_MEMBERS:
            raise errors.InvalidArgument(
                "The parameter OriginGroup Members must contain exactly two origins."
            )
        for member in group["Members"]["Items"]:
            if member["OriginId"] not in targets:
                raise errors.NoSuchOrigin("One or more of your origins do not exist.")
    targets |= {group["Id"] for group in groups}
    special = (config.get("CacheBehaviors") or {}).get("Items") or []
    patterns = [behavior["PathPattern"] for behavior in special]
    if len(set(patterns)) != len(patterns):
        raise errors.InvalidArgument("The parameter PathPattern contains duplicate values.")
    for behavior in (*special, config["DefaultCacheBehavior"]):
        _check_behavior(behavior, targets)
        _check_group(behavior, {group["Id"] for group in groups})
    for item in (config.get("CustomErrorResponses") or {}).get("Items") or []:
        _check_error_response(item)
    _check_limits(config)
    _check_certificate(config)
    _check_geography(config)
    if (config.get("DefaultRootObject") or "").startswith("/"):
        raise errors.InvalidDefaultRootObject(
            "The parameter DefaultRootObject cannot begin with a slash."
        )


def _check_group(behavior: Mapping[str, Any], groups: set[str]) -> None:
    methods = set((behavior.get("AllowedMethods") or {}).get("Items") or ())
    if behavior["TargetOriginId"] in groups and methods & {"POST", "PUT", "PATCH", "DELETE"}:
        raise errors.InvalidArgument(
            "The parameter AllowedMethods cannot include POST, PUT, PATCH, or DELETE for a cached "
            "behavior associated with an origin group."
        )


def _check_limits(config: Mapping[str, Any]) -> None:
    for member, most, error in (
        ("Aliases", limits.ALIASES_MAX, errors.TooManyDistributionCNAMEs),
        ("Origins", limits.ORIGINS_MAX, errors.TooManyOrigins),
        ("OriginGroups", limits.ORIGIN_GROUPS_MAX, errors.TooManyOriginGroupsPerDistribution),
        ("CacheBehaviors", limits.BEHAVIORS_MAX, errors.TooManyCacheBehaviors),
    ):
        if len((config.get(member) or {}).get("Items") or ()) > most:
            raise error(f"Your request contains more {member} than are allowed per distribution.")


def _check_certificate(config: Mapping[str, Any]) -> None:
    """Aliases need a certificate of one's own."""
    certificate = config.get("ViewerCertificate") or {}
    own = certificate.get("ACMCertificateArn") or certificate.get("IAMCertificateId")
    if (config.get("Aliases") or {}).get("Items") and not own:
        raise errors.InvalidViewerCertificate(
            "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach "
            "a trusted certificate that validates your authorization to use the domain name."
        )


def _check_geography(config: Mapping[str, Any]) -> None:
    restriction = (config.get("Restrictions") or {}).get("GeoRestriction") or {}
    if restriction.get("RestrictionType", "none") == "none" and restriction.get("Items"):
        raise errors.InvalidGeoRestrictionParameter(
            "The specified geo restriction parameter is not valid."
        )


def _check_origin(origin: Mapping[str, Any]) -> None:
    if "://" in origin["DomainName"] or "/" in origin["DomainName"] or not origin["DomainName"]:
        raise errors.InvalidArgument(
            "The parameter Origin DomainName does not refer to a valid host."
        )
    if "S3OriginConfig" in origin and ".s3" not in origin["DomainName"].lower():
        raise errors.InvalidArgument(
            "The parameter Origin DomainName does not refer to a valid S3 bucket."
        )
    path = origin.get("OriginPath")
    if path and (not path.startswith("/") or path.endswith("/")):
        raise errors.InvalidArgument(
            "The parameter OriginPath must begin with a slash and must not end with one."
        )
    if "S3OriginConfig" not in origin and "CustomOriginConfig" not in origin \
            and "VpcOriginConfig" not in origin:  # fmt: skip
        raise errors.InvalidOrigin(
            "Exactly one of CustomOriginConfig, VpcOriginConfig and S3OriginConfig must be "
            "specified"
        )


def _check_behavior(behavior: Mapping[str, Any], targets: set[str]) -> None:
    if behavior["TargetOriginId"] not in targets:
        raise errors.NoSuchOrigin("One or more of your origins or origin groups do not exist.")
    if "CachePolicyId" not in behavior and "ForwardedValues" not in behavior:
        raise errors.InvalidArgument("The parameter ForwardedValues is required.")
    if "CachePolicyId" in behavior and behavior.keys() & {"MinTTL", "MaxTTL", "DefaultTTL"}:
        raise errors.InvalidArgument(
            "The parameter MinTTL cannot be used when a cache policy is associated to the cache "
            "behavior."
        )
    if "ForwardedValues" in behavior and "CachePolicyId" in behavior:
        raise errors.InvalidArgument(
            "The parameter ForwardedValues cannot be used when a cache policy is associated to "
            "the cache behavior."
        )
    if behavior.get("OriginRequestPolicyId") and "CachePolicyId" not in behavior:
        raise errors.InvalidArgument(
            "The parameter OriginRequestPolicyId cannot be used without a cache policy."
        )
    methods = set((behavior.get("AllowedMethods") or {}).get("Items") or ("GET", "HEAD"))
    if methods not in _METHOD_SETS:
        raise errors.InvalidArgument("The parameter AllowedMethods is not a valid combination.")
    low, high = behavior.get("MinTTL"), behavior.get("MaxTTL")
    if low is not None and high is not None and low > high:
        raise errors.InvalidTTLOrder("MinTTL must not be greater than MaxTTL.")


def _check_error_response(item: Mapping[str, Any]) -> None:
    if item["ErrorCode"] not in _ERROR_CODES:
        raise errors.InvalidErrorCode("An invalid error code was specified.")
    page, code = item.get("ResponsePagePath"), item.get("ResponseCode")
    if bool(page) != bool(code):
        raise errors.InvalidArgument(
            "Your request must specify both ResponseCode and ResponsePagePath together or none of "
            "them."
        )
    if page and not page.startswith("/"):
        raise errors.InvalidArgument("The parameter ResponsePagePath must begin with a slash.")
    if code and not (code.isdigit() and 200 <= int(code) <= 599):
        raise errors.InvalidResponseCode("A response code is not valid.")


def _check_quantities(value: Any, where: str) -> None:
    if isinstance(value, dict):
        if "Quantity" in value and value["Quantity"] != len(value.get("Items") or ()):
            raise errors.InconsistentQuantities(
                f"The value of Quantity and the size of Items don't match: {where}"
            )
        for name, member in value.items():
            _check_quantities(member, name)
    elif isinstance(value, list):
        for member in value:
            _check_quantities(member, where)
