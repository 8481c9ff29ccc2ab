"""Dynamic references: `{{resolve:ssm:...}}` and `{{resolve:secretsmanager:...}}` in properties."""

import json
import re
from typing import Any

from airside.kernel import Context, ServiceError
from airside.services.cloudformation.template import TemplateError

_REFERENCE = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^{}]+)\}\}")


async def resolve_dynamic(ctx: Context, value: Any) -> Any:
    """`value` with every dynamic reference replaced. Raises TemplateError."""
    if isinstance(value, dict):
        return {key: await resolve_dynamic(ctx, item) for key, item in value.items()}
    if isinstance(value, list):
        return [await resolve_dynamic(ctx, item) for item in value]
    if not isinstance(value, str) or "{{resolve:" not in value:
        return value
    pieces: list[str] = []
    position = 0
    for match in _REFERENCE.finditer(value):
        pieces += [value[position : match.start()], await _look_up(ctx, match[1], match[2])]
        position = match.end()
    return "".join([*pieces, value[position:]])


async def _look_up(ctx: Context, kind: str, reference: str) -> str:
    try:
        if kind == "secretsmanager":
            return await _secret(ctx, reference)
        name, _, version = reference.partition(":")
        return await parameter(ctx, f"{name}:{version}" if version else name)
    except ServiceError as error:
        raise TemplateError(
            f"Could not resolve {{{{resolve:{kind}:{reference}}}}}: {error.message or error.name}"
        ) from None


async def parameter(ctx: Context, name: str) -> str:
    """The value of an SSM parameter. Raises what GetParameter raises."""
    found = await ctx.call("ssm", "GetParameter", {"Name": name, "WithDecryption": True})
    value: str = found["Parameter"]["Value"]
    return value


async def _secret(ctx: Context, reference: str) -> str:
    """`id[:SecretString[:key[:stage[:version]]]]`, where the id may be an ARN (seven parts)."""
    parts = reference.split(":")
    split_at = 7 if reference.startswith("arn:") else 1
    secret_id, rest = ":".join(parts[:split_at]), [*parts[split_at:], "", "", "", ""]
    request = {"SecretId": secret_id}
    if rest[2]:
        request["VersionStage"] = rest[2]
    if rest[3]:
        request["VersionId"] = rest[3]
    found = await ctx.call("secretsmanager", "GetSecretValue", request)
    text: str = found["SecretString"]
    if not rest[1]:
        return text
    fields = json.loads(text)
    if rest[1] not in fields:
        raise TemplateError(
            f"Could not find a value associated with JSONKey {rest[1]} in SecretString"
        )
    return str(fields[rest[1]])
