"""Who may call a method."""

from airside.kernel import Component, Context
from airside.services.apigateway.call import Call
from airside.services.apigateway.live import LiveMethod


async def authorize(ctx: Context, call: Call, method: LiveMethod) -> None:
    """Raise Refusal unless the caller may pass."""


class Decisions(Component):
    """What Lambda authorizers said, for as long as they may be remembered."""

    def forget(self, api_id: str, stage: str) -> None:
        """Ask the authorizers of a stage anew."""
