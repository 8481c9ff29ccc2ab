"""The public keys of token issuers on this machine or in this cloud, fetched and remembered."""

from typing import Any

from airside.kernel import Cloud, Component, Context
from airside.protocol.documents import load_json
from airside.services.apigatewayv2.integration import send

_REMEMBERED_SECONDS = 300.0


class Issuers(Component):
    """Keys by issuer."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._keys: dict[str, tuple[float, list[dict[str, Any]]]] = {}

    async def keys(self, ctx: Context, issuer: str) -> list[dict[str, Any]]:
        """The keys that an issuer publishes; none when it cannot be reached."""
        now = self.cloud.clock.monotonic()
        held = self._keys.get(issuer)
        if held is not None and held[0] > now:
            return held[1]
        found = await _document(ctx, issuer.rstrip("/") + "/.well-known/openid-configuration")
        address = found.get("jwks_uri") or issuer.rstrip("/") + "/.well-known/jwks.json"
        published = (await _document(ctx, address)).get("keys", [])
        keys = [key for key in published if isinstance(key, dict)]
        if keys:
            self._keys[issuer] = (now + _REMEMBERED_SECONDS, keys)
        return keys


async def _document(ctx: Context, url: str) -> dict[str, Any]:
    response = await send(ctx, "GET", url, {}, b"", seconds=1.5)
    body = response.body
    if response.status != 200 or not isinstance(body, bytes):
        return {}
    try:
        found = load_json(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
