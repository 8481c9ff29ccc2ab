"""The vocabulary every layer shares. No I/O; imports nothing of ours."""

from airside.kernel.arn import Arn
from airside.kernel.clock import Clock, ManualClock, SystemClock
from airside.kernel.cloud import Cloud, FrontDoor, Site
from airside.kernel.component import Component
from airside.kernel.context import Context
from airside.kernel.errors import AccessDeniedException, OperationNotImplemented, ServiceError
from airside.kernel.http import Body, BytesBody, FileSlice, HttpRequest, HttpResponse
from airside.kernel.ids import Ids, SeededIds, SystemIds
from airside.kernel.operation import KeptResult, Operation, Request, Result, operation
from airside.kernel.principal import Principal
from airside.kernel.resource import Resource, ResourceRequest, ResourceType
from airside.kernel.service import LateService, Service
from airside.kernel.store import Blobs, Commit, Snapshot, Store, Transaction
from airside.kernel.waits import Wait

__all__ = [
    "AccessDeniedException",
    "Arn",
    "Blobs",
    "Body",
    "BytesBody",
    "Clock",
    "Cloud",
    "Commit",
    "Component",
    "Context",
    "FileSlice",
    "FrontDoor",
    "HttpRequest",
    "HttpResponse",
    "Ids",
    "KeptResult",
    "LateService",
    "ManualClock",
    "Operation",
    "OperationNotImplemented",
    "Principal",
    "Request",
    "Resource",
    "ResourceRequest",
    "ResourceType",
    "Result",
    "SeededIds",
    "Service",
    "ServiceError",
    "Site",
    "Snapshot",
    "Store",
    "SystemClock",
    "SystemIds",
    "Transaction",
    "Wait",
    "operation",
]
