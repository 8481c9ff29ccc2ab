"""The account's limits and use; tags of functions and mappings."""

from collections.abc import Callable

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.lambda_ import errors, layer_store, limits, store
from airside.services.lambda_.executor import Executor
from airside.services.lambda_.function import Function
from airside.services.lambda_.names import LATEST, FunctionName, parse

Change = Callable[[dict[str, str]], dict[str, str]]


@operation("GetAccountSettings")
async def get_account_settings(ctx: Context, request: Request) -> Result:
    """Limits and what is used of them."""
    limit = await ctx.component(Executor).limit(FunctionName(ctx.account_id, ctx.region, "", None))

    def read(view: Snapshot) -> tuple[int, int]:
        count = size = 0
        for function, _ in store.functions(view, ctx.account_id, ctx.region):
            name = FunctionName(ctx.account_id, ctx.region, function.name, None)
            size += sum(version.code.size for version in store.versions(view, name))
            count += 1
        return count, size + layer_store.code_size(view, ctx.account_id, ctx.region)

    count, size = await ctx.store.read(read)
    return {
        "AccountLimit": {
            "TotalCodeSize": limits.CODE_STORAGE_BYTES_MAX,
            "CodeSizeUnzipped": limits.UNZIPPED_BYTES_MAX,
            "CodeSizeZipped": limits.ZIP_BYTES_MAX,
            "ConcurrentExecutions": limit.limit,
            "UnreservedConcurrentExecutions": limit.limit - sum(limit.reserved.values()),
        },
        "AccountUsage": {"TotalCodeSize": size, "FunctionCount": count},
    }


def _tagged(ctx: Context, request: Request) -> str:
    arn: str = request["Resource"]
    return arn


def _load(view: Snapshot, name: FunctionName) -> Function:
    return store.load_function(view, name)


def _name(ctx: Context, request: Request) -> FunctionName:
    arn: str = request["Resource"]
    name = parse(ctx, arn)
    if name.qualifier:
        raise errors.InvalidParameterValueException(
            "Tags on function aliases and versions are not supported. Please specify a function "
            "ARN.", Type="User",
        )  # fmt: skip
    return name


@operation("ListTags", resource=_tagged)
async def list_tags(ctx: Context, request: Request) -> Result:
    """Tags of a function or an event source mapping."""
    if _is_mapping(request):
        mapping = await ctx.store.read(
            lambda view: store.load_mapping_by_arn(view, request["Resource"])
        )
        return {"Tags": mapping.tags}
    name = _name(ctx, request)
    return {"Tags": (await ctx.store.read(lambda view: _load(view, name))).tags}


@operation("TagResource", resource=_tagged)
async def tag_resource(ctx: Context, request: Request) -> Result:
    """Add or replace tags."""
    if not request["Tags"]:
        raise errors.InvalidParameterValueException(
            "An error occurred and the request cannot be processed.", Type="User"
        )
    await _change(ctx, request, lambda tags: {**tags, **request["Tags"]})
    return {}


@operation("UntagResource", resource=_tagged)
async def untag_resource(ctx: Context, request: Request) -> Result:
    """Remove tags."""
    if not request.get("TagKeys"):
        raise errors.ValidationException(
            "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: "
            "Member must not be null"
        )
    gone = set(request["TagKeys"])
    await _change(
        ctx, request, lambda tags: {key: value for key, value in tags.items() if key not in gone}
    )
    return {}


def _is_mapping(request: Request) -> bool:
    return ":event-source-mapping:" in request["Resource"]


async def _change(ctx: Context, request: Request, change: Change) -> None:
    if _is_mapping(request):

        def retag(tx: Transaction) -> None:
            mapping = store.load_mapping_by_arn(tx, request["Resource"])
            mapping.tags = _checked(change(mapping.tags))
            store.save_mapping(tx, mapping)

        await ctx.store.transact(retag)
        return
    name, revision = _name(ctx, request), ctx.ids.uuid()

    def run(tx: Transaction) -> None:
        function = _load(tx, name)
        function.tags = _checked(change(function.tags))
        store.save_function(tx, name, function)
        latest = store.load_version(tx, name, LATEST)
        latest.revision_id = revision
        store.save_version(tx, name, latest)

    await ctx.store.transact(run)
    ctx.component(Executor).changed_aliases(name)


def _checked(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > limits.TAGS_MAX:
        raise errors.InvalidParameterValueException(
            "Number of tags exceeds resource tag limit.", Type="User"
        )
    return tags
