"""Requests from the HTTP API and answers to it (payload format 2.0).

An error is JSON with a `code` for programs and a `message`, one sentence, for people. No status is
ever 403 or 404: the distribution answers those with the site's page (see template.yaml).
"""

import base64
import binascii
import functools
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

logger = logging.getLogger("shop")
logger.setLevel(logging.INFO)

Event = dict[str, Any]
Body = dict[str, Any]
Handler = Callable[[Event, object], Event]


class ShopError(Exception):
    """A refusal the customer is told about."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Request:
    """What a function may know of an HTTP request."""

    headers: Mapping[str, str]
    path_parameters: Mapping[str, str]
    raw_body: bytes

    @classmethod
    def from_event(cls, event: Event) -> "Request":
        """Read the HTTP API's event. It has already put header names in lower case."""
        text = event.get("body") or ""
        try:
            raw = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()
        except binascii.Error:
            raw = b""
        return cls(event.get("headers") or {}, event.get("pathParameters") or {}, raw)

    def json(self) -> Body:
        """The body, which has to be a JSON object."""
        try:
            body = json.loads(self.raw_body)
            # JSON can spell half a character ("\\ud800"); nothing after this could store it.
            json.dumps(body, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise ShopError(400, "invalid_body", "The body has to be a JSON object.")
        return body

    @property
    def bearer_token(self) -> str | None:
        """The token of the Authorization header."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None


def endpoint(status: int = 200) -> Callable[[Callable[[Request], Body]], Handler]:
    """Make a Lambda handler of a function from a request to a JSON body."""

    def decorate(serve: Callable[[Request], Body]) -> Handler:
        @functools.wraps(serve)
        def handler(event: Event, context: object) -> Event:
            try:
                return _answer(status, serve(Request.from_event(event)))
            except ShopError as error:
                return _answer(error.status, {"code": error.code, "message": error.message})
            except Exception:  # the one boundary: the customer gets a sentence, the log the rest
                logger.exception("%s failed", serve.__module__)
                message = "Something went wrong on our side. Please try again."
                return _answer(500, {"code": "internal_error", "message": message})

        return handler

    return decorate


def _answer(status: int, body: Body) -> Event:
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}
