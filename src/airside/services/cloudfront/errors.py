"""What CloudFront refuses, named as its model names it."""

from airside.kernel import ServiceError


class AccessDenied(ServiceError):
    """The caller may not do this."""


class BatchTooLarge(ServiceError):
    """An invalidation names too many paths."""


class CNAMEAlreadyExists(ServiceError):
    """Another distribution has the alias."""


class CachePolicyAlreadyExists(ServiceError):
    """The name is taken."""


class CachePolicyInUse(ServiceError):
    """A distribution uses the policy."""


class CannotChangeImmutablePublicKeyFields(ServiceError):
    """A key's material cannot change."""


class CloudFrontOriginAccessIdentityAlreadyExists(ServiceError):
    """The caller reference was used with another configuration."""


class CloudFrontOriginAccessIdentityInUse(ServiceError):
    """A distribution uses the identity."""


class DistributionAlreadyExists(ServiceError):
    """The caller reference was used with another configuration."""


class DistributionNotDisabled(ServiceError):
    """The distribution is still enabled."""


class CannotDeleteEntityWhileInUse(ServiceError):
    """A function reads it."""


class EntityAlreadyExists(ServiceError):
    """The name is taken."""


class EntityNotFound(ServiceError):
    """There is no such entity."""


class EntitySizeLimitExceeded(ServiceError):
    """Too much for one key value store."""


class FunctionAlreadyExists(ServiceError):
    """The name is taken."""


class FunctionInUse(ServiceError):
    """A distribution uses the function."""


class FunctionSizeLimitExceeded(ServiceError):
    """The code is too large."""


class IllegalDelete(ServiceError):
    """Managed policies cannot be deleted."""


class IllegalOriginAccessConfiguration(ServiceError):
    """An origin has both an access control and an identity."""


class IllegalUpdate(ServiceError):
    """Something that may not change would."""


class InconsistentQuantities(ServiceError):
    """Quantity is not the number of Items."""


class InvalidArgument(ServiceError):
    """An argument is not valid."""


class InvalidDefaultRootObject(ServiceError):
    """The default root object is not a file name."""


class InvalidErrorCode(ServiceError):
    """CloudFront makes no error pages for the status."""


class InvalidForwardCookies(ServiceError):
    """The cookies to forward are not listed."""


class InvalidFunctionAssociation(ServiceError):
    """The function cannot be attached there."""


class InvalidGeoRestrictionParameter(ServiceError):
    """The geo restriction is not valid."""


class InvalidHeadersForS3Origin(ServiceError):
    """The headers are not valid for an S3 origin."""


class InvalidIfMatchVersion(ServiceError):
    """If-Match is missing or wrong."""


class InvalidLambdaFunctionAssociation(ServiceError):
    """The Lambda function cannot be attached."""


class InvalidOrigin(ServiceError):
    """The origin is not valid."""


class InvalidOriginAccessControl(ServiceError):
    """The origin access control does not exist."""


class InvalidOriginAccessIdentity(ServiceError):
    """The origin access identity does not exist."""


class InvalidOriginKeepaliveTimeout(ServiceError):
    """The origin's keep-alive timeout is out of range."""


class InvalidOriginReadTimeout(ServiceError):
    """The origin's read timeout is out of range."""


class InvalidProtocolSettings(ServiceError):
    """The protocols are not valid together."""


class InvalidRelativePath(ServiceError):
    """A path does not begin with a slash."""


class InvalidRequiredProtocol(ServiceError):
    """The protocol is not valid."""


class InvalidResponseCode(ServiceError):
    """The response code is not valid."""


class InvalidTTLOrder(ServiceError):
    """TTLs are not in order."""


class InvalidTagging(ServiceError):
    """The tags are not valid."""


class InvalidViewerCertificate(ServiceError):
    """The certificate does not cover the aliases."""


class KeyGroupAlreadyExists(ServiceError):
    """The name is taken."""


class MissingBody(ServiceError):
    """The body is missing."""


class MonitoringSubscriptionAlreadyExists(ServiceError):
    """Additional metrics were asked for already."""


class NoSuchCachePolicy(ServiceError):
    """The cache policy does not exist."""


class NoSuchCloudFrontOriginAccessIdentity(ServiceError):
    """The origin access identity does not exist."""


class NoSuchContinuousDeploymentPolicy(ServiceError):
    """The continuous deployment policy does not exist."""


class NoSuchDistribution(ServiceError):
    """The distribution does not exist."""


class NoSuchFieldLevelEncryptionConfig(ServiceError):
    """The field-level encryption configuration does not exist."""


class NoSuchFunctionExists(ServiceError):
    """The function does not exist."""


class NoSuchInvalidation(ServiceError):
    """The invalidation does not exist."""


class NoSuchMonitoringSubscription(ServiceError):
    """Additional metrics were not asked for."""


class NoSuchOrigin(ServiceError):
    """A behaviour names an origin that is not there."""


class NoSuchOriginAccessControl(ServiceError):
    """The origin access control does not exist."""


class NoSuchOriginRequestPolicy(ServiceError):
    """The origin request policy does not exist."""


class NoSuchPublicKey(ServiceError):
    """The public key does not exist."""


class NoSuchRealtimeLogConfig(ServiceError):
    """The real-time log configuration does not exist."""


class NoSuchResource(ServiceError):
    """The resource does not exist."""


class NoSuchResponseHeadersPolicy(ServiceError):
    """The response headers policy does not exist."""


class OriginAccessControlAlreadyExists(ServiceError):
    """The name is taken."""


class OriginAccessControlInUse(ServiceError):
    """A distribution uses the origin access control."""


class OriginRequestPolicyAlreadyExists(ServiceError):
    """The name is taken."""


class OriginRequestPolicyInUse(ServiceError):
    """A distribution uses the policy."""


class PreconditionFailed(ServiceError):
    """If-Match names an older version."""


class PublicKeyAlreadyExists(ServiceError):
    """The name is taken."""


class PublicKeyInUse(ServiceError):
    """A key group holds the key."""


class ResourceInUse(ServiceError):
    """A distribution uses the resource."""


class ResponseHeadersPolicyAlreadyExists(ServiceError):
    """The name is taken."""


class ResponseHeadersPolicyInUse(ServiceError):
    """A distribution uses the policy."""


class StagingDistributionInUse(ServiceError):
    """The staging distribution is in use."""


class TestFunctionFailed(ServiceError):
    """The function could not be run."""


class TooLongCSPInResponseHeadersPolicy(ServiceError):
    """The content security policy is too long."""


class TooManyCacheBehaviors(ServiceError):
    """A distribution has only so many behaviours."""


class TooManyCustomHeadersInResponseHeadersPolicy(ServiceError):
    """The policy adds too many headers."""


class TooManyDistributionCNAMEs(ServiceError):
    """A distribution has only so many aliases."""


class TooManyFunctionAssociations(ServiceError):
    """A behaviour calls too many functions."""


class TooManyInvalidationsInProgress(ServiceError):
    """Too many invalidations run."""


class TooManyOriginGroupsPerDistribution(ServiceError):
    """A distribution has only so many origin groups."""


class TooManyOrigins(ServiceError):
    """A distribution has only so many origins."""


class TooManyPublicKeysInKeyGroup(ServiceError):
    """A key group holds only so many keys."""


class TooManyRemoveHeadersInResponseHeadersPolicy(ServiceError):
    """The policy removes too many headers."""


class TrustedKeyGroupDoesNotExist(ServiceError):
    """A behaviour names a key group that is not there."""


class UnsupportedOperation(ServiceError):
    """The operation is not supported."""
