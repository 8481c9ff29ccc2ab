"""What may go wrong, as a client sees it.

    ServiceError                     the one exception type that reaches a client
    ├── OperationNotImplemented      501, names the operation; never an empty success
    ├── AccessDeniedException        a policy said no
    └── ...                          each service's own, named exactly as in its model

A class is named as the model (or its overlay) names the error; the wire code, the HTTP status and
the extra members come from there. The message is written at the raise, because AWS's wording is
part of the contract. Anything that is not a ServiceError is a bug and is answered as a 500.
"""

from typing import Any, ClassVar


class ServiceError(Exception):
    """An error that the client is meant to see.

    `members` are the modelled members besides the message, e.g. `Item` of
    DynamoDB's ConditionalCheckFailedException.
    """

    status: ClassVar[int | None] = None
    """HTTP status when neither the model nor the overlay states one (then 400)."""

    def __init__(self, message: str = "", **members: Any) -> None:
        super().__init__(message)
        self.message = message
        self.members = members

    @property
    def name(self) -> str:
        """The shape's name in the model, e.g. `ResourceNotFoundException`."""
        return type(self).__name__


class OperationNotImplemented(ServiceError):
    """The operation exists on AWS, Airside does not have it yet."""

    status = 501


class AccessDeniedException(ServiceError):
    """A policy (or the lack of one) refuses the request. Codecs rename it as the service does."""

    status = 403
