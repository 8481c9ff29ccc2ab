"""Service models: botocore's, read as data, with our overlays merged in.

Nothing here is interpreted twice: a model is loaded once per process, an operation is resolved on
first use, and what codecs compile for it is kept beside it in `OperationModel.programs`.
"""

import gzip
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from importlib import resources, util
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from airside.protocol import schema
from airside.protocol.shapes import Shape, ShapeGraph, namespace


class ErrorFacts(NamedTuple):
    """How one error looks on the wire."""

    name: str
    code: str
    """The wire code; the name unless model or overlay say otherwise."""
    status: int
    sender_fault: bool
    query_code: str
    """The code query clients see."""
    json_type: str
    """`__type` in JSON documents."""
    message_member: str
    shape: Shape | None
    """The modelled structure, when there is one."""


class OperationModel:
    """One operation: its HTTP binding and its shapes."""

    def __init__(
        self, name: str, definition: schema.OperationDefinition, graph: ShapeGraph, service: str
    ) -> None:
        self.service = service
        self.name = name
        self.wire_name = definition.name
        """The name on the wire; CloudFront's have a date behind them."""
        self.method = definition.http.method
        self.uri = definition.http.request_uri
        self.status = definition.http.response_code
        self.deprecated = definition.deprecated
        self.input: Shape | None = graph.shape(definition.input.shape) if definition.input else None
        self.output: Shape | None = (
            graph.shape(definition.output.shape) if definition.output else None
        )
        self.input_name = definition.input.location_name if definition.input else None
        self.input_namespace = namespace(definition.input.xml_namespace if definition.input else "")
        self.result_wrapper = definition.output.result_wrapper if definition.output else None
        self.error_names = tuple(error.shape for error in definition.errors)
        self.streaming_input = _streaming(self.input)
        self.streaming_output = _streaming(self.output)
        self.event_stream_output = _event_stream(self.output)
        self.programs: dict[str, Any] = {}
        """What each codec has compiled for this operation, by the codec's name."""

    def __repr__(self) -> str:
        return f"OperationModel({self.service}.{self.name})"


def _streaming(shape: Shape | None) -> str | None:
    if shape is None or shape.payload is None:
        return None
    member = shape.members[shape.payload]
    return member.name if member.streaming and not member.shape.event_stream else None


def _event_stream(shape: Shape | None) -> str | None:
    if shape is None:
        return None
    return next((name for name, member in shape.members.items() if member.shape.event_stream), None)


_FAMILIES = {"smithy-rpc-v2-cbor": "json"}


class ServiceModel:
    """One service's contract."""

    def __init__(self, name: str, document: schema.ModelDocument, overlay: schema.Overlay) -> None:
        metadata = document.metadata
        self.name = name
        self.overlay = overlay
        self.protocols = overlay.protocols or metadata.protocols or (metadata.protocol,)
        self.family = _FAMILIES.get(self.protocols[0], self.protocols[0])
        """The protocol whose common errors the service answers."""
        self.json_version = metadata.json_version or "1.1"
        self.target_prefix = metadata.target_prefix
        self.endpoint_prefix = metadata.endpoint_prefix
        self.signing_name = metadata.signing_name or metadata.endpoint_prefix
        self.api_version = metadata.api_version
        self.query_compatible = metadata.aws_query_compatible is not None
        declared = namespace(metadata.xml_namespace)
        self.xml_namespace = overlay.xml_namespace or (declared[1] if declared else "")
        self.operation_names = tuple(document.operations)
        self.programs: dict[str, Any] = {}
        """What codecs have compiled for the whole service."""
        self._document = document
        self._graph = ShapeGraph(document.shapes, frozenset(overlay.opaque))
        self._operations: dict[str, OperationModel] = {}

    def operation(self, name: str) -> OperationModel:
        """The operation called `name`. Raises KeyError."""
        found = self._operations.get(name)
        if found is None:
            definition = self._document.operations[name]
            found = self._operations[name] = OperationModel(
                name, definition, self._graph, self.name
            )
        return found

    def definition(self, name: str) -> schema.OperationDefinition:
        """An operation as the model writes it, nothing resolved."""
        return self._document.operations[name]

    def shape(self, name: str) -> Shape:
        """The shape called `name`. Raises KeyError."""
        return self._graph.shape(name)

    @cached_property
    def errors(self) -> Mapping[str, ErrorFacts]:
        """Every error the model or the overlay knows, by name."""
        names = [name for name, shape in self._document.shapes.items() if shape.exception]
        known = {**common_errors(self.family), **self.overlay.errors}
        return {
            name: self._error(name, known.get(name)) for name in {**dict.fromkeys(names), **known}
        }

    def error(self, name: str, status: int | None = None) -> ErrorFacts:
        """The facts about the error called `name`, under this service's own name for it.

        `status` is used when neither model nor overlay state one.
        """
        renamed = self.overlay.rename.get(name) or common_names(self.family).get(name, name)
        found = self.errors.get(renamed)
        if found is None:
            entry = schema.ErrorEntry(http_status_code=status)
            found = self._error(renamed, entry)
        return found

    def _query_name(self, code: str) -> str:
        """What query clients of a service that prefers another protocol call an error."""
        return code if self.family == "query" else common_names("query").get(code, code)

    def _error(self, name: str, entry: schema.ErrorEntry | None) -> ErrorFacts:
        entry = entry or schema.ErrorEntry()
        definition = self._document.shapes.get(name)
        exception = definition is not None and definition.exception
        trait = (definition.error if definition and exception else None) or schema.ErrorTrait()
        fault = bool(definition and exception and definition.fault)
        status = entry.http_status_code or trait.http_status_code or (500 if fault else 400)
        sender = entry.sender_fault if entry.sender_fault is not None else trait.sender_fault
        code = entry.code or trait.code or name
        shape = self._graph.shape(name) if exception else None
        prefix = f"{self.overlay.error_namespace}#" if self.overlay.error_namespace else ""
        return ErrorFacts(
            name=name,
            code=code,
            status=status,
            sender_fault=status < 500 if sender is None else sender,
            query_code=entry.query_code or self._query_name(code),
            json_type=entry.type or (prefix if shape is not None else "") + code,
            message_member=entry.message_member or _message_member(shape)
            or self.overlay.message_member or "message",
            shape=shape,
        )  # fmt: skip


def _message_member(shape: Shape | None) -> str | None:
    if shape is None:
        return None
    return next((name for name in shape.members if name.lower() == "message"), None)


@lru_cache(maxsize=1)
def data_folder() -> Path:
    """Where botocore keeps its models. Finding it does not import botocore."""
    spec = util.find_spec("botocore")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("botocore brings the service models; it is not installed")
    return Path(spec.origin).parent / "data"


def model_bytes(service: str) -> bytes:
    """The newest model of `service` as botocore ships it, JSON. Raises KeyError."""
    folder = data_folder() / service
    if not folder.is_dir():
        raise KeyError(service)
    version = max(entry.name for entry in folder.iterdir() if entry.is_dir())
    packed = folder / version / "service-2.json.gz"
    if packed.exists():
        return gzip.decompress(packed.read_bytes())
    return (folder / version / "service-2.json").read_bytes()


def merge(base: Any, patch: Any) -> Any:
    """`patch` laid over `base`, as RFC 7396 does it: objects merge, null removes."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(base) if isinstance(base, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def overlay_bytes(name: str) -> bytes | None:
    """`models/<name>.json`, when there is one."""
    file = resources.files("airside.models").joinpath(*f"{name}.json".split("/"))
    return file.read_bytes() if file.is_file() else None


@lru_cache(maxsize=256)
def load_overlay(service: str) -> schema.Overlay:
    """What we know about `service` besides its model. Raises ValueError on a misspelt entry.

    `models/wire/<service>.json` says how the service differs from its protocol;
    `models/<service>.json` is the service's own, mostly its errors, and wins.
    """
    merged: Any = {}
    for name in (f"wire/{service}", service):
        content = overlay_bytes(name)
        if content is None:
            continue
        try:
            merged = merge(merged, msgspec.json.decode(content))
            msgspec.convert(merged, schema.Overlay)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise ValueError(f"models/{name}.json: {error}") from error
    return msgspec.convert(merged, schema.Overlay)


@lru_cache(maxsize=256)
def load(service: str) -> ServiceModel:
    """The model of a service by botocore's name for it, e.g. `lambda`. Raises KeyError."""
    content = model_bytes(service)
    overlay = load_overlay(service)
    if overlay.patch:
        content = msgspec.json.encode(merge(msgspec.json.decode(content), overlay.patch))
    document = msgspec.json.decode(content, type=schema.ModelDocument)
    return ServiceModel(service, document, overlay)


class _Protocols(msgspec.Struct):
    """`models/_protocols.json`: what every service of a protocol answers."""

    errors: dict[str, dict[str, schema.ErrorEntry]]
    names: dict[str, dict[str, str]]
    source: str | dict[str, str] = ""


@lru_cache(maxsize=1)
def _protocols() -> _Protocols:
    return msgspec.json.decode(overlay_bytes("_protocols") or b"", type=_Protocols)


def common_errors(protocol: str) -> Mapping[str, schema.ErrorEntry]:
    """Errors that any service of `protocol` may answer."""
    return _protocols().errors.get(protocol, {})


def common_names(protocol: str) -> Mapping[str, str]:
    """Names that services of `protocol` give to errors raised under one name by all."""
    return _protocols().names.get(protocol, {})


@lru_cache(maxsize=256)
def _metadata(service: str) -> schema.Metadata:
    return msgspec.json.decode(model_bytes(service), type=schema.MetadataDocument).metadata


def services_by_target_prefix(services: Iterable[str]) -> Mapping[str, str]:
    """`X-Amz-Target` prefix -> service, for those of `services` that have one."""
    found = ((_metadata(service).target_prefix, service) for service in services)
    return {prefix: service for prefix, service in found if prefix}


def services_by_signing_name(services: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Name in the credential scope -> services that sign with it (`apigateway` has two)."""
    table: dict[str, tuple[str, ...]] = {}
    for service in services:
        metadata = _metadata(service)
        name = metadata.signing_name or metadata.endpoint_prefix
        table[name] = (*table.get(name, ()), service)
    return table
