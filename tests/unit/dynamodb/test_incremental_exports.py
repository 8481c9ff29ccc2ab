"""What changed in a table between two moments, and the files that incremental exports make of it."""

import gzip
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from airside.kernel import ServiceError
from airside.services.dynamodb import history, store
from airside.services.dynamodb.exporting import Exporting
from airside.services.dynamodb.history import Source
from airside.services.dynamodb.table import KeySchema, Table
from airside.storage.memory import MemoryStore

HOUR = 3600.0
WRITES = st.lists(
    st.tuples(st.sampled_from(("a", "b", "c", "\0", "a\0")), st.none() | st.integers(0, 3)),
    min_size=1, max_size=30,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(writes=WRITES, bounds=st.tuples(st.integers(0, 30), st.integers(0, 30)),
       limit=st.integers(1, 4))  # fmt: skip
async def test_changes_are_the_states_at_both_ends(writes, bounds, limit):
    memory = MemoryStore()
    table = Table("t", "1", "r", 1, "id", 0.0, KeySchema(("p",)), {"p": "S"})
    arm = table.new_arm()
    noted = history.History(table, arm)
    low, high = sorted(min(bound, len(writes)) for bound in bounds)
    states = [{}]
    for number, (name, value) in enumerate(writes):

        def write(tx, name=name, value=value, number=number):
            key = table.key_of({"p": {"S": name}})
            noted.note(tx, key, store.get(tx, key), 1000.0 + number)
            if value is None:
                store.delete(tx, key)
            else:
                store.put(tx, key, store.encode({"p": {"S": name}, "v": {"N": str(value)}}, 5))

        await memory.transact(write)
        states.append({**states[-1], name: value})
    found, start = {}, b""
    while start is not None:
        page, start = await memory.read(
            lambda view, start=start: history.changes(
                view, Source(1, arm, 1000.0 + high), 1000.0 + low, start, limit
            )
        )
        for change in page:
            item = store.record_of(b"", change.new or change.old).item
            shown = [json.loads(raw[4:])["v"]["N"] if raw else None
                     for raw in (change.old, change.new)]  # fmt: skip
            found[item["p"]["S"]] = (*shown, change.written_at)
    expected = {}
    for number in range(low, high):
        name = writes[number][0]
        ends = [states[at].get(name) for at in (low, high)]
        if ends != [None, None]:
            expected[name] = (
                *(None if end is None else str(end) for end in ends),
                (1000 + number) * 1_000_000,
            )
    assert found == expected


async def test_an_incremental_export(desk):
    stored = {}
    dispatch = desk.cloud.dispatch

    async def with_bucket(ctx, request):
        if ctx.service != "s3":
            return await dispatch(ctx, request)
        stored[request["Key"]] = await request["Body"].read(1 << 30)
        return {"ETag": '"tag"'}

    desk.cloud.dispatch = with_bucket
    schema = {
        "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
    }
    made = await desk("CreateTable", TableName="table", BillingMode="PAY_PER_REQUEST", **schema)
    recovery = {"PointInTimeRecoveryEnabled": True}
    await desk(
        "UpdateContinuousBackups", TableName="table", PointInTimeRecoverySpecification=recovery
    )

    async def put(name, value):
        desk.clock.advance(1)
        item = {"p": {"S": name}, "v": {"N": str(value)}}
        await desk("PutItem", TableName="table", Item=item)
        return item

    async def remove(name):
        await desk("DeleteItem", TableName="table", Key={"p": {"S": name}})

    gone, changed = await put("gone", 1), await put("changed", 1)
    await put("same", 1)
    desk.clock.advance(HOUR)
    since = desk.clock.now()
    await put("fleeting", 1)
    new, newer = await put("new", 2), await put("changed", 2)
    await remove("gone")
    await remove("fleeting")
    desk.clock.advance(HOUR)
    until = desk.clock.now()
    await put("changed", 3)
    desk.clock.advance(HOUR)
    request = {
        "TableArn": made["TableDescription"]["TableArn"], "S3Bucket": "bucket", "S3Prefix": "x",
        "ExportType": "INCREMENTAL_EXPORT",
    }  # fmt: skip
    window = {"ExportFromTime": since, "ExportToTime": until}
    for view_type in ("NEW_AND_OLD_IMAGES", "NEW_IMAGE"):
        stored.clear()
        spec = {**window, "ExportViewType": view_type}
        began = await desk(
            "ExportTableToPointInTime", **request, IncrementalExportSpecification=spec
        )
        await desk.cloud.component(Exporting).work()
        arn = began["ExportDescription"]["ExportArn"]
        done = (await desk("DescribeExport", ExportArn=arn))["ExportDescription"]
        assert (done["ExportStatus"], done["ItemCount"]) == ("COMPLETED", 3)
        assert done["IncrementalExportSpecification"] == spec
        assert "ExportTime" not in done
        summary = json.loads(stored[done["ExportManifest"]])
        assert (summary["version"], summary["outputView"]) == ("2023-08-01", view_type)
        assert summary["exportFromTime"] < summary["exportToTime"]
        assert "exportTime" not in summary
        entry = json.loads(stored[summary["manifestFilesS3Key"]])
        assert entry["dataFileS3Key"].startswith("x/AWSDynamoDB/data/")
        lines = gzip.decompress(stored[entry["dataFileS3Key"]]).splitlines()
        found = {each["Keys"]["p"]["S"]: each for each in map(json.loads, lines)}
        images = {
            name: (each.get("OldImage"), each.get("NewImage")) for name, each in found.items()
        }
        with_old = view_type == "NEW_AND_OLD_IMAGES"
        assert images == {
            "gone": (gone if with_old else None, None),
            "changed": (changed if with_old else None, newer),
            "new": (None, new),
        }
        written = int(found["new"]["Metadata"]["WriteTimestampMicros"]["N"])
        assert since * 1e6 < written < until * 1e6


async def test_the_window_of_an_incremental_export(desk):
    made = await desk(
        "CreateTable", TableName="table", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}],
    )  # fmt: skip
    await desk(
        "UpdateContinuousBackups", TableName="table",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )  # fmt: skip
    began = desk.clock.now()
    desk.clock.advance(30 * HOUR)

    async def refusal(**specification):
        try:
            await desk(
                "ExportTableToPointInTime", TableArn=made["TableDescription"]["TableArn"],
                S3Bucket="bucket", ExportType="INCREMENTAL_EXPORT",
                IncrementalExportSpecification=specification,
            )  # fmt: skip
        except ServiceError as error:
            return error.name
        return None

    assert await refusal(ExportFromTime=began - HOUR) == "InvalidExportTimeException"
    assert await refusal(ExportFromTime=began) == "InvalidExportTimeException"
    short = {"ExportFromTime": began, "ExportToTime": began + 14 * 60}
    assert await refusal(**short) == "InvalidExportTimeException"
    assert await refusal(ExportToTime=began) == "ValidationException"
    assert await refusal() == "ValidationException"
    future = {"ExportFromTime": began + 29 * HOUR, "ExportToTime": began + 31 * HOUR}
    assert await refusal(**future) == "InvalidExportTimeException"
