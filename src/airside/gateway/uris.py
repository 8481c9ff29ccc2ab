"""URIs of integrations and authorizers. Pure."""

import re
from collections.abc import Mapping
from typing import Any

_FUNCTION = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[^/]+")
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")


def substitute(uri: str, variables: Mapping[str, Any]) -> str:
    """`${stageVariables.name}` in a URI."""
    return _STAGE_VARIABLE.sub(lambda match: str(variables.get(match[1], "")), uri)


def function_in(uri: str) -> str | None:
    """The function's ARN in a URI: itself, or wrapped in the path of its invocation."""
    match = _FUNCTION.search(uri)
    return match[0] if match else None
