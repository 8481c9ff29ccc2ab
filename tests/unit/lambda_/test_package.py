"""Unpacking of deployment packages."""

import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from airside.services.lambda_ import package

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
