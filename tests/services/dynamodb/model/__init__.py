"""A small DynamoDB written from its documentation, naive on purpose, to hold ours against.

It shares nothing with the service: values are Python's own, a table is a dictionary, and a query
sorts everything. `values` has types, sizes and order, `expressions` the conditions and updates,
`table` the operations; `commands` makes up random requests for both.
"""
