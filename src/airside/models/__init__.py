"""Overlays to botocore's models: what AWS does but the model does not say. Data only."""
