"""DeleteMessage and ChangeMessageVisibility, single and in batches."""

from typing import Any

from airside.kernel import Context, Request, Result, Transaction, operation
from airside.services.sqs import fifo, standard, store
from airside.services.sqs.address import charge, load_queue, queue_arn
from airside.services.sqs.batches import Entry, check_entries, failures_of
from airside.services.sqs.errors import (
    MissingRequiredParameterException,
    ReceiptHandleIsInvalid,
)
from airside.services.sqs.live import LiveQueues
from airside.services.sqs.queue import Ledger, Queue, Receipt
from airside.services.sqs.receiving import check_timeout


def _receipt(handle: str) -> Receipt:
    receipt = Receipt.parse(handle)
    if receipt is None:
        raise ReceiptHandleIsInvalid(
            f'The input receipt handle "{handle}" is not a valid receipt handle.'
        )
    return receipt


def _delete(tx: Transaction, queue: Queue, handle: str, now_ms: int, ledger: Ledger) -> None:
    receipt = _receipt(handle)
    if receipt.contents != queue.contents:
        return
    if queue.fifo:
        fifo.delete(tx, queue, receipt, handle, now_ms, ledger)
    else:
        standard.delete(tx, queue, receipt, now_ms, ledger)


def _change(tx: Transaction, queue: Queue, entry: Request, now_ms: int, ledger: Ledger) -> None:
    handle = entry["ReceiptHandle"]
    receipt = _receipt(handle)
    timeout = entry.get("VisibilityTimeout")
    if timeout is None:
        raise MissingRequiredParameterException(
            "The request must contain the parameter VisibilityTimeout."
        )
    check_timeout(timeout)
    shelf = fifo if queue.fifo else standard
    shelf.change_visibility(tx, queue, receipt, handle, now_ms, timeout * 1000, ledger)


@operation("DeleteMessage", resource=queue_arn)
async def delete_message(ctx: Context, request: Request) -> Result:
    """Delete a message for good."""
    now_ms = int(ctx.clock.now() * 1000)

    def body(tx: Transaction) -> tuple[Queue, Ledger]:
        queue = load_queue(tx, ctx, request["QueueUrl"])
        ledger = Ledger()
        _delete(tx, queue, request["ReceiptHandle"], now_ms, ledger)
        store.add_to_total(tx, queue, ledger.total)
        return queue, ledger

    queue, ledger = await ctx.store.transact(body)
    ctx.component(LiveQueues).after(queue, ledger)
    charge(ctx, queue)
    return {}


@operation("DeleteMessageBatch", action="sqs:DeleteMessage", resource=queue_arn)
async def delete_message_batch(ctx: Context, request: Request) -> Result:
    """Delete up to ten messages."""
    check_entries(request["Entries"], "DeleteMessageBatchRequestEntry")
    now_ms = int(ctx.clock.now() * 1000)

    def each(tx: Transaction, queue: Queue, entry: Request, ledger: Ledger) -> None:
        _delete(tx, queue, entry["ReceiptHandle"], now_ms, ledger)

    return await _batch(ctx, request, each)


@operation("ChangeMessageVisibility", resource=queue_arn)
async def change_message_visibility(ctx: Context, request: Request) -> Result:
    """Hide a received message for longer, or show it again sooner."""
    now_ms = int(ctx.clock.now() * 1000)

    def body(tx: Transaction) -> tuple[Queue, Ledger]:
        queue = load_queue(tx, ctx, request["QueueUrl"])
        ledger = Ledger()
        _change(tx, queue, request, now_ms, ledger)
        return queue, ledger

    queue, ledger = await ctx.store.transact(body)
    ctx.component(LiveQueues).after(queue, ledger)
    charge(ctx, queue)
    return {}


@operation("ChangeMessageVisibilityBatch", action="sqs:ChangeMessageVisibility", resource=queue_arn)
async def change_message_visibility_batch(ctx: Context, request: Request) -> Result:
    """Do so for up to ten messages."""
    check_entries(request["Entries"], "ChangeMessageVisibilityBatchRequestEntry")
    now_ms = int(ctx.clock.now() * 1000)

    def each(tx: Transaction, queue: Queue, entry: Request, ledger: Ledger) -> None:
        _change(tx, queue, entry, now_ms, ledger)

    return await _batch(ctx, request, each)


async def _batch(ctx: Context, request: Request, each: Any) -> Result:
    entries = [Entry(entry["Id"], entry) for entry in request["Entries"]]

    def body(tx: Transaction) -> tuple[Queue, Ledger, Result]:
        queue = load_queue(tx, ctx, request["QueueUrl"])
        ledger = Ledger()

        def one(entry: Entry[Request]) -> dict[str, Any]:
            each(tx, queue, entry.value, ledger)
            return {"Id": entry.id}

        successful, failed = failures_of(entries, one)
        store.add_to_total(tx, queue, ledger.total)
        return queue, ledger, {"Successful": successful, "Failed": failed or None}

    queue, ledger, result = await ctx.store.transact(body)
    ctx.component(LiveQueues).after(queue, ledger)
    charge(ctx, queue)
    return result
