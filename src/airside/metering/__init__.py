"""What was used, and what AWS would have charged for it."""
