"""FIFO queues: each group in order, one receiver at a time."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.unit.sqs.machine import Bench

from airside.services.sqs import attempts, fifo
from airside.services.sqs.errors import InvalidParameterValueException
from airside.services.sqs.queue import Demand, Ledger, Message


class FifoQueue(RuleBasedStateMachine):
    """A queue beside plain lists, one for each group."""

    def __init__(self):
        super().__init__()
        self.bench = Bench(fifo_queue=True)
        self.groups = {}  # group -> [sequence] in order
        self.counts = {}
        self.hidden = {}  # sequence -> in flight until
        self.receipts = []

    def _locked(self, group):
        return any(self.hidden.get(s, 0) > self.bench.now for s in self.groups[group])

    @rule(group=st.sampled_from("abc"))
    def send(self, group):
        message = self.bench.send(group=group, deduplication_id=str(self.bench.sequence))
        self.groups.setdefault(group, []).append(message.sequence)
        self.counts[message.sequence] = 0

    @rule(count=st.integers(1, 10), timeout=st.sampled_from([0, 1000, 3000, 30_000]))
    def receive(self, count, timeout):
        free = [group for group in self.groups if self.groups[group] and not self._locked(group)]
        available = sum(len(self.groups[group]) for group in free)
        deliveries = self.bench.receive(count, timeout)
        assert len(deliveries) == min(count, available)
        by_group = {}
        for each in deliveries:
            by_group.setdefault(each.message.group, []).append(each.message.sequence)
        for group, sequences in by_group.items():
            assert group in free
            assert sequences == self.groups[group][: len(sequences)]
        for each in deliveries:
            sequence = each.message.sequence
            self.counts[sequence] += 1
            assert each.message.receive_count == self.counts[sequence]
            self.hidden[sequence] = self.bench.now + timeout
            self.receipts.append(each.receipt)

    def _state(self, receipt):
        there = receipt.sequence in self.groups.get(receipt.group, ())
        latest = self.counts[receipt.sequence] == receipt.receive_count
        in_flight = self.hidden.get(receipt.sequence, 0) > self.bench.now
        return there, there and latest and in_flight

    @precondition(lambda self: self.receipts)
    @rule(data=st.data())
    def delete(self, data):
        receipt = data.draw(st.sampled_from(self.receipts))
        there, current = self._state(receipt)
        if there and not current:
            with pytest.raises(InvalidParameterValueException, match="has expired"):
                self.bench.delete(receipt)
            return
        self.bench.delete(receipt)
        if current:
            self.groups[receipt.group].remove(receipt.sequence)
            self.hidden.pop(receipt.sequence)

    @precondition(lambda self: self.receipts)
    @rule(data=st.data(), timeout=st.sampled_from([0, 500, 4000]))
    def change_visibility(self, data, timeout):
        receipt = data.draw(st.sampled_from(self.receipts))
        if self._state(receipt)[1]:
            self.bench.change_visibility(receipt, timeout)
            self.hidden[receipt.sequence] = self.bench.now + timeout
        else:
            with pytest.raises(InvalidParameterValueException):
                self.bench.change_visibility(receipt, timeout)

    @rule(seconds=st.integers(1, 8))
    def wait(self, seconds):
        self.bench.now += seconds * 1000

    @invariant()
    def counts_are_right(self):
        present = [s for group in self.groups.values() for s in group]
        in_flight = sum(1 for s in present if self.hidden.get(s, 0) > self.bench.now)
        assert self.bench.total == len(present)
        assert self.bench.in_flight == in_flight
        assert self.bench.rebuilt()[0] == in_flight

    def teardown(self):
        self.bench.now += 100_000
        while True:
            deliveries = self.bench.receive(10)
            if not deliveries:
                break
            for each in deliveries:
                self.groups[each.message.group].remove(each.message.sequence)
                self.bench.delete(each.receipt)
        assert not any(self.groups.values())
        assert self.bench.keys() <= 1, "only the count is left"


FifoQueue.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestFifoQueue = FifoQueue.TestCase


def test_a_delayed_message_blocks_its_group():
    bench = Bench(fifo_queue=True)
    bench.send("late", 5000, group="a", deduplication_id="1")
    bench.send("early", 0, group="a", deduplication_id="2")
    assert bench.receive(10) == []
    assert bench.delayed == 1
    bench.now += 5000
    assert [each.message.body for each in bench.receive(10)] == ["late", "early"]


def test_a_group_stays_locked_until_its_last_message_is_done():
    bench = Bench(fifo_queue=True)
    for number in range(3):
        bench.send(str(number), group="a", deduplication_id=str(number))
    first, second = bench.receive(2, 10_000)
    bench.delete(first.receipt)
    assert bench.receive(10) == []
    bench.delete(second.receipt)
    assert [each.message.body for each in bench.receive(10)] == ["2"]


def test_a_message_that_comes_back_is_first_again():
    bench = Bench(fifo_queue=True)
    for number in range(3):
        bench.send(str(number), group="a", deduplication_id=str(number))
    (delivery,) = bench.receive(1, 10_000)
    bench.change_visibility(delivery.receipt, 0)
    assert [each.message.body for each in bench.receive(10)] == ["0", "1", "2"]


def message(deduplication_id, group="a"):
    return Message(
        sequence=5, id="first", body="b", body_md5="", sender_id="x", sent_ms=0, enqueued_ms=0,
        group=group, deduplication_id=deduplication_id,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("scope", "group", "later_ms", "duplicate"),
    [
        ("queue", "a", 299_999, True), ("queue", "a", 300_000, False), ("queue", "b", 1, True),
        ("messageGroup", "a", 1, True), ("messageGroup", "b", 1, False),
    ],
)  # fmt: skip
def test_deduplication_lasts_five_minutes_within_its_scope(scope, group, later_ms, duplicate):
    bench = Bench(fifo_queue=True, DeduplicationScope=scope)
    now = bench.now

    def look(tx):
        return fifo.find_duplicate(tx, bench.queue, message("d", group), now + later_ms)

    bench.transact(lambda tx: fifo.remember(tx, bench.queue, message("d"), now))
    found = bench.transact(look)
    assert (found is not None) is duplicate
    if duplicate:
        assert found.message_id == "first"


def test_old_deduplication_ids_are_forgotten():
    bench = Bench(fifo_queue=True)
    for number in range(40):
        bench.now += 60_000
        bench.transact(
            lambda tx, n=number: fifo.remember(tx, bench.queue, message(str(n)), bench.now)
        )
    assert len(bench.store._table.keys) < 20


def test_an_attempt_repeated_gives_the_same_messages():
    bench = Bench(fifo_queue=True)
    for number in range(3):
        bench.send(str(number), group="a", deduplication_id=str(number))
    deliveries = bench.receive(2, 10_000)
    bench.transact(lambda tx: attempts.remember(tx, bench.queue, "try", bench.now, deliveries))
    bench.now += 4000

    def again(tx):
        demand = Demand(bench.now, 10, 10_000)
        return attempts.repeat(tx, bench.queue, "try", demand, Ledger())

    repeated = bench.transact(again)
    assert [each.message.body for each in repeated] == ["0", "1"]
    bench.now += 9000
    assert bench.receive(10) == [], "hidden anew"
    bench.delete(repeated[0].receipt)
    assert bench.transact(again) == [], "one of them is gone"
