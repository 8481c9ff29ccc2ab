"""Unpacking of deployment packages."""

import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from airside.services.lambda_ import errors, package

THREADS = 8


def test_functions_that_share_a_package_unpack_it_at_once(tmp_path: Path) -> None:
    names = [f"library/part_{number}.py" for number in range(200)]
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        for name in names:
            archive.writestr(name, name)
    folder = tmp_path / "functions" / "hash"
    barrier = Barrier(THREADS)

    def unpack() -> None:
        barrier.wait(10)
        package.unpack(tmp_path / "code.zip", folder)
        assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*.py")) == sorted(
            names
        )

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(unpack) for _ in range(THREADS)]:
            done.result(30)
    assert [path.name for path in folder.parent.iterdir()] == ["hash"]


def test_what_crashes_left_of_unpacking_goes_but_not_what_is_being_unpacked(tmp_path):
    for name in ("left.newab", "at-work.newcd", "whole"):
        (tmp_path / name / "inside").mkdir(parents=True)
    os.utime(tmp_path / "left.newab", (1000, 1000))
    os.utime(tmp_path / "whole", (1000, 1000))
    package.remove_leftovers(tmp_path, 2000.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["at-work.newcd", "whole"]
    package.remove_leftovers(tmp_path / "nowhere", 2000.0)


def test_code_and_layers_have_one_limit_together() -> None:
    package.check_together(200 << 20, [{"Unzipped": 50 << 20}])
    with pytest.raises(errors.InvalidParameterValueException) as refused:
        package.check_together(200 << 20, [{"Unzipped": 30 << 20}, {"Unzipped": 30 << 20}])
    assert refused.value.message == (
        "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. "
        f"The actual size is {260 << 20} bytes."
    )
