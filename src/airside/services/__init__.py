"""AWS's services, a folder each. They meet only through the operation table."""
