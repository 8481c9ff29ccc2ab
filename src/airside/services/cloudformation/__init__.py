"""CloudFormation: templates become stacks, through the operations of all other services."""

from airside.kernel import Service
from airside.services.cloudformation import (
    change_sets,
    errors,
    exports,
    stack_events,
    stack_resources,
    stacks,
    templates,
)
from airside.services.cloudformation.custom_resource import ZONE, CustomResource, Mailbox, front
from airside.services.cloudformation.deployments import Deployments
from airside.services.cloudformation.resources import CdkMetadata, NestedStack, WaitConditionHandle
from airside.services.cloudformation.sam import SamTransform

SERVICE = Service(
    "cloudformation",
    modules=[stacks, change_sets, stack_events, stack_resources, templates, exports],
    errors=errors,
    components=[SamTransform, Mailbox, Deployments],
    resources=[CdkMetadata, CustomResource, NestedStack, WaitConditionHandle],
    fronts={ZONE: front},
)
