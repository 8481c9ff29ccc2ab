"""Cloud Control: resources of any type through one operation. Reading function URLs, so far."""

from airside.kernel import Service
from airside.services.cloudcontrol import descriptions, errors

SERVICE = Service("cloudcontrol", modules=[descriptions], errors=errors)
