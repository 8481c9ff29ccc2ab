"""Many writers at once, and kill -9 in between: nothing lost, no half transactions."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import botocore.exceptions
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

GONE = (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError)
WRITERS = 16
ROUNDS = 8
ACCOUNTS = 8
EACH = 100


@pytest.fixture
def system(start):
    """A server that is killed and started again, and clients that find it."""
    return System(start)


class System:
    def __init__(self, start):
        self._start = start
        self.server = start()
        self._ready = threading.Event()
        self._ready.set()
        self._local = threading.local()
        self.client().create_table(
            TableName="accounts",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def client(self):
        """This thread's client of the server that runs now."""
        assert self._ready.wait(60)
        held = getattr(self._local, "held", None)
        if held is None or held[0] is not self.server:
            config = Config(retries={"max_attempts": 0}, read_timeout=30)
            held = self._local.held = (self.server, self.server.client("dynamodb", config=config))
        return held[1]

    def crash(self):
        """kill -9, and a new process on the same data."""
        self._ready.clear()
        self.server.kill()
        self.server = self._start()
        self._ready.set()

    def read(self, key):
        return self.client().get_item(
            TableName="accounts", Key={"id": {"S": key}}, ConsistentRead=True
        )["Item"]


def in_parallel(number, work):
    with ThreadPoolExecutor(number) as pool:
        return [future.result() for future in [pool.submit(work, n) for n in range(number)]]


def until_answered(system, call):
    """Ask again, with the same token, until there is an answer."""
    while True:
        try:
            return call(system.client())
        except GONE:
            continue


def expect(problem, code):
    assert problem.response["Error"]["Code"] == code


def test_one_counter_with_conditions(system):
    """Compare and set: each success is one step, none is lost and none counts twice."""
    system.client().put_item(TableName="accounts", Item={"id": {"S": "c"}, "n": {"N": "0"}})

    def step(client):
        seen = int(client.get_item(TableName="accounts", Key={"id": {"S": "c"}},
                                   ConsistentRead=True)["Item"]["n"]["N"])  # fmt: skip
        client.update_item(
            TableName="accounts", Key={"id": {"S": "c"}}, UpdateExpression="SET n = :new",
            ConditionExpression="n = :old",
            ExpressionAttributeValues={":old": {"N": str(seen)}, ":new": {"N": str(seen + 1)}},
        )  # fmt: skip
        return seen

    def write(_):
        done = []
        while len(done) < ROUNDS:
            try:
                done.append(step(system.client()))
            except ClientError as problem:
                expect(problem, "ConditionalCheckFailedException")
        return done

    values = [value for done in in_parallel(WRITERS, write) for value in done]
    assert sorted(values) == list(range(WRITERS * ROUNDS))
    assert system.read("c")["n"] == {"N": str(WRITERS * ROUNDS)}


def test_one_counter_through_crashes(system):
    """Increments with tokens, asked again after each crash, are carried out exactly once."""
    system.client().put_item(TableName="accounts", Item={"id": {"S": "c"}, "n": {"N": "0"}})
    acknowledged = threading.Semaphore(0)

    def write(number):
        for turn in range(ROUNDS):
            until_answered(system, lambda client, t=turn: client.transact_write_items(
                ClientRequestToken=f"{number}-{t}",
                TransactItems=[{"Update": {
                    "TableName": "accounts", "Key": {"id": {"S": "c"}},
                    "UpdateExpression": "ADD n :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }}],
            ))  # fmt: skip
            acknowledged.release()

    def disturb():
        for _ in range(2):
            for _ in range(WRITERS * ROUNDS // 3):
                acknowledged.acquire()
            system.crash()

    disturber = threading.Thread(target=disturb)
    disturber.start()
    in_parallel(WRITERS, write)
    disturber.join()
    assert system.read("c")["n"] == {"N": str(WRITERS * ROUNDS)}


def test_transfers_while_readers_check_the_sum(system):
    """No reader sees half a transfer, before, during or after kill -9."""
    for number in range(ACCOUNTS):
        system.client().put_item(
            TableName="accounts", Item={"id": {"S": str(number)}, "balance": {"N": str(EACH)}}
        )
    finished = threading.Event()
    moved = threading.Semaphore(0)

    def update(account, change):
        return {"Update": {
            "TableName": "accounts", "Key": {"id": {"S": str(account)}},
            "UpdateExpression": "ADD balance :change",
            "ConditionExpression": "balance >= :least",
            "ExpressionAttributeValues": {
                ":change": {"N": str(change)}, ":least": {"N": str(max(0, -change))},
            },
        }}  # fmt: skip

    def write(number):
        chance = random.Random(number)
        for turn in range(ROUNDS):
            source, target = chance.sample(range(ACCOUNTS), 2)
            amount = chance.randrange(1, 60)
            moves = [update(source, -amount), update(target, amount)]
            try:
                until_answered(system, lambda client, m=moves, t=turn: client.transact_write_items(
                    ClientRequestToken=f"{number}-{t}", TransactItems=m
                ))  # fmt: skip
            except ClientError as problem:
                expect(problem, "TransactionCanceledException")
            moved.release()

    def check(_):
        sums = []
        while not finished.is_set():
            result = until_answered(system, lambda client: client.transact_get_items(TransactItems=[
                {"Get": {"TableName": "accounts", "Key": {"id": {"S": str(number)}}}}
                for number in range(ACCOUNTS)
            ]))  # fmt: skip
            balances = [int(one["Item"]["balance"]["N"]) for one in result["Responses"]]
            assert min(balances) >= 0
            sums.append(sum(balances))
        return sums

    def disturb():
        for _ in range(WRITERS * ROUNDS // 2):
            moved.acquire()
        system.crash()

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(check, n) for n in range(3)]
        disturber = pool.submit(disturb)
        try:
            in_parallel(WRITERS, write)
            disturber.result()
        finally:
            finished.set()
        for reader in readers:
            sums = reader.result()
            assert sums
            assert set(sums) == {ACCOUNTS * EACH}
    total = sum(int(system.read(str(n))["balance"]["N"]) for n in range(ACCOUNTS))
    assert total == ACCOUNTS * EACH
