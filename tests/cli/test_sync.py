"""`airside sync`: what goes up, in which order, and what the edge is told."""

import os
import subprocess
import sys
import threading

import pytest
from tests.cli.conftest import get, page

from airside.cli.connection import Connection
from airside.cli.sites import deploy as deploys
from airside.cli.sites.bucket import Bucket
from airside.cli.sites.transport import Refused
from airside.cli.sites.watching import Quiet

NOT_NEEDED = ("boto3", "botocore", "rich.console", "asyncio", "urllib.request")


def names(s3, bucket):
    return [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_only_what_changed_goes_up_and_the_bucket_holds_the_folder(airside, site, s3, bucket):
    folder = site({"index.html": "one", "a/b.txt": "b", ".git/config": "x", ".well-known/a": "y"})
    first = airside.json("sync", str(folder), f"s3://{bucket}")
    assert first["uploaded"] == [".well-known/a", "a/b.txt", "index.html"]
    assert names(s3, bucket) == first["uploaded"]
    again = airside.json("sync", str(folder), bucket)
    assert (again["uploaded"], again["deleted"], again["unchanged"]) == ([], [], 3)
    assert again["release"] is None
    folder = site({"index.html": "two", ".well-known/a": "y", "new.txt": ""})
    kept = airside.json("sync", str(folder), bucket, "--no-delete")
    assert (kept["uploaded"], kept["deleted"]) == (["index.html", "new.txt"], [])
    third = airside.json("sync", str(folder), bucket)
    assert (third["uploaded"], third["deleted"]) == ([], ["a/b.txt"])
    assert names(s3, bucket) == [".well-known/a", "index.html", "new.txt"]


def test_types_and_cache_times(airside, site, s3, bucket):
    hashed = "assets/index-DkLfX3aB.js"
    folder = site({"index.html": "", hashed: "1", "photo.webp": "", "a b/ü&+.css": "", "x": ""})
    airside("sync", str(folder), bucket)

    def head(name):
        found = s3.head_object(Bucket=bucket, Key=name)
        return found["ContentType"], found["CacheControl"]

    short = "public, max-age=0, s-maxage=86400, must-revalidate"
    assert head("index.html") == ("text/html; charset=utf-8", short)
    forever = "public, max-age=31536000, immutable"
    assert head(hashed) == ("text/javascript; charset=utf-8", forever)
    assert head("photo.webp") == ("image/webp", short)
    assert head("a b/ü&+.css") == ("text/css; charset=utf-8", short)
    assert head("x") == ("application/octet-stream", short)
    # A name that looks hashed, and yet its content changes, must not be held for a year.
    (folder / hashed).write_text("2")
    airside("sync", str(folder), bucket)
    assert head(hashed)[1] == short


def test_a_dry_run_says_what_would_be_done_and_does_nothing(airside, site, s3, bucket):
    airside("sync", str(site({"index.html": "one", "old.txt": "x"})), bucket)
    folder = site({"index.html": "two", "new.txt": "x"})
    done = airside("sync", str(folder), bucket, "--dry-run")
    assert done.stdout.splitlines() == [
        "would upload\tindex.html", "would upload\tnew.txt", "would delete\told.txt"
    ]  # fmt: skip
    said = airside.json("sync", str(folder), bucket, "--dry-run")
    assert said["dry_run"] is True
    assert said["uploaded"] == ["index.html", "new.txt"]
    assert names(s3, bucket) == ["index.html", "old.txt"]


def test_in_a_pipe_each_file_is_a_line(airside, site, bucket):
    done = airside("sync", str(site({"index.html": "", "a.css": ""})), bucket)
    assert done.stdout.splitlines() == ["uploaded\ta.css", "uploaded\tindex.html"]
    assert "Release 1" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_the_edge_forgets_what_changed_and_nothing_else(airside, site, published, bucket):
    files = page(1) | {"about.html": "about one", "logo.svg": "<svg/>"}
    airside("sync", str(site(files)), bucket)
    for name in ("", "about.html", "logo.svg"):
        get(published.address + name)
        assert get(published.address + name)[2]["X-Cache"] == "Hit from cloudfront"
    done = airside.json("sync", str(site(files | {"about.html": "about two"})), bucket)
    assert done["invalidated"] == ["/about.html"]
    assert done["distributions"] == [published.id]
    assert get(published.address + "about.html")[1] == "about two"
    assert get(published.address + "logo.svg")[2]["X-Cache"] == "Hit from cloudfront"
    done = airside.json("sync", str(site(files | {"index.html": "home"})), bucket)
    assert done["invalidated"] == ["/about.html", "/", "/index.html"]
    assert get(published.address)[1] == "home"


def test_what_is_removed_is_gone_at_the_edge_too(airside, site, published, bucket):
    airside("sync", str(site({"index.html": "x", "old.html": "old"})), bucket)
    assert get(published.address + "old.html")[0] == 200
    done = airside.json("sync", str(site({"index.html": "x"})), bucket)
    assert (done["deleted"], done["invalidated"]) == (["old.html"], ["/old.html"])
    assert get(published.address + "old.html")[0] == 403


def test_a_hashed_asset_stays_one_release_longer_for_pages_that_are_open(
    airside, site, s3, bucket
):  # fmt: skip
    one, two, three = (next(n for n in page(v) if n.startswith("assets")) for v in (1, 2, 3))
    airside("sync", str(site(page(1))), bucket)
    done = airside.json("sync", str(site(page(2))), bucket)
    assert (done["deleted"], done["kept"]) == ([], [one])
    again = airside.json("sync", str(site(page(2))), bucket)
    assert (again["uploaded"], again["deleted"]) == ([], [])
    assert names(s3, bucket) == [one, two, "index.html"]
    done = airside.json("sync", str(site(page(3))), bucket)
    assert (done["deleted"], done["kept"]) == ([one], [two])
    assert names(s3, bucket) == [two, three, "index.html"]


def test_viewers_never_see_half_a_deploy(airside, site, published, bucket):
    airside("sync", str(site(page(1))), bucket)
    stop, seen, broken = threading.Event(), set(), []

    def view():
        while not stop.is_set():
            status, text, _ = get(published.address)
            asset = text.split('"')[1] if status == 200 else ""
            answer = get(published.address + asset)
            version = text.rpartition(">")[2]
            seen.add(version)
            if status != 200 or answer[:2] != (200, f"// {version}"):
                broken.append((status, text, answer[:2]))

    viewers = [threading.Thread(target=view) for _ in range(3)]
    for viewer in viewers:
        viewer.start()
    for version in (2, 3, 4):
        airside("sync", str(site(page(version))), bucket)
    for _ in (3, 2):
        airside("site", "rollback", bucket)
    stop.set()
    for viewer in viewers:
        viewer.join()
    assert broken == []
    assert seen >= {"1", "2", "3", "4"}
    assert get(published.address)[1].endswith("2")


def test_below_a_prefix(airside, site, s3, bucket):
    s3.put_object(Bucket=bucket, Key="other.txt", Body=b"not ours")
    airside("sync", str(site({"index.html": "one", "old.txt": ""})), f"{bucket}/docs")
    done = airside.json("sync", str(site({"index.html": "two"})), f"{bucket}/docs/")
    assert (done["uploaded"], done["deleted"]) == (["index.html"], ["old.txt"])
    assert names(s3, bucket) == ["docs/index.html", "other.txt"]


def test_a_large_file_goes_up_in_parts_and_is_known_again(airside, site, s3, bucket):
    folder = site({})
    with (folder / "film.mp4").open("wb") as file:
        file.truncate(20 << 20)
    airside("sync", str(folder), bucket)
    assert s3.head_object(Bucket=bucket, Key="film.mp4")["ETag"].endswith('-3"')
    assert airside.json("sync", str(folder), bucket)["uploaded"] == []
    for memory in (airside.home / ".cache").rglob("*.json"):
        memory.unlink()
    assert airside.json("sync", str(folder), bucket)["uploaded"] == []


def deploy_to(server, bucket, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return deploys.open_deploy(Connection.find(server.data_dir), bucket, Quiet())


def test_an_interrupted_deploy_is_finished_by_the_next(
    server, site, published, bucket, monkeypatch, tmp_path
):
    deploy_to(server, bucket, monkeypatch, tmp_path).sync(site(page(1) | {"a.html": "a1"}))
    get(published.address)
    assert get(published.address + "a.html")[1] == "a1"
    put = Bucket.put

    def fail(self, name, body, headers):
        if name == "index.html":
            raise Refused("SlowDown", "Please reduce your request rate.", 503)
        return put(self, name, body, headers)

    folder = site(page(2) | {"a.html": "a2"})
    with monkeypatch.context() as broken:
        broken.setattr(Bucket, "put", fail)
        with pytest.raises(Refused):
            deploy_to(server, bucket, monkeypatch, tmp_path).sync(folder)
    assert get(published.address)[1].endswith("1"), "the page of the former release is still whole"
    outcome = deploy_to(server, bucket, monkeypatch, tmp_path).sync(folder)
    assert "index.html" in outcome.uploaded
    assert "/a.html" in outcome.invalidated, "it had gone up, but the edge was not told"
    assert get(published.address + "a.html")[1] == "a2"
    releases = deploys.open_releases(Connection.find(server.data_dir), outcome_site(server, bucket),
                                     create=False)  # fmt: skip
    assert [one.found for one in releases.all()] == [False, False], "half a deploy is no release"
    assert releases.journal() is None


def outcome_site(server, bucket):
    return deploys.open_bucket(Connection.find(server.data_dir), bucket)


def test_ended_just_before_the_invalidation_it_is_done_by_the_next(
    server, site, published, bucket, monkeypatch, tmp_path
):
    deploy_to(server, bucket, monkeypatch, tmp_path).sync(site({"index.html": "one"}))
    assert get(published.address)[1] == "one"
    folder = site({"index.html": "two"})
    with monkeypatch.context() as broken:
        broken.setattr(deploys.Deploy, "_invalidate", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            deploy_to(server, bucket, monkeypatch, tmp_path).sync(folder)
    assert get(published.address)[1] == "one"
    outcome = deploy_to(server, bucket, monkeypatch, tmp_path).sync(folder)
    assert (outcome.uploaded, outcome.invalidated) == ([], ["/", "/index.html"])
    assert outcome.release == 2
    assert get(published.address)[1] == "two"


def test_errors_say_what_to_do(airside, site, tmp_path):
    folder = site({"index.html": ""})
    done = airside("sync", str(folder), "no-such-bucket-anywhere", status=1)
    assert "NoSuchBucket" in done.stderr
    assert "airside site list" in done.stderr
    done = airside("sync", str(folder), "x", "--data-dir", str(tmp_path / "no"), data_dir=False,
                   status=1)  # fmt: skip
    assert "airside up" in done.stderr
    assert "--aws" in done.stderr


def test_the_same_command_with_credentials_of_aws(airside, server, site, s3, bucket, account):
    """AWS is stood in for by a server that the environment names, as it may name any endpoint."""
    folder = site({"index.html": "one"})
    there = {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": server.endpoint, "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    done = airside.json("sync", str(folder), bucket, "--aws", data_dir=False, **there)
    assert done["uploaded"] == ["index.html"]
    done = airside("sync", str(folder), bucket, data_dir=False, **there)
    assert "AWS account 000000000000, us-east-1" in done.stderr
    assert "nothing to change" in done.stderr
    done = airside("sync", str(folder), bucket, "--profile", "nobody", data_dir=False, status=1)
    assert "The config profile (nobody) could not be found" in done.stderr
    (airside.home / ".airside").mkdir()  # an Airside has been here: never by accident to AWS
    done = airside("sync", str(folder), bucket, data_dir=False, status=1, **there)
    assert "No Airside is running" in done.stderr


def test_a_sync_with_nothing_to_do_loads_nothing_that_it_does_not_need(
    airside, server, site, bucket, tmp_path
):
    """Ten thousand files unchanged are to take less than a second, and loading takes most of it."""
    folder = site({"index.html": "one"})
    airside("sync", str(folder), bucket)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "airside", "sync", str(folder), bucket, "--json",
         "--data-dir", str(server.data_dir)],
        capture_output=True, text=True, check=True, env={**os.environ, "HOME": str(airside.home)},
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "airside.cli.sites.deploy" in loaded
    assert loaded.isdisjoint(NOT_NEEDED)


def test_signs_in_names_and_messages_are_shown_as_they_are(airside, site):
    done = airside("sync", str(site({"a": ""})), "no[bold]pe", status=1)
    assert "no[bold]pe" in done.stderr
