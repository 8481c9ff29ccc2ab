"""Conditions and updates as nested tuples: rendered to text, and evaluated naively.

Conditions: ("=", path, value) and the other comparisons, ("between", path, low, high),
("in", path, values), ("exists", path), ("missing", path), ("type", path, name),
("begins", path, value), ("contains", path, value), ("size", path, operator, number),
("not", c), ("and", c, d), ("or", c, d). Actions: ("set", path, operand), ("remove", path),
("add", path, value), ("delete", path, value); operands: ("value", v), ("path", p),
("plus", p, v), ("minus", p, v), ("default", p, v), ("append", p, v), ("prepend", p, v).
A path is a tuple of names and positions.
"""

import operator
from copy import deepcopy
from decimal import Decimal

from tests.services.dynamodb.model.values import SETS, element_count, order

COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
ORDERED = ("S", "N", "B")


class Refused(Exception):
    """An error that the service answers with: its code and message."""

    def __init__(self, code, message):
        super().__init__(code, message)
        self.code = code
        self.message = message


def invalid(message):
    return Refused("ValidationException", message)


class Names:
    """Makes the placeholders of one request."""

    def __init__(self):
        self.names = {}
        self.values = {}

    def path(self, path):
        text = ""
        for part in path:
            if isinstance(part, int):
                text += f"[{part}]"
            else:
                self.names[f"#{part}"] = part
                text += f".#{part}" if text else f"#{part}"
        return text

    def value(self, wire):
        name = f":v{len(self.values)}"
        self.values[name] = wire
        return name

    def parameters(self):
        found = {}
        if self.names:
            found["ExpressionAttributeNames"] = self.names
        if self.values:
            found["ExpressionAttributeValues"] = self.values
        return found


def find(item, path):
    """The value at a path, None where there is none."""
    value = ("M", item)
    for part in path:
        kind, content = value
        if isinstance(part, int):
            if kind != "L" or part >= len(content):
                return None
        elif kind != "M" or part not in content:
            return None
        value = content[part]
    return value


# -- conditions; every value in them is (wire form, tagged value)


def condition_text(c, names):  # noqa: PLR0911  # one rule per kind
    match c:
        case ("not", inner):
            return f"NOT ({condition_text(inner, names)})"
        case ("and" | "or" as word, left, right):
            left, right = condition_text(left, names), condition_text(right, names)
            return f"({left}) {word.upper()} ({right})"
        case ("between", path, low, high):
            return f"{names.path(path)} BETWEEN {names.value(low[0])} AND {names.value(high[0])}"
        case ("in", path, options):
            return f"{names.path(path)} IN ({', '.join(names.value(o[0]) for o in options)})"
        case ("exists", path):
            return f"attribute_exists({names.path(path)})"
        case ("missing", path):
            return f"attribute_not_exists({names.path(path)})"
        case ("type", path, name):
            return f"attribute_type({names.path(path)}, {names.value({'S': name})})"
        case ("begins", path, value):
            return f"begins_with({names.path(path)}, {names.value(value[0])})"
        case ("contains", path, value):
            return f"contains({names.path(path)}, {names.value(value[0])})"
        case ("size", path, sign, number):
            return f"size({names.path(path)}) {sign} {names.value({'N': str(number)})}"
        case (sign, path, value):
            return f"{names.path(path)} {sign} {names.value(value[0])}"


def holds(c, item):  # noqa: C901, PLR0911, PLR0912  # one rule per kind
    match c:
        case ("not", inner):
            return not holds(inner, item)
        case ("and", left, right):
            return holds(left, item) and holds(right, item)
        case ("or", left, right):
            return holds(left, item) or holds(right, item)
    found = find(item, c[1])
    match c:
        case ("exists", _):
            return found is not None
        case ("missing", _):
            return found is None
        case ("<>", _, value):
            return found is None or found != value[1]
    if found is None:
        return False
    match c:
        case ("=", _, value):
            return found == value[1]
        case ("between", _, low, high):
            return compare(">=", found, low[1]) and compare("<=", found, high[1])
        case ("in", _, options):
            return any(found == option[1] for option in options)
        case ("type", _, name):
            return found[0] == name
        case ("begins", _, value):
            return found[0] == value[1][0] == "S" and found[1].startswith(value[1][1])
        case ("contains", _, value):
            return contains(found, value[1])
        case ("size", _, sign, number):
            count = element_count(found)
            if count is None:
                return False
            return count == number if sign == "=" else COMPARE[sign](count, number)
        case (sign, _, value):
            return compare(sign, found, value[1])
    raise AssertionError(c)


def heads(c):
    """The attributes that a condition looks at."""
    match c:
        case ("not", inner):
            return heads(inner)
        case ("and" | "or", left, right):
            return heads(left) | heads(right)
    return {c[1][0]}


def compare(sign, left, right):
    if left[0] != right[0] or left[0] not in ORDERED:
        return False
    return COMPARE[sign](order(left), order(right))


def contains(found, element):
    kind, content = found
    if kind == "S":
        return element[0] == "S" and element[1] in content
    if kind == "L":
        return element in content
    return SETS.get(kind) == element[0] and element[1] in content


# -- updates


def operand_text(operand, names):
    match operand:
        case ("value", value):
            return names.value(value[0])
        case ("path", path):
            return names.path(path)
        case ("plus", path, value):
            return f"{names.path(path)} + {names.value(value[0])}"
        case ("minus", path, value):
            return f"{names.path(path)} - {names.value(value[0])}"
        case ("default", path, value):
            return f"if_not_exists({names.path(path)}, {names.value(value[0])})"
        case ("append", path, value):
            return f"list_append({names.path(path)}, {names.value(value[0])})"
        case ("prepend", path, value):
            return f"list_append({names.value(value[0])}, {names.path(path)})"


def update_text(actions, names):
    sections = {"set": [], "remove": [], "add": [], "delete": []}
    for action in actions:
        match action:
            case ("set", path, operand):
                text = f"{names.path(path)} = {operand_text(operand, names)}"
            case ("remove", path):
                text = names.path(path)
            case (_, path, value):
                text = f"{names.path(path)} {names.value(value[0])}"
        sections[action[0]].append(text)
    return " ".join(f"{word.upper()} {', '.join(t)}" for word, t in sections.items() if t)


def operand_value(operand, item):
    kind, *rest = operand
    if kind == "value":
        return rest[0][1]
    found = find(item, rest[0])
    if kind == "default":
        return rest[1][1] if found is None else found
    if found is None:
        raise invalid(
            "The provided expression refers to an attribute that does not exist in the item"
        )
    if kind == "path":
        return found
    value = rest[1][1]
    wanted = "N" if kind in ("plus", "minus") else "L"
    if found[0] != wanted:
        raise invalid("An operand in the update expression has an incorrect data type")
    match kind:
        case "plus":
            return "N", found[1] + value[1]
        case "minus":
            return "N", found[1] - value[1]
        case "append":
            return "L", found[1] + value[1]
    return "L", value[1] + found[1]


def updated(item, actions):
    """The item afterwards. All paths and operands mean the item before."""
    new = deepcopy(item)
    done = []
    for action in sorted(actions, key=lambda a: ["set", "remove", "add", "delete"].index(a[0])):
        if action[0] == "set":
            done.append((action[1], operand_value(action[2], item), "put"))
        elif action[0] == "remove":
            done.append((action[1], None, "drop"))
        else:
            done.append((action[1], _combined(action, item), "put"))
    for path, value, what in done:
        if what == "put" and value != "same":
            _put(new, path, value)
    drops = [path for path, value, what in done if what == "drop" or value is None]
    for path in sorted(drops, key=lambda p: p[-1] if isinstance(p[-1], int) else -1, reverse=True):
        _drop(new, path)
    return new


def _combined(action, item):
    word, path, (_, value) = action
    _parent(item, path)
    found = find(item, path)
    if found is None:
        return value if word == "add" else "same"
    if found[0] != value[0]:
        raise invalid("An operand in the update expression has an incorrect data type")
    if word == "add":
        if value[0] == "N":
            return "N", Decimal(found[1] + value[1])
        return value[0], found[1] | value[1]
    left = found[1] - value[1]
    return (value[0], left) if left else None


def _parent(item, path):
    """The container of the last part; it must be there and of the right kind."""
    if len(path) == 1:
        return item
    container = find(item, path[:-1])
    wanted = "L" if isinstance(path[-1], int) else "M"
    if container is None or container[0] != wanted:
        raise invalid("The document path provided in the update expression is invalid for update")
    return container[1]


def _put(item, path, value):
    if value is None:
        return
    container = _parent(item, path)
    if isinstance(path[-1], int) and path[-1] >= len(container):
        container.append(value)
    else:
        container[path[-1]] = value


def _drop(item, path):
    container = _parent(item, path)
    if isinstance(path[-1], int):
        if path[-1] < len(container):
            del container[path[-1]]
    else:
        container.pop(path[-1], None)
