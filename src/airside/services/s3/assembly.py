"""How parts become an object. Pure."""

from collections.abc import Mapping, Sequence
from hashlib import md5
from itertools import zip_longest
from typing import Any

from airside.services.s3 import errors, limits
from airside.services.s3.checksum import member_of, of_parts
from airside.services.s3.object import DEFAULT_CHECKSUM, EMPTY, SEGMENTS, Part, Version
from airside.services.s3.store import Upload


def chosen_parts(
    listed: Sequence[Mapping[str, Any]], uploaded: Mapping[int, Part], begun: Upload
) -> list[Part]:
    """The parts that a completion lists. Raises as S3 does for a list that does not fit."""
    if not listed:
        raise errors.MalformedXML(
            "The XML you provided was not well-formed or did not validate against our published "
            "schema"
        )
    chosen: list[Part] = []
    former = 0
    for entry in _last_of_each(listed):
        number = entry.get("PartNumber", 0)
        if number <= former:
            raise errors.InvalidPartOrder(
                "The list of parts was not in ascending order. Parts must be ordered by part "
                "number.",
                UploadId=begun.upload_id,
            )
        former = number
        part = uploaded.get(number)
        if part is None or str(entry.get("ETag", "")).strip('"') != part.etag:
            raise _invalid_part(begun, entry)
        _check_part_checksum(part, entry, begun)
        chosen.append(part)
    for part in chosen[:-1]:
        if part.size < limits.PART_BYTES_MIN:
            raise errors.EntityTooSmall(
                "Your proposed upload is smaller than the minimum allowed size",
                ProposedSize=str(part.size),
                MinSizeAllowed=str(limits.PART_BYTES_MIN),
                PartNumber=str(part.number),
                ETag=part.etag,
            )
    return chosen


def _last_of_each(listed: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of a part that is listed several times in a row, the last mention counts."""
    return [
        entry
        for entry, following in zip_longest(listed, listed[1:])
        if following is None or following.get("PartNumber") != entry.get("PartNumber")
    ]


def _invalid_part(begun: Upload, entry: Mapping[str, Any]) -> errors.InvalidPart:
    return errors.InvalidPart(
        "One or more of the specified parts could not be found.  The part may not have been "
        "uploaded, or the specified entity tag may not match the part's entity tag.",
        UploadId=begun.upload_id,
        PartNumber=str(entry.get("PartNumber", "")),
        ETag=str(entry.get("ETag", "")).strip('"'),
    )


def _check_part_checksum(part: Part, entry: Mapping[str, Any], begun: Upload) -> None:
    if not begun.algorithm:
        return
    member = member_of(begun.algorithm)
    given = entry.get(member)
    if given is None:
        if begun.checksum_type == "COMPOSITE":
            raise errors.InvalidRequest(
                f"The upload was created using a {begun.algorithm.lower()} checksum. The complete "
                "request must include the checksum for each part. It was missing for part "
                f"{part.number} in the request."
            )
        return
    if given != part.checksums.get(member):
        raise _invalid_part(begun, entry)


def assemble(begun: Upload, parts: Sequence[Part], now: float) -> Version:
    """The version that the parts make."""
    version = begun.version
    digest = md5(b"".join(bytes.fromhex(part.etag) for part in parts))
    version.etag = f"{digest.hexdigest()}-{len(parts)}"
    version.size = sum(part.size for part in parts)
    version.place = SEGMENTS if version.size else EMPTY
    version.parts_count = len(parts)
    version.upload_id = begun.upload_id
    version.modified_at = float(int(now))
    if begun.algorithm:
        member = member_of(begun.algorithm)
        values = [(part.checksums[member], part.size) for part in parts]
        whole = of_parts(begun.algorithm, begun.checksum_type, values)
        version.checksums = {member: whole}
        version.checksum_type = begun.checksum_type
        version.checksum_asked = True
    elif all(DEFAULT_CHECKSUM in part.checksums for part in parts):
        values = [(part.checksums[DEFAULT_CHECKSUM], part.size) for part in parts]
        algorithm = DEFAULT_CHECKSUM.removeprefix("Checksum")
        version.checksums = {DEFAULT_CHECKSUM: of_parts(algorithm, "FULL_OBJECT", values)}
        version.checksum_type = "FULL_OBJECT"
    return version


def check_promised(version: Version, begun: Upload, request: Mapping[str, Any]) -> None:
    """Compare with the size and the checksum that the completion names."""
    size = request.get("MpuObjectSize")
    if size is not None and size != version.size:
        raise errors.InvalidRequest(
            f"The provided 'x-amz-mp-object-size' header value {size} does not match what was "
            f"computed: {version.size}"
        )
    kind = request.get("ChecksumType")
    if kind is not None and kind != (begun.checksum_type or kind):
        raise errors.InvalidRequest(
            f"The upload was created using the {begun.checksum_type} checksum mode. The complete "
            "request must use the same checksum mode."
        )
    for member, computed in version.checksums.items():
        promised = request.get(member)
        if promised is not None and promised.partition("-")[0] != computed.partition("-")[0]:
            raise errors.BadDigest(
                f"The {member.removeprefix('Checksum')} you specified did not match the calculated "
                "checksum."
            )
