"""API keys at work: who they are, and what their usage plans let them do."""

from airside.kernel import Context
from airside.services.apigateway.call import Call
from airside.services.apigateway.live import LiveMethod


async def admit_key(ctx: Context, call: Call, method: LiveMethod) -> None:
    """Raise Refusal unless the key of a request may be used now."""
