"""Access keys of users. They authenticate through the server's registry of keys."""

from typing import Any

from airside.identity.keys import AccessKey, KeyRegistry
from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.iam import store
from airside.services.iam.entities import ACCESS_KEYS_MAX, KeyRecord, User
from airside.services.iam.errors import LimitExceededException, NoSuchEntityException
from airside.services.iam.grantees import grantee_arn, load_user
from airside.services.iam.paging import marker, page
from airside.services.iam.users import user_name


def _of(snapshot: Snapshot, ctx: Context, user: User) -> list[KeyRecord]:
    keys = store.keys(snapshot, ctx.account_id, ctx.cloud.name)
    return [record for record in keys if record.user_id == user.id]


def _load(snapshot: Snapshot, ctx: Context, request: Request) -> tuple[User, KeyRecord]:
    user = load_user(snapshot, ctx.account_id, user_name(ctx, request))
    for record in _of(snapshot, ctx, user):
        if record.id == request["AccessKeyId"]:
            return user, record
    raise NoSuchEntityException(f"The Access Key with id {request['AccessKeyId']} cannot be found.")


@operation("CreateAccessKey", resource=grantee_arn)
async def create_access_key(ctx: Context, request: Request) -> Result:
    """Mint a key for a user. Its secret is shown only now."""
    name = user_name(ctx, request)

    def check(snapshot: Snapshot) -> User:
        user = load_user(snapshot, ctx.account_id, name)
        if len(_of(snapshot, ctx, user)) >= ACCESS_KEYS_MAX:
            raise LimitExceededException(
                f"Cannot exceed quota for AccessKeysPerUser: {ACCESS_KEYS_MAX}"
            )
        return user

    user = await ctx.store.read(check)
    registry = ctx.cloud.resource(KeyRegistry)
    key = await registry.create_user(ctx.cloud.name, ctx.account_id, user.arn, user.id)
    record = KeyRecord(
        id=key.access_key_id, account_id=ctx.account_id, user_id=user.id,
        environment=ctx.cloud.name, created_at=float(int(ctx.clock.now())),
    )  # fmt: skip
    await ctx.store.transact(lambda tx: store.save_key(tx, record))
    return {
        "AccessKey": {
            "UserName": user.name,
            "AccessKeyId": key.access_key_id,
            "Status": "Active",
            "SecretAccessKey": key.secret_access_key,
            "CreateDate": record.created_at,
        }
    }


@operation("ListAccessKeys", resource=grantee_arn)
async def list_access_keys(ctx: Context, request: Request) -> Result:
    """A user's keys, without secrets."""

    def body(snapshot: Snapshot) -> Result:
        user = load_user(snapshot, ctx.account_id, user_name(ctx, request))

        def show(record: KeyRecord) -> dict[str, Any]:
            return {
                "UserName": user.name,
                "AccessKeyId": record.id,
                "Status": record.status,
                "CreateDate": record.created_at,
            }

        start = marker(request)
        rest = [record for record in _of(snapshot, ctx, user) if record.id > start]
        return page("AccessKeyMetadata", rest, request, name=lambda record: record.id, show=show)

    return await ctx.store.read(body)


@operation("GetAccessKeyLastUsed")
async def get_access_key_last_used(ctx: Context, request: Request) -> Result:
    """Whose a key is. When it was last used is not kept."""

    def body(snapshot: Snapshot) -> str | None:
        keys = store.keys(snapshot, ctx.account_id, ctx.cloud.name)
        owner = next((each.user_id for each in keys if each.id == request["AccessKeyId"]), None)
        users = store.listing(snapshot, ctx.account_id, User)
        return next((user.name for user in users if user.id == owner), None)

    name = await ctx.store.read(body)
    if name is None:
        raise NoSuchEntityException(
            f"The Access Key with id {request['AccessKeyId']} cannot be found."
        )
    return {"UserName": name, "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"}}


@operation("UpdateAccessKey", resource=grantee_arn)
async def update_access_key(ctx: Context, request: Request) -> Result:
    """Let a key authenticate or not."""
    registry = ctx.cloud.resource(KeyRegistry)
    user, record = await ctx.store.read(lambda snapshot: _load(snapshot, ctx, request))
    if request["Status"] == record.status:
        return {}
    if record.secret is not None:
        await registry.restore(AccessKey(
            record.id, record.secret, ctx.cloud.name, "user", user.arn, ctx.account_id, user.id,
        ))  # fmt: skip
        record.secret = None
    else:
        key = registry.find(record.id)
        assert key is not None, "an active key authenticates"
        record.secret = key.secret_access_key

    def body(tx: Transaction) -> None:
        store.save_key(tx, record)

    await ctx.store.transact(body)
    if record.secret is not None:
        await registry.delete(record.id)
    return {}


@operation("DeleteAccessKey", resource=grantee_arn)
async def delete_access_key(ctx: Context, request: Request) -> Result:
    """Delete a key for good."""

    def body(tx: Transaction) -> KeyRecord:
        record = _load(tx, ctx, request)[1]
        store.remove_key(tx, record)
        return record

    record = await ctx.store.transact(body)
    await ctx.cloud.resource(KeyRegistry).delete(record.id)
    return {}
