"""How stacks lie in storage. The only caller of the store.

(cloudformation, account, region, stack, uuid)                    Stack
(cloudformation, account, region, name, stack name)               uuid of the stack that has it
(cloudformation, account, region, revision, uuid, number)         Revision
(cloudformation, account, region, resource, uuid, logical id)     Resource
(cloudformation, account, region, event, uuid, number)            Event
(cloudformation, account, region, change-set, uuid, name)         ChangeSet
(cloudformation, account, region, export, name)                   uuid and value
(cloudformation, account, region, import, export name, uuid)      name of the importing stack
(cloudformation, running, account, region, uuid)                  stacks with a deployment
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from airside.kernel import Snapshot, Transaction
from airside.services.cloudformation.stack import (
    ChangeSet,
    Event,
    Resource,
    Revision,
    Stack,
    StackKey,
)
from airside.storage.keys import pack, prefix_range, unpack

_encode = msgspec.msgpack.encode
_EVENTS_MAX = 2**53


def _key(place: tuple[str, str], *parts: str | int) -> bytes:
    return pack(("cloudformation", *place, *parts))


def load(view: Snapshot, key: StackKey) -> Stack | None:
    """A stack by its key, also a deleted one."""
    raw = view.get(_key(key[:2], "stack", key[2]))
    return msgspec.msgpack.decode(raw, type=Stack) if raw is not None else None


def find(view: Snapshot, account_id: str, region: str, name_or_id: str) -> Stack | None:
    """A stack by name (then it is not deleted) or by id."""
    if name_or_id.startswith("arn:"):
        parts = name_or_id.split(":", 5)
        if len(parts) == 6 and parts[3:5] == [region, account_id]:
            return load(view, (account_id, region, parts[5].rpartition("/")[2]))
        return None
    raw = view.get(_key((account_id, region), "name", name_or_id))
    return load(view, (account_id, region, raw.decode())) if raw is not None else None


def save(tx: Transaction, stack: Stack) -> None:
    """Put a stack, its name and its mark as running."""
    key = stack.key
    tx.put(_key(key[:2], "stack", key[2]), _encode(stack))
    name = _key(key[:2], "name", stack.name)
    if not stack.is_gone:
        tx.put(name, key[2].encode())
    elif tx.get(name) == key[2].encode():
        tx.delete(name)
    mark = pack(("cloudformation", "running", *key))
    if stack.deployment is not None:
        tx.put(mark, b"")
    else:
        tx.delete(mark)


def forget(tx: Transaction, stack: Stack) -> None:
    """Remove a stack that never came to be, with its events."""
    key = stack.key
    tx.delete(_key(key[:2], "stack", key[2]))
    tx.delete(_key(key[:2], "name", stack.name))
    for found, _ in list(tx.scan(*_range(key, "event"))):
        tx.delete(found)


def list_stacks(view: Snapshot, account_id: str, region: str) -> list[Stack]:
    """All stacks, deleted ones too, newest first."""
    start, end = prefix_range(("cloudformation", account_id, region, "stack"))
    stacks = [msgspec.msgpack.decode(raw, type=Stack) for _, raw in view.scan(start, end)]
    return sorted(stacks, key=lambda stack: stack.created_at, reverse=True)


def running(view: Snapshot) -> list[StackKey]:
    """The stacks of all accounts whose deployment is not over."""
    found = view.scan(*prefix_range(("cloudformation", "running")))
    return [tuple(unpack(key)[2:]) for key, _ in found]


def _range(key: StackKey, kind: str) -> tuple[bytes, bytes]:
    return prefix_range(("cloudformation", key[0], key[1], kind, key[2]))


def load_revision(view: Snapshot, key: StackKey, number: int) -> Revision | None:
    """One revision of a stack."""
    raw = view.get(_key(key[:2], "revision", key[2], number))
    return msgspec.msgpack.decode(raw, type=Revision) if raw is not None else None


def save_revision(tx: Transaction, key: StackKey, number: int, revision: Revision) -> None:
    """Put one revision."""
    tx.put(_key(key[:2], "revision", key[2], number), _encode(revision))


def delete_revision(tx: Transaction, key: StackKey, number: int) -> None:
    """Drop a revision that nothing can return to any more."""
    tx.delete(_key(key[:2], "revision", key[2], number))


def load_resource(view: Snapshot, key: StackKey, logical_id: str) -> Resource | None:
    """One resource."""
    raw = view.get(_key(key[:2], "resource", key[2], logical_id))
    return msgspec.msgpack.decode(raw, type=Resource) if raw is not None else None


def save_resource(tx: Transaction, key: StackKey, resource: Resource) -> None:
    """Put one resource."""
    tx.put(_key(key[:2], "resource", key[2], resource.logical_id), _encode(resource))


def delete_resource(tx: Transaction, key: StackKey, logical_id: str) -> None:
    """Drop one resource."""
    tx.delete(_key(key[:2], "resource", key[2], logical_id))


def resources(view: Snapshot, key: StackKey) -> dict[str, Resource]:
    """All resources of a stack by logical id."""
    found = (
        msgspec.msgpack.decode(raw, type=Resource) for _, raw in view.scan(*_range(key, "resource"))
    )
    return {resource.logical_id: resource for resource in found}


def add_event(tx: Transaction, key: StackKey, event: Event) -> None:
    """Append to a stack's history."""
    last = next(tx.scan(*_range(key, "event"), reverse=True, limit=1), None)
    number = unpack(last[0])[-1] + 1 if last else 0
    tx.put(_key(key[:2], "event", key[2], number), _encode(event))


def events(
    view: Snapshot, key: StackKey, before: int | None, limit: int
) -> list[tuple[int, Event]]:
    """History, newest first: the events with numbers below `before`."""
    start, _ = _range(key, "event")
    end = _key(key[:2], "event", key[2], _EVENTS_MAX if before is None else before)
    found = view.scan(start, end, reverse=True, limit=limit)
    return [(unpack(at)[-1], msgspec.msgpack.decode(raw, type=Event)) for at, raw in found]


def save_change_set(tx: Transaction, key: StackKey, change_set: ChangeSet) -> None:
    """Put a change set of a stack."""
    tx.put(_key(key[:2], "change-set", key[2], change_set.name), _encode(change_set))


def load_change_set(view: Snapshot, key: StackKey, name: str) -> ChangeSet | None:
    """A change set of a stack by name."""
    raw = view.get(_key(key[:2], "change-set", key[2], name))
    return msgspec.msgpack.decode(raw, type=ChangeSet) if raw is not None else None


def find_change_set(view: Snapshot, account_id: str, region: str, arn: str) -> ChangeSet | None:
    """A change set by id, of any stack."""
    start, end = prefix_range(("cloudformation", account_id, region, "change-set"))
    for _, raw in view.scan(start, end):
        found = msgspec.msgpack.decode(raw, type=ChangeSet)
        if found.id == arn:
            return found
    return None


def change_sets(view: Snapshot, key: StackKey) -> list[ChangeSet]:
    """The change sets of a stack."""
    found = view.scan(*_range(key, "change-set"))
    return [msgspec.msgpack.decode(raw, type=ChangeSet) for _, raw in found]


def delete_change_set(tx: Transaction, key: StackKey, name: str) -> None:
    """Drop a change set."""
    tx.delete(_key(key[:2], "change-set", key[2], name))


class Export(msgspec.Struct, frozen=True):
    """An output that other stacks of the region may import."""

    name: str
    value: str
    stack_id: str


def exports(view: Snapshot, account_id: str, region: str) -> Iterator[Export]:
    """All exports of a region, by name."""
    start, end = prefix_range(("cloudformation", account_id, region, "export"))
    for _, raw in view.scan(start, end):
        yield msgspec.msgpack.decode(raw, type=Export)


def replace_exports(tx: Transaction, key: StackKey, stack_id: str, wanted: list[Export]) -> None:
    """Make `wanted` the exports of a stack."""
    for export in list(exports(tx, *key[:2])):
        if export.stack_id == stack_id:
            tx.delete(_key(key[:2], "export", export.name))
    for export in wanted:
        tx.put(_key(key[:2], "export", export.name), _encode(export))


def importers(view: Snapshot, account_id: str, region: str, name: str) -> dict[str, str]:
    """Who imports an export: stack names by uuid."""
    found = view.scan(*prefix_range(("cloudformation", account_id, region, "import", name)))
    return {unpack(key)[-1]: raw.decode() for key, raw in found}


def replace_imports(tx: Transaction, key: StackKey, stack_name: str, names: set[str]) -> None:
    """Make `names` the exports that a stack imports."""
    start, end = prefix_range(("cloudformation", *key[:2], "import"))
    for found, _ in list(tx.scan(start, end)):
        if unpack(found)[-1] == key[2]:
            tx.delete(found)
    for name in names:
        tx.put(_key(key[:2], "import", name, key[2]), stack_name.encode())


def changed(record: Any, **members: Any) -> Any:
    """A copy of a record with some members changed."""
    return msgspec.structs.replace(record, **members)


def new_resource(logical_id: str, kind: str) -> Resource:
    """A resource of which nothing exists yet."""
    return Resource(logical_id, kind, "", 0.0, action="create")


def publish(
    tx: Transaction, key: StackKey, stack: Stack, wanted: list[Export], imported: set[str]
) -> str | None:
    """Make these a stack's exports and imports, or return why that is not possible."""
    held = {export.name: export for export in exports(tx, *key[:2])}
    new = {export.name: export.value for export in wanted}
    for export in wanted:
        other = held.get(export.name)
        if other is not None and other.stack_id != stack.id:
            owner = other.stack_id.split("/")[1]
            return f"Export with name {export.name} is already exported by stack {owner}."
    for name, export in held.items():
        if export.stack_id != stack.id or new.get(name) == export.value:
            continue
        users = [user for uuid, user in importers(tx, *key[:2], name).items() if uuid != key[2]]
        if users:
            verb = "updated" if name in new else "deleted"
            return f"Export {name} cannot be {verb} as it is in use by {' and '.join(users)}"
    replace_exports(tx, key, stack.id, wanted)
    replace_imports(tx, key, stack.name, imported)
    return None


def adopt(tx: Transaction, key: StackKey, parent_id: str, root_id: str) -> None:
    """Record whose child a stack is."""
    stack = load(tx, key)
    if stack is not None:
        save(tx, changed(stack, parent_id=parent_id, root_id=root_id))
