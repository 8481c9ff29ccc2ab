"""`airside site`: each deploy is a release, and going back is one, too."""

import pytest
from tests.cli.conftest import get, page

from airside.cli.connection import Connection
from airside.cli.errors import CommandError
from airside.cli.sites import deploy as deploys
from airside.cli.sites.bucket import Bucket
from airside.cli.sites.transport import Refused
from airside.cli.sites.watching import Quiet


def releases(airside, bucket):
    return airside.json("site", "releases", bucket)["releases"]


def test_each_deploy_is_a_release_and_says_what_by_whom(airside, site, s3, bucket):
    airside("sync", str(site(page(1))), bucket, "-m", "the first")
    airside("sync", str(site(page(2))), bucket)
    airside("sync", str(site(page(2))), bucket)
    second, first = releases(airside, bucket)
    assert (first["number"], first["message"], first["files"]) == (1, "the first", 2)
    assert first["by"] == "arn:aws:iam::000000000000:root"
    assert first["at"].endswith("Z")
    assert "@" in first["user"]
    assert (second["number"], second["uploaded"], second["deleted"]) == (2, 2, 1)
    shown = airside("site", "releases", bucket).stdout.splitlines()
    assert [line.split("\t")[0] for line in shown] == ["2", "1"]
    assert shown[0].endswith("\tlive")
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert len(listed) == 3, "the site's bucket holds the site and nothing else"


def test_back_and_back_again_and_to_a_named_one(airside, site, published, bucket):
    for version in (1, 2, 3):
        airside("sync", str(site(page(version) | {"same.css": "x"})), bucket)

    def seen():
        text = get(published.address)[1]
        assert get(published.address + text.split('"')[1])[0] == 200
        return text.rpartition(">")[2]

    assert seen() == "3"
    done = airside.json("site", "rollback", bucket)
    assert done["release"] == 4
    assert set(done["invalidated"]) >= {"/", "/index.html"}
    assert seen() == "2"
    airside("site", "rollback", bucket)
    assert seen() == "1"
    done = airside("site", "rollback", bucket, status=1)
    assert "Release 1 is the first" in done.stderr
    airside("site", "rollback", bucket, "--to", "3")
    assert seen() == "3"
    assert [one.get("rollback_of") for one in releases(airside, bucket)] == [3, 1, 2] + [None] * 3
    done = airside("site", "rollback", bucket, "--to", "77", status=1)
    assert "no release 77, but 1 to 6" in done.stderr
    done = airside("sync", str(site(page(4))), bucket)
    assert "Release 7" in done.stderr
    assert seen() == "4"


def test_going_back_brings_types_and_removed_files_back(airside, site, s3, bucket):
    airside("sync", str(site({"index.html": "1", "news/feed.rss": "<rss/>"})), bucket)
    before = s3.head_object(Bucket=bucket, Key="news/feed.rss")
    airside("sync", str(site({"index.html": "2", "extra.txt": "x"})), bucket)
    done = airside.json("site", "rollback", bucket)
    assert sorted(done["uploaded"]) == ["index.html", "news/feed.rss"]
    assert done["deleted"] == ["extra.txt"]
    after = s3.head_object(Bucket=bucket, Key="news/feed.rss")
    for member in ("ContentType", "CacheControl", "ETag"):
        assert after[member] == before[member]


def test_what_others_put_there_is_a_release_too_before_it_goes(airside, site, s3, bucket):
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"by hand", ContentType="text/html")
    airside("sync", str(site({"index.html": "deployed"})), bucket)
    assert [one.get("found", False) for one in releases(airside, bucket)] == [False, True]
    s3.put_object(Bucket=bucket, Key="more.txt", Body=b"by hand")
    airside("sync", str(site({"index.html": "deployed again"})), bucket)
    assert [one.get("found", False) for one in releases(airside, bucket)] == [
        False, True, False, True
    ]  # fmt: skip
    airside("site", "rollback", bucket, "--to", "1")
    assert s3.get_object(Bucket=bucket, Key="index.html")["Body"].read() == b"by hand"


def test_content_that_others_have_destroyed_is_said_before_anything_is_touched(
    airside, site, s3, bucket
):
    airside("sync", str(site({"index.html": "1"})), bucket)
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"2")
    done = airside("site", "rollback", bucket, "--to", "1", status=1)
    assert "index.html for one" in done.stderr
    assert s3.get_object(Bucket=bucket, Key="index.html")["Body"].read() == b"2"


def test_sites_are_listed_and_opened(airside, site, server, published, bucket):
    airside("sync", str(site({"index.html": "here I am"})), bucket)
    (mine,) = [one for one in airside.json("site", "list")["sites"] if one["bucket"] == bucket]
    assert (mine["distribution"], mine["release"]) == (published.id, 1)
    assert get(mine["address"])[1] == "here I am"
    assert airside("site", "open", published.id).stdout == mine["address"] + "\n"
    done = airside("site", "open", "nothing-like-it", status=1)
    assert "There is no site 'nothing-like-it'" in done.stderr
    done = airside("site", "releases", bucket, "--profile", "x", data_dir=False, status=1)
    assert "list-profiles" in done.stderr


def test_without_permission_to_keep_releases_the_deploy_goes_on(
    site, server, s3, bucket, monkeypatch, tmp_path, capsys
):
    """A build machine's credentials may reach the site's bucket and nothing else."""

    def refuse(*_, **__):
        raise Refused("AccessDenied", "Access Denied", 403)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(deploys, "open_releases", refuse)
    deploy = deploys.open_deploy(Connection.find(server.data_dir), bucket, Quiet())
    outcome = deploy.sync(site({"index.html": "x"}))
    assert (outcome.uploaded, outcome.release) == (["index.html"], None)
    assert capsys.readouterr().err.count("No release is kept") == 1
    assert s3.get_object(Bucket=bucket, Key="index.html")["Body"].read() == b"x"


def test_of_two_deploys_at_once_one_is_told(site, server, bucket, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = site({"index.html": "1"})

    def fresh():
        return deploys.open_deploy(Connection.find(server.data_dir), bucket, Quiet())

    fresh().sync(folder)
    mine, put = fresh(), Bucket.put

    def meanwhile(self, name, body, headers):
        if name == "index.html":
            monkeypatch.setattr(Bucket, "put", put)
            fresh().sync(site({"index.html": "theirs"}))
        return put(self, name, body, headers)

    monkeypatch.setattr(Bucket, "put", meanwhile)
    with pytest.raises(CommandError, match="Somebody else has deployed"):
        mine.sync(site({"index.html": "mine"}))
    assert fresh().sync(site({"index.html": "mine"})).release is not None


def test_the_oldest_releases_are_forgotten_with_what_only_they_had(
    airside, site, server, s3, bucket, monkeypatch
):
    monkeypatch.setattr("airside.cli.sites.releases.KEPT", 2)
    for version in range(1, 6):
        airside("sync", str(site({"index.html": f"version {version}", "same.txt": "x"})), bucket)
    assert [one["number"] for one in releases(airside, bucket)] == [5, 4]
    store = "airside-releases-000000000000-us-east-1"
    listed = s3.list_objects_v2(Bucket=store, Prefix=f"{bucket}/")["Contents"]
    kinds = [one["Key"].split("/")[1] for one in listed]
    assert (kinds.count("content"), kinds.count("manifests")) == (1, 2)
    airside("site", "rollback", bucket)
    assert s3.get_object(Bucket=bucket, Key="index.html")["Body"].read() == b"version 4"


def test_saves_while_up_watches_are_one_release(server, airside, site, s3, bucket):
    def save(text):
        deploys.open_deploy(Connection.find(server.data_dir), bucket, Quiet()).sync(
            site({"index.html": text}), saved=True
        )

    def contents():
        store = "airside-releases-000000000000-us-east-1"
        found = s3.list_objects_v2(Bucket=store, Prefix=f"{bucket}/content/")
        return [s3.get_object(Bucket=store, Key=one["Key"])["Body"].read().decode()
                for one in found.get("Contents", [])]  # fmt: skip

    airside("sync", str(site({"index.html": "deployed"})), bucket)
    for text in ("a", "b", "c", "d"):
        save(text)
    fifth, first = releases(airside, bucket)
    assert (fifth["number"], fifth["saved"], first["number"]) == (5, True, 1)
    assert "saved while watching" in airside("site", "releases", bucket).stdout
    assert contents() == ["deployed"], "what no release has any more is gone"
    assert airside.json("site", "rollback", bucket)["release"] == 6
    assert s3.get_object(Bucket=bucket, Key="index.html")["Body"].read() == b"deployed"
    save("e")
    assert [one["number"] for one in releases(airside, bucket)] == [7, 6, 5, 1]
