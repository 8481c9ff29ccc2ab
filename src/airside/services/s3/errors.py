"""What S3 refuses, named as its model and overlay (`models/s3.json`) name it."""

from airside.kernel import ServiceError


class AccessControlListNotSupported(ServiceError):
    """ACLs are switched off by the bucket's object ownership."""


class AccessDenied(ServiceError):
    """The caller may not do this."""


class AccessForbidden(ServiceError):
    """CORS rules refuse the request."""


class AuthorizationHeaderMalformed(ServiceError):
    """The authorization header is malformed."""


class AuthorizationQueryParametersError(ServiceError):
    """The query authorization parameters are malformed."""


class BadDigest(ServiceError):
    """A Content-MD5 or checksum does not match the body."""


class BadRequest(ServiceError):
    """The request is not valid."""


class BucketAlreadyExists(ServiceError):
    """Somebody else owns a bucket of that name."""


class BucketAlreadyOwnedByYou(ServiceError):
    """The caller owns that bucket already."""


class BucketNotEmpty(ServiceError):
    """The bucket still holds objects."""


class ConditionalRequestConflict(ServiceError):
    """A conflicting operation happened during a conditional write."""


class CrossLocationLoggingProhibitted(ServiceError):
    """Logs must go to a bucket in the same region."""


class EncryptionTypeMismatch(ServiceError):
    """The encryption differs from the upload's."""


class EntityTooLarge(ServiceError):
    """The upload exceeds the largest object size."""


class EntityTooSmall(ServiceError):
    """A part or POST upload is smaller than allowed."""


class ExpiredToken(ServiceError):
    """The token has expired."""


class IllegalLocationConstraintException(ServiceError):
    """The location constraint does not fit the endpoint."""


class IllegalVersioningConfigurationException(ServiceError):
    """The versioning configuration is not valid."""


class IncompleteBody(ServiceError):
    """The body is shorter than announced."""


class InvalidAccessKeyId(ServiceError):
    """The access key does not exist."""


class InvalidAccessPoint(ServiceError):
    """The access point is not valid."""


class InvalidArgument(ServiceError):
    """An argument is not valid."""


class InvalidBucketAclWithBlockPublicAccessError(ServiceError):
    """A public ACL is set while public access is blocked."""


class InvalidBucketAclWithObjectOwnership(ServiceError):
    """ACLs are set while ownership is BucketOwnerEnforced."""


class InvalidBucketName(ServiceError):
    """The bucket's name is not valid."""


class InvalidBucketOwnerAWSAccountID(ServiceError):
    """The expected owner is no account."""


class InvalidBucketState(ServiceError):
    """The request does not fit the bucket's state."""


class InvalidDigest(ServiceError):
    """The Content-MD5 is not valid."""


class InvalidEncryptionAlgorithmError(ServiceError):
    """The encryption method is not AES256."""


class InvalidLocationConstraint(ServiceError):
    """The location constraint is not valid."""


class InvalidObjectState(ServiceError):
    """The object is archived."""


class InvalidPart(ServiceError):
    """A listed part cannot be found or its ETag does not match."""


class InvalidPartNumber(ServiceError):
    """The requested part number cannot be satisfied."""


class InvalidPartOrder(ServiceError):
    """The parts are not in ascending order."""


class InvalidPolicyDocument(ServiceError):
    """The POST policy does not fit the form."""


class InvalidRange(ServiceError):
    """The range cannot be satisfied."""


class InvalidRequest(ServiceError):
    """The request is not valid."""


class InvalidRetentionPeriod(ServiceError):
    """A default retention is not of a positive length."""


class InvalidStorageClass(ServiceError):
    """The storage class is not valid."""


class InvalidTag(ServiceError):
    """A tag is not valid."""


class InvalidTargetBucket(ServiceError):
    """The target bucket is not valid."""


class InvalidTargetBucketForLogging(ServiceError):
    """The target bucket for logs is not valid."""


class InvalidToken(ServiceError):
    """The token is not valid."""


class InvalidURI(ServiceError):
    """The URI cannot be parsed."""


class InvalidWriteOffset(ServiceError):
    """The write offset is not the object's size."""


class KeyTooLongError(ServiceError):
    """The key is too long."""


class MalformedACLError(ServiceError):
    """The ACL document does not follow its schema."""


class MalformedPOSTRequest(ServiceError):
    """The POST body is not well-formed multipart/form-data."""


class MalformedPolicy(ServiceError):
    """The policy document is not valid."""


class MalformedXML(ServiceError):
    """The XML does not follow its schema."""


class MaxMessageLengthExceeded(ServiceError):
    """The request was too big."""


class MaxPostPreDataLengthExceededError(ServiceError):
    """The fields before the file are too large."""


class MetadataTooLarge(ServiceError):
    """The metadata headers exceed the allowed size."""


class MethodNotAllowed(ServiceError):
    """The method is not allowed against this resource."""


class MissingContentLength(ServiceError):
    """Content-Length is missing."""


class MissingRequestBodyError(ServiceError):
    """An empty XML document was sent."""


class MissingSecurityHeader(ServiceError):
    """A required header is missing."""


class NoSuchBucket(ServiceError):
    """The bucket does not exist."""


class NoSuchBucketPolicy(ServiceError):
    """The bucket has no policy."""


class NoSuchCORSConfiguration(ServiceError):
    """The bucket has no CORS configuration."""


class NoSuchKey(ServiceError):
    """The key does not exist."""


class NoSuchLifecycleConfiguration(ServiceError):
    """The bucket has no lifecycle configuration."""


class NoSuchObjectLockConfiguration(ServiceError):
    """The object has no retention or legal hold."""


class NoSuchPublicAccessBlockConfiguration(ServiceError):
    """The bucket has no public access block."""


class NoSuchTagSet(ServiceError):
    """The bucket has no tags."""


class NoSuchUpload(ServiceError):
    """The multipart upload does not exist."""


class NoSuchVersion(ServiceError):
    """The version does not exist."""


class NoSuchWebsiteConfiguration(ServiceError):
    """The bucket has no website configuration."""


class NotModified(ServiceError):
    """A conditional read whose condition says: you have it already."""


class ObjectLockConfigurationNotFoundError(ServiceError):
    """The bucket has no object lock configuration."""


class OwnershipControlsNotFoundError(ServiceError):
    """The bucket has no ownership controls."""


class PermanentRedirect(ServiceError):
    """The bucket is addressed at the wrong endpoint."""


class PreconditionFailed(ServiceError):
    """A condition of the request does not hold."""


class ReplicationConfigurationNotFoundError(ServiceError):
    """The bucket has no replication configuration."""


class ServerSideEncryptionConfigurationNotFoundError(ServiceError):
    """The bucket has no encryption configuration."""


class SignatureDoesNotMatch(ServiceError):
    """The signature is not genuine."""


class TooManyParts(ServiceError):
    """The object has too many parts."""


class UnexpectedContent(ServiceError):
    """The request holds content it must not."""


class UnresolvableGrantByEmailAddress(ServiceError):
    """An ACL names an e-mail address that no account has."""


class UserKeyMustBeSpecified(ServiceError):
    """A POST form lacks the key field."""


class XAmzContentSHA256Mismatch(ServiceError):
    """The body's SHA-256 differs from the one signed."""
