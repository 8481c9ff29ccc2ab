"""AWS wire protocols as pure codecs, compiled from the service models."""
