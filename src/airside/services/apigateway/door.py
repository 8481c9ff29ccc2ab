"""The front door: whose address it is, before the rest of the service is imported."""

from airside.gateway.compiled import CompiledApis
from airside.kernel import Context, HttpRequest, HttpResponse, Snapshot
from airside.services.apigateway import store


class Address:
    """That an address is one of ours."""

    stamp = ""


class Addresses(CompiledApis[Address]):
    """Which addresses are those of REST APIs, and which are not."""

    def load(self, view: Snapshot, api_id: str, known: Address | None) -> Address | None:
        """Look whether there is such an API."""
        return (known or Address()) if store.is_there(view, api_id) else None


async def front(ctx: Context, http: HttpRequest, label: str) -> HttpResponse | None:
    """Answer at the address of the API `label`; None when it is no REST API."""
    if await ctx.component(Addresses).find(label) is None:
        return None
    from airside.services.apigateway.gateway import answer  # only for those who have REST APIs

    return await answer(ctx, http, label)
