"""Making a resource again whose creation a crash interrupted.

The first attempt may have made it, wholly or in part, without anybody writing that down. It is
looked for by its type, then made; when it turns out to exist it is adopted. A name that
CloudFormation generated proves whose it is, because nobody else knows its suffix.
"""

from airside.kernel import Context, Resource, ResourceType, ServiceError
from airside.services.cloudformation.step_request import StepRequest

_EXISTS = frozenset({"ConflictException", "ResourceConflictException", "ResourceInUseException"})


async def make_again(ctx: Context, kind: ResourceType, request: StepRequest) -> Resource:
    """Find, make or adopt it. Raises what its type raises."""
    found = await kind.find(ctx, request)
    if found is not None:
        return await kind.update(ctx, found, {}, request)
    try:
        return await kind.create(ctx, request)
    except ServiceError as error:
        if not _exists(error):
            raise
        candidate = _candidate(kind, request)
        if candidate is None:
            raise
    return await kind.update(ctx, candidate, {}, request)


def _exists(error: ServiceError) -> bool:
    return (
        error.name in _EXISTS
        or "AlreadyExist" in error.name
        or "already exist" in error.message.lower()
    )


def _candidate(kind: ResourceType, request: StepRequest) -> str | None:
    """The name that the first attempt used: generated, or the one that the template gives."""
    if request.names:
        return request.names[-1]
    noun = kind.name.rpartition("::")[2]
    for name in (f"{noun}Name", "Name"):
        if isinstance(given := request.properties.get(name), str):
            return given
    return None
