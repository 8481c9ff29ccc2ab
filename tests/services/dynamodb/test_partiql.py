"""PartiQL statements, through boto3."""

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

GSI = [
    {
        "IndexName": "by-kind",
        "KeySchema": [
            {"AttributeName": "kind", "KeyType": "HASH"},
            {"AttributeName": "price", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"]},
    }
]
LSI = [
    {
        "IndexName": "by-price",
        "KeySchema": [
            {"AttributeName": "p", "KeyType": "HASH"},
            {"AttributeName": "price", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
]


ACCOUNT = "700700700700"


def runner(client):
    """`run("SELECT …", {"S": "x"}, Limit=1)`."""

    def execute(statement, *parameters, **more):
        if parameters:
            more["Parameters"] = list(parameters)
        return client.execute_statement(Statement=statement, **more)

    return execute


def fill(client, name):
    """Twelve items in three partitions."""
    run = runner(client)
    client.create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "p", "KeyType": "HASH"},
            {"AttributeName": "c", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": kind}
            for key, kind in {"p": "S", "c": "N", "kind": "S", "price": "N"}.items()
        ],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=GSI,
        LocalSecondaryIndexes=LSI,
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 0.1})
    for position in range(12):
        partition = "abc"[position % 3]
        run(
            f"INSERT INTO {name} VALUE {{'p': '{partition}', 'c': {position}, 'price': ?, "
            f"'kind': ?, 'name': 'n{position}', 'more': {{'deep': [{position}, 'x']}}, "
            f"'tags': <<'t{position}', 'all'>>}}",
            {"N": str(100 - position)},
            {"S": "odd" if position % 2 else "even"},
        )


@pytest.fixture(scope="module")
def shelf(server):
    """Runs statements that change nothing, on a table that all tests of this module share."""
    config = Config(parameter_validation=False)
    client = server.client("dynamodb", key=ACCOUNT, config=config)
    fill(client, "things")
    return runner(client)


@pytest.fixture
def run(client):
    """Runs statements in this test's own account."""
    return runner(client)


@pytest.fixture
def mine(client, run):
    """The same table, this test's own."""
    fill(client, "things")
    return run


def refused(action):
    with pytest.raises(ClientError) as problem:
        action()
    error = problem.value.response["Error"]
    return error["Code"], error["Message"]


def numbers(result):
    return [int(item["c"]["N"]) for item in result["Items"]]


def pages(run, statement, *parameters, **more):
    found = []
    while True:
        result = run(statement, *parameters, **more)
        found.append(result["Items"])
        if "NextToken" not in result:
            return found
        more["NextToken"] = result["NextToken"]


def test_an_item_of_every_type(run, make_table):
    make_table("rows")
    assert run(
        "INSERT INTO \"rows\" VALUE {'p': 'it''s', 'n': -1.50e2, 'b': ?, 'yes': true, 'no': false, "
        "'nothing': null, 'list': [1, 'two', [?]], 'map': {'a': {'b': ?}}, 'ss': <<'b', 'a'>>, "
        "'ns': <<2, 1>>, 'bs': <<?>>}",
        {"B": b"raw"}, {"S": "three"}, {"N": "4"}, {"B": b"set"},
    )["Items"] == []  # fmt: skip
    (item,) = run("SELECT * FROM rows WHERE p = ?", {"S": "it's"})["Items"]
    assert item == {
        "p": {"S": "it's"},
        "n": {"N": "-150"},
        "b": {"B": b"raw"},
        "yes": {"BOOL": True},
        "no": {"BOOL": False},
        "nothing": {"NULL": True},
        "list": {"L": [{"N": "1"}, {"S": "two"}, {"L": [{"S": "three"}]}]},
        "map": {"M": {"a": {"M": {"b": {"N": "4"}}}}},
        "ss": {"SS": ["a", "b"]},
        "ns": {"NS": ["1", "2"]},
        "bs": {"BS": [b"set"]},
    }
    assert refused(lambda: run("INSERT INTO rows VALUE {'p': 'it''s'}")) == (
        "DuplicateItemException",
        "Duplicate primary key exists in table",
    )


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("p = 'a'", [0, 3, 6, 9]),
        ("'a' = p AND c > 3", [6, 9]),
        ("p = 'a' AND c BETWEEN 3 AND 6", [3, 6]),
        ("p = 'a' AND c >= 3 AND c < 9", [3, 6]),
        ("p = 'a' AND (c = 3 OR c = 9)", [3, 9]),
        ("p = 'a' AND NOT c = 3", [0, 6, 9]),
        ("p = 'a' AND kind <> 'even'", [3, 9]),
        ("p = 'a' AND kind != 'even'", [3, 9]),
        ("p = 'a' AND name IN ('n3', 'n4')", [3]),
        ("p = 'a' AND name IN ['n3', 'n9']", [3, 9]),
        ("p = 'a' AND begins_with(name, 'n6')", [6]),
        ("p = 'a' AND contains(tags, 't9')", [9]),
        ('p = \'a\' AND contains("more"."deep", 6)', [6]),
        ("p = 'a' AND more.deep[0] = 3", [3]),
        ("p = 'a' AND more['deep'][1] = 'x' AND size(name) = 2", [0, 3, 6, 9]),
        ("p = 'a' AND attribute_type(more, 'M') AND absent IS MISSING", [0, 3, 6, 9]),
        ("p = 'a' AND name IS NOT MISSING AND name IS NOT NULL", [0, 3, 6, 9]),
        ("p = 'a' AND (name IS NULL OR name IS NUMBER)", []),
        ("p = 'a' AND tags = <<'all', 't0'>>", [0]),
        ("p = 'a' AND absent = 1", []),
        ("p = 'a' AND absent <> 1", [0, 3, 6, 9]),
        ("p = 'nobody'", []),
    ],
)
def test_where(shelf, where, found):
    assert numbers(shelf(f"SELECT * FROM things WHERE {where}")) == found


@pytest.mark.parametrize(
    ("where", "units"),
    [
        ("p = 'a'", 0.5),
        ("p IN ['a', 'b']", 1.0),
        ("p = 'a' OR p = 'b'", 1.0),
        ("(p = 'a' AND c = 0) OR (p = 'b' AND c = 1)", 1.0),
        ("kind = 'odd'", 0.5),
        ("p = 'a' OR kind = 'odd'", 0.5),
    ],
)
def test_what_is_read_is_what_it_costs(shelf, where, units):
    result = shelf(f"SELECT * FROM things WHERE {where}", ReturnConsumedCapacity="INDEXES")
    assert result["ConsumedCapacity"] == {
        "TableName": "things",
        "CapacityUnits": units,
        "Table": {"CapacityUnits": units},
    }


def test_alternatives_of_the_partition_key(shelf):
    assert sorted(numbers(shelf("SELECT * FROM things WHERE p IN ['c', 'a'] AND c < 6"))) == [
        0, 2, 3, 5,
    ]  # fmt: skip
    assert sorted(numbers(shelf("SELECT * FROM things WHERE p = 'a' AND c = 0 OR p = 'b'"))) == [
        0, 1, 4, 7, 10,
    ]  # fmt: skip
    text = ", ".join(f"'{n}'" for n in range(12))
    assert [len(page) for page in pages(shelf, f"SELECT * FROM things WHERE p IN [{text}, 'a']")] == [
        0, 4,
    ]  # fmt: skip


def test_columns_are_named_after_their_last_part(shelf):
    result = shelf("SELECT c, more.deep, more.deep[1], \"name\", absent FROM things WHERE p = 'a'")
    assert result["Items"][0] == {
        "c": {"N": "0"},
        "deep": {"L": [{"N": "0"}, {"S": "x"}]},
        "_3": {"S": "x"},
        "name": {"S": "n0"},
    }


def test_order(shelf):
    assert numbers(shelf("SELECT c FROM things WHERE p = 'a' ORDER BY c DESC")) == [9, 6, 3, 0]
    assert numbers(shelf("SELECT c FROM things WHERE p = 'a' ORDER BY c")) == [0, 3, 6, 9]
    both = shelf("SELECT c FROM things WHERE p IN ['a', 'b'] ORDER BY p DESC, c ASC")
    assert numbers(both) == [1, 4, 7, 10, 0, 3, 6, 9]
    for statement, message in (
        ("SELECT * FROM things ORDER BY c",
         "Must have WHERE clause in the statement when using ORDER BY clause."),
        ("SELECT * FROM things WHERE c = 1 ORDER BY c",
         "Must have at least one non-optional hash key condition in WHERE clause when using "
         "ORDER BY clause."),
        ("SELECT * FROM things WHERE p = 'a' ORDER BY name",
         "Variable reference name in ORDER BY clause must be part of the primary key"),
    ):  # fmt: skip
        assert refused(lambda s=statement: shelf(s)) == ("ValidationException", message)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM things",
        "SELECT * FROM things WHERE p IN ['b', 'a', 'c']",
        "SELECT * FROM things WHERE p = 'a' OR p = 'b' OR p = 'c'",
        'SELECT * FROM "things"."by-kind"',
        "SELECT * FROM \"things\".\"by-kind\" WHERE kind IN ['odd', 'even'] ORDER BY price DESC",
    ],
)
@pytest.mark.parametrize("limit", [1, 5, 12])
def test_pages(shelf, statement, limit):
    found = pages(shelf, statement, Limit=limit)
    assert all(len(page) <= limit for page in found)
    assert sorted(int(item["c"]["N"]) for page in found for item in page) == list(range(12))


def test_a_token_belongs_to_its_statement(shelf):
    first = shelf("SELECT * FROM things WHERE p = 'a'", Limit=1)
    assert first["LastEvaluatedKey"] == {"p": {"S": "a"}, "c": {"N": "0"}}
    token = first["NextToken"]
    for statement, more, message in (
        ("SELECT * FROM things WHERE p = 'b'", token, "NextToken does not match request"),
        ("SELECT * FROM things WHERE p = 'a'", "rubbish", "Invalid NextToken"),
        ("SELECT * FROM things WHERE p = 'a'", token[:-8], "Invalid NextToken"),
    ):
        assert refused(lambda s=statement, t=more: shelf(s, NextToken=t)) == (
            "ValidationException",
            message,
        )


def test_indexes(shelf):
    result = shelf(
        'SELECT * FROM "things"."by-kind" WHERE kind = \'odd\' AND price > 95 ORDER BY price',
        ReturnConsumedCapacity="INDEXES",
    )
    assert numbers(result) == [3, 1]
    assert set(result["Items"][0]) == {"p", "c", "kind", "price", "name"}
    assert result["ConsumedCapacity"] == {
        "TableName": "things",
        "CapacityUnits": 0.5,
        "Table": {"CapacityUnits": 0.0},
        "GlobalSecondaryIndexes": {"by-kind": {"CapacityUnits": 0.5}},
    }
    local = shelf(
        'SELECT name FROM "things"."by-price" WHERE p = \'a\' AND price < 95',
        ReturnConsumedCapacity="INDEXES",
    )
    assert local["Items"] == [{"name": {"S": "n9"}}, {"name": {"S": "n6"}}]
    assert local["ConsumedCapacity"]["Table"] == {"CapacityUnits": 1.0}
    assert local["ConsumedCapacity"]["LocalSecondaryIndexes"] == {
        "by-price": {"CapacityUnits": 0.5}
    }


@pytest.mark.parametrize(
    ("statement", "more", "message"),
    [
        ('SELECT * FROM "things"."none"', {}, "The table does not have the specified index"),
        ('SELECT * FROM "things"."by-kind"', {"ConsistentRead": True},
         "Strongly consistent read is not supported on Global Secondary Indexes"),
        ("SELECT tags, more FROM \"things\".\"by-kind\" WHERE kind = 'odd'", {},
         "One or more parameter values were invalid: Global secondary index by-kind does not "
         "project [tags, more]"),
        ("SELECT * FROM \"things\".\"by-kind\" WHERE kind = 'odd' AND tags = 1", {},
         "One or more parameter values were invalid: Secondary index by-kind does not project one "
         "or more filter attributes: [tags]"),
        ("UPDATE \"things\".\"by-kind\" SET a = 1 WHERE p = 'a' AND c = 0", {},
         "This operation is not supported on an index"),
        ("INSERT INTO \"things\".\"by-kind\" VALUE {'p': 'x'}", {},
         "FROM clause may only contain a single table name in data manipulation statements at "
         "1:13:8"),
        ('SELECT * FROM "a"."b"."c"', {},
         "A path may contain at most 2 components in the FROM clause"),
        ('SELECT * FROM ""', {}, "Path component cannot be an empty string"),
        ("SELECT COUNT(*) FROM things", {}, "Unexpected path component at 1:8:5"),
        ("SELECTT * FROM things", {},
         "Statement wasn't well formed, can't be processed: Expected data manipulation"),
        ("SELECT * FRM things", {},
         "Statement wasn't well formed, can't be processed: Expected FROM after SELECT list"),
        ("UPDATE things-x SET a = 1 WHERE p = 'a'", {},
         "Statement wasn't well formed, can't be processed: Expected data manipulation"),
        ("SELECT * FROM things WHERE p = ?", {},
         "Number of parameters in request and statement don't match."),
        ("SELECT * FROM things WHERE p = 'a'", {"Parameters": [{"S": "a"}]},
         "Number of parameters in request and statement don't match."),
        ("SELECT * FROM things WHERE a < TRUE", {},
         "Incorrect operand type for operator or function; operator or function: <, "
         "operand type: BOOL"),
        ("SELECT * FROM things", {"Limit": 0},
         "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
         "Member must have value greater than or equal to 1"),
        ("SELECT * FROM things WHERE p = 1", {},
         "One or more parameter values were invalid: Condition parameter type does not match "
         "schema type"),
        ("UPDATE things SET a = 1 WHERE p = 'a'", {},
         "Where clause does not contain a mandatory equality on all key attributes"),
        ("DELETE FROM things WHERE p = 'a' OR c = 1", {},
         "Where clause does not contain a mandatory equality on all key attributes"),
        ("DELETE FROM things WHERE p = 'a' AND c = 0 RETURNING ALL NEW *", {},
         "Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in "
         "DELETE statements."),
        ("UPDATE things SET p = 'b' WHERE p = 'a' AND c = 0", {},
         "One or more parameter values were invalid: Cannot update attribute p. "
         "This attribute is part of the key"),
        ("INSERT INTO things VALUE {'p': 'a'}", {},
         "One or more parameter values were invalid: Missing the key c in the item"),
    ],
)  # fmt: skip
def test_what_is_refused(shelf, statement, more, message):
    assert refused(lambda: shelf(statement, **more)) == ("ValidationException", message)


def test_a_table_that_does_not_exist(run):
    assert refused(lambda: run('SELECT * FROM "none"."x" WHERE p = \'a\''))[0] == (
        "ResourceNotFoundException"
    )


def test_update(mine):
    key = "WHERE p = 'a' AND c = 0"
    result = mine(
        "UPDATE things SET price = price + 5, more.deep = list_append(more.deep, [7]) "
        f"SET tags = set_add(tags, <<'new'>>) REMOVE name {key} RETURNING MODIFIED NEW *"
    )
    assert result["Items"] == [
        {
            "price": {"N": "105"},
            "more": {"M": {"deep": {"L": [{"N": "0"}, {"S": "x"}, {"N": "7"}]}}},
            "tags": {"SS": ["all", "new", "t0"]},
        }
    ]
    old = mine(f"UPDATE things SET tags = set_delete(tags, <<'all'>>) {key} RETURNING ALL OLD *")
    assert old["Items"][0]["tags"] == {"SS": ["all", "new", "t0"]}
    new = mine(f"UPDATE things REMOVE more.deep[0] {key} RETURNING ALL NEW *")
    assert new["Items"][0]["more"] == {"M": {"deep": {"L": [{"S": "x"}, {"N": "7"}]}}}
    none = mine(f"UPDATE things REMOVE absent {key} RETURNING MODIFIED OLD *")
    assert none["Items"] == []


def test_update_needs_the_item_and_its_condition(client, mine):
    failed = ("ConditionalCheckFailedException", "The conditional request failed")
    for where in ("p = 'a' AND c = 77", "p = 'a' AND c = 0 AND kind = 'odd'"):
        assert refused(lambda w=where: mine(f"UPDATE things SET a = 1 WHERE {w}")) == failed
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as problem:
        mine(
            "UPDATE things REMOVE name WHERE p = 'a' AND c = 0 AND kind = 'odd'",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert problem.value.response["Item"]["name"] == {"S": "n0"}


def test_delete(mine):
    where = "WHERE p = 'a' AND c = 0"
    assert refused(lambda: mine(f"DELETE FROM things {where} AND kind = 'odd'"))[0] == (
        "ConditionalCheckFailedException"
    )
    (gone,) = mine(f"DELETE FROM things {where} AND kind = 'even' RETURNING ALL OLD *")["Items"]
    assert gone["name"] == {"S": "n0"}
    assert mine(f"DELETE FROM things {where} RETURNING ALL OLD *")["Items"] == []


def test_writes_cost_what_the_item_operations_cost(mine):
    result = mine(
        "INSERT INTO things VALUE {'p': 'z', 'c': 1, 'kind': 'k', 'price': 1}",
        ReturnConsumedCapacity="INDEXES",
    )
    assert result["ConsumedCapacity"] == {
        "TableName": "things",
        "CapacityUnits": 3.0,
        "Table": {"CapacityUnits": 1.0},
        "LocalSecondaryIndexes": {"by-price": {"CapacityUnits": 1.0}},
        "GlobalSecondaryIndexes": {"by-kind": {"CapacityUnits": 1.0}},
    }


def test_items_of_more_than_400_kb(run, make_table):
    make_table("rows")
    large = {"S": "x" * (400 * 1024)}
    assert refused(lambda: run("INSERT INTO rows VALUE {'p': 'a', 'v': ?}", large)) == (
        "ValidationException",
        "Item size has exceeded the maximum allowed size",
    )
    run("INSERT INTO rows VALUE {'p': 'a'}")
    assert refused(lambda: run("UPDATE rows SET v = ? WHERE p = 'a'", large)) == (
        "ValidationException",
        "Item size to update has exceeded the maximum allowed size",
    )
