"""DynamoDB's expression languages: condition, filter, key condition, projection and update.

Text becomes a syntax tree (`parser`, remembered by text); the tree is bound to the request's
names and values (`Placeholders`), which checks what depends on them and gives something to run:
`condition`, `key_condition`, `projection`, `update`.
"""
