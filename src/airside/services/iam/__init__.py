"""AWS Identity and Access Management: roles, policies, users, groups, instance profiles."""

from airside.kernel import Service
from airside.services.iam import (
    attachments,
    errors,
    inline_policies,
    instance_profiles,
    policies,
    roles,
    tags,
)
from airside.services.iam.resources import InstanceProfile, ManagedPolicy, Policy, Role

SERVICE = Service(
    "iam",
    modules=[roles, inline_policies, policies, attachments, instance_profiles, tags],
    errors=errors,
    resources=[Role, Policy, ManagedPolicy, InstanceProfile],
)
