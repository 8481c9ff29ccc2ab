"""Which group a request means: by name or by ARN."""

from airside.kernel import Arn, Context, Request, Snapshot
from airside.services.logs import store
from airside.services.logs.errors import InvalidParameterException, ResourceNotFoundException
from airside.services.logs.group import Group, Stream


def name_of(identifier: str) -> str:
    """The group's name from its name or ARN (with or without `:*`)."""
    if not identifier.startswith("arn:"):
        return identifier
    try:
        resource = Arn.parse(identifier).resource
    except ValueError as error:
        raise InvalidParameterException(f"Invalid ARN: {identifier}") from error
    kind, _, rest = resource.partition(":")
    if kind != "log-group" or not rest:
        raise InvalidParameterException(f"Invalid log group ARN: {identifier}")
    return rest.partition(":")[0]


def group_name(request: Request) -> str:
    """The group that a request names, by either member."""
    name, identifier = request.get("logGroupName"), request.get("logGroupIdentifier")
    if name is not None and identifier is not None:
        raise InvalidParameterException(
            "LogGroup name and LogGroup ARN are mutually exclusive parameters."
        )
    if name is None and identifier is None:
        raise InvalidParameterException(
            "Either logGroupName or logGroupIdentifier must be specified."
        )
    return name_of(name or identifier or "")


def group_arn(ctx: Context, request: Request) -> str:
    """The group that a request names, for policies."""
    name = request.get("logGroupName") or request.get("logGroupIdentifier") or "*"
    if name.startswith("arn:"):
        return str(name)
    return f"arn:aws:logs:{ctx.region}:{ctx.account_id}:log-group:{name}"


def stream_arn(ctx: Context, request: Request) -> str:
    """The stream that a request names, for policies."""
    stream = request.get("logStreamName", "*")
    return f"{group_arn(ctx, request).removesuffix(':*')}:log-stream:{stream}"


def load_group(snapshot: Snapshot, ctx: Context, name: str) -> Group:
    """The group. Raises ResourceNotFoundException."""
    group = store.find_group(snapshot, ctx.account_id, ctx.region, name)
    if group is None:
        raise ResourceNotFoundException("The specified log group does not exist.")
    return group


def load_stream(snapshot: Snapshot, group: Group, name: str) -> Stream:
    """The stream. Raises ResourceNotFoundException."""
    stream = store.find_stream(snapshot, group, name)
    if stream is None:
        raise ResourceNotFoundException("The specified log stream does not exist.")
    return stream
