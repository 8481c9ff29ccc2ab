"""AWS's managed policies, by the ids that templates name.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
"""

from typing import Any

Config = dict[str, Any]


def _names(behavior: str, kind: str, items: list[str] | None) -> Config:
    found: Config = {f"{kind}Behavior": behavior}
    if items is not None:
        plural = {"Header": "Headers", "Cookie": "Cookies", "QueryString": "QueryStrings"}[kind]
        found[plural] = {"Quantity": len(items), "Items": items}
    return found


def _cache(
    name: str,
    ttl: tuple[int, int, int],
    *,
    compress: bool = True,
    headers: list[str] | None = None,
    cookies: str = "none",
    query: str = "none",
    query_names: list[str] | None = None,
) -> Config:
    return {
        "Name": f"Managed-{name}",
        "Comment": "",
        "MinTTL": ttl[0],
        "DefaultTTL": ttl[1],
        "MaxTTL": ttl[2],
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": compress,
            "EnableAcceptEncodingBrotli": compress,
            "HeadersConfig": _names("whitelist" if headers else "none", "Header", headers),
            "CookiesConfig": _names(cookies, "Cookie", None),
            "QueryStringsConfig": _names(query, "QueryString", query_names),
        },
    }


_OVERRIDES = ["Host", "Origin", "X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override"]
_YEAR = 31_536_000
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"

CACHE_POLICIES = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6": _cache("CachingOptimized", (1, 86_400, _YEAR)),
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": _cache(
        "CachingOptimizedForUncompressedObjects", (1, 86_400, _YEAR), compress=False
    ),
    CACHING_DISABLED: _cache("CachingDisabled", (0, 0, 0), compress=False),
    "08627262-05a9-4f76-9ded-b50ca2e3a84f": _cache(
        "Elemental-MediaPackage", (0, 86_400, _YEAR), headers=["Origin"], query="whitelist",
        query_names=["aws.manifestfilter", "start", "end", "m"],
    ),
    "2e54312d-136d-493c-8eb9-b001f22f67d2": _cache(
        "Amplify", (2, 2, 600), headers=["Authorization", "CloudFront-Viewer-Country", "Host"],
        cookies="all", query="all",
    ),
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65": _cache(
        "UseOriginCacheControlHeaders", (0, 0, _YEAR), headers=_OVERRIDES, cookies="all",
    ),
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe": _cache(
        "UseOriginCacheControlHeaders-QueryStrings", (0, 0, _YEAR), headers=_OVERRIDES,
        cookies="all", query="all",
    ),
}  # fmt: skip


def _forward(
    name: str, headers: str, names: list[str] | None = None, cookies: str = "none",
    query: str = "none",
) -> Config:  # fmt: skip
    return {
        "Name": f"Managed-{name}",
        "Comment": "",
        "HeadersConfig": _names(headers, "Header", names),
        "CookiesConfig": _names(cookies, "Cookie", None),
        "QueryStringsConfig": _names(query, "QueryString", None),
    }


_CORS_HEADERS = ["Origin", "Access-Control-Request-Headers", "Access-Control-Request-Method"]
_CLOUDFRONT_HEADERS = [
    "CloudFront-Forwarded-Proto", "CloudFront-Is-Android-Viewer", "CloudFront-Is-Desktop-Viewer",
    "CloudFront-Is-IOS-Viewer", "CloudFront-Is-Mobile-Viewer", "CloudFront-Is-SmartTV-Viewer",
    "CloudFront-Is-Tablet-Viewer", "CloudFront-Viewer-Address", "CloudFront-Viewer-ASN",
    "CloudFront-Viewer-City", "CloudFront-Viewer-Country", "CloudFront-Viewer-Country-Name",
    "CloudFront-Viewer-Country-Region", "CloudFront-Viewer-Country-Region-Name",
    "CloudFront-Viewer-Http-Version", "CloudFront-Viewer-Latitude", "CloudFront-Viewer-Longitude",
    "CloudFront-Viewer-Metro-Code", "CloudFront-Viewer-Postal-Code",
    "CloudFront-Viewer-Time-Zone", "CloudFront-Viewer-TLS",
]  # fmt: skip

ORIGIN_REQUEST_POLICIES = {
    "216adef6-5c7f-47e4-b989-5492eafa07d3": _forward(
        "AllViewer", "allViewer", cookies="all", query="all"
    ),
    "33f36d7e-f396-46d9-90e0-52428a34d9dc": _forward(
        "AllViewerAndCloudFrontHeaders-2022-06", "allViewerAndWhitelistCloudFront",
        _CLOUDFRONT_HEADERS, "all", "all",
    ),
    "b689b0a8-53d0-40ab-baf2-68738e2966ac": _forward(
        "AllViewerExceptHostHeader", "allExcept", ["Host"], "all", "all"
    ),
    "59781a5b-3903-41f3-afcb-af62929ccde1": _forward("CORS-CustomOrigin", "whitelist", ["Origin"]),
    "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf": _forward("CORS-S3Origin", "whitelist", _CORS_HEADERS),
    "775133bc-15f2-49f9-abea-afb2e0bf67d2": _forward(
        "Elemental-MediaTailor-PersonalizedManifests", "whitelist",
        [*_CORS_HEADERS, "User-Agent", "X-Forwarded-For"], query="all",
    ),
    "acba4595-bd28-49b8-b9fe-13317c0390fa": _forward(
        "UserAgentRefererHeaders", "whitelist", ["User-Agent", "Referer"]
    ),
    "bf0718e1-ba1e-49d1-88b1-f726733018ae": _forward("HostHeaderOnly", "whitelist", ["Host"]),
}  # fmt: skip


def _items(values: list[str]) -> Config:
    return {"Quantity": len(values), "Items": values}


def _response(name: str, *, cors: bool, preflight: bool, security: bool) -> Config:
    config: Config = {"Name": f"Managed-{name}", "Comment": ""}
    if cors:
        methods = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"]
        config["CorsConfig"] = {
            "AccessControlAllowOrigins": _items(["*"]),
            "AccessControlAllowHeaders": _items(["*"] if preflight else []),
            "AccessControlAllowMethods": _items(methods if preflight else ["GET", "HEAD"]),
            "AccessControlAllowCredentials": False,
            "AccessControlExposeHeaders": _items(["*"] if preflight else []),
            "OriginOverride": False,
        }
        if not preflight:
            del config["CorsConfig"]["AccessControlExposeHeaders"]
    if security:
        config["SecurityHeadersConfig"] = {
            "XSSProtection": {"Override": False, "Protection": True, "ModeBlock": True},
            "FrameOptions": {"Override": False, "FrameOption": "SAMEORIGIN"},
            "ReferrerPolicy": {
                "Override": False, "ReferrerPolicy": "strict-origin-when-cross-origin",
            },
            "ContentTypeOptions": {"Override": True},
            "StrictTransportSecurity": {"Override": False, "AccessControlMaxAgeSec": 31_536_000},
        }  # fmt: skip
    return config


RESPONSE_HEADERS_POLICIES = {
    "60669652-455b-4ae9-85a4-c4c02393f86c": _response(
        "SimpleCORS", cors=True, preflight=False, security=False
    ),
    "5cc3b908-e619-4b99-88e5-2cf7f45965bd": _response(
        "CORS-With-Preflight", cors=True, preflight=True, security=False
    ),
    "67f7725c-6f97-4210-82d7-5512b31e9d03": _response(
        "SecurityHeadersPolicy", cors=False, preflight=False, security=True
    ),
    "e61eb60c-9c35-4d20-a928-2b84e02af89c": _response(
        "CORS-and-SecurityHeadersPolicy", cors=True, preflight=False, security=True
    ),
    "eaab4381-ed33-4a86-88ca-d9558dc6cd63": _response(
        "CORS-with-preflight-and-SecurityHeadersPolicy", cors=True, preflight=True, security=True
    ),
}
