"""Which queue a request means: from its URL, whatever the host, or its ARN."""

from airside.identity.policy import evaluate
from airside.kernel import Context, Request, Snapshot
from airside.services.sqs import store
from airside.services.sqs.errors import AccessDenied, QueueDoesNotExist
from airside.services.sqs.limits import BILLED_CHUNK_BYTES
from airside.services.sqs.queue import Queue


def queue_url(ctx: Context, queue: Queue) -> str:
    """The URL that clients send requests about a queue to."""
    return f"{ctx.cloud.settings.endpoint}/{queue.definition.account_id}/{queue.name}"


def parse_url(ctx: Context, url: str) -> tuple[str, str]:
    """Account and name: the last two segments of the path, or a name alone, as AWS takes it.

    Raises QueueDoesNotExist.
    """
    head, slash, name = url.rstrip("/").rpartition("/")
    if not slash and name:
        return ctx.account_id, name
    account_id = head.rpartition("/")[2]
    if not account_id.isdigit() or not name:
        raise missing()
    return account_id, name


def queue_arn(ctx: Context, request: Request) -> str:
    """The queue that a request names, for policies."""
    head, _, name = request["QueueUrl"].rstrip("/").rpartition("/")
    account_id = head.rpartition("/")[2]
    return f"arn:aws:sqs:{ctx.region}:{account_id or ctx.account_id}:{name}"


def missing() -> QueueDoesNotExist:
    """What AWS says about a queue that is not there."""
    return QueueDoesNotExist("The specified queue does not exist.")


def load_queue(snapshot: Snapshot, ctx: Context, url: str) -> Queue:
    """The queue behind a URL. Raises QueueDoesNotExist; AccessDenied for another account's."""
    account_id, name = parse_url(ctx, url)
    queue = store.find_queue(snapshot, account_id, ctx.region, name)
    if queue is None:
        raise missing()
    if account_id != ctx.account_id:
        check_access(ctx, queue)
    return queue


def check_access(ctx: Context, queue: Queue) -> None:
    """Raise AccessDenied unless the queue's policy lets another account's principal in."""
    action = f"sqs:{ctx.operation}"
    policies = [queue.policy] if queue.policy else []
    if not evaluate(policies, action, queue.arn, ctx.principal).allowed:
        raise AccessDenied(
            f"User: {ctx.principal.arn} is not authorized to perform: {action.lower()} on "
            f"resource: {queue.arn} because no resource-based policy allows the {action.lower()} "
            "action"
        )


def charge(ctx: Context, queue: Queue, length: int = 0) -> None:
    """Leave the usage of one call behind: a request for each 64 KB of its messages."""
    usage = "Requests-FIFO" if queue.fifo else "Requests"
    ctx.use(usage, max(1, -(-length // BILLED_CHUNK_BYTES)), queue.arn)
