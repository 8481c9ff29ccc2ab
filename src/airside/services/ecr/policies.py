"""Policies of a repository: who may use it, and which images would expire. Recorded."""

import json

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.ecr import store
from airside.services.ecr.errors import (
    InvalidParameterException,
    LifecyclePolicyNotFoundException,
    RepositoryPolicyNotFoundException,
)
from airside.services.ecr.repositories import repository_arn


def _checked(text: str, member: str, what: str) -> str:
    try:
        if isinstance(json.loads(text), dict):
            return text
    except ValueError:
        pass
    raise InvalidParameterException(
        f"Invalid parameter at '{member}' failed to satisfy constraint: 'Invalid {what} provided'"
    )


def _named(ctx: Context, request: Request, **more: object) -> Result:
    return {"registryId": ctx.account_id, "repositoryName": request["repositoryName"], **more}


def _no_policy(ctx: Context, name: str) -> RepositoryPolicyNotFoundException:
    return RepositoryPolicyNotFoundException(
        f"Repository policy does not exist for the repository with name '{name}' in the registry "
        f"with id '{ctx.account_id}'"
    )


def _no_lifecycle_policy(ctx: Context, name: str) -> LifecyclePolicyNotFoundException:
    return LifecyclePolicyNotFoundException(
        f"Lifecycle policy does not exist for the repository with name '{name}' in the registry "
        f"with id '{ctx.account_id}'"
    )


@operation("SetRepositoryPolicy", resource=repository_arn)
async def set_repository_policy(ctx: Context, request: Request) -> Result:
    """Who may use a repository."""
    text = _checked(request["policyText"], "PolicyText", "repository policy")

    def body(tx: Transaction) -> None:
        repository = store.load(tx, ctx, request["repositoryName"])
        repository.policy = text
        store.save(tx, ctx, repository)

    await ctx.store.transact(body)
    return _named(ctx, request, policyText=text)


@operation("GetRepositoryPolicy", resource=repository_arn)
async def get_repository_policy(ctx: Context, request: Request) -> Result:
    """The policy as it was set."""

    def body(snapshot: Snapshot) -> str:
        repository = store.load(snapshot, ctx, request["repositoryName"])
        if not repository.policy:
            raise _no_policy(ctx, repository.name)
        return repository.policy

    return _named(ctx, request, policyText=await ctx.store.read(body))


@operation("DeleteRepositoryPolicy", resource=repository_arn)
async def delete_repository_policy(ctx: Context, request: Request) -> Result:
    """Remove the policy."""

    def body(tx: Transaction) -> str:
        repository = store.load(tx, ctx, request["repositoryName"])
        if not repository.policy:
            raise _no_policy(ctx, repository.name)
        text, repository.policy = repository.policy, ""
        store.save(tx, ctx, repository)
        return text

    return _named(ctx, request, policyText=await ctx.store.transact(body))


@operation("PutLifecyclePolicy", resource=repository_arn)
async def put_lifecycle_policy(ctx: Context, request: Request) -> Result:
    """Which images would expire, if there were any."""
    text = _checked(request["lifecyclePolicyText"], "LifecyclePolicyText", "lifecycle policy")

    def body(tx: Transaction) -> None:
        repository = store.load(tx, ctx, request["repositoryName"])
        repository.lifecycle_policy = text
        store.save(tx, ctx, repository)

    await ctx.store.transact(body)
    return _named(ctx, request, lifecyclePolicyText=text)


@operation("GetLifecyclePolicy", resource=repository_arn)
async def get_lifecycle_policy(ctx: Context, request: Request) -> Result:
    """The policy as it was set."""

    def body(snapshot: Snapshot) -> str:
        repository = store.load(snapshot, ctx, request["repositoryName"])
        if not repository.lifecycle_policy:
            raise _no_lifecycle_policy(ctx, repository.name)
        return repository.lifecycle_policy

    return _named(ctx, request, lifecyclePolicyText=await ctx.store.read(body))


@operation("DeleteLifecyclePolicy", resource=repository_arn)
async def delete_lifecycle_policy(ctx: Context, request: Request) -> Result:
    """Remove the policy."""

    def body(tx: Transaction) -> str:
        repository = store.load(tx, ctx, request["repositoryName"])
        if not repository.lifecycle_policy:
            raise _no_lifecycle_policy(ctx, repository.name)
        text, repository.lifecycle_policy = repository.lifecycle_policy, ""
        store.save(tx, ctx, repository)
        return text

    return _named(ctx, request, lifecyclePolicyText=await ctx.store.transact(body))
