"""What the Makefile runs besides tools."""
