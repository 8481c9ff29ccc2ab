"""Credentials of functions' roles, shared by their environments and refreshed in time."""

import asyncio
import logging
from typing import NamedTuple

from airside.kernel import Context, ServiceError
from airside.kernel.principal import service_principal

log = logging.getLogger("airside.lambda")

SESSION_SECONDS = 3600
LEFT_SECONDS_MIN = 1900
"""An environment starts with at least this much: its own age limit plus the longest event."""


class Credentials(NamedTuple):
    """What goes into the environment variables."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_at: float


class RoleSessions:
    """Asks STS once per role and function name, as long as the answer lasts."""

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, str], Credentials] = {}
        self._asking: dict[tuple[str, str], asyncio.Task[Credentials | None]] = {}

    async def get(self, ctx: Context, role_arn: str, name: str) -> Credentials | None:
        """Credentials that last a while; None when the role cannot be assumed."""
        key = (role_arn, name)
        found = self._sessions.get(key)
        if found and found.expires_at - ctx.clock.now() > LEFT_SECONDS_MIN:
            return found
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.get_running_loop().create_task(_assume(ctx, *key))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        credentials = await asyncio.shield(task)
        if credentials:
            self._sessions[key] = credentials
        return credentials

    def forget(self) -> None:
        """Ask again next time."""
        self._sessions.clear()


async def _assume(ctx: Context, role_arn: str, name: str) -> Credentials | None:
    principal = service_principal("lambda.amazonaws.com", ctx.account_id)
    request = {
        "RoleArn": role_arn,
        "RoleSessionName": name.ljust(2, "_"),
        "DurationSeconds": SESSION_SECONDS,
    }
    try:
        result = await ctx.call("sts", "AssumeRole", request, principal)
    except ServiceError as error:
        log.warning("function %s cannot assume %s: %s", name, role_arn, error.message)
        return None
    given = result["Credentials"]
    return Credentials(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], given["Expiration"]
    )
