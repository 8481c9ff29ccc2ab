"""Event source mappings: the operations."""

from typing import Any

from airside.kernel import (
    Arn,
    Context,
    OperationNotImplemented,
    Request,
    Result,
    ServiceError,
    Snapshot,
    Transaction,
    operation,
)
from airside.services.lambda_ import errors, store, stream_mapping
from airside.services.lambda_.executor import execution_principal
from airside.services.lambda_.filtering import check_filters
from airside.services.lambda_.function import Version
from airside.services.lambda_.mapping import Mapping, check_source, configure, describe
from airside.services.lambda_.names import FunctionName, parse
from airside.services.lambda_.paging import paginate
from airside.services.lambda_.pollers import MappingPollers
from airside.services.lambda_.queue_poller import queue_url


def _mapping_arn(ctx: Context, request: Request) -> str:
    return ctx.arn(f"event-source-mapping:{request['UUID']}")


def not_found() -> errors.ResourceNotFoundException:
    """The error for an unknown UUID."""
    return errors.ResourceNotFoundException(
        "The resource you requested does not exist.", Type="User"
    )


def load(view: Snapshot, ctx: Context, uuid: str) -> Mapping:
    """A mapping of the caller's account. Raises ResourceNotFoundException."""
    found = store.find_mapping(view, ctx.account_id, ctx.region, uuid)
    if found is None:
        raise not_found()
    return found


@operation("CreateEventSourceMapping")
async def create_event_source_mapping(ctx: Context, request: Request) -> Result:
    """Have a function called with what comes into a queue."""
    if "EventSourceArn" not in request:
        if "SelfManagedEventSource" in request:
            raise OperationNotImplemented("Self-managed Kafka is no event source here.")
        raise _invalid("Unrecognized event source.")
    source = check_source(request["EventSourceArn"])
    name = parse(ctx, request["FunctionName"])
    config = _configure({}, request, source)
    version = await _function(ctx, name)
    if source.service == "dynamodb":
        await _check_stream(ctx, request["EventSourceArn"], version.config, name.name)
    else:
        await _check_queue(ctx, source, version.config, name.name)
    now = ctx.clock.now()
    mapping = Mapping(
        uuid=ctx.ids.uuid(), account_id=name.account_id, region=name.region,
        source_arn=request["EventSourceArn"], function_arn=name.qualified_arn,
        config=config, enabled=request.get("Enabled", True), modified_at=now, created_at=now,
        tags=request.get("Tags", {}),
    )  # fmt: skip

    def create(tx: Transaction) -> None:
        for other in store.mappings(tx, mapping.account_id, mapping.region):
            same = other.source_arn == mapping.source_arn
            if same and other.function_arn == mapping.function_arn:
                raise _taken(mapping, name, other)
        store.save_mapping(tx, mapping)

    await ctx.store.transact(create)
    ctx.component(MappingPollers).changed(mapping)
    return describe(mapping, "Creating" if mapping.enabled else "")


def _taken(
    mapping: Mapping, name: FunctionName, other: Mapping
) -> errors.ResourceConflictException:
    if mapping.source.service == "sqs":
        message = (
            f'An event source mapping with SQS arn (" {mapping.source_arn} ") and function '
            f'(" {name.name} ") already exists.'
        )
    else:
        message = (
            f'The event source arn (" {mapping.source_arn} ") and function (" {name.name} ") '
            "provided mapping already exists."
        )
    return errors.ResourceConflictException(
        f"{message} Please update or delete the existing mapping with UUID {other.uuid}",
        Type="User",
    )


def _configure(old: dict[str, Any], request: Request, source: Arn) -> dict[str, Any]:
    check_filters((request.get("FilterCriteria") or {}).get("Filters") or [])
    if source.service == "dynamodb":
        return stream_mapping.configure(old, request, str(source))
    return configure(old, request, fifo=source.resource.endswith(".fifo"))


async def _function(ctx: Context, name: FunctionName) -> Version:
    try:
        return (await ctx.store.read(lambda view: store.resolve(view, name)))[0]
    except errors.ResourceNotFoundException:
        raise _invalid("Function does not exist") from None


async def _check_stream(ctx: Context, arn: str, config: dict[str, Any], function: str) -> None:
    principal = execution_principal(config["Role"], function)
    try:
        await ctx.call("dynamodbstreams", "DescribeStream", {"StreamArn": arn}, principal)
    except ServiceError as error:
        if error.name == "AccessDeniedException":
            raise _invalid(
                "Cannot access stream "
                f"{arn}. Please ensure the role can perform the GetRecords, GetShardIterator, "
                "DescribeStream, and ListStreams Actions on your stream in IAM."
            ) from None
        if error.name not in {"ResourceNotFoundException", "ValidationException"}:
            raise
        raise _invalid(f"Stream not found: {arn}") from None


def _invalid(message: str) -> errors.InvalidParameterValueException:
    return errors.InvalidParameterValueException(message, Type="User")


async def _check_queue(ctx: Context, source: Arn, config: dict[str, Any], function: str) -> None:
    principal = execution_principal(config["Role"], function)
    try:
        url = await queue_url(ctx, source, principal)
        request = {"QueueUrl": url, "AttributeNames": ["VisibilityTimeout"]}
        found = await ctx.call("sqs", "GetQueueAttributes", request, principal)
    except ServiceError as error:
        if error.name != "QueueDoesNotExist":
            raise
        raise errors.InvalidParameterValueException(
            "Error occurred while ReceiveMessage. SQS Error Code: "
            "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does "
            "not exist.", Type="User",
        ) from None  # fmt: skip
    visibility = int(found["Attributes"]["VisibilityTimeout"])
    if visibility < config["Timeout"]:
        raise errors.InvalidParameterValueException(
            f"Queue visibility timeout: {visibility} seconds is less than Function timeout: "
            f"{config['Timeout']} seconds", Type="User",
        )  # fmt: skip


@operation("GetEventSourceMapping", resource=_mapping_arn)
async def get_event_source_mapping(ctx: Context, request: Request) -> Result:
    """One mapping."""
    return _describe(ctx, await ctx.store.read(lambda view: load(view, ctx, request["UUID"])))


def _describe(ctx: Context, mapping: Mapping) -> dict[str, Any]:
    return describe(mapping, last_result=ctx.component(MappingPollers).last_result(mapping))


@operation("ListEventSourceMappings")
async def list_event_source_mappings(ctx: Context, request: Request) -> Result:
    """Mappings, all or those of a function or a source."""
    source = request.get("EventSourceArn")
    function = (
        parse(ctx, request["FunctionName"]).qualified_arn if "FunctionName" in request else None
    )
    found = await ctx.store.read(lambda view: store.mappings(view, ctx.account_id, ctx.region))
    matching = [
        _describe(ctx, mapping) for mapping in found
        if source in {None, mapping.source_arn} and function in {None, mapping.function_arn}
    ]  # fmt: skip
    page, marker = paginate(matching, request)
    return {"EventSourceMappings": page, "NextMarker": marker}


@operation("UpdateEventSourceMapping", resource=_mapping_arn)
async def update_event_source_mapping(ctx: Context, request: Request) -> Result:
    """Change, enable or disable a mapping."""
    now = ctx.clock.now()

    def update(tx: Transaction) -> tuple[Mapping, bool]:
        mapping = load(tx, ctx, request["UUID"])
        mapping.config = _configure(mapping.config, request, mapping.source)
        was = mapping.enabled
        mapping.enabled = request.get("Enabled", mapping.enabled)
        if "FunctionName" in request:
            name = parse(ctx, request["FunctionName"])
            try:
                store.resolve(tx, name)
            except errors.ResourceNotFoundException:
                raise _invalid("Function does not exist") from None
            mapping.function_arn = name.qualified_arn
        mapping.modified_at = now
        store.save_mapping(tx, mapping)
        return mapping, was

    mapping, was = await ctx.store.transact(update)
    ctx.component(MappingPollers).changed(mapping)
    state = "Updating" if mapping.enabled == was else "Enabling" if mapping.enabled else "Disabling"
    return describe(mapping, state)


@operation("DeleteEventSourceMapping", resource=_mapping_arn)
async def delete_event_source_mapping(ctx: Context, request: Request) -> Result:
    """Stop polling; batches in flight end."""

    def delete(tx: Transaction) -> Mapping:
        mapping = load(tx, ctx, request["UUID"])
        store.delete_mapping(tx, mapping)
        return mapping

    mapping = await ctx.store.transact(delete)
    ctx.component(MappingPollers).removed(mapping)
    return describe(mapping, "Deleting")
