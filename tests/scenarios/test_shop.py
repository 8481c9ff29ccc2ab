"""The shop as a client sees it: API, site, command line, AWS tools."""

import json
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from pathlib import Path

from tests.scenarios.conftest import eventually


def get(url: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method)) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read()


def test_up_prints_one_line_that_says_everything(shop):
    state = shop.state
    assert set(state) == {"endpoint", "pid", "sites", "stacks", "credentials"}
    assert state["endpoint"].startswith("http://127.0.0.1:")
    assert set(state["credentials"]) == {"access_key_id", "secret_access_key"}
    assert state["sites"]["shop"].startswith("http://127.0.0.1:")
    assert "SiteBucketName" in shop.outputs


def test_an_order_from_sign_up_to_confirmed(shop):
    token = shop.sign_up(f"{uuid.uuid4()}@example.com")
    product = next(one for one in shop.products().values() if one["stock"] > 100)
    before = product["stock"]
    order_id = shop.order(token, product["id"], "once")
    status, again = shop.call("POST", "/api/orders", {"client_token": "once"}, token)
    assert (status, again["order_id"]) == (202, order_id)
    order = eventually(
        lambda: (found := shop.call("GET", f"/api/orders/{order_id}", None, token)[1])["status"]
        != "pending" and found
    )  # fmt: skip
    assert order["status"] == "confirmed"
    assert shop.products()[product["id"]]["stock"] == before - 1
    assert shop.call("GET", "/api/cart", None, token)[1]["items"] == []


def test_signing_in_and_what_is_refused(shop):
    email = f"{uuid.uuid4()}@example.com"
    shop.sign_up(email)
    status, answer = shop.call("POST", "/api/signin", {"email": email, "password": "wrong"})
    assert status == 401 and answer["code"] and answer["message"].endswith(".")
    status, answer = shop.call("POST", "/api/signin", {"email": email, "password": "pa55 words!"})
    assert status == 200 and answer["token"]
    assert shop.call("GET", "/api/cart")[0] == 401
    assert (
        shop.call("POST", "/api/cart", {"product_id": "x", "quantity": -1}, answer["token"])[0]
        >= 400
    )


def test_the_edge_caches_pages_until_they_are_invalidated(shop, tmp_path):
    site = tmp_path / "site"
    shutil.copytree(Path(__file__).parents[2] / "examples" / "shop" / "site", site)
    bucket = shop.outputs["SiteBucketName"]
    marked = shop.site + "styles/marked.css"
    (site / "styles" / "marked.css").write_text("/* first */")
    shop.run("sync", str(site), bucket)
    first, second = get(marked), get(marked)
    assert first[1]["x-cache"] == "Miss from cloudfront"
    assert second[1]["x-cache"] == "Hit from cloudfront"
    assert second[2] == b"/* first */"
    (site / "styles" / "marked.css").write_text("/* second */")
    done = json.loads(shop.run("sync", str(site), bucket, "--json").stdout)
    assert done["uploaded"] == ["styles/marked.css"]
    assert done["invalidated"] == ["/styles/marked.css"]
    assert get(marked)[2] == b"/* second */"


def test_deep_links_get_the_page_and_the_api_its_own_errors(shop):
    status, headers, body = get(shop.site + "cart")
    assert status == 200 and b"<!doctype html>" in body.lower()
    assert headers["content-type"].startswith("text/html")
    status, headers, body = get(shop.site + "api/orders")
    assert status == 401 and json.loads(body)["code"]


def test_boto3_sees_what_was_deployed(shop):
    functions = {one["FunctionName"] for page in
                 shop.client("lambda").get_paginator("list_functions").paginate()
                 for one in page["Functions"]}  # fmt: skip
    for name in ("ListProducts", "GetCart", "AddToCart", "RemoveFromCart", "SignUp", "SignIn",
                 "PlaceOrder", "ProcessOrder", "GetOrder"):  # fmt: skip
        assert any(f"-{name}-" in function for function in functions), name
    tables = shop.client("dynamodb").list_tables()["TableNames"]
    assert shop.outputs["ProductsTableName"] in tables
    shop.products()
    count = shop.client("dynamodb").scan(
        TableName=shop.outputs["ProductsTableName"], Select="COUNT"
    )["Count"]
    assert count >= 8


def test_the_aws_cli_works(shop):
    def aws(*arguments: str) -> dict:
        done = subprocess.run(
            [str(Path(sys.executable).parent / "aws"), "--endpoint-url", shop.state["endpoint"],
             "--output", "json", *arguments],
            capture_output=True, text=True, check=True,
            env={"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "PATH": "/usr/bin",
                 "AWS_DEFAULT_REGION": "us-east-1", "HOME": str(shop.home)},
        )  # fmt: skip
        return json.loads(done.stdout) if done.stdout.strip() else {}

    assert len(aws("lambda", "list-functions")["Functions"]) >= 9
    assert aws("dynamodb", "scan", "--table-name", shop.outputs["ProductsTableName"])["Count"] >= 0
    stacks = aws("cloudformation", "describe-stacks", "--stack-name", "shop")["Stacks"]
    assert stacks[0]["StackStatus"] == "CREATE_COMPLETE"


def test_logs_and_invoke_on_the_command_line(shop):
    event = {
        "version": "2.0", "routeKey": "GET /api/products", "rawPath": "/api/products",
        "rawQueryString": "", "headers": {}, "isBase64Encoded": False,
        "requestContext": {"http": {"method": "GET", "path": "/api/products"}},
    }  # fmt: skip
    answer = shop.run("invoke", "ListProducts", "--event", json.dumps(event))
    assert json.loads(answer.stdout)["statusCode"] == 200
    assert "REPORT RequestId" in answer.stderr

    def logged() -> bool:
        text = shop.run("logs", "ListProducts").stdout
        return all(
            mark in text for mark in ("START RequestId", "END RequestId", "REPORT RequestId")
        )

    eventually(logged)


def test_status_lists_what_runs(shop):
    status = json.loads(shop.run("status", "--json").stdout)
    assert status["endpoint"] == shop.state["endpoint"]
    assert "shop" in status["stacks"]
    assert status["environments"][0] == "main"


def test_deploying_again_changes_nothing(shop):
    deployed = json.loads(
        shop.run("deploy", str(Path(__file__).parents[2] / "examples" / "shop"), "--json").stdout
    )
    assert deployed["changed"] is False


def test_an_environment_has_the_data_and_its_own_future(shop):
    token = shop.sign_up(f"{uuid.uuid4()}@example.com")
    made = json.loads(shop.run("env", "create", "dev", "--json").stdout)
    try:
        table = shop.outputs["UsersTableName"]
        here = shop.client("dynamodb")
        shop_there = type(shop)(shop.home, shop.data_dir, {**shop.state, "credentials": made})
        there = shop_there.client("dynamodb")
        users = here.scan(TableName=table, Select="COUNT")["Count"]
        assert there.scan(TableName=table, Select="COUNT")["Count"] == users
        shop.sign_up(f"{uuid.uuid4()}@example.com")
        assert here.scan(TableName=table, Select="COUNT")["Count"] == users + 1
        assert there.scan(TableName=table, Select="COUNT")["Count"] == users
        assert shop.call("GET", "/api/cart", None, token)[0] == 200
    finally:
        shop.run("env", "delete", "dev")
    assert "dev" not in shop.run("env", "list").stdout.split()


def test_what_aws_refuses_is_said_in_a_line(shop, tmp_path):
    done = shop.run("sync", str(tmp_path), "no-such-bucket-anywhere", check=False)
    assert done.returncode == 1
    assert "NoSuchBucket" in done.stderr
    assert "Traceback" not in done.stderr
