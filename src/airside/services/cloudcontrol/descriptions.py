"""Reading a resource as CloudFormation's schema of its type describes it."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from airside.kernel import (
    Context,
    OperationNotImplemented,
    Request,
    Result,
    ServiceError,
    operation,
)
from airside.services.cloudcontrol.errors import ResourceNotFoundException, TypeNotFoundException

Reader = Callable[[Context, str], Awaitable[tuple[str, dict[str, Any]]]]
"""Identifier -> the identifier in full, and the properties."""

_TYPE = re.compile(r"[A-Z][A-Za-z0-9]+(?:::[A-Z][A-Za-z0-9]+){2,3}")


async def _function_url(ctx: Context, identifier: str) -> tuple[str, dict[str, Any]]:
    found = await ctx.call("lambda", "GetFunctionUrlConfig", {"FunctionName": identifier})
    properties = {
        "FunctionArn": found["FunctionArn"],
        "TargetFunctionArn": found["FunctionArn"],
        "FunctionUrl": found["FunctionUrl"],
        "AuthType": found["AuthType"],
        "InvokeMode": found.get("InvokeMode", "BUFFERED"),
    }
    if found.get("Cors"):
        properties["Cors"] = found["Cors"]
    return found["FunctionArn"], properties


_READERS: Mapping[str, Reader] = {"AWS::Lambda::Url": _function_url}


@operation("GetResource")
async def get_resource(ctx: Context, request: Request) -> Result:
    """One resource: what `sam list endpoints` asks for function URLs with."""
    kind, identifier = request["TypeName"], request["Identifier"]
    if not _TYPE.fullmatch(kind):
        raise TypeNotFoundException(f"The type '{kind}' cannot be found.")
    reader = _READERS.get(kind)
    if reader is None:
        raise OperationNotImplemented(f"Airside does not read {kind} through Cloud Control yet.")
    try:
        whole, properties = await reader(ctx, identifier)
    except ServiceError as error:
        if error.name != "ResourceNotFoundException":
            raise
        raise ResourceNotFoundException(
            f"Resource of type '{kind}' with identifier '{identifier}' was not found."
        ) from None
    return {
        "TypeName": kind,
        "ResourceDescription": {"Identifier": whole, "Properties": json.dumps(properties)},
    }
