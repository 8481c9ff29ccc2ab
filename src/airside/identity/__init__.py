"""Who asks, and may they: signatures, credentials, sessions and policies. Pure."""
