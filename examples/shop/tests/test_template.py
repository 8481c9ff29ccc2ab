"""The template is one that AWS takes: SAM transforms it, and the promises it makes are in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from storefront import Shop

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
    with mock.patch.dict(os.environ, AWS_DEFAULT_REGION="eu-west-1"):
        return transform(template)


def transform(template: dict[str, Any]) -> dict[str, Any]:
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
    assert all(resources["SiteBucket"]["Properties"]["PublicAccessBlockConfiguration"].values())
    policy = resources["SiteBucketPolicy"]["Properties"]["PolicyDocument"]
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert "AWS:SourceArn" in statement["Condition"]["StringEquals"]


def test_the_sites_source_is_beside_the_template(template: dict[str, Any]) -> None:
    source = template["Resources"]["SiteBucket"]["Metadata"]["Site"]["Source"]
    assert (SHOP / source / "index.html").is_file()


def test_every_function_may_do_what_it_does_and_its_role_names_no_wildcard(
    transformed: dict[str, Any], shop: Shop
) -> None:
    needed = needs_of_every_function(shop)
    assert set(needed) == set(of_type(transformed["Resources"], "AWS::Lambda::Function"))
    for function, calls in needed.items():
        allowed = allowances(transformed["Resources"][f"{function}Role"])
        assert calls <= allowed, f"{function} may not {calls - allowed}"
        # Templates grant in families (Read, Write), but never on a table that is not used.
        assert {table for _, table in allowed} == {table for _, table in calls}, function


def needs_of_every_function(shop: Shop) -> dict[str, set[tuple[str, str]]]:
    """What each function asks of which table, over a visit that touches everything."""
    needed: dict[str, set[tuple[str, str]]] = {}

    def note(function: str) -> None:
        name = "".join(word.title() for word in function.split("_"))
        needed.setdefault(name, set()).update(shop.dynamo.calls)
        shop.dynamo.calls.clear()

    def call(function: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        answer = shop.call(function, *args, **kwargs)
        assert answer.status in {200, 202}, answer
        note(function)
        return answer.body

    shop.dynamo.tables["products"].clear()
    shop.dynamo.calls.clear()
    call("list_products")
    account = {"email": "ana@example.com", "password": "correct horse"}
    call("sign_up", account)
    token = call("sign_in", account)["token"]
    logbook = {"product_id": "logbook"}
    for quantity, outcome in ((1, "confirmed"), (4, "rejected")):
        call("add_to_cart", {"product_id": "brass-plane", "quantity": quantity}, token=token)
        call("add_to_cart", logbook, token=token)
        call("set_quantity", {"quantity": 3}, token=token, path=logbook)
        call("remove_from_cart", token=token, path=logbook)
        call("get_cart", token=token)
        order_id = call("place_order", {"client_token": outcome}, token=token)["order_id"]
        assert shop.deliver() == []
        note("process_order")
        order = call("get_order", token=token, path={"order_id": order_id})
        assert order["status"] == outcome
    call("list_orders", token=token)
    call("sign_out", {}, token=token)
    return needed


def allowances(role: dict[str, Any]) -> set[tuple[str, str]]:
    """(action, table) for every table a role names; actions as DynamoDB calls them."""
    allowed = set()
    for policy in role["Properties"].get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            for action in [actions] if isinstance(actions, str) else actions:
                service, _, operation = action.partition(":")
                assert not operation.startswith("*")
                assert statement["Resource"] != "*"
                if service == "dynamodb":
                    allowed.add((operation, table_of(statement["Resource"])))
    return allowed


def table_of(resource: Any) -> str:
    """Which table a statement is about, as the tests' environment calls it."""
    first = resource[0] if isinstance(resource, list) else resource
    name = (
        first["Fn::GetAtt"][0] if "Fn::GetAtt" in first else first["Fn::Sub"][1]["tableName"]["Ref"]
    )
    return str(name).removesuffix("Table").lower()
