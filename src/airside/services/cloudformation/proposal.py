"""From a request to a revision: find the template, choose parameters, apply transforms, check."""

import json
from collections.abc import Mapping

from airside.kernel import Context, Request, ServiceError
from airside.kernel.http import whole
from airside.services.cloudformation import capabilities, parameters, validation
from airside.services.cloudformation.blueprint import transforms
from airside.services.cloudformation.dynamic import parameter
from airside.services.cloudformation.errors import (
    InsufficientCapabilitiesException,
    ValidationError,
)
from airside.services.cloudformation.extensions import NAME as EXTENSIONS
from airside.services.cloudformation.extensions import unroll
from airside.services.cloudformation.inclusion import include
from airside.services.cloudformation.location import locate
from airside.services.cloudformation.pseudo import pseudo_parameters
from airside.services.cloudformation.sam import NAME as SAM
from airside.services.cloudformation.sam import SamTransform
from airside.services.cloudformation.stack import Revision, Stack
from airside.services.cloudformation.template import Template, TemplateError, parse

_EXPAND = "CAPABILITY_AUTO_EXPAND"


class TransformError(ValidationError):
    """A transform failed: a change set then exists, in state FAILED."""


async def source_of(ctx: Context, request: Request, previous: Revision | None) -> str:
    """The text of the template that a request names. Raises ValidationError."""
    body, url = request.get("TemplateBody"), request.get("TemplateURL")
    if request.get("UsePreviousTemplate") and previous is not None:
        return previous.source
    if body and url:
        raise ValidationError("Template URL and Template Body cannot both be specified.")
    if body:
        return str(body)
    if not url:
        raise ValidationError("Either Template URL or Template Body must be specified.")
    return await fetch(ctx, url)


async def fetch(ctx: Context, url: str, *, s3_scheme: bool = False) -> str:
    """The text of an object of this cloud. Raises ValidationError."""
    try:
        where = locate(url, s3_scheme=s3_scheme)
        request: Request = {"Bucket": where.bucket, "Key": where.key}
        if where.version_id:
            request["VersionId"] = where.version_id
        found = await ctx.call("s3", "GetObject", request)
    except TemplateError as error:
        raise ValidationError(error.message) from None
    except ServiceError as error:
        raise ValidationError(f"S3 error: {error.message or error.name}") from None
    raw = await whole(found["Body"])
    return raw.decode("utf-8-sig", "replace")


def parse_source(source: str) -> Template:
    """A checked template as its author wrote it. Raises ValidationError."""
    template = Template({})
    try:
        template = parse(source)
        validation.check_source(template)
    except TemplateError as error:
        raise ValidationError(template.explain(error)) from None
    return template


async def propose(
    ctx: Context, request: Request, stack: Stack, previous: Revision | None
) -> Revision:
    """The revision that a CreateStack, UpdateStack or CreateChangeSet asks for.

    Raises ValidationError, its subclass TransformError, or InsufficientCapabilitiesException.
    """
    source = await source_of(ctx, request, previous)
    template = parse_source(source)
    try:
        texts = parameters.choose(template, given(request), previous.parameters if previous else {})
        resolved = await _resolve(ctx, template, texts)
        processed = await _transform(ctx, template, stack, texts, resolved)
        validation.check(processed)
    except TemplateError as error:
        raise ValidationError(template.explain(error)) from None
    _check_capabilities(processed, request)
    description = template.body.get("Description")
    return Revision(
        source=source,
        processed=json.dumps(processed.body, default=str),
        parameters=texts,
        resolved=resolved,
        tags=_tags(request, previous),
        capabilities=list(request.get("Capabilities", [])),
        notification_arns=list(request.get("NotificationARNs", [])),
        role_arn=request.get("RoleARN", previous.role_arn if previous else ""),
        description=str(description) if description is not None else None,
    )


def given(request: Request) -> dict[str, parameters.Given]:
    """The parameters of a request."""
    return {
        item["ParameterKey"]: parameters.Given(
            item.get("ParameterValue"), item.get("UsePreviousValue", False)
        )
        for item in request.get("Parameters", [])
    }


def _tags(request: Request, previous: Revision | None) -> dict[str, str]:
    if "Tags" not in request:
        return dict(previous.tags) if previous else {}
    return {tag["Key"]: tag["Value"] for tag in request["Tags"]}


async def _resolve(ctx: Context, template: Template, texts: Mapping[str, str]) -> dict[str, str]:
    """The values of parameters that name an SSM parameter."""
    found = {}
    for name, text in texts.items():
        if not parameters.ssm_type(template.section("Parameters")[name]["Type"]):
            continue
        try:
            found[name] = await parameter(ctx, text)
        except ServiceError:
            raise ValidationError(
                f"Unable to fetch parameters [{text}] from parameter store for this account."
            ) from None
    return found


async def _transform(
    ctx: Context,
    template: Template,
    stack: Stack,
    texts: Mapping[str, str],
    resolved: Mapping[str, str],
) -> Template:
    """The template after its transforms. Raises TransformError."""
    account_id, region, _ = stack.key
    pseudo = pseudo_parameters(account_id, region, stack.name, stack.id)
    try:
        template = await include(template, lambda location: fetch(ctx, location, s3_scheme=True))
        wanted = transforms(template)
        for name in wanted:
            if name not in {SAM, EXTENSIONS}:
                raise TransformError(f"No transform named {name} found.")
        if EXTENSIONS in wanted:
            values = parameters.values(template, texts, resolved)
            template = unroll(template, {**pseudo, **values})
        if SAM in wanted:
            given = {**pseudo, **texts, **resolved}
            template = await ctx.component(SamTransform).apply(template, given, region)
            if EXTENSIONS in wanted:
                template.body["Transform"] = [EXTENSIONS]
    except TemplateError as error:
        raise TransformError(template.explain(error)) from None
    return template


def _check_capabilities(processed: Template, request: Request) -> None:
    lacking = capabilities.missing(processed, request.get("Capabilities", []))
    if lacking is not None:
        raise InsufficientCapabilitiesException(f"Requires capabilities : [{lacking}]")


def check_expansion(source: str, request: Request) -> None:
    """CreateStack and UpdateStack expand templates only for callers who say so."""
    if transforms(parse_source(source)) and _EXPAND not in request.get("Capabilities", []):
        raise InsufficientCapabilitiesException(f"Requires capabilities : [{_EXPAND}]")
