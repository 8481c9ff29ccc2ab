"""Event source mappings: the operations."""

from typing import Any

from airside.kernel import (
    Arn,
    Context,
    Request,
    Result,
    ServiceError,
    Snapshot,
    Transaction,
    operation,
)
from airside.services.lambda_ import errors, store
from airside.services.lambda_.executor import execution_principal
from airside.services.lambda_.mapping import Mapping, check_source, configure, describe
from airside.services.lambda_.names import parse
from airside.services.lambda_.paging import paginate
from airside.services.lambda_.poller import MappingPollers, queue_url


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
        raise errors.InvalidParameterValueException("Event source ARN is required.", Type="User")
    source = check_source(request["EventSourceArn"])
    name = parse(ctx, request["FunctionName"])
    version, _ = await ctx.store.read(lambda view: store.resolve(view, name))
    await _check_queue(ctx, source, version.config, name.name)
    mapping = Mapping(
        uuid=ctx.ids.uuid(), account_id=name.account_id, region=name.region,
        source_arn=request["EventSourceArn"], function_arn=name.qualified_arn,
        config=configure({}, request, fifo=source.resource.endswith(".fifo")),
        enabled=request.get("Enabled", True), modified_at=ctx.clock.now(),
        tags=request.get("Tags", {}),
    )  # fmt: skip

    def create(tx: Transaction) -> None:
        for other in store.mappings(tx, mapping.account_id, mapping.region):
            same = other.source_arn == mapping.source_arn
            if same and other.function_arn == mapping.function_arn:
                raise errors.ResourceConflictException(
                    f'An event source mapping with SQS arn (" {mapping.source_arn} ") and function '
                    f'(" {name.name} ") already exists. Please update or delete the existing '
                    f"mapping with UUID {other.uuid}", Type="User",
                )  # fmt: skip
        store.save_mapping(tx, mapping)

    await ctx.store.transact(create)
    ctx.component(MappingPollers).changed(mapping)
    return describe(mapping)


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
    return describe(await ctx.store.read(lambda view: load(view, ctx, request["UUID"])))


@operation("ListEventSourceMappings")
async def list_event_source_mappings(ctx: Context, request: Request) -> Result:
    """Mappings, all or those of a function or a source."""
    source = request.get("EventSourceArn")
    function = (
        parse(ctx, request["FunctionName"]).qualified_arn if "FunctionName" in request else None
    )
    found = await ctx.store.read(lambda view: store.mappings(view, ctx.account_id, ctx.region))
    matching = [
        describe(mapping) for mapping in found
        if source in {None, mapping.source_arn} and function in {None, mapping.function_arn}
    ]  # fmt: skip
    page, marker = paginate(matching, request)
    return {"EventSourceMappings": page, "NextMarker": marker}


@operation("UpdateEventSourceMapping", resource=_mapping_arn)
async def update_event_source_mapping(ctx: Context, request: Request) -> Result:
    """Change, enable or disable a mapping."""
    now = ctx.clock.now()

    def update(tx: Transaction) -> Mapping:
        mapping = load(tx, ctx, request["UUID"])
        fifo = mapping.source_arn.endswith(".fifo")
        mapping.config = configure(mapping.config, request, fifo=fifo)
        mapping.enabled = request.get("Enabled", mapping.enabled)
        if "FunctionName" in request:
            name = parse(ctx, request["FunctionName"])
            store.resolve(tx, name)
            mapping.function_arn = name.qualified_arn
        mapping.modified_at = now
        store.save_mapping(tx, mapping)
        return mapping

    mapping = await ctx.store.transact(update)
    ctx.component(MappingPollers).changed(mapping)
    return describe(mapping)


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
