"""Amazon Resource Names."""

from typing import NamedTuple


class Arn(NamedTuple):
    """`arn:partition:service:region:account:resource`, taken apart."""

    partition: str
    service: str
    region: str
    account_id: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> "Arn":
        """Raise ValueError unless `text` has the six parts of an ARN."""
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            raise ValueError(f"not an ARN: {text!r}")
        return cls(*parts[1:])

    def __str__(self) -> str:
        return ":".join(("arn", *self))
