"""Who is let in: viewer protocol, methods, loops, signatures. Everything before the cache."""

from airside.kernel import Context, HttpResponse
from airside.services.cloudfront import limits, pages, signatures
from airside.services.cloudfront.forwarding import Question
from airside.services.cloudfront.origin import Answer
from airside.services.cloudfront.plan import Behavior, Plan
from airside.services.cloudfront.viewing import (
    REDIRECTED,
    edge_headers,
    new_cf_id,
    own_page,
)


def turned_away(
    ctx: Context, plan: Plan, behavior: Behavior, question: Question
) -> HttpResponse | None:
    """The answer to a request that goes no further."""
    if _too_long(plan, question):
        return own_page(413, pages.BAD_REQUEST, plan, new_cf_id(ctx))
    if not plan.enabled:
        return own_page(403, pages.BAD_REQUEST, plan, new_cf_id(ctx))
    if f"{plan.domain} (CloudFront)" in question.headers.get("via", ""):
        return own_page(403, pages.BAD_REQUEST, plan, new_cf_id(ctx))  # it asks itself
    if question.scheme == "http" and ctx.cloud.settings.tls:
        if behavior.protocol == "https-only":
            return own_page(403, pages.BAD_REQUEST, plan, new_cf_id(ctx))
        if behavior.protocol == "redirect-to-https":
            return _to_https(ctx, plan, question)
    if question.method not in behavior.methods:
        return own_page(403, pages.METHOD_NOT_ALLOWED, plan, new_cf_id(ctx))
    if question.method in ("GET", "HEAD") and _has_body(question):
        return own_page(403, pages.BAD_REQUEST, plan, new_cf_id(ctx))
    return None


def _too_long(plan: Plan, question: Question) -> bool:
    """Whether the address or the whole head has more bytes than CloudFront takes."""
    address = len(question.path) + len(question.query) + len("https://?")
    address += len(question.headers.get("host", plan.domain))
    lines = sum(len(name) + len(value) + 4 for name, value in question.headers.items())
    return address > limits.URL_BYTES_MAX or address + lines > limits.REQUEST_BYTES_MAX


def _has_body(question: Question) -> bool:
    """Whether the head announces a body; HTTP/2 may leave open whether there is one."""
    length = question.headers.get("content-length", "0")
    return length.strip("0") != "" or "transfer-encoding" in question.headers


def _to_https(ctx: Context, plan: Plan, question: Question) -> HttpResponse:
    status = 301 if question.method in ("GET", "HEAD") else 307
    host = question.headers.get("host", plan.domain)
    query = f"?{question.query}" if question.query else ""
    headers = [
        ("Server", "CloudFront"),
        ("Content-Type", "text/html"),
        ("Location", f"https://{host}{question.prefix}{question.asked}{query}"),
        *edge_headers(plan, REDIRECTED),
        ("X-Amz-Cf-Id", new_cf_id(ctx)),
    ]
    return HttpResponse(status, headers, pages.redirect_page(status))


def from_abroad(plan: Plan, question: Question) -> Answer | None:
    """What viewers hear in a country that the distribution does not serve.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/georestrictions.html
    """
    if plan.admits(question.country):
        return None
    headers = [("Server", "CloudFront"), ("Content-Type", "text/html")]
    return Answer(403, headers, pages.error_page(403, pages.COUNTRY_BLOCKED, question.id))


def signed_for(
    ctx: Context, plan: Plan, behavior: Behavior, question: Question
) -> Answer | None:  # fmt: skip
    """Check the signature where the behaviour wants one, and take it away from the question."""
    if behavior.keys is None:
        return None
    cookie = question.headers.get("cookie", "")
    try:
        brought = signatures.credentials(question.query, cookie)
        plain = signatures.without_credentials(question.query)
        signatures.check(
            brought, behavior.keys, _addresses(plan, question, plain), question.client,
            ctx.clock.now(),
        )  # fmt: skip
    except signatures.Refused as refused:
        headers = [("Server", "CloudFront"), ("Content-Type", "text/xml")]
        return Answer(403, headers, pages.refusal(refused.code, refused.message))
    question.query = plain
    if cookie:
        left = signatures.without_cookies(cookie)
        question.headers = {**question.headers, "cookie": left}
    return None


def _addresses(plan: Plan, question: Question, query: str) -> list[str]:
    """Every way to write the address that was asked for: local ones, and AWS's own."""
    host = question.headers.get("host", plan.domain)
    rest = f"{question.asked}?{query}" if query else question.asked
    hosts = dict.fromkeys((host, host.partition(":")[0], plan.domain, *plan.aliases))
    found = [f"{scheme}://{name}{rest}" for name in hosts for scheme in ("https", "http")]
    if question.prefix:
        found += [f"{scheme}://{host}{question.prefix}{rest}" for scheme in ("http", "https")]
    return found
