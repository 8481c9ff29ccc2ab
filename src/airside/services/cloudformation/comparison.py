"""Comparing a proposed revision with what is deployed."""

from typing import Any

from airside.kernel import Context, Snapshot
from airside.services.cloudformation import store
from airside.services.cloudformation.blueprint import Blueprint, LiveValues, draw
from airside.services.cloudformation.changes import changes
from airside.services.cloudformation.errors import ValidationError
from airside.services.cloudformation.stack import Resource, Revision, Stack
from airside.services.cloudformation.steps import find_type
from airside.services.cloudformation.template import TemplateError, parse

Held = tuple[dict[str, Resource], dict[str, str]]


async def compare(
    ctx: Context, stack: Stack, wanted: Revision, current: Revision | None
) -> tuple[list[dict[str, Any]], bool]:
    """The changes, and whether deploying `wanted` would do anything at all.

    Raises ValidationError.
    """

    def load(view: Snapshot) -> Held:
        exports = store.exports(view, *stack.key[:2])
        return store.resources(view, stack.key), {found.name: found.value for found in exports}

    resources, exports = await ctx.store.read(load)
    values = LiveValues(resources)
    try:
        new = draw(stack, wanted, values, exports)
        old = draw(stack, current, LiveValues(resources), exports) if current else None
        found = changes(new, values, old, lambda kind: _replacers(ctx, kind))
        differs = bool(found) or current is None or _differs(stack, wanted, current, new)
    except TemplateError as error:
        raise ValidationError(parse(wanted.source).explain(error)) from None
    return found, differs


def _replacers(ctx: Context, kind: str) -> frozenset[str]:
    implementation = find_type(ctx.cloud, kind)
    return implementation.replaced_by if implementation else frozenset()


def _differs(stack: Stack, wanted: Revision, current: Revision, new: Blueprint) -> bool:
    """Whether something besides resources would change: outputs, tags, who is told."""
    return (
        new.outputs() != stack.outputs
        or wanted.tags != current.tags
        or wanted.notification_arns != current.notification_arns
    )
