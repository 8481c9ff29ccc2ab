"""kill -9 while messages are sent, received and deleted."""

import threading

from botocore.exceptions import BotoCoreError, ClientError


def drain(client, url):
    """Everything in a queue, received once; it stays in flight."""
    left = set()
    empty = 0
    while empty < 3:
        found = client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600, WaitTimeSeconds=1
        )
        empty = 0 if "Messages" in found else empty + 1
        for message in found.get("Messages", []):
            assert message["Body"] not in left, "handed out twice"
            left.add(message["Body"])
    return left


def test_nothing_acknowledged_is_lost_and_nothing_deleted_comes_back(start):
    server = start("data")
    client = server.client("sqs")
    url = client.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
    sent, deleted, deleting = set(), set(), set()

    def send(name):
        mine = server.client("sqs")
        for number in range(10_000):
            try:
                mine.send_message(QueueUrl=url, MessageBody=f"{name}-{number}")
            except (BotoCoreError, ClientError):
                return
            sent.add(f"{name}-{number}")

    def work():
        mine = server.client("sqs")
        try:
            while True:
                found = mine.receive_message(QueueUrl=url, MaxNumberOfMessages=5)
                for message in found.get("Messages", [])[:3]:
                    deleting.add(message["Body"])
                    mine.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                    deleted.add(message["Body"])
        except (BotoCoreError, ClientError):
            return

    threads = [threading.Thread(target=send, args=(name,)) for name in "ab"]
    threads.append(threading.Thread(target=work))
    for thread in threads:
        thread.start()
    while (len(sent) < 200 or len(deleted) < 20) and threads[0].is_alive():
        threads[0].join(0.01)
    server.kill()
    for thread in threads:
        thread.join()

    client = start("data").client("sqs")
    left = drain(client, client.get_queue_url(QueueName="q")["QueueUrl"])
    assert not deleted & left
    assert sent - deleting <= left, "what was in flight is visible again"
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert int(found["ApproximateNumberOfMessages"]) == 0
    assert int(found["ApproximateNumberOfMessagesNotVisible"]) == len(left)
