"""The front door: what a browser reaches when it opens a distribution's address.

Without `--tls` a local site has no HTTPS, so a viewer protocol policy of redirect-to-https or
https-only lets plain HTTP pass: there is nowhere to redirect to.
"""

from airside.kernel import BytesBody, Context, HttpRequest, HttpResponse
from airside.services.cloudfront import pages
from airside.services.cloudfront.access_logs import AccessLogs
from airside.services.cloudfront.admission import from_abroad, signed_for, turned_away
from airside.services.cloudfront.cache import Kept
from airside.services.cloudfront.edge import Dangling, Edge
from airside.services.cloudfront.forwarding import Question
from airside.services.cloudfront.lambdas import after_cache, before_cache
from airside.services.cloudfront.plan import Behavior, Plan
from airside.services.cloudfront.quick import keep_hit
from airside.services.cloudfront.scripts import on_request, on_response
from airside.services.cloudfront.viewing import new_cf_id, own_page
from airside.services.cloudfront.visit import Visit


async def cloudfront_front(ctx: Context, request: HttpRequest, label: str) -> HttpResponse:
    """Answer one request to a distribution, known by its id or by its domain's first label."""
    edge = ctx.component(Edge)
    plan = edge.plan(label)
    if plan is None:
        try:
            plan = await edge.load_plan(label)
        except Dangling as error:
            return own_page(502, error.message, None, new_cf_id(ctx))
        if plan is None:
            return own_page(404, pages.NO_DISTRIBUTION, None, new_cf_id(ctx))
    ctx.account_id = plan.account_id
    began = ctx.clock.monotonic()
    question = _question(plan, request, ctx.cloud.settings.viewer_country)
    behavior = plan.behavior(question.path)
    response, kept = await _answered(ctx, edge, plan, behavior, question)
    if plan.log is not None:
        ctx.component(AccessLogs).add(plan, request, response, ctx.clock.monotonic() - began)
    elif kept is not None:
        keep_hit(ctx, edge, plan, behavior, request, kept, label)
    ctx.use("Requests-HTTPS" if request.scheme == "https" else "Requests-HTTP", 1, plan.arn)
    body = response.body
    size = len(body) if isinstance(body, bytes) else getattr(body, "length", 0)
    if size and request.method != "HEAD":
        ctx.use("DataTransfer-Out-Bytes", size, plan.arn)
    return response


def _question(plan: Plan, request: HttpRequest, country: str) -> Question:
    path = request.path
    if path == "/" and plan.root_object:
        path = f"/{plan.root_object}"
    bare = request.method in ("GET", "HEAD")  # nothing below may read what comes with them
    return Question(
        request.method, path, request.query, request.headers,
        BytesBody() if bare else request.body, request.client, country,
        request.scheme, request.path, request.prefix,
    )  # fmt: skip


async def _answered(
    ctx: Context, edge: Edge, plan: Plan, behavior: Behavior, question: Question
) -> tuple[HttpResponse, Kept | None]:
    """The response, and what memory holds of it if it came from there."""
    refused = turned_away(ctx, plan, behavior, question)
    if refused is not None:
        return refused, None
    unsigned = from_abroad(plan, question) or signed_for(ctx, plan, behavior, question)
    if unsigned is not None:
        return await Visit(ctx, edge, plan, behavior, question).refused(unsigned), None
    made = await on_request(ctx, plan, behavior, question) \
        or await before_cache(ctx, plan, behavior, question)  # fmt: skip
    if made is not None:
        return made, None
    visit = Visit(ctx, edge, plan, behavior, question)
    response = visit.at_hand()
    if response is not None:
        kept = visit.remembered()
    else:
        response, kept = await visit.answer(), None
    response = await after_cache(ctx, plan, behavior, question, response)
    return await on_response(ctx, plan, behavior, question, response), kept
