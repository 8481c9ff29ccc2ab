"""Functions that run from a person's own folder use what was saved last."""

import json
import os
import time

import pytest

TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                   "Principal": {"Service": "lambda.amazonaws.com"}}],
})  # fmt: skip


def test_a_saved_file_is_in_use_by_the_next_event(aws, tmp_path):
    role = aws("iam").create_role(RoleName="live", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    tmp_path.chmod(0o755)  # functions run as a user of their own
    (tmp_path / "helper.py").write_text("ANSWER = 'before'\n")
    (tmp_path / "app.py").write_text(
        "from helper import ANSWER\ncalls = 0\n"
        "def handler(event, context):\n    global calls\n    calls += 1\n    return [ANSWER, calls]\n"
    )
    client = aws("lambda")
    client.create_function(
        FunctionName="live", Runtime="python3.12", Role=role, Handler="app.handler",
        Code={"S3Bucket": "airside-local", "S3Key": str(tmp_path)},
    )  # fmt: skip

    def answer():
        return json.load(client.invoke(FunctionName="live")["Payload"])

    assert answer() == ["before", 1]
    assert answer() == ["before", 2]  # the environment is reused while nothing changes
    (tmp_path / "helper.py").write_text("ANSWER = 'after'\n")
    time.sleep(0.2)  # the promise: in use 200 ms after the save
    assert answer() == ["after", 1]
    (tmp_path / "app.py").write_text("def handler(event, context)\n    return 1\n")
    time.sleep(0.2)
    broken = client.invoke(FunctionName="live")
    assert broken["FunctionError"] == "Unhandled"
    assert json.load(broken["Payload"])["errorType"] == "Runtime.UserCodeSyntaxError"


def test_however_an_editor_saves(aws, tmp_path):
    role = aws("iam").create_role(RoleName="live", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    tmp_path.chmod(0o755)
    (tmp_path / "shop").mkdir()
    lazy = tmp_path / "shop" / "lazy.py"
    lazy.write_text("ANSWER = 0\n")
    (tmp_path / "app.py").write_text(
        "def handler(event, context):\n    from shop.lazy import ANSWER\n    return ANSWER\n"
    )
    (tmp_path / "shop" / ".#a-lock-file").symlink_to("nobody@nowhere")
    client = aws("lambda")
    client.create_function(
        FunctionName="live", Runtime="python3.12", Role=role, Handler="app.handler",
        Code={"S3Bucket": "airside-local", "S3Key": str(tmp_path)},
    )  # fmt: skip

    def answer():
        return json.load(client.invoke(FunctionName="live")["Payload"])

    assert answer() == 0
    lazy.write_text("ANSWER = 1\n")
    time.sleep(0.2)
    assert answer() == 1
    written = lazy.with_suffix(".swp")
    written.write_text("ANSWER = 2\n")
    before = lazy.stat()
    os.utime(written, ns=(before.st_atime_ns, before.st_mtime_ns))  # as rsync -t and cp -p do
    written.replace(lazy)
    time.sleep(0.2)
    assert answer() == 2


def test_a_folder_needs_an_absolute_path(aws):
    client = aws("lambda")
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="absolute path"):
        client.create_function(
            FunctionName="live", Runtime="python3.12", Handler="app.handler",
            Role="arn:aws:iam::000000000000:role/x",
            Code={"S3Bucket": "airside-local", "S3Key": "not/absolute"},
        )  # fmt: skip
