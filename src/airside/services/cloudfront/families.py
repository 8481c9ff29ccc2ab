"""The operations of everything that has a configuration, a name and versions: all of one shape.

`CreateX`, `GetX`, `GetXConfig`, `UpdateX`, `DeleteX` and `ListXs`, for policies, origin access
controls and identities, public keys and key groups. What differs is in their `Kind`.
"""

from collections.abc import Iterator

from airside.kernel import Context, Operation, Request, Result
from airside.services.cloudfront import entities
from airside.services.cloudfront.edge import Edge
from airside.services.cloudfront.entities import Kind
from airside.services.cloudfront.origin_access import CONTROL, IDENTITY
from airside.services.cloudfront.policies import CACHE, ORIGIN_REQUEST, RESPONSE_HEADERS
from airside.services.cloudfront.signers import KEY_GROUP, PUBLIC_KEY

KINDS = (CACHE, ORIGIN_REQUEST, RESPONSE_HEADERS, CONTROL, IDENTITY, PUBLIC_KEY, KEY_GROUP)


def family(kind: Kind) -> Iterator[Operation]:
    """The six operations of a kind."""

    async def create(ctx: Context, request: Request) -> Result:
        return await entities.create(ctx, kind, request)

    async def get(ctx: Context, request: Request) -> Result:
        return await entities.get(ctx, kind, request)

    async def get_config(ctx: Context, request: Request) -> Result:
        return await entities.get_config(ctx, kind, request)

    async def update(ctx: Context, request: Request) -> Result:
        result = await entities.update(ctx, kind, request)
        ctx.component(Edge).forget()
        return result

    async def delete(ctx: Context, request: Request) -> Result:
        return await entities.delete(ctx, kind, request)

    async def list_all(ctx: Context, request: Request) -> Result:
        return await kind.listed(ctx, kind, request)

    noun = kind.member
    yield Operation(f"Create{noun}", create)
    yield Operation(f"Get{noun}", get)
    yield Operation(f"Get{noun}Config", get_config)
    yield Operation(f"Update{noun}", update)
    yield Operation(f"Delete{noun}", delete)
    yield Operation(f"List{kind.plural or f'{noun}s'}", list_all)


OPERATIONS = tuple(one for kind in KINDS for one in family(kind))
