"""How functions, versions and aliases are named. Pure."""

import re
from typing import NamedTuple

from airside.kernel import Context, Request
from airside.services.lambda_ import errors

LATEST = "$LATEST"

_ARN = re.compile(
    r"arn:(aws[a-zA-Z-]*):lambda:([a-z0-9-]+):(\d{12}):function:([a-zA-Z0-9-_.]+)(?::(.+))?"
)
_NAMELESS = re.compile(r"arn:(aws[a-zA-Z-]*):lambda:([a-z0-9-]+):(\d{12}):function")
_PARTIAL = re.compile(r"(\d{12}):(?:function:)?([a-zA-Z0-9-_]+)(?::([^:]+))?")
_NAME = re.compile(r"(?:function:)?([a-zA-Z0-9-_]+)(?::([^:]+))?")


class FunctionName(NamedTuple):
    """A function as a request names it."""

    account_id: str
    region: str
    name: str
    qualifier: str | None

    @property
    def arn(self) -> str:
        """Unqualified."""
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.name}"

    @property
    def qualified_arn(self) -> str:
        """With the qualifier, when there is one."""
        return f"{self.arn}:{self.qualifier}" if self.qualifier else self.arn


def from_arn(arn: str) -> FunctionName:
    """Take apart the ARN of a function, a version or an alias, known to be one."""
    _, _, _, region, account_id, _, name, *qualifier = arn.split(":")
    return FunctionName(account_id, region, name, qualifier[0] if qualifier else None)


def parse(ctx: Context, text: str, qualifier: str | None = None) -> FunctionName:
    """Take apart a name, a partial ARN or an ARN, each with or without a qualifier."""
    if _NAMELESS.fullmatch(text):
        raise errors.ResourceNotFoundException(f"Function not found: {text}:function", Type="User")
    if found := _ARN.fullmatch(text):
        region, account_id, name, inner = found.group(2, 3, 4, 5)
    elif found := _PARTIAL.fullmatch(text):
        region = ctx.region
        account_id, name, inner = found.group(1, 2, 3)
    elif found := _NAME.fullmatch(text):
        region, account_id = ctx.region, ctx.account_id
        name, inner = found.group(1, 2)
    else:
        raise errors.InvalidParameterValueException(f"Invalid function name: {text}", Type="User")
    if region != ctx.region:
        raise errors.ResourceNotFoundException(
            f"Functions from '{region}' are not reachable in this region ('{ctx.region}')",
            Type="User",
        )
    if inner and qualifier and inner != qualifier:
        raise errors.InvalidParameterValueException(
            "The derived qualifier from the function name does not match the specified qualifier.",
            Type="User",
        )
    return FunctionName(account_id, region, name, inner or qualifier)


def requested(ctx: Context, request: Request) -> FunctionName:
    """The function that a request's FunctionName and Qualifier name."""
    return parse(ctx, request["FunctionName"], request.get("Qualifier"))


def function_arn(ctx: Context, request: Request) -> str:
    """The ARN that policies speak about."""
    return requested(ctx, request).qualified_arn


def unqualified_arn(ctx: Context, request: Request) -> str:
    """The same, where versions do not matter."""
    return requested(ctx, request).arn


def unqualified(ctx: Context, request: Request) -> FunctionName:
    """The same, where versions and aliases have no such thing (reserved concurrency, tags)."""
    name = parse(ctx, request["FunctionName"])
    if name.qualifier:
        raise errors.InvalidParameterValueException(
            "This operation is permitted on Lambda functions only. Aliases and versions do not "
            "support this operation. Please specify either a function name or an unqualified "
            "function ARN.", Type="User",
        )  # fmt: skip
    return name


def is_version(qualifier: str) -> bool:
    """Whether a qualifier is a version, not an alias."""
    return qualifier == LATEST or qualifier.isdigit()


def version_number(version: str) -> int:
    """`$LATEST` is 0, so that versions sort as they were published."""
    return 0 if version == LATEST else int(version)
