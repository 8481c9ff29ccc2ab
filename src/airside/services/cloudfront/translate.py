"""From CloudFormation's way of writing configurations to the model's. Pure.

CloudFormation writes plain lists where the model has `{Quantity, Items}`, spells some names
in other cases, and lets numbers and booleans be text. The model's shapes say what is meant.
"""

from collections.abc import Mapping
from typing import Any

from airside.protocol.models import load
from airside.protocol.shapes import Shape

_RENAMED = {
    "GeoRestriction": {"Locations": "Items"},
    "Origin": {"OriginCustomHeaders": "CustomHeaders"},
    "DistributionConfig": {"IPV6Enabled": "IsIPV6Enabled"},
}
_INTEGERS = frozenset({"integer", "long"})


class UnknownProperty(ValueError):
    """A property that the model does not have."""


def translated(shape_name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """`value`, as the model's shape has it. Raises UnknownProperty."""
    found: dict[str, Any] = _convert(load("cloudfront").shape(shape_name), value)
    return found


def _convert(shape: Shape, value: Any) -> Any:
    if shape.type == "structure":
        return _structure(shape, value)
    if shape.type == "list":
        items = value if isinstance(value, list) else [value]
        return [_convert(shape.element.shape, item) for item in items]
    if shape.type == "boolean":
        return value is True or str(value).lower() == "true"
    if shape.type in _INTEGERS:
        return int(value)
    if shape.type in ("double", "float"):
        return float(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _structure(shape: Shape, value: Any) -> dict[str, Any]:
    if "Quantity" in shape.members and not isinstance(value, Mapping):
        value = {"Items": value}
    renamed = _RENAMED.get(shape.name, {})
    spelt = {name.lower(): name for name in shape.members}
    found: dict[str, Any] = {}
    for given, content in value.items():
        name = spelt.get(renamed.get(given, given).lower())
        if name is None:
            raise UnknownProperty(f"{shape.name} has no property {given}")
        found[name] = _convert(shape.members[name].shape, content)
    if "Quantity" in shape.members:
        found["Quantity"] = len(found.get("Items") or ())
        if "Enabled" in shape.members:
            found.setdefault("Enabled", bool(found["Quantity"]))
    return found


def behavior(value: Mapping[str, Any]) -> dict[str, Any]:
    """A cache behaviour: CachedMethods stands beside AllowedMethods, not in it."""
    found = dict(value)
    cached = found.pop("CachedMethods", None)
    if "AllowedMethods" in found or cached is not None:
        methods: dict[str, Any] = {"Items": found.get("AllowedMethods", ["GET", "HEAD"])}
        if cached is not None:
            methods["CachedMethods"] = cached
        found["AllowedMethods"] = methods
    return found


def distribution_config(properties: Mapping[str, Any], reference: str) -> dict[str, Any]:
    """The DistributionConfig of an AWS::CloudFront::Distribution."""
    given = dict(properties)
    given["DefaultCacheBehavior"] = behavior(given["DefaultCacheBehavior"])
    if "CacheBehaviors" in given:
        given["CacheBehaviors"] = [behavior(item) for item in given["CacheBehaviors"]]
    if "Logging" in given:
        given["Logging"] = {"Enabled": True, "IncludeCookies": False, "Prefix": "",
                            **given["Logging"]}  # fmt: skip
    given.setdefault("Comment", "")
    given["CallerReference"] = reference
    config = translated("DistributionConfig", given)
    for origin in config["Origins"].get("Items") or ():
        _complete_origin(origin)
    for item in (*(config.get("CacheBehaviors", {}).get("Items") or ()),
                 config["DefaultCacheBehavior"]):  # fmt: skip
        forwarded = item.get("ForwardedValues")
        if forwarded is not None:
            forwarded.setdefault("Cookies", {"Forward": "none"})
    return config


def _complete_origin(origin: dict[str, Any]) -> None:
    custom = origin.get("CustomOriginConfig")
    if custom is not None:
        custom.setdefault("HTTPPort", 80)
        custom.setdefault("HTTPSPort", 443)
        custom.setdefault("OriginSslProtocols", {"Quantity": 1, "Items": ["TLSv1.2"]})
        custom.setdefault("OriginReadTimeout", 30)
        custom.setdefault("OriginKeepaliveTimeout", 5)
    elif "S3OriginConfig" in origin:
        origin["S3OriginConfig"].setdefault("OriginAccessIdentity", "")
