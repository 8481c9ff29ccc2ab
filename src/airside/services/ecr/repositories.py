"""Repositories: create, describe, set, delete."""

from typing import Any

from airside.kernel import Context, Request, Result, Snapshot, Transaction, operation
from airside.services.ecr import store
from airside.services.ecr.errors import (
    InvalidParameterException,
    RepositoryAlreadyExistsException,
)
from airside.services.ecr.store import Repository

_PAGE = 100


def arn_of(ctx: Context, name: str) -> str:
    """A repository's ARN."""
    return f"arn:aws:ecr:{ctx.region}:{ctx.account_id}:repository/{name}"


def repository_arn(ctx: Context, request: Request) -> str:
    """The repository that a request names, for policies."""
    return arn_of(ctx, request.get("repositoryName") or "*")


def described(ctx: Context, repository: Repository) -> dict[str, Any]:
    """A repository as the API shows it."""
    return {
        "repositoryArn": arn_of(ctx, repository.name),
        "registryId": ctx.account_id,
        "repositoryName": repository.name,
        "repositoryUri": f"{ctx.account_id}.dkr.ecr.{ctx.region}.amazonaws.com/{repository.name}",
        "createdAt": repository.created_at,
        "imageTagMutability": repository.tag_mutability,
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
        "encryptionConfiguration": repository.encryption or {"encryptionType": "AES256"},
    }


@operation("CreateRepository", resource=repository_arn)
async def create_repository(ctx: Context, request: Request) -> Result:
    """Make a repository."""
    name = request["repositoryName"]
    repository = Repository(
        name=name,
        created_at=ctx.clock.now(),
        tag_mutability=request.get("imageTagMutability", "MUTABLE"),
        scan_on_push=request.get("imageScanningConfiguration", {}).get("scanOnPush", False),
        encryption=request.get("encryptionConfiguration", {}),
        tags={tag["Key"]: tag["Value"] for tag in request.get("tags", ())},
    )

    def body(tx: Transaction) -> None:
        if store.find(tx, ctx, name) is not None:
            raise RepositoryAlreadyExistsException(
                f"The repository with name '{name}' already exists in the registry with id "
                f"'{ctx.account_id}'"
            )
        store.save(tx, ctx, repository)

    await ctx.store.transact(body)
    return {"repository": described(ctx, repository)}


@operation("DescribeRepositories", resource=repository_arn)
async def describe_repositories(ctx: Context, request: Request) -> Result:
    """Named repositories, or all in pages."""
    names, limit = request.get("repositoryNames"), int(request.get("maxResults", _PAGE))
    if names and ("maxResults" in request or "nextToken" in request):
        raise InvalidParameterException(
            "Invalid parameter at 'repositoryNames' failed to satisfy constraint: 'Repository "
            "names cannot be specified with maxResults or nextToken'"
        )

    def body(snapshot: Snapshot) -> tuple[list[Repository], bool]:
        if names:
            return [store.load(snapshot, ctx, name) for name in names], False
        found: list[Repository] = []
        for repository in store.listing(snapshot, ctx, request.get("nextToken", "")):
            if len(found) == limit:
                return found, True
            found.append(repository)
        return found, False

    found, more = await ctx.store.read(body)
    result: Result = {"repositories": [described(ctx, one) for one in found]}
    if more:
        result["nextToken"] = found[-1].name
    return result


@operation("DeleteRepository", resource=repository_arn)
async def delete_repository(ctx: Context, request: Request) -> Result:
    """Delete a repository; it is empty."""

    def body(tx: Transaction) -> Repository:
        repository = store.load(tx, ctx, request["repositoryName"])
        store.remove(tx, ctx, repository.name)
        return repository

    return {"repository": described(ctx, await ctx.store.transact(body))}


@operation("PutImageTagMutability", resource=repository_arn)
async def put_image_tag_mutability(ctx: Context, request: Request) -> Result:
    """Whether tags may be moved."""

    def body(tx: Transaction) -> None:
        repository = store.load(tx, ctx, request["repositoryName"])
        repository.tag_mutability = request["imageTagMutability"]
        store.save(tx, ctx, repository)

    await ctx.store.transact(body)
    return {
        "registryId": ctx.account_id, "repositoryName": request["repositoryName"],
        "imageTagMutability": request["imageTagMutability"],
    }  # fmt: skip


@operation("PutImageScanningConfiguration", resource=repository_arn)
async def put_image_scanning_configuration(ctx: Context, request: Request) -> Result:
    """Whether images are scanned when they come. Recorded."""
    scan = request["imageScanningConfiguration"].get("scanOnPush", False)

    def body(tx: Transaction) -> None:
        repository = store.load(tx, ctx, request["repositoryName"])
        repository.scan_on_push = scan
        store.save(tx, ctx, repository)

    await ctx.store.transact(body)
    return {
        "registryId": ctx.account_id, "repositoryName": request["repositoryName"],
        "imageScanningConfiguration": {"scanOnPush": scan},
    }  # fmt: skip


@operation("ListImages", resource=repository_arn)
async def list_images(ctx: Context, request: Request) -> Result:
    """The images of a repository: none can be pushed."""
    await ctx.store.read(lambda snapshot: store.load(snapshot, ctx, request["repositoryName"]))
    return {"imageIds": []}
