"""Parameters: put, get, list, delete, history, labels."""

import base64
import binascii
from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.ssm import store
from airside.services.ssm.errors import (
    InvalidNextToken,
    ParameterAlreadyExists,
    ParameterNotFound,
    ParameterVersionLabelLimitExceeded,
    ParameterVersionNotFound,
    TooManyTagsError,
    ValidationException,
)
from airside.services.ssm.filters import compile_filters
from airside.services.ssm.parameter import (
    LABELS_MAX,
    STANDARD_CHARACTERS_MAX,
    TAGS_MAX,
    Parameter,
    Version,
    below,
    check_name,
    check_value,
    split_selector,
    valid_label,
)

_CIPHERTEXT_BYTES = 120


def arn_of(ctx: Context, name: str) -> str:
    """A parameter's ARN."""
    return f"arn:aws:ssm:{ctx.region}:{ctx.account_id}:parameter/{name.removeprefix('/')}"


def parameter_arn(ctx: Context, request: Request) -> str:
    """The parameter that a request names, for policies."""
    name = request.get("Name") or request.get("Path") or "*"
    return name if name.startswith("arn:") else arn_of(ctx, split_selector(name)[0])


def load(snapshot: Snapshot, ctx: Context, name: str) -> Parameter:
    """The parameter. Raises ParameterNotFound."""
    parameter = store.find(snapshot, ctx, name)
    if parameter is None:
        raise ParameterNotFound(f"Parameter {name} not found.")
    return parameter


def description(ctx: Context, name: str, version: Version, *, decrypted: bool) -> dict[str, Any]:
    """A parameter's value with what belongs to it."""
    return {
        "Name": name,
        "Type": version.type,
        "Value": version.shown(decrypted=decrypted),
        "Version": version.number,
        "LastModifiedDate": version.modified_at,
        "ARN": arn_of(ctx, name),
        "DataType": version.data_type,
    }


@operation("PutParameter", resource=parameter_arn)
async def put_parameter(ctx: Context, request: Request) -> Result:
    """Make a parameter, or give it a new version."""
    name = split_selector(request["Name"])[0]
    check_name(name)
    tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", ())}
    overwrite = request.get("Overwrite", False)
    if tags and overwrite:
        raise ValidationException(
            "Invalid request: tags and overwrite can't be used together. To create a parameter "
            "with tags, please remove overwrite flag. To update tags for an existing parameter, "
            "please use AddTagsToResource or RemoveTagsFromResource."
        )
    if len(tags) > TAGS_MAX:
        raise TooManyTagsError("The Targets parameter includes too many tags.")
    now = ctx.clock.now()
    ciphertext = base64.b64encode(ctx.ids.random_bytes(_CIPHERTEXT_BYTES)).decode()

    def body(tx: Transaction) -> Version:
        found = store.find(tx, ctx, name)
        if found is not None and not overwrite:
            raise ParameterAlreadyExists(
                "The parameter already exists. To overwrite this value, set the overwrite option "
                "in the request to true."
            )
        version = _next_version(ctx, request, found, now, ciphertext)
        kept = Parameter(name=name, latest=version, tags=found.tags if found else tags)
        store.save(tx, ctx, kept)
        store.save_version(tx, ctx, name, version)
        store.drop_old_versions(tx, ctx, name, version.number)
        return version

    version = await ctx.store.transact(body)
    return {"Version": version.number, "Tier": version.tier}


def _next_version(
    ctx: Context, request: Request, found: Parameter | None, now: float, ciphertext: str
) -> Version:
    before = found.latest if found else None
    kind = request.get("Type") or (before.type if before else None)
    if kind is None:
        raise ValidationException("A parameter type is required when you create a parameter.")
    value = request["Value"]
    tier = request.get("Tier") or (before.tier if before else "Standard")
    if tier == "Intelligent-Tiering":
        tier = "Advanced" if len(value) > STANDARD_CHARACTERS_MAX else "Standard"
    pattern = request.get("AllowedPattern")
    check_value(value, tier, pattern)
    secure = kind == "SecureString"
    return Version(
        number=before.number + 1 if before else 1,
        type=kind,
        value=value,
        ciphertext=ciphertext if secure else "",
        modified_at=now,
        modified_by=ctx.principal.arn,
        description=request.get("Description", before.description if before else None),
        allowed_pattern=pattern,
        key_id=request.get("KeyId", "alias/aws/ssm") if secure else None,
        tier=tier,
        data_type=request.get("DataType", "text"),
        policies=request.get("Policies"),
    )


def _find_version(snapshot: Snapshot, ctx: Context, text: str) -> tuple[str, Version, str]:
    """Name, version and selector (with its colon) that `text` means."""
    name, selector = split_selector(text)
    parameter = load(snapshot, ctx, name)
    if not selector:
        return name, parameter.latest, ""
    for version in store.versions(snapshot, ctx, name):
        if selector == str(version.number) or selector in version.labels:
            return name, version, f":{selector}"
    raise ParameterVersionNotFound(
        f"Systems Manager could not find version {selector} of {name}. Verify the version and "
        "try again."
    )


@operation("GetParameter", resource=parameter_arn)
async def get_parameter(ctx: Context, request: Request) -> Result:
    """One value: the latest, or by version (`name:3`) or label (`name:blue`)."""
    decrypted = request.get("WithDecryption", False)
    name, version, selector = await ctx.store.read(
        lambda snapshot: _find_version(snapshot, ctx, request["Name"])
    )
    shown = description(ctx, name, version, decrypted=decrypted)
    return {"Parameter": {**shown, "Selector": selector or None}}


@operation("GetParameters")
async def get_parameters(ctx: Context, request: Request) -> Result:
    """Up to ten values; what is not there is listed."""
    decrypted = request.get("WithDecryption", False)

    def body(snapshot: Snapshot) -> Result:
        found: list[dict[str, Any]] = []
        missing: list[str] = []
        for text in dict.fromkeys(request["Names"]):
            try:
                name, version, selector = _find_version(snapshot, ctx, text)
            except (ParameterNotFound, ParameterVersionNotFound):
                missing.append(text)
                continue
            shown = description(ctx, name, version, decrypted=decrypted)
            found.append({**shown, "Selector": selector or None})
        return {"Parameters": found, "InvalidParameters": missing}

    return await ctx.store.read(body)


def _start(request: Request) -> str:
    try:
        return base64.urlsafe_b64decode(request.get("NextToken", "")).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidNextToken("The specified token isn't valid.") from error


def _token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


@operation("GetParametersByPath", resource=parameter_arn)
async def get_parameters_by_path(ctx: Context, request: Request) -> Result:
    """Values below a path, directly or at any depth."""
    path = request["Path"]
    if not path.startswith("/"):
        raise ValidationException(
            "The parameter path doesn't meet the requirements. The parameter path must begin "
            "with a forward slash /."
        )
    recursive = request.get("Recursive", False)
    decrypted = request.get("WithDecryption", False)
    wanted = compile_filters(request.get("ParameterFilters", ()))
    limit = request.get("MaxResults", 10)
    start = _start(request)

    def body(snapshot: Snapshot) -> Result:
        shown: list[dict[str, Any]] = []
        for parameter in store.listing(snapshot, ctx, path, start):
            if not below(parameter.name, path, recursive=recursive) or not wanted(parameter):
                continue
            if len(shown) == limit:
                return {"Parameters": shown, "NextToken": _token(shown[-1]["Name"])}
            shown.append(description(ctx, parameter.name, parameter.latest, decrypted=decrypted))
        return {"Parameters": shown}

    return await ctx.store.read(body)


def _metadata(ctx: Context, name: str, version: Version) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": version.type,
        "KeyId": version.key_id,
        "LastModifiedDate": version.modified_at,
        "LastModifiedUser": version.modified_by,
        "Description": version.description,
        "AllowedPattern": version.allowed_pattern,
        "Version": version.number,
        "Tier": version.tier,
        "Policies": [],
        "DataType": version.data_type,
    }


@operation("DescribeParameters")
async def describe_parameters(ctx: Context, request: Request) -> Result:
    """What there is, without values."""
    old_style = [
        {"Key": each["Key"], "Option": "Equals", "Values": each["Values"]}
        for each in request.get("Filters", ())
    ]
    wanted = compile_filters([*old_style, *request.get("ParameterFilters", ())])
    limit = request.get("MaxResults", 50)
    start = _start(request)

    def body(snapshot: Snapshot) -> Result:
        shown: list[dict[str, Any]] = []
        for parameter in store.listing(snapshot, ctx, start=start):
            if not wanted(parameter):
                continue
            if len(shown) == limit:
                return {"Parameters": shown, "NextToken": _token(shown[-1]["Name"])}
            arn = {"ARN": arn_of(ctx, parameter.name)}
            shown.append({**_metadata(ctx, parameter.name, parameter.latest), **arn})
        return {"Parameters": shown}

    return await ctx.store.read(body)


@operation("GetParameterHistory", resource=parameter_arn)
async def get_parameter_history(ctx: Context, request: Request) -> Result:
    """All versions with their values, oldest first."""
    decrypted = request.get("WithDecryption", False)
    limit = request.get("MaxResults", 50)
    after = int(_start(request) or 0)

    def body(snapshot: Snapshot) -> Result:
        name = load(snapshot, ctx, request["Name"]).name
        rest = [each for each in store.versions(snapshot, ctx, name) if each.number > after]
        shown = [
            {
                **_metadata(ctx, name, version),
                "Value": version.shown(decrypted=decrypted),
                "Labels": version.labels,
            }
            for version in rest[:limit]
        ]
        more = _token(str(shown[-1]["Version"])) if len(rest) > limit else None
        return {"Parameters": shown, "NextToken": more}

    return await ctx.store.read(body)


@operation("DeleteParameter", resource=parameter_arn)
async def delete_parameter(ctx: Context, request: Request) -> Result:
    """Delete one parameter."""

    def body(tx: Transaction) -> None:
        store.remove(tx, ctx, load(tx, ctx, request["Name"]).name)

    await ctx.store.transact(body)
    return {}


@operation("DeleteParameters")
async def delete_parameters(ctx: Context, request: Request) -> Result:
    """Delete up to ten; what was not there is listed."""

    def body(tx: Transaction) -> Result:
        names = list(dict.fromkeys(request["Names"]))
        found = [name for name in names if store.find(tx, ctx, name) is not None]
        for name in found:
            store.remove(tx, ctx, name)
        missing = [name for name in names if name not in found]
        return {"DeletedParameters": found, "InvalidParameters": missing}

    return await ctx.store.transact(body)


@operation("LabelParameterVersion", resource=parameter_arn)
async def label_parameter_version(ctx: Context, request: Request) -> Result:
    """Put labels on a version; a label is on one version at a time."""
    wanted = list(dict.fromkeys(request["Labels"]))
    good = [label for label in wanted if valid_label(label)]

    def body(tx: Transaction) -> int:
        parameter = load(tx, ctx, request["Name"])
        number = request.get("ParameterVersion", parameter.latest.number)
        versions = store.versions(tx, ctx, parameter.name)
        if all(version.number != number for version in versions):
            raise _no_version(number, parameter.name)
        for version in versions:
            labels = [label for label in version.labels if label not in good]
            if version.number == number:
                labels += good
                if len(labels) > LABELS_MAX:
                    raise ParameterVersionLabelLimitExceeded(
                        f"A parameter version can have maximum {LABELS_MAX} labels."
                        "Move one or more labels to another version and try again."
                    )
            _relabel(tx, ctx, parameter, version, labels)
        return int(number)

    number = await ctx.store.transact(body)
    return {
        "InvalidLabels": [label for label in wanted if label not in good],
        "ParameterVersion": number,
    }


@operation("UnlabelParameterVersion", resource=parameter_arn)
async def unlabel_parameter_version(ctx: Context, request: Request) -> Result:
    """Take labels off a version."""
    number = request["ParameterVersion"]

    def body(tx: Transaction) -> Result:
        parameter = load(tx, ctx, request["Name"])
        versions = store.versions(tx, ctx, parameter.name)
        version = next((each for each in versions if each.number == number), None)
        if version is None:
            raise _no_version(number, parameter.name)
        removed = [label for label in request["Labels"] if label in version.labels]
        missing = [label for label in request["Labels"] if label not in version.labels]
        kept = [label for label in version.labels if label not in removed]
        _relabel(tx, ctx, parameter, version, kept)
        return {"RemovedLabels": removed, "InvalidLabels": missing}

    return await ctx.store.transact(body)


def _no_version(number: int, name: str) -> ParameterVersionNotFound:
    return ParameterVersionNotFound(
        f"Systems Manager could not find version {number} of {name}. Verify the version and try "
        "again."
    )


def _relabel(
    tx: Transaction, ctx: Context, parameter: Parameter, version: Version, labels: list[str]
) -> None:
    if labels == version.labels:
        return
    version.labels = labels
    store.save_version(tx, ctx, parameter.name, version)
    if version.number == parameter.latest.number:
        parameter.latest = version
        store.save(tx, ctx, parameter)
