"""ECR's repositories with their policies. Images are not kept: pushing one is not implemented."""

from airside.kernel import Service
from airside.services.ecr import errors, policies, repositories, tags
from airside.services.ecr.resources import RepositoryType

SERVICE = Service(
    "ecr", modules=[repositories, policies, tags], errors=errors, resources=[RepositoryType]
)
