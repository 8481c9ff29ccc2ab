"""PartiQL: SELECT, INSERT, UPDATE and DELETE as text.

Text becomes a statement (`lexer`, `parser`, `literals`), whose conditions and updates are the
trees that DynamoDB's own expressions parse to; they are bound by the same code. `selection` reads,
`writing` writes, and the operations are in `statements`, `batches` and `transactions`.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html
"""
