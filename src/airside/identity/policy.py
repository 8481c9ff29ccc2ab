"""Policy evaluation: what a set of policy documents says about one request. Pure.

A document is compiled once (`Policy.parse`) and asked many times (`evaluate`). An explicit deny
wins over everything, an allow wins over silence, silence is an implicit deny.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

What one decision over one list of policies cannot know is left to the caller: a request within an
account needs an allow from its identity policies or from the resource's policy; a request from
another account needs both; a permissions boundary must allow as well.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from airside.identity.conditions import Condition, Keys, Variables, compile_conditions
from airside.identity.patterns import arn_matches, matches, substitute
from airside.kernel import Principal

VERSIONS = ("2012-10-17", "2008-10-17")
_STATEMENT_KEYS = frozenset(
    {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
     "NotResource", "Condition"}
)  # fmt: skip
_ACCOUNT = re.compile(r"\d{12}")
_ROOT = re.compile(r"arn:aws:iam::(\d{12}):root")


class PolicySyntaxError(ValueError):
    """A document that is not a policy; says what is wrong."""


class Effect(StrEnum):
    """What a set of policies says."""

    ALLOW = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome and the statement that brought it about (None for an implicit deny)."""

    effect: Effect
    statement: "Statement | None" = None
    policy: "Policy | None" = None

    @property
    def allowed(self) -> bool:
        """Whether the request may go on."""
        return self.effect is Effect.ALLOW

    @property
    def explicit_deny(self) -> bool:
        """Whether a statement refuses the request."""
        return self.effect is Effect.EXPLICIT_DENY


@dataclass(frozen=True, slots=True)
class Question:
    """One request, as policies see it. `keys` are condition keys, in lower case."""

    action: str
    resource: str
    principal: Principal
    keys: Keys


@dataclass(frozen=True, slots=True)
class Principals:
    """The principals that a statement names. `everyone` is `*`, which includes the anonymous."""

    everyone: bool = False
    aws: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    federated: frozenset[str] = frozenset()
    canonical: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, value: Any) -> "Principals":
        """From `"*"` or `{"AWS": ..., "Service": ..., "Federated": ..., "CanonicalUser": ...}`."""
        if value == "*":
            return cls(everyone=True)
        if not isinstance(value, Mapping) or not value:
            raise PolicySyntaxError("Syntax errors in policy.")
        kinds = {"AWS": "aws", "Service": "services", "Federated": "federated",
                 "CanonicalUser": "canonical"}  # fmt: skip
        unknown = value.keys() - kinds.keys()
        if unknown:
            raise PolicySyntaxError(f"Invalid principal in policy: {min(unknown)}")
        found = {kinds[kind]: frozenset(_strings(names)) for kind, names in value.items()}
        return cls(everyone="*" in found.get("aws", ()), **found)

    def include(self, principal: Principal) -> bool:
        """Whether `principal` is named here, itself, by its role or by its account."""
        if self.everyone:
            return True
        if principal.kind == "anonymous":
            return False
        if principal.kind == "service":
            return principal.arn in self.services
        if principal.arn in self.aws or (principal.role_arn and principal.role_arn in self.aws):
            return True
        account = principal.account_id
        return account in self.aws or f"arn:aws:iam::{account}:root" in self.aws

    def accounts(self) -> frozenset[str]:
        """Accounts named as a whole."""
        found = {name for name in self.aws if _ACCOUNT.fullmatch(name)}
        found.update(match[1] for name in self.aws if (match := _ROOT.fullmatch(name)))
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Statement:
    """One compiled statement. Each `not_` flag says that the list beside it is an exclusion."""

    sid: str
    denies: bool
    actions: tuple[str, ...]
    not_action: bool
    resources: tuple[str, ...] | None
    not_resource: bool
    principals: Principals | None
    not_principal: bool
    conditions: tuple[Condition, ...]
    variables: bool
    """Whether `${...}` is replaced: since version 2012-10-17 of the language."""

    def applies(self, question: Question) -> bool:
        """Whether everything the statement asks for is so."""
        return (
            self._names_action(question.action)
            and self._names_principal(question.principal)
            and self._names_resource(question)
            and all(
                condition.holds(question.keys, self._variables(question))
                for condition in self.conditions
            )
        )

    def _names_action(self, action: str) -> bool:
        lowered = action.lower()
        return any(matches(pattern, lowered) for pattern in self.actions) != self.not_action

    def _names_principal(self, principal: Principal) -> bool:
        if self.principals is None:
            return True
        return self.principals.include(principal) != self.not_principal

    def _names_resource(self, question: Question) -> bool:
        if self.resources is None:
            return True
        variables = self._variables(question)
        named = any(
            _resource_matches(pattern, question.resource, variables) for pattern in self.resources
        )
        return named != self.not_resource

    def _variables(self, question: Question) -> Variables:
        return question.keys if self.variables else None


@dataclass(frozen=True, slots=True)
class Policy:
    """A compiled policy document. `name` is how an explanation calls it, e.g. its ARN."""

    statements: tuple[Statement, ...]
    version: str = VERSIONS[1]
    name: str = ""

    @classmethod
    def parse(cls, document: str | bytes | Mapping[str, Any], name: str = "") -> "Policy":
        """Compile a document, text or decoded. Raises PolicySyntaxError."""
        if isinstance(document, str | bytes):
            try:
                document = msgspec.json.decode(document)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise PolicySyntaxError("This policy contains invalid Json") from error
        if not isinstance(document, Mapping):
            raise PolicySyntaxError("Syntax errors in policy.")
        version = document.get("Version", VERSIONS[1])
        if version not in VERSIONS or document.keys() - {"Version", "Id", "Statement"}:
            raise PolicySyntaxError("Syntax errors in policy.")
        raw = document.get("Statement")
        if isinstance(raw, Mapping):
            raw = [raw]
        if not isinstance(raw, Sequence) or isinstance(raw, str):
            raise PolicySyntaxError("Syntax errors in policy.")
        statements = tuple(_statement(item, variables=version == VERSIONS[0]) for item in raw)
        named = [statement.sid for statement in statements if statement.sid]
        if len(named) != len(set(named)):
            raise PolicySyntaxError("Statement IDs (SID) in a single policy must be unique.")
        return cls(statements, version, name)


Policies = Iterable[Policy | Mapping[str, Any] | str]


def evaluate(
    policies: Policies,
    action: str,
    resource: str,
    principal: Principal,
    context: Mapping[str, str | Sequence[str]] | None = None,
) -> Decision:
    """Decide whether `principal` may do `action` (`s3:GetObject`) to `resource` (an ARN).

    `context` holds condition keys in any case; those that follow from the principal are added.
    Documents that are not compiled yet are compiled; raises PolicySyntaxError when they cannot be.
    """
    keys = principal_keys(principal)
    for name, value in (context or {}).items():
        keys[name.lower()] = (value,) if isinstance(value, str) else tuple(value)
    question = Question(action, resource, principal, keys)
    allowing: Decision | None = None
    for item in policies:
        policy = item if isinstance(item, Policy) else Policy.parse(item)
        for statement in policy.statements:
            if (allowing and not statement.denies) or not statement.applies(question):
                continue
            if statement.denies:
                return Decision(Effect.EXPLICIT_DENY, statement, policy)
            allowing = Decision(Effect.ALLOW, statement, policy)
    return allowing or Decision(Effect.IMPLICIT_DENY)


def principal_keys(principal: Principal) -> dict[str, tuple[str, ...]]:
    """Derive the condition keys that follow from who asks.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    keys: dict[str, tuple[str, ...]] = {}
    if principal.kind == "anonymous":
        return {"aws:principaltype": ("Anonymous",), "aws:userid": ("anonymous",)}
    if principal.kind == "service":
        keys["aws:principalisawsservice"] = ("true",)
        keys["aws:principalservicename"] = (principal.arn,)
        if principal.account_id:
            keys["aws:sourceaccount"] = (principal.account_id,)
        if principal.source_arn:
            keys["aws:sourcearn"] = (principal.source_arn,)
        return keys
    kinds = {"root": "Account", "user": "User", "assumed-role": "AssumedRole"}
    keys["aws:principalisawsservice"] = ("false",)
    keys["aws:principalarn"] = (principal.role_arn or principal.arn,)
    keys["aws:principalaccount"] = (principal.account_id,)
    keys["aws:principaltype"] = (kinds[principal.kind],)
    keys["aws:userid"] = (principal.user_id,)
    if principal.kind == "user":
        keys["aws:username"] = (principal.arn.rpartition("/")[2],)
    return keys


def _statement(raw: Any, *, variables: bool) -> Statement:
    if not isinstance(raw, Mapping) or raw.keys() - _STATEMENT_KEYS:
        raise PolicySyntaxError("Syntax errors in policy.")
    if raw.get("Effect") not in ("Allow", "Deny"):
        raise PolicySyntaxError("Syntax errors in policy.")
    for element in ("Action", "Resource", "Principal"):
        if element in raw and f"Not{element}" in raw:
            raise PolicySyntaxError("Syntax errors in policy.")
    sid = raw.get("Sid", "")
    if not isinstance(sid, str):
        raise PolicySyntaxError("Syntax errors in policy.")
    actions = tuple(pattern.lower() for pattern in _either(raw, "Action") or ())
    if not actions:
        raise PolicySyntaxError("Policy statement must contain actions.")
    resources = _either(raw, "Resource")
    who = raw.get("Principal", raw.get("NotPrincipal"))
    try:
        conditions = compile_conditions(raw.get("Condition", {}))
    except ValueError as error:
        raise PolicySyntaxError(str(error)) from error
    return Statement(
        sid=sid,
        denies=raw["Effect"] == "Deny",
        actions=actions,
        not_action="NotAction" in raw,
        resources=None if resources is None else tuple(resources),
        not_resource="NotResource" in raw,
        principals=None if who is None else Principals.parse(who),
        not_principal="NotPrincipal" in raw,
        conditions=conditions,
        variables=variables,
    )


def _either(raw: Mapping[str, Any], element: str) -> list[str] | None:
    value = raw.get(element, raw.get(f"Not{element}"))
    return None if value is None else _strings(value)


def _strings(value: Any) -> list[str]:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list | tuple) or not all(isinstance(item, str) for item in found):
        raise PolicySyntaxError("Syntax errors in policy.")
    return list(found)


def _resource_matches(pattern: str, resource: str, variables: Variables) -> bool:
    if pattern == "*":
        return True
    if variables is None:
        return arn_matches(pattern, resource)
    pattern_or_none = substitute(pattern, variables)
    return pattern_or_none is not None and arn_matches(pattern_or_none, resource)
