"""From CloudFormation's properties of a bucket to the documents of S3's operations. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

Properties = Mapping[str, Any]


def flag(value: Any) -> bool:
    """A boolean that a template may have written as text."""
    return value is True or str(value).lower() == "true"


def listed(value: Any) -> list[Any]:
    """A list that a template may have written as its one item."""
    return value if isinstance(value, list) else [value]


def canned_acl(name: str) -> str:
    """`PublicRead` as `public-read`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def encryption(properties: Properties) -> dict[str, Any]:
    """BucketEncryption."""
    rules = []
    for entry in properties["ServerSideEncryptionConfiguration"]:
        rule: dict[str, Any] = {}
        default = entry.get("ServerSideEncryptionByDefault")
        if default is not None:
            rule["ApplyServerSideEncryptionByDefault"] = dict(default)
        if "BucketKeyEnabled" in entry:
            rule["BucketKeyEnabled"] = flag(entry["BucketKeyEnabled"])
        rules.append(rule)
    return {"Rules": rules}


def cors(properties: Properties) -> dict[str, Any]:
    """CorsConfiguration."""
    names = {"AllowedHeaders": "AllowedHeaders", "AllowedMethods": "AllowedMethods",
             "AllowedOrigins": "AllowedOrigins", "ExposedHeaders": "ExposeHeaders",
             "Id": "ID"}  # fmt: skip
    rules = []
    for entry in properties["CorsRules"]:
        rule = {ours: entry[theirs] for theirs, ours in names.items() if theirs in entry}
        if "MaxAge" in entry:
            rule["MaxAgeSeconds"] = int(entry["MaxAge"])
        rules.append(rule)
    return {"CORSRules": rules}


def website(properties: Properties) -> dict[str, Any]:
    """WebsiteConfiguration."""
    document: dict[str, Any] = {}
    if "IndexDocument" in properties:
        document["IndexDocument"] = {"Suffix": properties["IndexDocument"]}
    if "ErrorDocument" in properties:
        document["ErrorDocument"] = {"Key": properties["ErrorDocument"]}
    if "RedirectAllRequestsTo" in properties:
        document["RedirectAllRequestsTo"] = dict(properties["RedirectAllRequestsTo"])
    rules = []
    for entry in properties.get("RoutingRules", ()):
        rule: dict[str, Any] = {"Redirect": {k: str(v) for k, v in entry["RedirectRule"].items()}}
        condition = entry.get("RoutingRuleCondition")
        if condition is not None:
            rule["Condition"] = {name: str(value) for name, value in condition.items()}
        rules.append(rule)
    if rules:
        document["RoutingRules"] = rules
    return document


def lifecycle(properties: Properties) -> dict[str, Any]:
    """LifecycleConfiguration."""
    return {"Rules": [_lifecycle_rule(entry) for entry in properties["Rules"]]}


def _lifecycle_rule(entry: Properties) -> dict[str, Any]:
    rule: dict[str, Any] = {"Status": entry["Status"], "Filter": _lifecycle_filter(entry)}
    if "Id" in entry:
        rule["ID"] = entry["Id"]
    expiration: dict[str, Any] = {}
    if "ExpirationInDays" in entry:
        expiration["Days"] = int(entry["ExpirationInDays"])
    if "ExpirationDate" in entry:
        expiration["Date"] = _instant(entry["ExpirationDate"])
    if "ExpiredObjectDeleteMarker" in entry:
        expiration["ExpiredObjectDeleteMarker"] = flag(entry["ExpiredObjectDeleteMarker"])
    if expiration:
        rule["Expiration"] = expiration
    if "NoncurrentVersionExpirationInDays" in entry:
        days = int(entry["NoncurrentVersionExpirationInDays"])
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if name in entry:
            rule[name] = {member: int(value) for member, value in entry[name].items()}
    transitions = listed(entry.get("Transitions", [])) + listed(entry.get("Transition", []))
    if transitions:
        rule["Transitions"] = [_transition(item) for item in transitions]
    noncurrent = listed(entry.get("NoncurrentVersionTransitions", []))
    noncurrent += listed(entry.get("NoncurrentVersionTransition", []))
    if noncurrent:
        rule["NoncurrentVersionTransitions"] = [
            {"NoncurrentDays": int(item["TransitionInDays"]), "StorageClass": item["StorageClass"]}
            for item in noncurrent
        ]
    return rule


def _lifecycle_filter(entry: Properties) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if "Prefix" in entry:
        parts["Prefix"] = entry["Prefix"]
    for name in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"):
        if name in entry:
            parts[name] = int(entry[name])
    tags = [dict(tag) for tag in entry.get("TagFilters", ())]
    if len(tags) == 1 and not parts:
        return {"Tag": tags[0]}
    if tags:
        parts["Tags"] = tags
    if len(parts) > 1 or "Tags" in parts:
        return {"And": parts}
    return parts or {"Prefix": ""}


def _transition(item: Properties) -> dict[str, Any]:
    found: dict[str, Any] = {"StorageClass": item["StorageClass"]}
    if "TransitionInDays" in item:
        found["Days"] = int(item["TransitionInDays"])
    if "TransitionDate" in item:
        found["Date"] = _instant(item["TransitionDate"])
    return found


def _instant(text: Any) -> float:
    return datetime.fromisoformat(str(text)).timestamp()


def notification(properties: Properties) -> dict[str, Any]:
    """NotificationConfiguration."""
    kinds = (
        ("LambdaConfigurations", "Function", "LambdaFunctionConfigurations", "LambdaFunctionArn"),
        ("QueueConfigurations", "Queue", "QueueConfigurations", "QueueArn"),
        ("TopicConfigurations", "Topic", "TopicConfigurations", "TopicArn"),
    )
    document: dict[str, Any] = {}
    for theirs, their_target, ours, our_target in kinds:
        rules = []
        for entry in properties.get(theirs, ()):
            rule: dict[str, Any] = {our_target: entry[their_target], "Events": [entry["Event"]]}
            filters = entry.get("Filter", {}).get("S3Key", {}).get("Rules", ())
            if filters:
                rule["Filter"] = {"Key": {"FilterRules": [dict(item) for item in filters]}}
            rules.append(rule)
        if rules:
            document[ours] = rules
    bridge = properties.get("EventBridgeConfiguration")
    if bridge is not None and flag(bridge.get("EventBridgeEnabled", True)):
        document["EventBridgeConfiguration"] = {}
    return document


def object_lock(properties: Properties) -> dict[str, Any]:
    """ObjectLockConfiguration."""
    document: dict[str, Any] = {"ObjectLockEnabled": "Enabled"}
    retention = properties.get("Rule", {}).get("DefaultRetention")
    if retention is not None:
        kept = {name: int(retention[name]) for name in ("Days", "Years") if name in retention}
        document["Rule"] = {"DefaultRetention": {"Mode": retention["Mode"], **kept}}
    return document
