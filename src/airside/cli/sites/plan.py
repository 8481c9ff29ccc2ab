"""What a deploy changes, and in which order, so that nobody ever sees half of it. Pure.

1. assets that are new: nobody knows them yet;  2. assets whose content changes;
3. pages that are new;  4. pages whose content changes;
5. the invalidation;  6. removals, and their invalidation.

An asset with a hashed name that the former release still had stays for one release more: a page
that was opened before the deploy may yet ask for it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from airside.cli.sites.files import is_hashed, is_page


class Former(NamedTuple):
    """The release before: its names, and those it left for pages that were open."""

    names: Collection[str] = ()
    kept: Collection[str] = ()


@dataclass(frozen=True)
class Plan:
    """Names to put, remove and keep."""

    put: list[str]
    remove: list[str]
    kept: list[str]
    """Not part of this deploy, but left for pages that are open."""
    unchanged: int
    replaced: frozenset[str] = field(default=frozenset())
    """Those of `put` that have been there with other content."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.put and not self.remove

    def phases(self) -> list[list[str]]:
        """Names to put, each phase to be finished before the next one begins."""
        found: list[list[str]] = [[], [], [], []]
        for name in self.put:
            found[2 * is_page(name) + (name in self.replaced)].append(name)
        return [phase for phase in found if phase]

    def stale(self) -> list[str]:
        """Names that the edge may hold in an older state: a missing page was an answer, too."""
        return [
            name for name in self.put if name in self.replaced or not is_hashed(name)
        ]  # fmt: skip


def make_plan(
    wanted: Collection[str],
    live: Collection[str],
    changed: Collection[str],
    former: Former,
    *,
    delete: bool,
    unfinished: bool = False,
) -> Plan:
    """From names that shall be there, are there, differ; and what the release before had.

    `unfinished`: a deploy was interrupted, so that pages have changed whether this one has any.
    """
    put = sorted(changed)
    gone = [name for name in live if name not in wanted] if delete else []
    if unfinished or any(is_page(name) for name in put):
        kept = {name for name in gone if is_hashed(name) and name in former.names}
    else:
        kept = set(gone) & set(former.kept)
    remove = sorted(name for name in gone if name not in kept)
    replaced = frozenset(name for name in put if name in live)
    return Plan(put, remove, sorted(kept), len(wanted) - len(put), replaced)


def differences(live: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """Names whose ETag is not the wanted one."""
    return [name for name, etag in wanted.items() if live.get(name) != etag]
