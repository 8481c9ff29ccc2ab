"""Attribute values as tagged Python values: `("N", Decimal(1))`, `("SS", frozenset({"a"}))`."""

from decimal import Decimal
from math import ceil

SETS = {"SS": "S", "NS": "N", "BS": "B"}


def from_wire(value):
    """What botocore's low-level client takes and gives, as a tagged value."""
    ((kind, content),) = value.items()
    if kind == "N":
        return kind, Decimal(content)
    if kind == "L":
        return kind, [from_wire(member) for member in content]
    if kind == "M":
        return kind, item_from_wire(content)
    if kind == "NS":
        return kind, frozenset(map(Decimal, content))
    if kind in SETS:
        return kind, frozenset(content)
    return kind, content


def item_from_wire(item):
    return {name: from_wire(value) for name, value in item.items()}


def number_size(number):
    """About one byte per two digits on each side of the point, one more, one for a sign."""
    if number == 0:
        return 1
    text = f"{abs(number):f}"
    whole, _, fraction = text.partition(".")
    whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
    if not fraction:
        whole = whole.rstrip("0")
    if not whole:
        fraction = fraction.lstrip("0")
    return 1 + ceil(len(whole) / 2) + ceil(len(fraction) / 2) + (number < 0)


def size(value):
    kind, content = value
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return number_size(content)
        case "B":
            return len(content)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + size(member) for member in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + size(m) for name, m in content.items())
    return sum(size((SETS[kind], member)) for member in content)


def item_size(item):
    return sum(len(name.encode()) + size(value) for name, value in item.items())


def order(value):
    """Sort keys of one type compare by this."""
    kind, content = value
    return content.encode() if kind == "S" else content


def element_count(value):
    """What the function size says; None where it says nothing."""
    kind, content = value
    return None if kind in ("N", "BOOL", "NULL") else len(content)
