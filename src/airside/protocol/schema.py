"""How botocore writes a service model, and how our overlays write what it leaves out.

Decoding into these structs skips documentation and everything else that codecs do not need, so a
model costs about a millisecond and a megabyte.
"""

from typing import Any

from msgspec import Struct, field


class MemberDefinition(Struct, rename="camel", gc=False):
    """A reference to a shape: a structure's member, a list's element, a map's key or value."""

    shape: str
    location: str | None = None
    location_name: str | None = None
    query_name: str | None = None
    streaming: bool = False
    flattened: bool = False
    xml_attribute: bool = False
    xml_namespace: Any = None
    timestamp_format: str | None = None
    jsonvalue: bool = False
    idempotency_token: bool = False
    host_label: bool = False
    eventpayload: bool = False
    eventheader: bool = False


class ErrorTrait(Struct, rename="camel", gc=False):
    """The `error` trait of an exception."""

    code: str | None = None
    http_status_code: int | None = None
    sender_fault: bool | None = None


class ShapeDefinition(Struct, rename="camel", gc=False):
    """One shape."""

    type: str
    members: dict[str, MemberDefinition] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    member: MemberDefinition | None = None
    key: MemberDefinition | None = None
    value: MemberDefinition | None = None
    enum: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    pattern: str | None = None
    payload: str | None = None
    flattened: bool = False
    streaming: bool = False
    sensitive: bool = False
    union: bool = False
    document: bool = False
    event: bool = False
    eventstream: bool = False
    exception: bool = False
    fault: bool = False
    error: ErrorTrait | None = None
    timestamp_format: str | None = None
    location_name: str | None = None
    xml_namespace: Any = None


class HttpTrait(Struct, rename="camel", gc=False):
    """The HTTP binding of an operation."""

    method: str = "POST"
    request_uri: str = "/"
    response_code: int = 200


class InputDefinition(Struct, rename="camel", gc=False):
    """The input or output of an operation."""

    shape: str
    location_name: str | None = None
    xml_namespace: Any = None
    result_wrapper: str | None = None


class ErrorReference(Struct, gc=False):
    """An error an operation may answer."""

    shape: str


class OperationDefinition(Struct, rename="camel", gc=False):
    """One operation."""

    name: str
    http: HttpTrait = field(default_factory=HttpTrait)
    input: InputDefinition | None = None
    output: InputDefinition | None = None
    errors: tuple[ErrorReference, ...] = ()
    deprecated: bool = False


class Metadata(Struct, rename="camel", gc=False):
    """What a model says about its service as a whole."""

    api_version: str
    endpoint_prefix: str
    protocol: str
    protocols: tuple[str, ...] = ()
    json_version: str | None = None
    target_prefix: str | None = None
    signing_name: str | None = None
    xml_namespace: Any = None
    aws_query_compatible: dict[str, Any] | None = None


class MetadataDocument(Struct):
    """Only the head of a model."""

    metadata: Metadata


class ModelDocument(Struct):
    """One service model."""

    metadata: Metadata
    operations: dict[str, OperationDefinition]
    shapes: dict[str, ShapeDefinition]


class ErrorEntry(Struct, rename="camel", forbid_unknown_fields=True):
    """What an overlay says about one error, modelled or not."""

    http_status_code: int | None = None
    code: str | None = None
    """The wire code when it is not the error's name."""
    type: str | None = None
    """The whole `__type` in JSON, when the service's namespace is not the one to use."""
    query_code: str | None = None
    """The code for query clients when it differs (`awsQueryCompatible` services)."""
    message_member: str | None = None
    """`message` or `Message`, where the model does not say."""
    sender_fault: bool | None = None
    source: str = ""


class ValidationEntry(Struct, rename="camel", forbid_unknown_fields=True):
    """How a service answers what its model forbids."""

    error: str = "ValidationException"
    style: str = "coral"
    """coral: `1 validation error detected: ...`; smithy: the same with JSON pointers;
    s3: InvalidArgument for headers and query, MalformedXML for the body."""
    required_error: str | None = None
    """The error for a missing member, when it is not the same (`MissingParameter`)."""
    required_message: str | None = None
    """Its wording; `{member}` stands for the member's name."""
    skip: tuple[str, ...] = ()
    """Operations or shapes that check themselves; `*` for all of them."""
    not_null_elements: bool = False
    """Whether elements of lists are said to be `Member must not be null` besides the rest."""
    names_input: bool = False
    """Whether paths of what stands in the body start with the input (`createXInput.name`)."""
    enum_errors: dict[str, tuple[str, str]] = {}
    """Enum shape -> (error, message); the message may say {value}, {path} and {enum}."""
    source: str = ""


class Overlay(Struct, rename="camel", forbid_unknown_fields=True):
    """What AWS does but the model does not say. Data, one file per service."""

    errors: dict[str, ErrorEntry] = {}
    rename: dict[str, str] = {}
    """Errors that every service raises under one name -> this service's own name for them."""
    error_namespace: str | None = None
    """Stands before `#` in `__type`."""
    message_member: str | None = None
    validation: ValidationEntry | None = None
    opaque: tuple[str, ...] = ()
    """Shapes that JSON codecs hand through as they are on the wire, both ways."""
    java_package: str | None = None
    """Where messages about JSON of the wrong type say that structures live; see `json_words`."""
    unrouted: tuple[str, ...] = ()
    """Operations that a REST path never means (they live on other hosts)."""
    protocols: tuple[str, ...] = ()
    xml_namespace: str | None = None
    bare_errors: bool = False
    """`<Error>` is the root of an error document, and headers are S3's."""
    crc32: bool = False
    """Responses carry `x-amz-crc32`."""
    compression: bool = False
    """Requests may come compressed, and long responses are where the client accepts it."""
    request_bytes_max: int | None = None
    """The longest request, where the service has a limit of its own."""
    request_too_large: bool = False
    """Whether a longer one is told its limit."""
    server: str | None = None
    """What the Server header of responses says."""
    milliseconds: bool = False
    """ISO timestamps always carry milliseconds."""
    content_types: dict[str, str] = {}
    """Operation -> Content-Type of a raw payload whose result names none."""
    roots: dict[str, str] = {}
    """Operation -> root element of its result, where it is not the shape's name."""
    root_text: dict[str, str] = {}
    """Operation -> member that is the text of the root element itself."""
    query_url_member: str | None = None
    """The member that the URL itself gives when a query client leaves it out (`QueueUrl`)."""
    query_url_operations: tuple[str, ...] = ()
    """Operations that may be asked for at such a URL though they have no such member."""
    query_messages: dict[str, str] = {}
    """Error -> what it says to query clients, where that differs."""
    patch: dict[str, Any] = {}
    """Merged into the model itself; null removes."""
    source: str | dict[str, str] = ""
