"""The table of functions in terminals of all widths."""

from airside.cli.function_table import COLUMNS, fitting

ROW = ("shop-ProcessOrder-X7", "12", "3", "5,000", "40", "0", "0", "39.1 ms", "1.2 s",
       "49/128 MB", "$0.000083")  # fmt: skip


def width(columns, rows):
    return sum(max(map(len, cells)) + 2 for cells in zip(columns, *rows, strict=True))


def test_a_wide_terminal_shows_everything():
    assert fitting([ROW], 200) == (COLUMNS, [ROW])
    assert fitting([], 200) == (COLUMNS, [])


def test_a_narrow_one_leaves_columns_out_and_cuts_none():
    columns, (row,) = fitting([ROW], 80)
    assert width(columns, [row]) <= 80
    assert (columns[0], row[0]) == ("function", ROW[0])
    assert {">events", ">errors", ">p99", ">AWS price"} <= set(columns)
    assert ">memory" not in columns
    assert (
        dict(zip(columns, row, strict=True)).items() <= dict(zip(COLUMNS, ROW, strict=True)).items()
    )
