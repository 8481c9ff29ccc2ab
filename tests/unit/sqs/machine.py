"""Queues over a store in memory, driven without a loop, for tests of the domain."""

from airside.services.sqs import fifo, queue_attributes, standard, store
from airside.services.sqs.live import LiveQueue
from airside.services.sqs.queue import Definition, Demand, Ledger, Message
from airside.services.sqs.standard import Disposal
from airside.storage import MemoryStore


def finish(coroutine):
    """The result of a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waited")


class Bench:
    """One queue, its clock and its gauges. Times in milliseconds."""

    def __init__(self, *, fifo_queue=False, **attributes):
        defaults = (
            queue_attributes.FIFO_DEFAULTS if fifo_queue else queue_attributes.STANDARD_DEFAULTS
        )
        self.store = MemoryStore()
        self.now = 1_700_000_000_000
        self.sequence = 0
        self.live = LiveQueue(fair=not fifo_queue)
        self.queue = self.make("q.fifo" if fifo_queue else "q", {**defaults, **attributes})
        self.shelf = fifo if fifo_queue else standard

    def make(self, name, attributes):
        definition = Definition(
            name=name, account_id="111122223333", region="us-east-1", id=f"id-{name}",
            contents=f"contents-{name}", created_at=0, modified_at=0, attributes=dict(attributes),
        )  # fmt: skip
        return self.transact(lambda tx: store.save_queue(tx, definition))

    def transact(self, body):
        return finish(self.store.transact(body))

    def _counted(self, change, queue=None):
        queue = queue or self.queue

        def body(tx):
            ledger = Ledger()
            result = change(tx, ledger)
            store.add_to_total(tx, queue, ledger.total)
            return result, ledger

        result, ledger = self.transact(body)
        self.live.apply(ledger)
        return result

    def send(self, body="b", delay=0, group=None, **more):
        self.sequence += 1
        message = Message(
            sequence=self.sequence, id=f"id-{self.sequence}", body=body, body_md5="",
            sender_id="x", sent_ms=self.now, enqueued_ms=self.now, group=group, **more,
        )  # fmt: skip

        def change(tx, ledger):
            self.shelf.accept(tx, self.queue, message, self.now + delay, self.now, ledger)

        self._counted(change)
        return message

    def receive(self, count=1, timeout=30_000, redrive=False, noisy=None):
        demand = Demand(self.now, count, timeout, redrive, noisy or {})
        self.disposal = Disposal()
        return self._counted(
            lambda tx, ledger: self.shelf.receive(tx, self.queue, demand, ledger, self.disposal)
        )

    def delete(self, receipt):
        def change(tx, ledger):
            if self.shelf is fifo:
                fifo.delete(tx, self.queue, receipt, "handle", self.now, ledger)
            else:
                standard.delete(tx, self.queue, receipt, self.now, ledger)

        self._counted(change)

    def change_visibility(self, receipt, timeout):
        self._counted(
            lambda tx, ledger: self.shelf.change_visibility(
                tx, self.queue, receipt, "handle", self.now, timeout, ledger
            )
        )

    @property
    def total(self):
        return finish(self.store.read(lambda snapshot: store.total(snapshot, self.queue)))

    @property
    def in_flight(self):
        return self.live.in_flight.count(self.now)

    @property
    def delayed(self):
        return self.live.delayed.count(self.now)

    def rebuilt(self):
        """In flight and delayed as counted from the store."""
        live = LiveQueue(fair=False)
        live.apply(
            finish(self.store.read(lambda s: self.shelf.hidden(s, self.queue, self.now, 10_000)))
        )
        return live.in_flight.count(self.now), live.delayed.count(self.now)

    def keys(self):
        """How many keys the queue's contents take."""
        return len([key for key in self.store._table.keys if b"contents-" in key])
