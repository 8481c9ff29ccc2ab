"""What IAM refuses, named as its model names it."""

from airside.kernel import ServiceError


class DeleteConflictException(ServiceError):
    """The entity still has others attached to it."""


class EntityAlreadyExistsException(ServiceError):
    """The name is taken."""


class InvalidInputException(ServiceError):
    """A parameter makes no sense."""


class LimitExceededException(ServiceError):
    """A quota of the account or the entity is used up."""


class MalformedPolicyDocumentException(ServiceError):
    """A document that is not a policy; the message says why."""


class NoSuchEntityException(ServiceError):
    """There is no such role, user, group, policy, profile or key."""


class UnmodifiableEntityException(ServiceError):
    """Only AWS may change this entity."""
