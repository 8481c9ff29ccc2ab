"""What DynamoDB may answer instead of a result. Named as in the model and its overlay."""

from airside.kernel.errors import ServiceError


class ValidationException(ServiceError):
    """The request breaks a rule of the API."""


class SerializationException(ServiceError):
    """The request is not JSON of the shape that the operation takes."""


class AccessDeniedException(ServiceError):
    """The caller may not, or the resource of a tag operation does not exist."""


class ResourceNotFoundException(ServiceError):
    """No such table, index or stream, or it is not active."""


class ResourceInUseException(ServiceError):
    """The table exists already, or is being changed."""


class TableNotFoundException(ServiceError):
    """No such table, as the backup and export operations say it."""


class TableAlreadyExistsException(ServiceError):
    """A restore would overwrite a table."""


class TableInUseException(ServiceError):
    """The table is being changed, as the backup operations say it."""


class IndexNotFoundException(ServiceError):
    """No such index."""


class LimitExceededException(ServiceError):
    """Too many of something at once."""


class ConditionalCheckFailedException(ServiceError):
    """The condition is false; `Item` is there when the request asked for it."""


class TransactionCanceledException(ServiceError):
    """Nothing was written; `CancellationReasons` has one entry per item."""


class TransactionConflictException(ServiceError):
    """Another transaction is working on the item."""


class TransactionInProgressException(ServiceError):
    """The same token is being worked on right now."""


class IdempotentParameterMismatchException(ServiceError):
    """The token was used with other parameters."""


class ItemCollectionSizeLimitExceededException(ServiceError):
    """More than 10 GB under one partition key of a table with local indexes."""


class ProvisionedThroughputExceededException(ServiceError):
    """More units a second than the table or index has."""


class RequestLimitExceeded(ServiceError):
    """More units than the account may use."""


class ThrottlingException(ServiceError):
    """Too many requests to the control plane."""


class InternalServerError(ServiceError):
    """Our fault."""


class DuplicateItemException(ServiceError):
    """A PartiQL INSERT met an item with the same key."""


class BackupNotFoundException(ServiceError):
    """No such backup."""


class BackupInUseException(ServiceError):
    """The backup is being made, deleted or restored."""


class ContinuousBackupsUnavailableException(ServiceError):
    """Backups have not been enabled yet."""


class PointInTimeRecoveryUnavailableException(ServiceError):
    """Point-in-time recovery is not enabled for the table."""


class InvalidRestoreTimeException(ServiceError):
    """The restore time lies outside the window that can be restored."""


class InvalidExportTimeException(ServiceError):
    """The export time lies outside the window that can be exported."""


class ExportNotFoundException(ServiceError):
    """No such export."""


class ExportConflictException(ServiceError):
    """The client token was used with other parameters."""


class ImportNotFoundException(ServiceError):
    """No such import."""


class ImportConflictException(ServiceError):
    """The client token was used with other parameters."""


class PolicyNotFoundException(ServiceError):
    """The resource has no policy, or not that revision."""


class TrimmedDataAccessException(ServiceError):
    """The iterator points before the oldest record that is kept."""


class ExpiredIteratorException(ServiceError):
    """The iterator is older than 15 minutes."""
