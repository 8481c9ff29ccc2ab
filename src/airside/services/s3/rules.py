"""What S3 checks in the documents that configure a bucket. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from airside.kernel.clock import iso8601
from airside.services.s3 import errors
from airside.services.s3.bucket import Bucket

MALFORMED = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)
ENCRYPTED_BY_S3: dict[str, Any] = {
    "Rules": [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": False,
        }
    ]
}
TRANSITION_SIZES = ("all_storage_classes_128K", "varies_by_storage_class")
_METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
DESTINATIONS = (
    ("LambdaFunctionConfigurations", "LambdaFunctionArn"),
    ("QueueConfigurations", "QueueArn"),
    ("TopicConfigurations", "TopicArn"),
)
_TARGET_WORDS = {
    "LambdaFunctionConfigurations": "CloudFunction",
    "QueueConfigurations": "Queue",
    "TopicConfigurations": "Topic",
}
_EVENT_HEADS = ("s3:ObjectCreated:", "s3:ObjectRemoved:", "s3:ObjectRestore:", "s3:Replication:",
                "s3:LifecycleExpiration:", "s3:LifecycleTransition", "s3:IntelligentTiering",
                "s3:ObjectTagging:", "s3:ObjectAcl:Put", "s3:ReducedRedundancyLostObject",
                "s3:TestEvent")  # fmt: skip


def default_encryption(document: Mapping[str, Any], bucket: Bucket) -> dict[str, Any]:
    """What a configuration means for new objects. Raises MalformedXML."""
    rules = document.get("Rules") or []
    default = rules[0].get("ApplyServerSideEncryptionByDefault") if len(rules) == 1 else None
    if default is None:
        if len(rules) == 1:
            return dict(bucket.encryption)
        raise errors.MalformedXML(MALFORMED)
    method, key_id = default["SSEAlgorithm"], default.get("KMSMasterKeyID")
    if method == "AES256":
        if key_id:
            raise errors.InvalidArgument(
                "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or "
                "aws:kms:dsse",
                ArgumentName="ApplyServerSideEncryptionByDefault",
            )
        return {"ServerSideEncryption": "AES256"}
    found = {"ServerSideEncryption": method, "SSEKMSKeyId": key_id
             or f"arn:aws:kms:{bucket.region}:{bucket.owner}:alias/aws/s3"}  # fmt: skip
    if rules[0].get("BucketKeyEnabled"):
        found["BucketKeyEnabled"] = True
    return found


def check_website(document: Mapping[str, Any]) -> None:
    """Raise InvalidArgument for a website that cannot be served."""
    if "RedirectAllRequestsTo" in document:
        if document.keys() & {"IndexDocument", "ErrorDocument", "RoutingRules"}:
            raise errors.InvalidArgument(
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
                ArgumentName="RedirectAllRequestsTo",
                ArgumentValue="not null",
            )
        return
    suffix = document.get("IndexDocument", {}).get("Suffix")
    if not suffix or "/" in suffix:
        raise errors.InvalidArgument(
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty"
            if suffix is None
            else "The IndexDocument Suffix is not well formed",
            ArgumentName="IndexDocument",
            ArgumentValue="null" if suffix is None else suffix,
        )
    error_key = document.get("ErrorDocument", {}).get("Key")
    if error_key == "":
        raise errors.InvalidArgument("The ErrorDocument Key is not well formed")
    rules = document.get("RoutingRules")
    if rules is not None and not rules:
        raise errors.MalformedXML(MALFORMED)
    for rule in rules or ():
        _check_routing_rule(rule)


def _check_routing_rule(rule: Mapping[str, Any]) -> None:
    redirect = rule.get("Redirect", {})
    if redirect.get("Protocol") not in (None, "http", "https"):
        raise errors.InvalidRequest(
            "Invalid protocol, protocol can be http or https. If not defined the protocol will be "
            "selected automatically."
        )
    if "ReplaceKeyWith" in redirect and "ReplaceKeyPrefixWith" in redirect:
        raise errors.InvalidRequest(
            "You can only define ReplaceKeyPrefix or ReplaceKey but not both."
        )
    if "Condition" in rule and not rule["Condition"]:
        raise errors.InvalidRequest(
            "Condition cannot be empty. To redirect all requests without a condition, the "
            "condition element shouldn't be present."
        )


def check_cors(document: Mapping[str, Any]) -> None:
    """Raise InvalidRequest for rules that S3 does not take."""
    rules = document.get("CORSRules") or []
    if not rules:
        raise errors.MalformedXML(MALFORMED)
    for rule in rules:
        for method in rule.get("AllowedMethods", ()):
            if method not in _METHODS:
                raise errors.InvalidRequest(
                    f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                )
        for kind in ("AllowedOrigins", "AllowedHeaders"):
            for value in rule.get(kind, ()):
                if value.count("*") > 1:
                    what = kind.removesuffix("s")
                    raise errors.InvalidRequest(
                        f'{what} "{value}" can not have more than one wildcard.'
                    )


def check_lifecycle(document: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as it is kept. Raises InvalidArgument, InvalidRequest, MalformedXML."""
    rules = document.get("Rules") or []
    if not rules:
        raise errors.MalformedXML(MALFORMED)
    seen: set[str] = set()
    kept = []
    for index, given in enumerate(rules):
        rule = dict(given)
        identifier = rule.get("ID") or f"rule-{index + 1}"
        if len(identifier) > 255:
            raise errors.InvalidArgument("ID length should not exceed allowed limit of 255")
        if identifier in seen:
            raise errors.InvalidArgument(
                "Rule ID must be unique. Found same ID for more than one rule"
            )
        seen.add(identifier)
        rule["ID"] = identifier
        _check_lifecycle_rule(rule)
        kept.append(rule)
    return {"Rules": kept}


_ACTIONS = ("Expiration", "Transitions", "NoncurrentVersionExpiration",
            "NoncurrentVersionTransitions", "AbortIncompleteMultipartUpload")  # fmt: skip


def _check_lifecycle_rule(rule: Mapping[str, Any]) -> None:
    if rule.get("Status") not in ("Enabled", "Disabled"):
        raise errors.MalformedXML(MALFORMED)
    _check_filter(rule)
    noncurrent = rule.get("NoncurrentVersionExpiration")
    if noncurrent is not None and not noncurrent:
        raise errors.MalformedXML(MALFORMED)
    if not any(rule.get(action) for action in _ACTIONS):
        raise errors.InvalidRequest("At least one action needs to be specified in a rule")
    expiration = rule.get("Expiration", {})
    if "Days" in expiration and expiration["Days"] <= 0:
        raise errors.InvalidArgument("'Days' for Expiration action must be a positive integer")
    if expiration.get("Date") is not None and expiration["Date"] % 86_400:
        raise errors.InvalidArgument(
            "'Date' must be at midnight GMT",
            ArgumentName="Date",
            ArgumentValue=iso8601(expiration["Date"]),
        )
    for step in rule.get("Transitions") or ():
        if step.get("Date") is not None and step["Date"] % 86_400:
            raise errors.InvalidArgument("'Date' must be at midnight GMT")
    for kind in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        days = rule.get(kind, {}).get(
            "NoncurrentDays", rule.get(kind, {}).get("DaysAfterInitiation")
        )
        if days is not None and days <= 0:
            raise errors.InvalidArgument(f"'Days' for {kind} action must be a positive integer")


def _check_filter(rule: Mapping[str, Any]) -> None:
    """A rule says what it is for, one thing or an `And` of several."""
    given = rule.get("Filter")
    if (given is None and "Prefix" not in rule) or (given is not None and len(given) > 1):
        raise errors.MalformedXML(MALFORMED)
    tags = [tag["Key"] for tag in (given or {}).get("And", {}).get("Tags", ())]
    if len(set(tags)) != len(tags):
        raise errors.InvalidRequest("Duplicate Tag Keys are not allowed.")
    expiration = rule.get("Expiration") or {}
    if "ExpiredObjectDeleteMarker" in expiration and len(expiration) > 1:
        raise errors.MalformedXML(MALFORMED)


def check_notification(document: Mapping[str, Any], ids: Sequence[str]) -> dict[str, Any]:
    """The configuration as it is kept: every rule has an id. Raises InvalidArgument."""
    kept: dict[str, Any] = {}
    fresh = iter(ids)
    wrong = [
        (_TARGET_WORDS[kind], rule[member])
        for kind, member in DESTINATIONS
        for rule in document.get(kind, ())
        if not rule[member].startswith("arn:") or rule[member].count(":") < 5
    ]
    if wrong:
        raise errors.InvalidArgument(
            "The ARN could not be parsed", ArgumentName=wrong[0][0], ArgumentValue=wrong[0][1]
        )
    for kind, rules in document.items():
        if kind == "EventBridgeConfiguration":
            kept[kind] = {}
            continue
        kept[kind] = []
        for given in rules:
            rule = dict(given)
            rule.setdefault("Id", next(fresh))
            for event in rule["Events"]:
                if not event.startswith(_EVENT_HEADS):
                    raise errors.InvalidArgument(
                        "A specified event is not supported for notifications.",
                        ArgumentName="Event",
                        ArgumentValue=event,
                    )
            for item in rule.get("Filter", {}).get("Key", {}).get("FilterRules", ()):
                if item.get("Name") is None or item.get("Value") is None:
                    raise errors.MalformedXML(MALFORMED)
                if item["Name"].lower() not in ("prefix", "suffix"):
                    raise errors.InvalidArgument(
                        "filter rule name must be either prefix or suffix",
                        ArgumentName="FilterRule.Name",
                        ArgumentValue=item["Name"],
                    )
            kept[kind].append(rule)
    return {
        kind: rules for kind, rules in kept.items() if rules or kind == "EventBridgeConfiguration"
    }
