"""What STS refuses, named as its model and overlay (`models/sts.json`) name it."""

from airside.kernel import ServiceError


class AccessDenied(ServiceError):
    """The caller may not assume that role."""


class MalformedPolicyDocumentException(ServiceError):
    """The session policy is not a policy."""


class ValidationError(ServiceError):
    """A parameter is out of its range."""
