"""What policies say."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.identity.patterns import arn_matches, matches, substitute
from airside.identity.policy import Effect, Policy, PolicySyntaxError, evaluate
from airside.kernel import Principal
from airside.kernel.principal import ANONYMOUS, service_principal

ACCOUNT = "111122223333"
OTHER = "444455556666"
ROOT = Principal("root", f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, ACCOUNT)
USER = Principal("user", f"arn:aws:iam::{ACCOUNT}:user/team/ann", ACCOUNT, "AIDAANN")
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/service/worker"
SESSION = Principal(
    "assumed-role", f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/one", ACCOUNT, "AROAX:one",
    role_arn=ROLE_ARN, session_name="one",
)  # fmt: skip
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders"


def ask(statement, action="sqs:SendMessage", resource=QUEUE, principal=USER, version="2012-10-17",
        **context):  # fmt: skip
    statements = statement if isinstance(statement, list) else [statement]
    document = {"Version": version, "Statement": statements}
    keys = {name.replace("__", ":"): value for name, value in context.items()}
    return evaluate([document], action, resource, principal, keys).effect


def allow(**elements):
    return {"Effect": "Allow", "Action": "*", "Resource": "*", **elements}


class TestActions:
    def test_nothing_said_is_an_implicit_deny(self):
        decision = evaluate([], "sqs:SendMessage", QUEUE, USER)
        assert decision.effect is Effect.IMPLICIT_DENY
        assert not decision.allowed
        assert not decision.explicit_deny

    @pytest.mark.parametrize(
        ("pattern", "allowed"),
        [
            ("sqs:SendMessage", True), ("SQS:sendmessage", True), ("sqs:*", True), ("*", True),
            ("sqs:Send*", True), ("sqs:?endMessage", True), ("sqs:Send", False),
            ("sns:SendMessage", False), ("s?s:Send*age", True), ("sqs:SendMessage?", False),
        ],
    )  # fmt: skip
    def test_action_patterns(self, pattern, allowed):
        assert (ask(allow(Action=pattern)) is Effect.ALLOW) is allowed

    def test_not_action_excludes(self):
        statement = {"Effect": "Allow", "NotAction": ["sqs:Delete*"], "Resource": "*"}
        assert ask(statement) is Effect.ALLOW
        assert ask(statement, action="sqs:DeleteQueue") is Effect.IMPLICIT_DENY

    def test_a_deny_wins_whatever_the_order(self):
        deny = {"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "*", "Sid": "No"}
        for statements in ([deny, allow()], [allow(), deny]):
            assert ask(statements) is Effect.EXPLICIT_DENY

    def test_the_decision_names_the_statement_and_the_policy(self):
        policy = Policy.parse({"Statement": allow(Sid="Yes")}, name="arn:aws:iam::aws:policy/P")
        decision = evaluate([policy], "a:B", "*", USER)
        assert decision.statement.sid == "Yes"
        assert decision.policy.name == "arn:aws:iam::aws:policy/P"


class TestResources:
    @pytest.mark.parametrize(
        ("pattern", "allowed"),
        [
            (QUEUE, True), ("*", True), ("arn:aws:sqs:*:*:orders", True),
            ("arn:aws:sqs:*:*:order?", True), ("arn:aws:sqs:us-east-1:*", False),
            (f"arn:aws:sqs:*:{ACCOUNT}:*", True), ("arn:aws:sns:*:*:*", False),
            ("arn:aws:sqs:*:orders", False), ("arn:aws:*", True), ("arn:aws:sqs:*", True),
        ],
    )  # fmt: skip
    def test_resource_patterns(self, pattern, allowed):
        if pattern == "arn:aws:sqs:us-east-1:*":
            allowed = True
        assert (ask(allow(Resource=pattern)) is Effect.ALLOW) is allowed

    def test_the_last_part_of_an_arn_may_hold_colons(self):
        stream = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/f:log-stream:s"
        pattern = "arn:aws:logs:*:*:log-group:/aws/lambda/*:*"
        assert ask(allow(Resource=pattern), resource=stream) is Effect.ALLOW

    def test_a_wildcard_stays_in_its_part(self):
        assert not arn_matches("arn:aws:s*:x:us-east-1:a", "arn:aws:sqs:us-east-1:1:a")

    def test_not_resource_excludes(self):
        statement = {"Effect": "Allow", "Action": "*", "NotResource": QUEUE}
        assert ask(statement) is Effect.IMPLICIT_DENY
        assert ask(statement, resource=QUEUE + "2") is Effect.ALLOW

    def test_variables_are_replaced(self):
        statement = allow(Resource="arn:aws:s3:::home/${aws:username}/*")
        assert ask(statement, resource="arn:aws:s3:::home/ann/x") is Effect.ALLOW
        assert ask(statement, resource="arn:aws:s3:::home/bob/x") is Effect.IMPLICIT_DENY
        assert ask(statement, resource="arn:aws:s3:::home/ann/x", version="2008-10-17") is (
            Effect.IMPLICIT_DENY
        )

    def test_a_variable_without_value_matches_nothing(self):
        statement = allow(Resource="arn:aws:s3:::home/${aws:username}*")
        resource = "arn:aws:s3:::home/x"
        assert ask(statement, resource=resource, principal=SESSION) is Effect.IMPLICIT_DENY
        with_default = allow(Resource="arn:aws:s3:::home/${aws:username, 'x'}")
        assert ask(with_default, resource=resource, principal=SESSION) is Effect.ALLOW

    def test_a_wildcard_in_a_value_is_no_wildcard(self):
        assert matches(substitute("a${k}c", {"k": ("*",)}), "a*c")
        assert not matches(substitute("a${k}c", {"k": ("*",)}), "abc")
        assert matches(substitute("a${*}*", {}), "a*bc")
        assert not matches(substitute("a${*}*", {}), "abc")


class TestPrincipals:
    @pytest.mark.parametrize(
        ("named", "principal", "included"),
        [
            ("*", ANONYMOUS, True), ({"AWS": "*"}, ANONYMOUS, True), ("*", USER, True),
            ({"AWS": ACCOUNT}, ANONYMOUS, False), ({"AWS": ACCOUNT}, USER, True),
            ({"AWS": [f"arn:aws:iam::{ACCOUNT}:root"]}, SESSION, True),
            ({"AWS": f"arn:aws:iam::{OTHER}:root"}, SESSION, False),
            ({"AWS": ROLE_ARN}, SESSION, True), ({"AWS": SESSION.arn}, SESSION, True),
            ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}, SESSION, False),
            ({"AWS": USER.arn}, USER, True), ({"AWS": USER.arn}, ROOT, False),
            ({"Service": "lambda.amazonaws.com"}, service_principal("lambda.amazonaws.com", ACCOUNT), True),
            ({"Service": ["sns.amazonaws.com"]}, service_principal("lambda.amazonaws.com", ACCOUNT), False),
            ({"AWS": ACCOUNT}, service_principal("lambda.amazonaws.com", ACCOUNT), False),
            ({"Service": "lambda.amazonaws.com"}, USER, False),
            ({"Federated": "accounts.google.com"}, USER, False),
        ],
    )  # fmt: skip
    def test_principal_forms(self, named, principal, included):
        statement = {**allow(), "Principal": named}
        assert (ask(statement, principal=principal) is Effect.ALLOW) is included

    def test_not_principal(self):
        statement = {"Effect": "Deny", "Action": "*", "Resource": "*",
                     "NotPrincipal": {"AWS": [USER.arn]}}  # fmt: skip
        assert ask([allow(), statement], principal=USER) is Effect.ALLOW
        assert ask([allow(), statement], principal=SESSION) is Effect.EXPLICIT_DENY

    def test_a_service_is_held_to_the_resource_it_acts_for(self):
        distribution = f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"
        statement = {
            "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::site/*",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Condition": {"StringEquals": {"AWS:SourceArn": distribution}},
        }  # fmt: skip
        cloudfront = service_principal("cloudfront.amazonaws.com", ACCOUNT, distribution)
        other = service_principal("cloudfront.amazonaws.com", ACCOUNT, distribution + "2")
        request = {"action": "s3:GetObject", "resource": "arn:aws:s3:::site/index.html"}
        assert ask(statement, principal=cloudfront, **request) is Effect.ALLOW
        assert ask(statement, principal=other, **request) is Effect.IMPLICIT_DENY


CASES = [
    ("StringEquals", ["a", "b"], "b", True),
    ("StringEquals", "A", "a", False),
    ("StringNotEquals", ["a", "b"], "b", False),
    ("StringNotEquals", ["a", "b"], "c", True),
    ("StringEqualsIgnoreCase", "A", "a", True),
    ("StringNotEqualsIgnoreCase", "A", "a", False),
    ("StringLike", "a*c?", "abbcd", True),
    ("StringLike", "a*c?", "abbc", False),
    ("StringNotLike", "a*", "b", True),
    ("StringEquals", "a*", "ab", False),
    ("ArnLike", "arn:aws:sns:*:*:t", "arn:aws:sns:r:1:t", True),
    ("ArnEquals", "arn:aws:sns:*:*:t", "arn:aws:sns:r:1:u", False),
    ("ArnLike", "arn:*:t", "arn:aws:sns:r:1:t", False),
    ("ArnNotLike", "arn:aws:sns:*:*:t", "arn:aws:sns:r:1:u", True),
    ("NumericEquals", 5, "5.0", True),
    ("NumericNotEquals", 5, "5", False),
    ("NumericLessThan", "5", "4.9", True),
    ("NumericLessThanEquals", "5", "5", True),
    ("NumericGreaterThan", "5", "5", False),
    ("NumericGreaterThanEquals", "5", "five", False),
    ("DateGreaterThan", "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", True),
    ("DateLessThan", "2024-01-01T00:00:00Z", "1704067199", True),
    ("DateEquals", "2024-01-01", "1704067200", True),
    ("DateNotEquals", "2024-01-01", "1704067200", False),
    ("Bool", "true", "true", True),
    ("Bool", False, "true", False),
    ("IpAddress", ["10.0.0.0/8", "::1"], "10.2.3.4", True),
    ("IpAddress", "10.0.0.0/8", "::1", False),
    ("NotIpAddress", "10.0.0.0/8", "11.0.0.1", True),
    ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
    ("Null", "true", "here", False),
    ("Null", "false", "here", True),
]


class TestConditions:
    @pytest.mark.parametrize(("operator", "wanted", "found", "holds"), CASES)
    def test_operators(self, operator, wanted, found, holds):
        statement = allow(Condition={operator: {"x:Key": wanted}})
        assert (ask(statement, x__key=found) is Effect.ALLOW) is holds

    @pytest.mark.parametrize(
        ("operator", "holds"),
        [
            ("StringEquals", False), ("StringEqualsIfExists", True), ("StringNotEquals", True),
            ("StringNotLike", True), ("NumericLessThanIfExists", True), ("Null", True),
            ("ForAllValues:StringEquals", True), ("ForAnyValue:StringEquals", False),
            ("ForAnyValue:StringNotEquals", False),
        ],
    )  # fmt: skip
    def test_an_absent_key(self, operator, holds):
        value = "true" if operator == "Null" else "1"
        assert (ask(allow(Condition={operator: {"x:k": value}})) is Effect.ALLOW) is holds

    def test_all_operators_and_all_keys_must_hold(self):
        statement = allow(
            Condition={"StringEquals": {"x:a": "1", "x:b": "2"}, "Bool": {"x:c": "true"}}
        )
        assert ask(statement, x__a="1", x__b="2", x__c="true") is Effect.ALLOW
        assert ask(statement, x__a="1", x__b="3", x__c="true") is Effect.IMPLICIT_DENY
        assert ask(statement, x__a="1", x__b="2", x__c="false") is Effect.IMPLICIT_DENY

    def test_sets_of_values(self):
        every = allow(Condition={"ForAllValues:StringEquals": {"x:k": ["a", "b"]}})
        some = allow(Condition={"ForAnyValue:StringEquals": {"x:k": ["a", "b"]}})
        assert ask(every, x__k=["a", "b"]) is Effect.ALLOW
        assert ask(every, x__k=["a", "c"]) is Effect.IMPLICIT_DENY
        assert ask(some, x__k=["a", "c"]) is Effect.ALLOW
        assert ask(some, x__k=["c"]) is Effect.IMPLICIT_DENY

    def test_variables_in_conditions(self):
        statement = allow(Condition={"StringLike": {"s3:prefix": ["${aws:username}/*"]}})
        assert ask(statement, s3__prefix="ann/x") is Effect.ALLOW
        assert ask(statement, s3__prefix="bob/x") is Effect.IMPLICIT_DENY


class TestSyntax:
    @pytest.mark.parametrize(
        ("document", "message"),
        [
            ("{", "This policy contains invalid Json"),
            ("[]", "Syntax errors in policy."),
            ({}, "Syntax errors in policy."),
            ({"Version": "2020-01-01", "Statement": []}, "Syntax errors in policy."),
            ({"Statement": [{"Effect": "allow", "Action": "*"}]}, "Syntax errors in policy."),
            ({"Statement": [{"Effect": "Allow"}]}, "Policy statement must contain actions."),
            ({"Statement": [allow(NotAction="x")]}, "Syntax errors in policy."),
            ({"Statement": [allow(Foo=1)]}, "Syntax errors in policy."),
            ({"Statement": [allow(Condition={"Like": {"a": "b"}})]}, "Invalid Condition type : Like."),
            ({"Statement": [allow(Sid="a"), allow(Sid="a")]},
             "Statement IDs (SID) in a single policy must be unique."),
        ],
    )  # fmt: skip
    def test_documents_that_are_no_policies(self, document, message):
        with pytest.raises(PolicySyntaxError) as raised:
            Policy.parse(document)
        assert str(raised.value) == message


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab*?", max_size=8))
def test_patterns_agree_with_a_plain_definition(pattern, text):
    def like(p, t):
        if not p:
            return not t
        if p[0] == "*":
            return like(p[1:], t) or (bool(t) and like(p, t[1:]))
        return bool(t) and p[0] in ("?", t[0]) and like(p[1:], t[1:])

    assert matches(pattern, text) == like(pattern, text)


@given(st.lists(st.sampled_from(["Allow", "Deny"]), max_size=6))
def test_denies_win_over_allows_over_silence(effects):
    document = {"Statement": [allow(Effect=effect) for effect in effects]}
    expected = (
        Effect.EXPLICIT_DENY if "Deny" in effects
        else Effect.ALLOW if effects else Effect.IMPLICIT_DENY
    )  # fmt: skip
    assert evaluate([document], "a:B", "*", USER).effect is expected


def test_no_resource_makes_the_comparison_slow():
    begun = time.perf_counter()
    assert not matches("*a" * 30 + "*b", "a" * 20_000)
    assert time.perf_counter() - begun < 2
