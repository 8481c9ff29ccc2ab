"""CloudFront: distributions, policies, invalidations, and the edge itself with its cache."""

from airside.kernel import Service
from airside.services.cloudfront import (
    aliases,
    distributions,
    errors,
    families,
    functions,
    invalidations,
    key_value_errors,
    key_value_stores,
    key_values,
    listings,
    monitoring,
    resources,
    tags,
)
from airside.services.cloudfront.access_logs import AccessLogs
from airside.services.cloudfront.dialing import Dialer
from airside.services.cloudfront.edge import Edge
from airside.services.cloudfront.front import cloudfront_front
from airside.services.cloudfront.quick import cloudfront_at_hand
from airside.services.cloudfront.sites import list_sites

SERVICE = Service(
    "cloudfront",
    modules=[
        aliases,
        distributions,
        functions,
        invalidations,
        key_value_stores,
        listings,
        monitoring,
        tags,
    ],
    operations=families.OPERATIONS,
    errors=errors,
    components=[Edge, Dialer, AccessLogs],
    resources=[
        resources.CachePolicyResource,
        resources.DistributionResource,
        resources.FunctionResource,
        resources.KeyGroupResource,
        resources.KeyValueStoreResource,
        resources.MonitoringSubscriptionResource,
        resources.OriginAccessControlResource,
        resources.OriginAccessIdentityResource,
        resources.OriginRequestPolicyResource,
        resources.PublicKeyResource,
        resources.ResponseHeadersPolicyResource,
    ],
    fronts={"cloudfront": cloudfront_front},
    at_hand={"cloudfront": cloudfront_at_hand},
    sites=list_sites,
)

KEY_VALUES = Service("cloudfront-keyvaluestore", modules=[key_values], errors=key_value_errors)

SERVICES = (KEY_VALUES,)
"""Besides SERVICE: an API of its own for what is in CloudFront's key value stores."""
