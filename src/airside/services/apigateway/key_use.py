"""API keys at work: who they are, what their usage plans let them do, what they used."""

from datetime import UTC, date, datetime, timedelta

from airside.gateway.throttle import Throttles
from airside.kernel import Cloud, Context, Snapshot, Transaction
from airside.kernel.written_behind import WrittenBehind
from airside.services.apigateway import store
from airside.services.apigateway.api import Members
from airside.services.apigateway.call import Call
from airside.services.apigateway.errors import BadRequestException
from airside.services.apigateway.limits import THROTTLE_BURST, THROTTLE_RATE
from airside.services.apigateway.live import LiveMethod
from airside.services.apigateway.refusals import Refusal
from airside.services.apigateway.store import UsagePlan

_WRITE_SECONDS = 0.5
_DAYS_MAX = 90
Counted = tuple[str, str, str, str, str]
"""Account, region, plan, key, day."""


async def admit_key(ctx: Context, call: Call, method: LiveMethod) -> None:
    """Raise Refusal unless the key of a request may be used now."""
    if not method.members.get("apiKeyRequired"):
        return
    by_authorizer = call.stage.frozen.settings.get("apiKeySource") == "AUTHORIZER"
    value = call.usage_key if by_authorizer else call.http.headers.get("x-api-key")
    if not value:
        raise Refusal("INVALID_API_KEY")
    found = await ctx.store.read(lambda view: _find(view, call, value))
    if found is None:
        raise Refusal("INVALID_API_KEY")
    key, plan = found
    call.api_key = key
    throttles = ctx.component(Throttles)
    for name, limits in _throttles(call, method, plan):
        limit = (limits.get("rateLimit", THROTTLE_RATE), limits.get("burstLimit", THROTTLE_BURST))
        if not throttles.admits(f"{plan.members['id']}/{key['id']}/{name}", limit):
            raise Refusal("THROTTLED")
    if not await ctx.component(UsageCounts).count(ctx, plan, key["id"]):
        raise Refusal("QUOTA_EXCEEDED")


def _find(view: Snapshot, call: Call, value: str) -> tuple[Members, UsagePlan] | None:
    """The key with a value and its plan for the stage of a call."""
    where = (call.live.account_id, call.live.region)
    named = store.load_document(view, *where, "value", value)
    key = store.load_document(view, *where, "key", named["id"]) if named is not None else None
    if key is None or not key.get("enabled"):
        return None
    for plan in store.list_plans(view, *where):
        if key["id"] in plan.keys and _stage_of(call, plan) is not None:
            return key, plan
    return None


def _stage_of(call: Call, plan: UsagePlan) -> Members | None:
    for stage in plan.members.get("apiStages", []):
        if (stage["apiId"], stage["stage"]) == (call.live.id, call.stage.name):
            return dict(stage)
    return None


def _throttles(call: Call, method: LiveMethod, plan: UsagePlan) -> list[tuple[str, Members]]:
    """The plan's own limit and that of the method, by name."""
    found = []
    if plan.members.get("throttle"):
        found.append(("", plan.members["throttle"]))
    stage = _stage_of(call, plan) or {}
    own = (stage.get("throttle") or {}).get(f"{method.resource_path}/{method.verb}")
    if own:
        found.append((f"{method.resource_path}/{method.verb}", own))
    return found


class UsageCounts(WrittenBehind):
    """Requests by plan, key and day. Written behind: AWS, too, keeps quotas as best it can."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._counts: dict[Counted, int] = {}
        self._changed: set[Counted] = set()

    @property
    def delay_seconds(self) -> float:
        """A moment."""
        return _WRITE_SECONDS

    async def count(self, ctx: Context, plan: UsagePlan, key: str) -> bool:
        """Count a request, unless the quota is used up."""
        today = datetime.fromtimestamp(ctx.clock.now(), UTC).date()
        quota = plan.members.get("quota")
        if quota is not None:
            used = sum([await self._count(ctx, plan, key, day) for day in _period(quota, today)])
            if used >= int(quota.get("limit", 0)):
                return False
        held = _counted(ctx, plan, key, today)
        self._counts[held] = await self._count(ctx, plan, key, today) + 1
        self._changed.add(held)
        self.soon()
        return True

    async def by_day(
        self, ctx: Context, plan: UsagePlan, key: str, start: str, end: str
    ) -> list[list[int]]:
        """Requests and what was left, for each day. Raises BadRequestException."""
        try:
            first, last = date.fromisoformat(start[:10]), date.fromisoformat(end[:10])
        except ValueError:
            raise BadRequestException("Invalid date, the format is YYYY-MM-DD") from None
        if last < first or (last - first).days > _DAYS_MAX:
            raise BadRequestException("Usage can be had for at most 90 days")
        quota = plan.members.get("quota")
        rows = []
        for offset in range((last - first).days + 1):
            day = first + timedelta(offset)
            used = await self._count(ctx, plan, key, day)
            left = 0
            if quota is not None:
                spent = [await self._count(ctx, plan, key, one) for one in _period(quota, day)]
                left = max(0, int(quota.get("limit", 0)) - sum(spent))
            rows.append([used, left])
        return rows

    async def _count(self, ctx: Context, plan: UsagePlan, key: str, day: date) -> int:
        held = _counted(ctx, plan, key, day)
        known = self._counts.get(held)
        if known is None:
            stored = await self.cloud.store.read(lambda view: store.used(view, *held))
            known = self._counts.setdefault(held, stored)
        return known

    async def write(self) -> None:
        """Write what was counted."""
        changed, self._changed = self._changed, set()
        if not changed:
            return

        def body(tx: Transaction) -> None:
            for held in changed:
                store.save_used(tx, *held, self._counts[held])

        await self.cloud.store.transact(body)


def _counted(ctx: Context, plan: UsagePlan, key: str, day: date) -> Counted:
    return ctx.account_id, ctx.region, plan.members["id"], key, day.isoformat()


def _period(quota: Members, day: date) -> list[date]:
    """The days of the period up to and with `day`; weeks begin on Sundays."""
    begin = {
        "DAY": day,
        "WEEK": day - timedelta((day.weekday() + 1) % 7),
        "MONTH": day.replace(day=1),
    }[quota["period"]]
    return [begin + timedelta(offset) for offset in range((day - begin).days + 1)]
