"""Models and their overlays."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airside.protocol import models
from airside.protocol.models import (
    load,
    merge,
    services_by_signing_name,
    services_by_target_prefix,
)

SERVICES = ["dynamodb", "sqs", "lambda", "apigateway", "apigatewayv2", "logs", "s3", "cloudfront",
            "cloudformation", "iam", "sts"]  # fmt: skip


def test_a_model_knows_its_service():
    sqs = load("sqs")
    assert sqs.protocols == ("json", "query")
    assert (sqs.json_version, sqs.target_prefix, sqs.signing_name) == ("1.0", "AmazonSQS", "sqs")
    assert load("sqs") is sqs
    assert load("lambda").signing_name == "lambda"
    assert load("s3").api_version == "2006-03-01"
    assert load("cloudfront").api_version == max(
        path.name for path in (models.data_folder() / "cloudfront").iterdir() if path.is_dir()
    )


def test_an_operation_knows_its_shapes():
    put = load("s3").operation("PutObject")
    assert (put.method, put.uri) == ("PUT", "/{Bucket}/{Key+}")
    assert put.streaming_input == "Body"
    assert put.input is not None
    assert put.input.members["Key"].location == "uri"
    assert load("s3").operation("GetObject").streaming_output == "Body"
    invoke = load("lambda").operation("InvokeWithResponseStream")
    assert invoke.event_stream_output == "EventStream"
    assert load("lambda").operation("Invoke").streaming_input is None


def test_a_recursive_shape_is_resolved_once():
    shape = load("dynamodb").shape("AttributeValue")
    assert shape.members["L"].shape.element.shape is shape


def test_unknown_names_are_key_errors():
    with pytest.raises(KeyError):
        load("no-such-service")
    with pytest.raises(KeyError):
        load("s3").operation("NoSuchOperation")


def test_tables_of_services():
    assert services_by_target_prefix(SERVICES) == {
        "DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "Logs_20140328": "logs",
    }  # fmt: skip
    by_name = services_by_signing_name(SERVICES)
    assert by_name["apigateway"] == ("apigateway", "apigatewayv2")
    assert by_name["lambda"] == ("lambda",)


def test_error_facts_come_from_model_and_overlay():
    errors = load("sqs").errors
    facts = errors["QueueDoesNotExist"]
    assert facts.code == "QueueDoesNotExist"
    assert facts.query_code == "AWS.SimpleQueueService.NonExistentQueue"
    assert facts.json_type == "com.amazonaws.sqs#QueueDoesNotExist"
    assert load("iam").errors["NoSuchEntityException"][1:4] == ("NoSuchEntity", 404, True)
    assert load("dynamodb").errors["InternalServerError"].status == 500
    assert load("lambda").errors["ServiceException"].sender_fault is False


@pytest.mark.parametrize("service", sorted(
    path.stem for path in (models.data_folder().parent / "data").iterdir()
    if (path / "").is_dir() and models.overlay_bytes(path.name) is not None
))  # fmt: skip
def test_every_overlay_is_spelt_right_and_names_what_exists(service):
    overlay = models.load_overlay(service)
    model = load(service)
    for name in (*overlay.content_types, *overlay.roots, *overlay.root_text, *overlay.unrouted):
        assert name in model.operation_names
    for name in overlay.opaque:
        model.shape(name)


def test_a_misspelt_overlay_is_refused(monkeypatch):
    monkeypatch.setattr(models, "overlay_bytes", lambda name: b'{"erors": {}}')
    with pytest.raises(ValueError, match=r"models/wire/sns.json: .*erors"):
        models.load_overlay.__wrapped__("sns")


VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.text(max_size=2), inner, max_size=3) | st.lists(inner),
    max_leaves=10,
)


@given(VALUES, VALUES)
def test_merging_is_json_merge_patch(base, patch):
    merged = merge(base, patch)
    assert merge(merged, patch) == merged
    if not isinstance(patch, dict):
        assert merged == patch
    else:
        assert all(key not in merged for key, value in patch.items() if value is None)


def test_loading_imports_no_botocore():
    import subprocess
    import sys

    code = (
        "import sys; from airside.protocol.codec import CODECS; "
        "from airside.protocol.models import load; load('s3').errors; "
        "print([name for name in sys.modules if name.startswith(('botocore', 'boto3', 'awscrt'))])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": "src"},
    )  # fmt: skip
    assert json.loads(run.stdout.replace("'", '"')) == []
