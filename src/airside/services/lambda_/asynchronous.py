"""Asynchronous events: durable once accepted, retried, then given to whoever should know."""

from airside.kernel import Component, Context, OperationNotImplemented
from airside.runtime.spec import Event
from airside.services.lambda_.executor import Target


class AsyncEvents(Component):
    """The queue between Invoke(Event) and functions."""

    async def accept(self, ctx: Context, target: Target, event: Event) -> None:
        """Make an event durable and see that it runs."""
        raise OperationNotImplemented("Asynchronous invocation is not implemented yet.")
