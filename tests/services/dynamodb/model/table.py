"""The operations on one table with two indexes, over a dictionary.

The table: partition key `p` (S), sort key `c` (N); global index `by-g` on `g` (S) and `h` (N) with
attribute `a`; local index `by-b` on `b` (N) with the keys only; a stream of both images.
"""

from copy import deepcopy
from math import ceil

from tests.services.dynamodb.model.expressions import Refused, find, heads, holds, invalid, updated
from tests.services.dynamodb.model.values import item_size, order

KEYS = {"p": "S", "c": "N"}
INDEXES = {
    "by-g": {"keys": {"g": "S", "h": "N"}, "shows": ("p", "c", "g", "h", "a"), "global": True},
    "by-b": {"keys": {"p": "S", "b": "N"}, "shows": ("p", "c", "b"), "global": False},
}
HASH_KEY_BYTES_MAX = 2048
INDEX_KINDS = {"g": "S", "h": "N", "b": "N"}
FAILED = "The conditional request failed"


def reads(size, *, consistent):
    units = max(1, ceil(size / 4096))
    return units if consistent else units / 2


def writes(*sizes):
    return max(1, *(ceil(size / 1024) for size in sizes))


def entry(item, index):
    """What an index holds of an item, None when it is not in it."""
    if item is None:
        return None
    for name, kind in INDEXES[index]["keys"].items():
        if name not in item or item[name][0] != kind or item[name][1] == "":
            return None
    return {name: item[name] for name in INDEXES[index]["shows"] if name in item}


def index_units(old, new, index):
    before, after = entry(old, index), entry(new, index)
    if before == after:
        return 0
    if before is None or after is None:
        return writes(item_size(before or after))
    names = INDEXES[index]["keys"]
    if all(before[name] == after[name] for name in names):
        return writes(item_size(before), item_size(after))
    return writes(item_size(before)) + writes(item_size(after))


def check_index_keys(item, old=None, *, update=False):
    for name, kind in INDEX_KINDS.items():
        value = item.get(name)
        if value is None or (old is not None and old.get(name) == value):
            continue
        if value[0] != kind:
            raise invalid("One or more parameter values were invalid: Type mismatch for Index Key")
        if kind == "S" and len(value[1].encode()) > HASH_KEY_BYTES_MAX:
            raise invalid(
                "One or more parameter values were invalid: Size of hashkey has exceeded the "
                "maximum size limit of 2048 bytes."
            )
        if value[1] == "":
            raise invalid(
                "The update expression attempted to update a secondary index key"
                if update else
                "One or more parameter values are not valid. A value specified for a secondary"
            )  # fmt: skip


def static_kind(action):
    """The type that an action gives its attribute, where the request alone tells it."""
    match action:
        case ("set", _, ("value", value)) | ("add", _, value):
            return value[1][0]
        case ("set", _, ("plus" | "minus", _, _)):
            return "N"
        case ("set", _, ("append" | "prepend", _, _)):
            return "L"
    return None


def check_static_kinds(actions):
    for action in actions:
        name, kind = action[1][0], static_kind(action)
        if name in INDEX_KINDS and kind not in (None, INDEX_KINDS[name]):
            raise invalid("One or more parameter values were invalid: Type mismatch for Index Key")


def check_alone(kind, target, *rest):
    """What is wrong with one request of a transaction whatever the items are."""
    if kind == "put":
        check_index_keys(target)
    elif kind == "update":
        check_static_kinds(rest[0])


class Model:
    """A table and the records of its stream."""

    def __init__(self):
        self.items = {}
        self.records = []

    @staticmethod
    def key(item):
        return item["p"][1], item["c"][1]

    # -- writes: each returns (answer, units)

    def put(self, item, condition=None, returns="NONE"):
        check_index_keys(item)
        old = self._checked(self.key(item), condition)
        units = self._store(self.key(item), item)
        return (old if returns == "ALL_OLD" else None), units

    def delete(self, key, condition=None, returns="NONE"):
        old = self._checked(self.key(key), condition)
        units = self._store(self.key(key), None)
        return (old if returns == "ALL_OLD" else None), units

    def update(self, key, actions, condition=None, returns="NONE"):
        check_static_kinds(actions)
        old = self._checked(self.key(key), condition)
        if old is None and all(action[0] in ("remove", "delete") for action in actions):
            return None, {"table": 1}
        new = updated(old if old is not None else key, actions)
        check_index_keys(new, old, update=True)
        units = self._store(self.key(key), new)
        paths = [action[1] for action in actions]
        match returns:
            case "ALL_OLD":
                return old, units
            case "ALL_NEW":
                return new, units
            case "UPDATED_OLD":
                return picked(old or {}, paths), units
            case "UPDATED_NEW":
                return picked(new, paths), units
        return None, units

    def _checked(self, key, condition):
        old = self.items.get(key)
        if condition is not None and not holds(condition, old or {}):
            raise Refused("ConditionalCheckFailedException", FAILED)
        return old

    def _store(self, key, new):
        old = self.items.get(key)
        if new is None:
            self.items.pop(key, None)
        else:
            self.items[key] = deepcopy(new)
        if old != new:
            event = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
            self.records.append((event, deepcopy(old), deepcopy(new)))
        units = {"table": writes(item_size(old or {}), item_size(new or {}))}
        for index in INDEXES:
            found = index_units(old, new, index)
            if found:
                units[index] = found
        return units

    def batch(self, requests):
        """Puts and deletes in any order: `[("put", item) | ("delete", key)]`."""
        for kind, item in requests:
            if kind == "put":
                check_index_keys(item)
        keys = [self.key(item) for _, item in requests]
        if len(set(keys)) != len(keys):
            raise invalid("Provided list of item keys contains duplicates")
        total = {}
        for kind, item in requests:
            for arm, units in self._store(self.key(item), item if kind == "put" else None).items():
                total[arm] = total.get(arm, 0) + units
        return None, total

    def transact(self, requests):
        """`[("put", item, condition) | ("update", key, actions, condition) | …]`, or nothing."""
        keys = [self.key(request[1]) for request in requests]
        if len(set(keys)) != len(keys):
            raise invalid("Transaction request cannot include multiple operations on one item")
        for position, request in enumerate(requests):
            try:
                check_alone(*request)
            except Refused:
                codes = ["None"] * len(requests)
                codes[position] = "ValidationError"
                raise Refused("TransactionCanceledException", ", ".join(codes)) from None
        before = deepcopy(self.items), len(self.records)
        reasons, total = [], {}
        for kind, *rest in requests:
            try:
                if kind == "check":
                    old = self._checked(self.key(rest[0]), rest[1])
                    units = {"table": writes(item_size(old or {}))}
                else:
                    _, units = getattr(self, kind)(*rest)
            except Refused as problem:
                code = problem.code.removesuffix("edException").removesuffix("Exception")
                reasons.append(
                    "ConditionalCheckFailed" if "Conditional" in code else code + "Error"
                )
                continue
            reasons.append("None")
            for arm, found in units.items():
                total[arm] = total.get(arm, 0) + (2 * found if arm == "table" else found)
        if set(reasons) != {"None"}:
            self.items = before[0]
            del self.records[before[1] :]
            raise Refused("TransactionCanceledException", ", ".join(reasons))
        return None, total

    # -- reads

    def get(self, key, paths=None, *, consistent=False):
        item = self.items.get(self.key(key))
        units = reads(item_size(item or {}), consistent=consistent)
        if item is not None and paths is not None:
            item = picked(item, paths)
        return item, {"table": units}

    def scan(self, condition=None):
        """All items (in no order), those that satisfy the condition."""
        size = sum(map(item_size, self.items.values()))
        found = [
            item for item in self.items.values() if condition is None or holds(condition, item)
        ]
        return (found, len(self.items)), {"table": reads(size, consistent=False)}

    def query(self, partition, term=None, condition=None, *, index=None, reverse=False, limit=None):
        """One page, in order: the items, how many were looked at, and whether more follow."""
        keys = KEYS if index is None else INDEXES[index]["keys"]
        hash_name, sort_name = keys
        if condition is not None and heads(condition) & set(keys):
            raise invalid("Filter Expression can only contain non-primary key attributes")
        entries = [item if index is None else entry(item, index) for item in self.items.values()]
        entries = [e for e in entries if e is not None and e[hash_name] == partition]
        if term is not None:
            entries = [e for e in entries if holds((term[0], (sort_name,), *term[1:]), e)]
        entries.sort(key=lambda e: order(e[sort_name]), reverse=reverse)
        more = limit is not None and len(entries) >= limit
        page = entries[:limit]
        units = reads(sum(map(item_size, page)), consistent=False)
        found = [e for e in page if condition is None or holds(condition, e)]
        return (found, len(page), more), {index or "table": units}


def picked(item, paths):
    """The parts of an item at some paths that do not overlap."""
    found = {}
    for path in paths:
        value = find(item, path)
        if value is not None:
            _graft(found, path, value)
    return closed(found) or None


def _graft(found, path, value):
    """Lists are kept as dictionaries by position until all parts are there."""
    for part in path[:-1]:
        found = found.setdefault(part, {})
    found[path[-1]] = value


def closed(found):
    result = {}
    for name, value in found.items():
        result[name] = value if isinstance(value, tuple) else _closed(value)
    return result


def _closed(parts):
    if any(isinstance(part, int) for part in parts):
        values = [parts[position] for position in sorted(parts)]
        return "L", [value if isinstance(value, tuple) else _closed(value) for value in values]
    return "M", closed(parts)
