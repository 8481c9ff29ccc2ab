"""How services differ from their protocols. Data only."""
