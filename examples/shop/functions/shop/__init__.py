"""What the shop's functions share: one module for each noun."""
