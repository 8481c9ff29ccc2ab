"""PynamoDB: a model with indexes, a version, conditions, batches and transactions."""

from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("pynamodb", reason="PynamoDB is not installed: pip install pynamodb")
from pynamodb.attributes import (
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
    VersionAttribute,
)
from pynamodb.connection import Connection
from pynamodb.exceptions import DeleteError, DoesNotExist, PutError, TransactWriteError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, LocalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactGet, TransactWrite


class ByStatus(GlobalSecondaryIndex):
    """Orders of one status by their total."""

    class Meta:
        index_name = "by-status"
        projection = AllProjection()

    status = UnicodeAttribute(hash_key=True)
    total = NumberAttribute(range_key=True)


class ByTime(LocalSecondaryIndex):
    """A customer's orders by time."""

    class Meta:
        index_name = "by-time"
        projection = AllProjection()

    customer = UnicodeAttribute(hash_key=True)
    made_at = UTCDateTimeAttribute(range_key=True)


class Line(MapAttribute):
    """One thing that was ordered."""

    name = UnicodeAttribute()
    count = NumberAttribute(default=1)


class Order(Model):
    """An order of a customer."""

    class Meta:
        table_name = "orders"
        billing_mode = "PAY_PER_REQUEST"
        stream_view_type = "NEW_IMAGE"

    customer = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(range_key=True)
    status = UnicodeAttribute(default="new")
    total = NumberAttribute(default=0)
    made_at = UTCDateTimeAttribute(default=lambda: datetime.now(UTC))
    lines = ListAttribute(of=Line, default=list)
    tags = UnicodeSetAttribute(null=True)
    notes = JSONAttribute(null=True)
    until = TTLAttribute(null=True)
    version = VersionAttribute()
    by_status = ByStatus()
    by_time = ByTime()


def test_a_model_from_making_its_table_to_deleting_it(server, account):
    endpoint = server.endpoint
    Order.Meta.host, Order.Meta.region = endpoint, "us-east-1"
    Order.Meta.aws_access_key_id, Order.Meta.aws_secret_access_key = account, "test"
    Order.create_table(wait=True)
    assert Order.exists()
    first = Order("ann", 1, total=10, lines=[Line(name="pen", count=2)], tags={"a", "b"})
    first.notes = {"free": ["form"]}
    first.until = timedelta(hours=1)
    first.save()
    same = Order.get("ann", 1, consistent_read=True)
    assert (same.lines[0].name, same.tags, same.notes) == ("pen", {"a", "b"}, {"free": ["form"]})
    assert same.version == 1
    same.update(actions=[Order.total.set(Order.total + 5), Order.tags.delete({"a"})])
    assert (same.total, same.tags, same.version) == (15, {"b"}, 2)
    with pytest.raises(PutError):
        first.save()  # it has the old version
    with pytest.raises(DeleteError):
        Order("ann", 9).delete(condition=Order.total > 100)
    with Order.batch_write() as batch:
        for number in range(2, 40):
            batch.save(Order("ann", number, status="paid", total=number))
    assert len(list(Order.batch_get([("ann", 2), ("ann", 3), ("bob", 1)]))) == 2
    dear = Order.by_status.query("paid", Order.total >= 35, scan_index_forward=False)
    assert [order.total for order in dear] == [39, 38, 37, 36, 35]
    assert Order.by_time.count("ann") == 39
    pages = Order.query("ann", Order.number.between(1, 30), limit=20, page_size=7)
    assert len(list(pages)) == 20
    assert pages.last_evaluated_key is not None
    assert len(list(Order.scan(Order.status == "new"))) == 1
    _transact(endpoint, account)
    Order.get("ann", 2).delete()
    with pytest.raises(DoesNotExist):
        Order.get("ann", 2)
    Order.delete_table()


def _transact(endpoint: str, account: str) -> None:
    connection = Connection(host=endpoint, region="us-east-1")
    connection.session.set_credentials(account, "test")
    with TransactWrite(connection=connection, client_request_token="token") as transaction:
        transaction.save(Order("bob", 1, total=1))
        transaction.update(Order("ann", 3), actions=[Order.status.set("sent")])
    with TransactGet(connection=connection) as transaction:
        found = transaction.get(Order, "ann", 3)
    assert found.get().status == "sent"
    with pytest.raises(TransactWriteError) as caught:
        _conflict(connection)
    reasons = caught.value.cancellation_reasons
    assert [reason and reason.code for reason in reasons] == ["ConditionalCheckFailed", None]


def _conflict(connection: Connection) -> None:
    with TransactWrite(connection=connection) as transaction:
        transaction.condition_check(Order, "ann", 3, condition=Order.status == "new")
        transaction.save(Order("bob", 2))
