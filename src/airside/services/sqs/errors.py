"""What SQS refuses, named as its model and overlay (`models/sqs.json`) name it."""

from airside.kernel import ServiceError


class AccessDenied(ServiceError):
    """The queue's policy does not let this caller in."""


class BatchEntryIdsNotDistinct(ServiceError):
    """Two entries of a batch have the same id."""


class BatchRequestTooLong(ServiceError):
    """The messages of a batch are too long together."""


class EmptyBatchRequest(ServiceError):
    """A batch without entries."""


class InvalidAttributeName(ServiceError):
    """No such queue attribute, or not for this type of queue."""


class InvalidAttributeValue(ServiceError):
    """A queue attribute cannot have that value."""


class InvalidBatchEntryId(ServiceError):
    """An entry's id has characters or a length it may not have."""


class InvalidMessageContents(ServiceError):
    """The body has characters that SQS does not carry."""


class InvalidParameterValueException(ServiceError):
    """A parameter is out of its range or makes no sense here."""


class MissingRequiredParameterException(ServiceError):
    """A parameter that the request must have is not there."""


class OverLimit(ServiceError):
    """Too many messages are in flight."""


class PurgeQueueInProgress(ServiceError):
    """The queue was purged less than a minute ago."""


class QueueDeletedRecently(ServiceError):
    """A queue of that name was deleted less than a minute ago."""


class QueueDoesNotExist(ServiceError):
    """No such queue."""


class QueueNameExists(ServiceError):
    """A queue of that name has other attributes."""


class ReceiptHandleIsInvalid(ServiceError):
    """Not a receipt handle of this queue."""


class ResourceNotFoundException(ServiceError):
    """The task or queue that an ARN or handle names is not there."""


class TooManyEntriesInBatchRequest(ServiceError):
    """More than ten entries in a batch."""


class UnsupportedOperation(ServiceError):
    """Not for this queue, or not now."""
