"""What a resource policy has to be like."""

from airside.identity.policy import Policy, PolicySyntaxError
from airside.services.dynamodb.errors import ValidationException

_POLICY_BYTES_MAX = 20 * 1024


def check_policy(text: str) -> None:
    """Check a policy document. Raises ValidationException."""
    if len(text.encode()) > _POLICY_BYTES_MAX:
        raise ValidationException(
            "Resource-based policy size limit exceeded: the policy has more than 20 KB"
        )
    try:
        Policy.parse(text)
    except PolicySyntaxError as error:
        raise ValidationException(f"Invalid policy document: {error}") from None
