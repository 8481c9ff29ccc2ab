"""Templates as such: read one back, summarize, validate."""

import json
from typing import Any

from airside.kernel import Context, Request, Result, operation
from airside.services.cloudformation import capabilities, parameters
from airside.services.cloudformation.blueprint import transforms
from airside.services.cloudformation.errors import ChangeSetNotFoundException, ValidationError
from airside.services.cloudformation.lookup import (
    change_set_named,
    current_revision,
    stack_arn,
    stack_named,
)
from airside.services.cloudformation.proposal import parse_source, source_of
from airside.services.cloudformation.stack import Revision
from airside.services.cloudformation.template import Template, TemplateError
from airside.services.cloudformation.validation import check


@operation("GetTemplate", resource=stack_arn)
async def get_template(ctx: Context, request: Request) -> Result:
    """The template of a stack or a change set: as given (Original) or as deployed (Processed)."""
    revision = await _revision(ctx, request)
    if revision is None:  # a stack that waits for its first change set
        return {"TemplateBody": "", "StagesAvailable": ["Original"]}
    is_transformed = bool(transforms(parse_source(revision.source)))
    wants_original = request.get("TemplateStage") == "Original"
    body = revision.source if wants_original or not is_transformed else revision.processed
    return {"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]}


async def _revision(ctx: Context, request: Request) -> Revision | None:
    """The change set's, or the stack's, which has none in REVIEW_IN_PROGRESS."""
    name = request.get("StackName")
    if change_set_name := request.get("ChangeSetName"):
        found = await change_set_named(ctx, change_set_name, name)
        if found is None:
            raise ChangeSetNotFoundException(f"ChangeSet [{change_set_name}] does not exist")
        return found.revision
    if not name:
        raise ValidationError("Either StackName or ChangeSetName must be specified.")
    return await current_revision(ctx, await stack_named(ctx, name))


@operation("GetTemplateSummary", resource=stack_arn)
async def get_template_summary(ctx: Context, request: Request) -> Result:
    """What a template declares: parameters, types, needed capabilities."""
    if request.get("StackName"):
        revision = await _revision(ctx, request)
        if revision is None:
            raise ValidationError(f"Stack with id {request['StackName']} has no template yet")
        source = revision.source
    else:
        source = await source_of(ctx, request, None)
    template = parse_source(source)
    kinds = [resource.get("Type") for resource in template.section("Resources").values()]
    metadata = template.body.get("Metadata")
    return {
        **_needs(template),
        "Parameters": parameters.declarations(template),
        "Description": template.body.get("Description"),
        "ResourceTypes": list(dict.fromkeys(kinds)),
        "Version": template.body.get("AWSTemplateFormatVersion"),
        "Metadata": json.dumps(metadata) if metadata is not None else None,
        "DeclaredTransforms": transforms(template) or None,
    }


@operation("ValidateTemplate")
async def validate_template(ctx: Context, request: Request) -> Result:
    """Check a template without deploying it."""
    template = parse_source(await source_of(ctx, request, None))
    if not transforms(template):
        try:
            check(template)
        except TemplateError as error:
            raise ValidationError(template.explain(error)) from None
    return {
        **_needs(template),
        "Parameters": [
            {
                key: declared[key]
                for key in ("ParameterKey", "DefaultValue", "NoEcho", "Description")
            }
            for declared in parameters.declarations(template)
        ],
        "Description": template.body.get("Description"),
        "DeclaredTransforms": transforms(template) or None,
    }


def _needs(template: Template) -> dict[str, Any]:
    wanted, kinds = capabilities.needed(template)
    if wanted is not None:
        return {"Capabilities": [wanted], "CapabilitiesReason": capabilities.reason(kinds)}
    if transforms(template):
        return {
            "Capabilities": ["CAPABILITY_AUTO_EXPAND"],
            "CapabilitiesReason": "The following transform(s) require capabilities: "
            f"[{', '.join(transforms(template))}]",
        }
    return {}
