"""The domain: parameters, their versions and labels, names and paths. Pure.

https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
"""

import re
from typing import Final

import msgspec

from airside.kernel.regular_expressions import Effort, PatternError
from airside.services.ssm.errors import (
    HierarchyLevelLimitExceededException,
    ParameterPatternMismatchException,
    ValidationException,
)

VERSIONS_MAX: Final = 100
LABELS_MAX: Final = 10
LEVELS_MAX: Final = 15
STANDARD_CHARACTERS_MAX: Final = 4096
ADVANCED_CHARACTERS_MAX: Final = 8192
TAGS_MAX: Final = 50
_NAME = re.compile(r"[a-zA-Z0-9_.\-/]+")
_LABEL = re.compile(r"(?!aws|ssm|[0-9])[a-zA-Z0-9_.\-]{1,100}", re.IGNORECASE)


class Version(msgspec.Struct, kw_only=True):
    """One value that a parameter has or had."""

    number: int
    type: str
    value: str
    ciphertext: str = ""
    """What is shown of a SecureString to those who do not ask to decrypt it."""
    modified_at: float
    modified_by: str
    description: str | None = None
    allowed_pattern: str | None = None
    key_id: str | None = None
    tier: str = "Standard"
    data_type: str = "text"
    policies: str | None = None
    labels: list[str] = []

    def shown(self, *, decrypted: bool) -> str:
        """The value for a reader."""
        return self.ciphertext if self.type == "SecureString" and not decrypted else self.value


class Parameter(msgspec.Struct, kw_only=True):
    """A parameter: its version in force and its tags."""

    name: str
    latest: Version
    tags: dict[str, str] = {}


def check_name(name: str) -> None:
    """Raise for a name that no parameter can have."""
    if not _NAME.fullmatch(name) or name.endswith("/"):
        raise ValidationException(
            'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a '
            "path, it can consist of sub-paths divided by slash symbol; each sub-path can be "
            "formed as a mix of letters, numbers and the following 3 symbols .-_"
        )
    if "/" in name and not name.startswith("/"):
        raise ValidationException("Parameter name must be a fully qualified name.")
    first = name.lstrip("/").partition("/")[0].lower()
    if first.startswith(("aws", "ssm")):
        raise ValidationException(
            'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).'
        )
    if name.count("/") > LEVELS_MAX:
        raise HierarchyLevelLimitExceededException(
            f"A hierarchy can have a maximum of {LEVELS_MAX} levels. For more information, see "
            "Requirements and constraints for parameter names in the AWS Systems Manager User "
            "Guide."
        )


def check_value(value: str, tier: str, pattern: str | None) -> None:
    """Raise for a value that is too long for its tier or not of the allowed pattern."""
    limit = ADVANCED_CHARACTERS_MAX if tier == "Advanced" else STANDARD_CHARACTERS_MAX
    if len(value) > limit:
        raise ValidationException(
            f"{tier} tier parameters support a maximum parameter value of {limit} characters. To "
            "create a larger parameter value, upgrade the parameter to use the "
            "advanced-parameter tier. For more information, see https://docs.aws.amazon.com/"
            "systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
            if tier != "Advanced"
            else f"Advanced tier parameters support a maximum parameter value of {limit} "
            "characters."
        )
    if pattern:
        try:
            allowed = Effort().search(pattern, value)
        except PatternError as error:
            raise ValidationException(f"Invalid allowed pattern: {pattern}") from error
        if not allowed:
            raise ParameterPatternMismatchException(
                f"Parameter value, cannot be validated against allowedPattern: {pattern}"
            )


def valid_label(label: str) -> bool:
    """Whether a version can be labelled so."""
    return _LABEL.fullmatch(label) is not None


def below(name: str, path: str, *, recursive: bool) -> bool:
    """Whether a parameter lies below a path, at any depth or directly."""
    prefix = path if path.endswith("/") else path + "/"
    return name.startswith(prefix) and (recursive or "/" not in name[len(prefix) :])


def split_selector(text: str) -> tuple[str, str]:
    """Name and selector (a version or a label, perhaps empty) of `name:selector` or an ARN."""
    if text.startswith("arn:"):
        resource = text.split(":", 5)[-1]
        name, _, selector = resource.removeprefix("parameter").partition(":")
        # The ARN of a plain name has a slash that the name has not.
        return (name[1:] if name.count("/") == 1 else name), selector
    name, _, selector = text.partition(":")
    return name, selector
