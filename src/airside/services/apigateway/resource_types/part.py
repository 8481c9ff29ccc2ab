"""What the resource types share: from properties to members, and parts of an API in general."""

from collections.abc import Mapping
from typing import Any, ClassVar

from airside.kernel import (
    Context,
    OperationNotImplemented,
    Resource,
    ResourceRequest,
    ResourceType,
    ServiceError,
)

Properties = Mapping[str, Any]
SERVICE = "apigateway"


def plain(value: Any) -> Any:
    """Templates write numbers and truth values as strings, too."""
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    return int(value) if isinstance(value, str) and value.isdigit() else value


def lower(name: str) -> str:
    """`RestApiId` -> `restApiId`."""
    return name[0].lower() + name[1:]


def pick(properties: Properties, *names: str) -> dict[str, Any]:
    """The members for some properties, as they are."""
    return {lower(name): properties[name] for name in names if name in properties}


def texts(value: Mapping[str, Any]) -> dict[str, str]:
    """A mapping whose values templates may have read as numbers or truth values."""
    return {key: _text(item) for key, item in value.items()}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def tags_of(properties: Properties) -> dict[str, str]:
    """Tags as a mapping."""
    return {tag["Key"]: str(tag["Value"]) for tag in properties.get("Tags") or []}


def patches(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, str]]:
    """The patch operations that make flat members `old` into `new`."""
    made = [
        {"op": "replace", "path": f"/{name}", "value": _text(value)}
        for name, value in new.items()
        if old.get(name) != value
    ]
    return made + [{"op": "remove", "path": f"/{name}"} for name in old if name not in new]


def pointer(name: str) -> str:
    """A name as part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


async def unless_gone(ctx: Context, operation: str, request: dict[str, Any]) -> None:
    """Delete what may be gone already, with its API for one."""
    try:
        await ctx.call(SERVICE, operation, request)
    except ServiceError as error:
        if error.name != "NotFoundException":
            raise


async def listed(ctx: Context, operation: str, request: dict[str, Any]) -> list[dict[str, Any]]:
    """All items of a Get...s operation, page by page."""
    items: list[dict[str, Any]] = []
    position: dict[str, str] = {}
    while True:
        answer = await ctx.call(SERVICE, operation, {**request, **position, "limit": 500})
        items += answer.get("items", [])
        if answer.get("position") is None:
            return items
        position = {"position": answer["position"]}


class Part(ResourceType):
    """A part of an API with an id of its own, unique by one of its members."""

    noun: ClassVar[str]
    key: ClassVar[str]
    """The member of requests that holds its id, e.g. `authorizerId`."""
    attribute: ClassVar[str] = ""
    """What Fn::GetAtt calls the id."""
    unique: ClassVar[str] = "name"
    held: ClassVar[str] = "id"
    """The member of answers that holds the id."""
    replaced_by: ClassVar[frozenset[str]] = frozenset({"RestApiId"})

    def members(self, properties: Properties, request: ResourceRequest) -> dict[str, Any]:
        """What Create... takes."""
        raise NotImplementedError

    def flat(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """What of that can be patched, one text per member."""
        return {
            name: value
            for name, value in members.items()
            if name != "restApiId" and not isinstance(value, Mapping | list)
        }

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Create it."""
        wanted = self.members(request.properties, request)
        made = await ctx.call(SERVICE, f"Create{self.noun}", wanted)
        return self.described(str(made[self.held]))

    def described(self, physical_id: str) -> Resource:
        """Ref gives the id, GetAtt too."""
        return Resource(physical_id, {self.attribute: physical_id} if self.attribute else {})

    async def find(self, ctx: Context, request: ResourceRequest) -> str | None:
        """The one with the same unique member in the same API."""
        wanted = self.members(request.properties, request).get(self.unique)
        for item in await listed(
            ctx, f"Get{self.noun}s", {"restApiId": request.properties["RestApiId"]}
        ):
            if item.get(self.unique) == wanted:
                return str(item[self.held])
        return None

    async def update(
        self, ctx: Context, physical_id: str, old: Properties, request: ResourceRequest
    ) -> Resource:
        """Patch it."""
        before = self.flat(self.members(old, request)) if old else {}
        changes = patches(before, self.flat(self.members(request.properties, request)))
        if changes:
            where = {"restApiId": request.properties["RestApiId"], self.key: physical_id}
            await ctx.call(SERVICE, f"Update{self.noun}", where | {"patchOperations": changes})
        return self.described(physical_id)

    async def delete(self, ctx: Context, physical_id: str, properties: Properties) -> None:
        """Delete it."""
        where = {"restApiId": properties["RestApiId"], self.key: physical_id}
        await unless_gone(ctx, f"Delete{self.noun}", where)


class NotYet(ResourceType):
    """A type that is known and not implemented."""

    async def create(self, ctx: Context, request: ResourceRequest) -> Resource:
        """Say so."""
        raise OperationNotImplemented(f"Airside does not implement {self.name} yet.")


NOT_YET = [
    type(f"{name}Type", (NotYet,), {"name": f"AWS::ApiGateway::{name}"})
    for name in (
        "BasePathMapping", "ClientCertificate", "DocumentationPart", "DocumentationVersion",
        "DomainName", "VpcLink",
    )
]  # fmt: skip
