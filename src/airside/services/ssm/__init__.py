"""AWS Systems Manager, as far as Parameter Store goes."""

from airside.kernel import Service
from airside.services.ssm import errors, parameters, tags
from airside.services.ssm.resources import ParameterType

SERVICE = Service("ssm", modules=[parameters, tags], errors=errors, resources=[ParameterType])
