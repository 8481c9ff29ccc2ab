"""Layers: packages that functions share."""

from typing import Any

from airside.kernel import Context, OperationNotImplemented


async def resolve_layers(ctx: Context, arns: list[str]) -> list[dict[str, Any]]:
    """The layer versions that a function names, in order."""
    if not arns:
        return []
    raise OperationNotImplemented("Layers are not implemented yet.")
