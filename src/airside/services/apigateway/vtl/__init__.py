"""Mapping templates: the part of Velocity that API Gateway runs, in bounds."""

from airside.services.apigateway.vtl.run import Host, TemplateError
from airside.services.apigateway.vtl.syntax import compile_template

__all__ = ["Host", "TemplateError", "compile_template"]
