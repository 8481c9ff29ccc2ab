"""Versions: immutable copies of $LATEST."""

import uuid

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.lambda_ import errors, store
from airside.services.lambda_.executor import Executor
from airside.services.lambda_.function import Version, configuration, listed, running_revision
from airside.services.lambda_.limits import VERSIONS_PAGE_ITEMS
from airside.services.lambda_.names import LATEST, FunctionName, parse, unqualified_arn


def publish(
    ctx: Context, tx: Transaction, name: FunctionName, description: str, now: float, revision: str
) -> Version:
    """Make a version of $LATEST, unless nothing changed since the last one.

    $LATEST has a new revision afterwards, as on AWS.
    """
    function = store.load_function(tx, name)
    latest = store.load_version(tx, name, LATEST)
    if function.next_version > 1:
        previous = store.versions(tx, name)[-1]
        if previous.version != LATEST and _same(previous, latest):
            return previous
    config = {**latest.config, "Description": description} if description else latest.config
    latest.revision_id = str(uuid.uuid5(uuid.UUID(revision), LATEST))
    version = Version(
        version=str(function.next_version), config=config, code=latest.code, modified_at=now,
        revision_id=revision, published_from=latest.revision_id,
        latest_description=latest.config["Description"],
    )  # fmt: skip
    store.save_version(tx, name, latest)
    function.next_version += 1
    store.save_function(tx, name, function)
    store.save_version(tx, name, version)
    if version.code.blob_id:
        ctx.blobs.hold(tx, version.code.blob_id, f"{name.arn}:{version.version}".encode())
    return version


def _same(version: Version, latest: Version) -> bool:
    if version.published_from == latest.revision_id:
        return True
    config = {**version.config, "Description": version.latest_description}
    return running_revision(latest) == running_revision(
        Version(version=LATEST, config=config, code=version.code, modified_at=0, revision_id="")
    )


@operation("PublishVersion", resource=unqualified_arn)
async def publish_version(ctx: Context, request: Request) -> Result:
    """Publish $LATEST; answers the last version when nothing changed."""
    name = parse(ctx, request["FunctionName"])
    now, revision = ctx.clock.now(), ctx.ids.uuid()

    def run(tx: Transaction) -> Version:
        latest = store.load_version(tx, name, LATEST)
        expected = request.get("CodeSha256")
        if expected and expected != latest.code.sha256:
            raise errors.InvalidParameterValueException(
                f"CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST "
                f"({latest.code.sha256}). Please try again with the CodeSHA256 in $LATEST.",
                Type="User",
            )
        given = request.get("RevisionId")
        if given and given != latest.revision_id:
            raise errors.PreconditionFailedException(
                "The Revision Id provided does not match the latest Revision Id. Call the "
                "GetFunction/GetAlias API to retrieve the latest Revision Id", Type="User",
            )  # fmt: skip
        return publish(ctx, tx, name, request.get("Description", ""), now, revision)

    version = await ctx.store.transact(run)
    ctx.component(Executor).changed_aliases(name)
    version = await ctx.component(Executor).prepare_snapshot(name, version)
    return configuration(name.arn, version, qualified=True)


@operation("ListVersionsByFunction", resource=unqualified_arn)
async def list_versions_by_function(ctx: Context, request: Request) -> Result:
    """$LATEST and every version, oldest first."""
    name = parse(ctx, request["FunctionName"])
    count = min(request.get("MaxItems", VERSIONS_PAGE_ITEMS), VERSIONS_PAGE_ITEMS)
    start = int(request.get("Marker") or 0)

    def read(view: Snapshot) -> list[Version]:
        store.load_function(view, name)
        return store.versions(view, name)

    versions = await ctx.store.read(read)
    page = versions[start : start + count]
    return {
        "Versions": [listed(name.arn, version, qualified=True) for version in page],
        "NextMarker": str(start + count) if len(versions) > start + count else None,
    }
