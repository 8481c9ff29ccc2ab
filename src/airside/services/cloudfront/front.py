"""The front door: what a browser reaches when it opens a distribution's address.

A local site's port has no TLS, so a viewer protocol policy of redirect-to-https or https-only lets
plain HTTP pass: there is nowhere to redirect to.
"""

from airside.kernel import Context, HttpRequest, HttpResponse
from airside.services.cloudfront import pages
from airside.services.cloudfront.edge import Dangling, Edge
from airside.services.cloudfront.origin import Question
from airside.services.cloudfront.viewing import own_page
from airside.services.cloudfront.visit import Visit, new_cf_id


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
    if not plan.enabled:
        return own_page(403, pages.DISABLED, plan, new_cf_id(ctx))
    ctx.account_id = plan.account_id
    path = request.path
    if path == "/" and plan.root_object:
        path = f"/{plan.root_object}"
    question = Question(
        request.method, path, request.query, request.headers, request.body, request.client,
        request.scheme,
    )  # fmt: skip
    visit = Visit(ctx, edge, plan, question)
    response = visit.at_hand()
    if response is None:
        response = await visit.answer()
    ctx.use("Requests-HTTPS" if request.scheme == "https" else "Requests-HTTP", 1, plan.arn)
    body = response.body
    size = len(body) if isinstance(body, bytes) else getattr(body, "length", 0)
    if size and request.method != "HEAD":
        ctx.use("DataTransfer-Out-Bytes", size, plan.arn)
    return response
