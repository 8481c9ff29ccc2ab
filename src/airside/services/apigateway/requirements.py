"""What request validators ask of a request. Pure."""

from airside.services.apigateway.call import Call
from airside.services.apigateway.live import LiveMethod


def check_request(call: Call, method: LiveMethod) -> None:
    """Raise Refusal for a request without what its method requires."""
