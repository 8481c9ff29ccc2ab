"""Reading a table as it was: against remembered copies, with pages of every size."""

from hypothesis import given, settings
from hypothesis import strategies as st

from airside.services.dynamodb import history, mutation, store
from airside.services.dynamodb.history import Source
from airside.services.dynamodb.recovery import DAY_SECONDS
from airside.services.dynamodb.retention import Retention
from airside.services.dynamodb.table import KeySchema, Table
from airside.services.dynamodb.values import item_size
from airside.storage.memory import MemoryStore

KEYS = [{"p": {"S": name}} for name in ("a", "b", "c", "\0", "ab", "a\0")]
CHANGES = st.lists(st.tuples(st.sampled_from(KEYS), st.none() | st.integers(0, 3)), max_size=40)


class Follower:
    """A journal with nothing but a history and a clock that ticks with every write."""

    def __init__(self, table, arm):
        self.history = history.History(table, arm)
        self.now = 1000.0

    def note(self, tx, key, old, new, raw, *, expired=False):
        self.history.note(tx, key, old, self.now)


@settings(max_examples=60, deadline=None)
@given(before=CHANGES, after=CHANGES, limit=st.integers(1, 5))
async def test_every_moment_can_be_read_again(before, after, limit):
    memory = MemoryStore()
    table = Table("t", "1", "r", 1, "id", 0.0, KeySchema(("p",)), {"p": "S"})
    arm = table.new_arm()

    def write(tx, key, value):
        place = table.key_of(key)
        old = store.get(tx, place)
        if value is None:
            mutation.remove(tx, table, place, old)
        else:
            new = {**key, "v": {"N": str(value)}}
            mutation.write(tx, table, place, old, new, item_size(new))

    def everything(view):
        return [(r.key[len(table.prefix) :], r.raw) for r in store.scan(
            view, table.prefix, table.prefix + b"\xff" * 9)]  # fmt: skip

    for key, value in before:
        await memory.transact(lambda tx, key=key, value=value: write(tx, key, value))
    follower = table.journal = Follower(table, arm)
    moments = [(follower.now, await memory.read(everything))]
    for key, value in after:
        follower.now += 0.5
        await memory.transact(lambda tx, key=key, value=value: write(tx, key, value))
        moments.append((follower.now, await memory.read(everything)))
    for moment, expected in moments:
        found, start = [], b""
        while start is not None:
            page = await memory.read(
                lambda view, start=start, moment=moment: history.read(
                    view, Source(1, arm, moment), start, limit
                )
            )
            found += page.items
            start = page.following
        assert found == expected


async def test_history_is_kept_as_long_as_the_window(desk):
    await desk(
        "CreateTable", TableName="table", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
    )  # fmt: skip
    await desk(
        "UpdateContinuousBackups", TableName="table",
        PointInTimeRecoverySpecification={
            "PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 2,
        },
    )  # fmt: skip
    table = await desk.cloud.store.read(
        lambda view: store.load_table(view, ("123456789012", "us-east-1", "table"))
    )

    async def entries():
        prefix = table.entries(table.recovery.arm)
        return len(
            await desk.cloud.store.read(lambda view: list(view.scan(prefix, prefix + b"\xff" * 9)))
        )

    for _ in range(4):
        await desk("PutItem", TableName="table", Item={"p": {"S": "x"}, "v": {"N": str(_)}})
        desk.clock.advance(DAY_SECONDS)
    assert await entries() == 4
    await desk.cloud.component(Retention).work()
    assert await entries() == 2


async def test_a_backup_of_a_deleted_table_goes_after_35_days(desk):
    await desk(
        "CreateTable", TableName="table", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
    )  # fmt: skip
    await desk(
        "UpdateContinuousBackups",
        TableName="table",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )
    await desk("DeleteTable", TableName="table")
    for days, count in ((34, 1), (2, 0)):
        desk.clock.advance(days * DAY_SECONDS)
        await desk.cloud.component(Retention).work()
        assert len((await desk("ListBackups", BackupType="ALL"))["BackupSummaries"]) == count
