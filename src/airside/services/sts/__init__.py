"""AWS Security Token Service: who one is, and temporary credentials."""

from airside.kernel import Service
from airside.services.sts import callers, errors, sessions

SERVICE = Service("sts", modules=[callers, sessions], errors=errors)
