"""The template is one that AWS takes: SAM transforms it, and the promises it makes are in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("samtranslator")

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

SHOP = Path(__file__).parent.parent
MANAGED_POLICIES = (
    "service-role/AWSLambdaBasicExecutionRole",
    "service-role/AWSLambdaSQSQueueExecutionRole",
)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml_parse((SHOP / "template.yaml").read_text())
    return parsed


@pytest.fixture(scope="module")
def transformed(template: dict[str, Any]) -> dict[str, Any]:
    """The template as SAM makes CloudFormation of it, with packaged code in a bucket."""
    copy = json.loads(json.dumps(template))
    copy["Globals"]["Function"]["CodeUri"] = "s3://artifacts/functions.zip"
    policies = {
        name.rpartition("/")[2]: f"arn:aws:iam::aws:policy/{name}" for name in MANAGED_POLICIES
    }
    translator = Translator(policies, Parser())
    result: dict[str, Any] = translator.translate(copy, {}, feature_toggle=None)
    return result


def of_type(resources: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: each for name, each in resources.items() if each["Type"] == kind}


def test_every_handler_exists(template: dict[str, Any]) -> None:
    for function in of_type(template["Resources"], "AWS::Serverless::Function").values():
        module, _, name = function["Properties"]["Handler"].partition(".")
        assert name == "handler"
        assert (SHOP / "functions" / f"{module}.py").is_file()


def test_every_handler_module_is_deployed(template: dict[str, Any]) -> None:
    functions = of_type(template["Resources"], "AWS::Serverless::Function").values()
    used = {function["Properties"]["Handler"].partition(".")[0] for function in functions}
    assert used == {path.stem for path in (SHOP / "functions").glob("*.py")}


def test_routes_all_lie_under_api(transformed: dict[str, Any]) -> None:
    """The distribution passes /api/* on as it is."""
    (api,) = of_type(transformed["Resources"], "AWS::ApiGatewayV2::Api").values()
    routes = {
        f"{method.upper()} {path}"
        for path, methods in api["Properties"]["Body"]["paths"].items()
        for method in methods
    }
    assert routes == {
        "GET /api/products",
        "POST /api/signup",
        "POST /api/signin",
        "POST /api/signout",
        "GET /api/cart",
        "POST /api/cart",
        "PUT /api/cart/{product_id}",
        "DELETE /api/cart/{product_id}",
        "POST /api/orders",
        "GET /api/orders",
        "GET /api/orders/{order_id}",
    }


def test_tables_are_on_demand(template: dict[str, Any]) -> None:
    for table in of_type(template["Resources"], "AWS::DynamoDB::Table").values():
        assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"


def test_the_site_is_reachable_only_through_the_distribution(template: dict[str, Any]) -> None:
    resources = template["Resources"]
    assert all(
        resources["SiteBucket"]["Properties"]["PublicAccessBlockConfiguration"].values()
    )
    policy = resources["SiteBucketPolicy"]["Properties"]["PolicyDocument"]
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert "AWS:SourceArn" in statement["Condition"]["StringEquals"]


def test_the_sites_source_is_beside_the_template(template: dict[str, Any]) -> None:
    source = template["Resources"]["SiteBucket"]["Metadata"]["Site"]["Source"]
    assert (SHOP / source / "index.html").is_file()


def test_no_function_may_do_everything(transformed: dict[str, Any]) -> None:
    """No statement has a wildcard for an action or covers more than a table, index or queue."""
    for role in of_type(transformed["Resources"], "AWS::IAM::Role").values():
        for policy in role["Properties"].get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = statement["Action"]
                assert "*" not in actions
                assert not any(action.endswith(":*") for action in actions)
                assert statement["Resource"] != "*"
