"""Standard queues: nothing is lost, nothing is handed out while it is in flight."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.unit.sqs.machine import Bench

from airside.services.sqs.errors import InvalidParameterValueException
from airside.services.sqs.queue import Receipt

LONG = "x" * 5000


class StandardQueue(RuleBasedStateMachine):
    """A queue beside a plain list of what should be in it."""

    def __init__(self):
        super().__init__()
        self.bench = Bench()
        self.expected = {}  # sequence -> [visible at, body, receive count]
        self.receipts = []

    @rule(delay=st.sampled_from([0, 0, 1000, 5000]), long=st.booleans(), tenant=st.booleans())
    def send(self, delay, long, tenant):
        body = LONG if long else f"b{self.bench.sequence}"
        message = self.bench.send(body, delay, group="t" if tenant else None)
        self.expected[message.sequence] = [self.bench.now + delay, body, 0]

    @rule(count=st.integers(1, 10), timeout=st.sampled_from([0, 1000, 3000, 30_000]))
    def receive(self, count, timeout):
        visible = sorted(
            (entry[0], sequence) for sequence, entry in self.expected.items()
            if entry[0] <= self.bench.now
        )  # fmt: skip
        deliveries = self.bench.receive(count, timeout)
        assert [each.message.sequence for each in deliveries] == [s for _, s in visible[:count]]
        for each in deliveries:
            entry = self.expected[each.message.sequence]
            entry[0], entry[2] = self.bench.now + timeout, entry[2] + 1
            assert each.message.body == entry[1]
            assert each.message.receive_count == entry[2]
            self.receipts.append(each.receipt)

    def _latest(self, receipt):
        entry = self.expected.get(receipt.sequence)
        return entry is not None and entry[2] == receipt.receive_count

    @precondition(lambda self: self.receipts)
    @rule(data=st.data())
    def delete(self, data):
        receipt = data.draw(st.sampled_from(self.receipts))
        self.bench.delete(receipt)
        if self._latest(receipt):
            del self.expected[receipt.sequence]

    @precondition(lambda self: self.receipts)
    @rule(data=st.data(), timeout=st.sampled_from([0, 500, 4000]))
    def change_visibility(self, data, timeout):
        receipt = data.draw(st.sampled_from(self.receipts))
        if receipt.sequence in self.expected:
            self.bench.change_visibility(receipt, timeout)
            self.expected[receipt.sequence][0] = self.bench.now + timeout
        else:
            with pytest.raises(InvalidParameterValueException):
                self.bench.change_visibility(receipt, timeout)

    @rule(seconds=st.integers(1, 8))
    def wait(self, seconds):
        self.bench.now += seconds * 1000

    @invariant()
    def counts_are_right(self):
        now = self.bench.now
        hidden = [entry for entry in self.expected.values() if entry[0] > now]
        in_flight = sum(1 for entry in hidden if entry[2])
        counted = (in_flight, len(hidden) - in_flight)
        assert self.bench.total == len(self.expected)
        assert (self.bench.in_flight, self.bench.delayed) == counted
        assert self.bench.rebuilt() == counted

    def teardown(self):
        self.bench.now += 100_000
        while True:
            deliveries = self.bench.receive(10)
            if not deliveries:
                break
            for each in deliveries:
                del self.expected[each.message.sequence]
                self.bench.delete(each.receipt)
        assert self.expected == {}
        assert self.bench.keys() <= 1, "only the count is left"


StandardQueue.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestStandardQueue = StandardQueue.TestCase


def test_an_expired_message_is_never_handed_out():
    bench = Bench(MessageRetentionPeriod="60")
    bench.send("old")
    bench.now += 30_000
    bench.send("new")
    bench.now += 30_000
    assert [each.message.body for each in bench.receive(10)] == ["new"]
    assert bench.total == 1


def test_a_message_received_too_often_is_set_aside():
    policy = '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:111122223333:d","maxReceiveCount":2}'
    bench = Bench(RedrivePolicy=policy)
    bench.send("poison")
    for _ in range(2):
        assert len(bench.receive(1, 0, redrive=True)) == 1
        bench.now += 1
    assert bench.receive(1, 0, redrive=True) == []
    assert [message.body for message in bench.disposal.dead] == ["poison"]
    assert bench.total == 0


def test_without_a_dead_letter_queue_it_stays():
    policy = '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:111122223333:d","maxReceiveCount":1}'
    bench = Bench(RedrivePolicy=policy)
    bench.send()
    for count in (1, 2, 3):
        (delivery,) = bench.receive(1, 0, redrive=False)
        assert delivery.message.receive_count == count
        bench.now += 1


def test_visibility_cannot_be_stretched_beyond_twelve_hours():
    bench = Bench()
    bench.send()
    (delivery,) = bench.receive(1, 3600_000)
    bench.now += 3000_000
    with pytest.raises(InvalidParameterValueException, match="beyond the limit"):
        bench.change_visibility(delivery.receipt, 43_200_000)
    bench.change_visibility(delivery.receipt, 40_200_000)


def test_noisy_tenants_wait_for_quiet_ones():
    bench = Bench()
    for _ in range(250):
        bench.send(group="noisy")
    for number in range(3):
        bench.send(f"quiet{number}", group=f"quiet{number}")
    for _ in range(4):
        bench.receive(10)
    noisy = bench.live.noisy(bench.now)
    assert noisy == {"noisy": 40}
    bodies = [each.message.body for each in bench.receive(5, noisy=noisy)]
    assert sorted(bodies[:3]) == ["quiet0", "quiet1", "quiet2"]
    assert bodies[3:] == ["b", "b"]


def test_a_tenant_that_holds_little_is_not_noisy():
    bench = Bench()
    for number in range(40):
        bench.send(group=f"t{number % 20}")
    for _ in range(4):
        bench.receive(10)
    assert bench.live.noisy(bench.now) == {}


@pytest.mark.parametrize(
    "text", ["", "x", "AAAA", "YWlyc2lkZQ==", "é", Receipt("c", 1, 2, 3).handle()[:-4]]
)
def test_what_is_no_receipt_handle(text):
    assert Receipt.parse(text) is None


def test_a_receipt_comes_back_from_its_handle():
    receipt = Receipt("contents", 1 << 50, 1_700_000_000_000, 3, "group")
    assert Receipt.parse(receipt.handle()) == receipt
