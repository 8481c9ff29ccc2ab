"""Java's regular expressions in Python."""

import msgspec
import pytest

from airside.protocol import models, schema
from airside.protocol.patterns import compiled


@pytest.mark.parametrize(
    ("java", "accepted", "refused"),
    [
        (r"[a-z]+", ["abc"], ["", "Abc", "abc\n"]),
        (r"[\w-.]+", ["a-b.c_1"], ["é", "a b"]),
        (r"[a-zA-Z0-9\s-_()\[\]]+", ["a - [b] (c)_"], ["a.b"]),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", ["Straße 1_a/b=c+d-e@f", "日本語 Ⅳ", "𠀀"], ["a|b", "☃"]),
        (r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+", ["a☃!é", "e\u0301"], ["a b", "\x00"]),
        (r"\p{Print}+", ["a b~"], ["é", "\t"]),
        (r"\P{C}*", ["any thing ☃"], ["a\x00", "a\u200e"]),
        (r"[\P{M}\p{M}]*", ["a\x00e\u0301"], []),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", ["a\n𝄞"], ["\x00"]),
        (r"[^\p{L}]+", ["12 ☃"], ["a"]),
        (r"[]a]+", ["]a"], ["b"]),
        (r"[\x{60}-]+", ["`-"], ["a"]),
        (r"[A-Za-z0-9](?:[\w- &]*[A-Za-z0-9])?", ["a b&c", "a"], [" a"]),
        (r"a\z", ["a"], ["a\n"]),
        (r"\d+", ["12"], ["\u0661"]),
        (r"[a[b]+", ["[ab"], ["c"]),
        (r"^[\p{LD}_-]*$", ["aé1_-"], ["²"]),
    ],
)  # fmt: skip
def test_it_means_what_it_means_in_java(java, accepted, refused):
    pattern = compiled(java)
    assert pattern is not None
    for text in accepted:
        assert pattern.fullmatch(text), text
    for text in refused:
        assert not pattern.fullmatch(text), text


@pytest.mark.parametrize("java", ["(", "a${2,3}{4}", "x(?i)y", r"\p{Klingon}"])
def test_what_cannot_be_said_is_left_unchecked(java):
    assert compiled(java) is None


SERVICES = (
    "dynamodb", "sqs", "lambda", "apigateway", "apigatewayv2", "logs", "s3", "cloudfront",
    "cloudformation", "iam", "sts", "ssm", "events", "kms", "secretsmanager", "cognito-idp",
    "scheduler", "stepfunctions", "cloudwatch", "ce", "sns", "acm", "xray", "kinesis",
)  # fmt: skip


@pytest.mark.parametrize("service", SERVICES)
def test_every_pattern_of_a_model_can_be_said(service):
    document = msgspec.json.decode(models.model_bytes(service), type=schema.ModelDocument)
    for shape in document.shapes.values():
        assert shape.pattern is None or compiled(shape.pattern) is not None, shape.pattern
