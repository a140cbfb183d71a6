"""The frame: the one thing that crosses from a process that ran student code. It has arrays and a status, and caps.

A frame is MAGIC, the lengths of both parts (two little-endian uint64), the status as JSON, and the arrays as an
uncompressed .npz. It carries data, never a verdict, and nothing here trusts a byte of it.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from grader.runtime.case import Ended, Observation

MAGIC = b"GMA1"
HEADER = struct.Struct("<4sQQ")
KINDS = "biufU"  # bool, integers, floats, text. Never objects
TEXT_CAP = 2_000  # characters of any text that a student's process sends
NAME_CAP = 80  # characters of the name of what is no array, and of its description
ARRAYS_CAP = 200  # arrays in a frame
STATUS_CAP = 2**20  # bytes; more than `encode` makes, and few enough to parse: "[],[],..." grows twentyfold
LARGEST_CODE_POINT = 0x10FFFF  # of Unicode

_TEXTS = ("exception", "message", "where")


class FrameError(Exception):
    """The bytes are no frame; the message says why, in at most TEXT_CAP characters."""

    def __init__(self, message: str):
        super().__init__(message[:TEXT_CAP])


def encode(observation: Observation) -> bytes:
    """Make the frame of an observation. It lacks `output` and `seconds`, because the grader measures those itself."""
    status: dict[str, Any] = {name: getattr(observation, name)[:TEXT_CAP] for name in _TEXTS}
    status |= {"ended": str(observation.ended), "not_arrays": _shortened(observation.not_arrays)}
    text = json.dumps(status).encode()
    arrays = io.BytesIO()
    with zipfile.ZipFile(arrays, "w") as archive:  # np.savez cannot store every name
        for name, array in observation.arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, np.asanyarray(array), version=(1, 0), allow_pickle=False)
    return HEADER.pack(MAGIC, len(text), arrays.tell()) + text + arrays.getvalue()


def decode(frame: bytes) -> Observation:
    """Read a frame.

    Raises:
        FrameError: `encode` would not have made it.
    """
    if len(frame) < HEADER.size:
        raise FrameError(f"{len(frame)} bytes are too few for a frame")
    magic, text_length, arrays_length = HEADER.unpack_from(frame)
    if magic != MAGIC or HEADER.size + text_length + arrays_length != len(frame):
        raise FrameError("the header of the frame does not describe it")
    if text_length > STATUS_CAP:
        raise FrameError(f"a status of {text_length} bytes is too long")
    status = _status(frame[HEADER.size : HEADER.size + text_length])
    try:
        arrays = _arrays(frame[HEADER.size + text_length :])
    except FrameError:
        raise
    except Exception as error:  # numpy parses a header with Python's own parser, which raises nearly anything
        raise FrameError(f"the arrays cannot be read: {error}") from error
    return Observation(arrays=arrays, **status)


def _status(text: bytes) -> dict[str, Any]:
    try:
        status = json.loads(text)
        ended = Ended(status["ended"])
        texts = {name: str(status[name])[:TEXT_CAP] for name in _TEXTS}
        not_arrays = _shortened(status["not_arrays"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FrameError(f"the status cannot be read: {error!r}") from error
    if ended not in (Ended.COMPLETED, Ended.NOT_IMPLEMENTED, Ended.RAISED):
        raise FrameError(f"a reply cannot say {ended!r} of itself")
    return {"ended": ended, "not_arrays": not_arrays, **texts}


def _shortened(not_arrays: Mapping[Any, Any]) -> dict[str, str]:
    first = list(not_arrays.items())[:ARRAYS_CAP]
    return {str(name)[:NAME_CAP]: str(description)[:NAME_CAP] for name, description in first}


def _arrays(data: bytes) -> dict[str, np.ndarray]:
    # Each member has an entry with this signature. They are counted before zipfile makes an object of each.
    if (entries := data.count(b"PK\x01\x02")) > 2 * ARRAYS_CAP:  # some may be in the bytes of an array, by chance
        raise FrameError(f"{entries} arrays are more than {ARRAYS_CAP}")
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if len(members) > ARRAYS_CAP:
            raise FrameError(f"{len(members)} arrays are more than {ARRAYS_CAP}")
        names = [member.filename.removesuffix(".npy") for member in members]
        for name, member in zip(names, members, strict=True):
            if member.compress_type != zipfile.ZIP_STORED or member.file_size > len(data):
                raise FrameError(f"array {name!r} is compressed")
        if sum(member.file_size for member in members) > len(data):
            raise FrameError("several arrays share their bytes")
        for name, member in zip(names, members, strict=True):
            if name in arrays:
                raise FrameError(f"two arrays are named {name!r}")
            arrays[name] = _array(archive.read(member), name)
    return arrays


def _array(data: bytes, name: str) -> np.ndarray:
    """Read one .npy; before anything is allocated, its header must ask for exactly the bytes that follow."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise FrameError(f"array {name!r} has format {version}")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    count = 1
    for length in shape:
        count *= length
    if dtype.kind not in KINDS or min(shape, default=0) < 0 or count * dtype.itemsize != len(data) - stream.tell():
        raise FrameError(f"array {name!r} of dtype {dtype} and shape {shape} is not what its bytes hold")
    if dtype.kind == "U" and not _is_text(data[stream.tell() :], dtype):
        raise FrameError(f"array {name!r} holds characters that do not exist")
    array = np.frombuffer(data, dtype, count, stream.tell())
    return array.reshape(shape, order="F" if fortran else "C")


def _is_text(data: bytes, dtype: np.dtype[Any]) -> bool:
    """Whether these bytes are characters: numpy keeps any bytes, and fails when it makes a str of them."""
    code_points = np.frombuffer(data, np.dtype(np.uint32).newbyteorder(dtype.byteorder))
    return bool(code_points.max(initial=0) <= LARGEST_CODE_POINT)
