"""AWS Identity and Access Management: roles, policies, users, groups, instance profiles."""

from airside.kernel import Service
from airside.services.iam import (
    access_keys,
    account,
    attachments,
    errors,
    groups,
    inline_policies,
    instance_profiles,
    policies,
    roles,
    simulation,
    tags,
    users,
)
from airside.services.iam.resources import InstanceProfile, ManagedPolicy, Policy, Role
from airside.services.iam.user_resources import (
    AccessKeyType,
    GroupType,
    UserToGroupAddition,
    UserType,
)

SERVICE = Service(
    "iam",
    modules=[
        roles, inline_policies, policies, attachments, instance_profiles, tags, users, groups,
        access_keys, account, simulation,
    ],
    errors=errors,
    resources=[
        Role, Policy, ManagedPolicy, InstanceProfile, UserType, GroupType, AccessKeyType,
        UserToGroupAddition,
    ],
)  # fmt: skip
