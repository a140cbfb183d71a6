"""What crosses from a student's process is either an observation or a FrameError, whatever the bytes are."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from grader.runtime import frames
from grader.runtime.case import Ended, Observation
from grader.runtime.frames import ARRAYS_CAP, HEADER, MAGIC, TEXT_CAP, FrameError, decode, encode

DETERMINISTIC = settings(derandomize=True, deadline=None, max_examples=150)
STATUS = {"ended": "completed", "exception": "", "message": "", "where": "", "not_arrays": {}}
VALID_HEADER = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"


def npy(header=VALID_HEADER, payload=bytes(16), version=(1, 0)):
    """A .npy with any header at all."""
    text = header.encode("latin1") + b"\n"
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + length + text + payload


def npz(*members, compression=zipfile.ZIP_STORED):
    """A zip of (name, bytes) pairs; names may repeat."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return file.getvalue()


def frame(arrays=None, status=STATUS):
    """A frame whose own header is right; `status` is bytes, or a value to send as JSON."""
    text = status if isinstance(status, bytes) else json.dumps(status).encode()
    data = npz() if arrays is None else arrays
    return HEADER.pack(MAGIC, len(text), len(data)) + text + data


def frame_of_npy(*args, **kwargs):
    """A frame with one array, `a`."""
    return frame(npz(("a.npy", npy(*args, **kwargs))))


def in_directory(data, offset, layout, value):
    """Overwrite a field of the first entry in a zip's central directory."""
    changed = bytearray(data)
    struct.pack_into(layout, changed, data.index(b"PK\x01\x02") + offset, value)
    return bytes(changed)


def overlapping_npz(count, payload):
    """A zip whose members all share the bytes of one array: each local header quotes the later ones as 'extra' bytes.

    Every entry is well formed by itself, so that nothing but the sum of the sizes gives it away.
    """
    shape = f"({len(payload)},)"
    data = npy(f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}", payload)
    crc = zipfile.crc32(data)
    headers, entries = b"", []
    for number in reversed(range(count)):
        name = f"{number:03}.npy".encode()
        fields = (20, 0, 0, 0, 33, crc, len(data), len(data), len(name))
        # An unknown extra field of just the length of what follows
        extra = struct.pack("<HH", 0x7777, len(headers)) if headers else b""
        headers = struct.pack("<4s5H3L2H", b"PK\x03\x04", *fields, len(extra) + len(headers)) + name + extra + headers
        entries.append((name, fields, len(headers)))
    directory = b""
    for name, fields, distance in entries:
        at = len(headers) - distance
        directory += struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, *fields, 0, 0, 0, 0, 0, at) + name
    start = len(headers) + len(data)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0)
    return headers + data + directory + end


def peak_of_decoding(data):
    """The most bytes that decoding `data` held at a time, and the error that ended it (None if it decoded)."""
    tracemalloc.start()
    try:
        decode(data)
        error = None
    except FrameError as raised:
        error = raised
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak, error


def decode_or_refuse(data):
    """Decode: what comes back, if anything does, is well formed and holds no more than was sent."""
    try:
        observation = decode(data)
    except FrameError:
        return
    assert observation.ended in (Ended.COMPLETED, Ended.NOT_IMPLEMENTED, Ended.RAISED)
    assert all(array.dtype.kind in frames.KINDS for array in observation.arrays.values())
    assert sum(array.nbytes for array in observation.arrays.values()) <= len(data)
    assert max(len(getattr(observation, name)) for name in ("exception", "message", "where")) <= TEXT_CAP
    assert observation.output == ""
    assert observation.seconds == 0.0


# ---------------------------------------------------------------------------------------------------- round trip

DTYPES = st.one_of(
    npst.boolean_dtypes(),
    npst.integer_dtypes(endianness="?"),
    npst.unsigned_integer_dtypes(endianness="?"),
    npst.floating_dtypes(endianness="?"),
    npst.unicode_string_dtypes(endianness="?", min_len=1, max_len=5),
)
SHAPES = npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name not in ("file", "allow_pickle"))


@DETERMINISTIC
@given(st.dictionaries(NAMES, npst.arrays(DTYPES, SHAPES), max_size=4), st.booleans())
def test_arrays_come_back_with_their_dtype_shape_and_every_bit(arrays, transposed):
    arrays = {name: array.T if transposed else array for name, array in arrays.items()}
    decoded = decode(encode(Observation(Ended.COMPLETED, arrays))).arrays
    assert decoded.keys() == arrays.keys()
    for name, array in arrays.items():
        assert decoded[name].dtype == array.dtype
        assert decoded[name].shape == array.shape
        assert decoded[name].tobytes() == array.tobytes()  # NaN, -0.0 and subnormals included


@DETERMINISTIC
@given(
    st.sampled_from([Ended.COMPLETED, Ended.NOT_IMPLEMENTED, Ended.RAISED]), st.lists(st.text(), min_size=3, max_size=3)
)
def test_the_status_comes_back(ended, texts):
    exception, message, where = texts
    sent = Observation(ended, {}, {"loss": "NoneType (dtype object)"}, exception, message, where)
    assert decode(encode(sent)) == sent


def test_long_texts_are_cut():
    sent = Observation(Ended.RAISED, exception="E", message="m" * 10_000, where="w" * 10_000)
    received = decode(encode(sent))
    assert (len(received.message), len(received.where)) == (TEXT_CAP, TEXT_CAP)


def test_long_texts_are_cut_by_the_reader_whatever_the_writer_did():
    status = STATUS | {"message": "m" * 10_000, "not_arrays": {f"{i:0200}": "v" * 500 for i in range(1000)}}
    received = decode(frame(status=status))
    assert len(received.message) == TEXT_CAP
    assert len(received.not_arrays) <= ARRAYS_CAP
    assert {(len(k), len(v)) for k, v in received.not_arrays.items()} == {(80, 80)}


def test_output_and_seconds_are_not_for_the_student_to_say():
    sent = Observation(Ended.COMPLETED, output="graded: 100 points", seconds=-5.0)
    received = decode(encode(sent))
    assert (received.output, received.seconds) == ("", 0.0)


@pytest.mark.parametrize("name", ["file", "allow_pickle", "args", "a/b", "x.npy", "with space"])
def test_an_array_may_have_any_name(name):
    received = decode(encode(Observation(Ended.COMPLETED, {name: np.arange(3)})))
    assert list(received.arrays) == [name]


# ------------------------------------------------------------------------------------------------- every refusal


@pytest.mark.parametrize("data", [b"", b"G", frame()[: HEADER.size - 1]])
def test_too_few_bytes_are_refused(data):
    with pytest.raises(FrameError, match=f"{len(data)} bytes are too few for a frame"):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b"XXXX" + frame()[4:],
        frame() + b"!",
        frame()[:-1],
        HEADER.pack(MAGIC, 2**64 - 1, 2**64 - 1) + b"{}",
        HEADER.pack(MAGIC, 2**40, 0),
    ],
    ids=["magic", "a byte more", "a byte less", "largest lengths", "a terabyte"],
)
def test_a_header_that_does_not_fit_is_refused(data):
    with pytest.raises(FrameError, match="the header of the frame does not describe it"):
        decode(data)


@pytest.mark.parametrize(
    "status",
    [
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"null",
        b"[1, 2]",
        b'"completed"',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 10_000,
        {},
        STATUS | {"ended": 3},
        STATUS | {"ended": ["completed"]},
        STATUS | {"ended": "PASSED"},
        STATUS | {"not_arrays": ["a"]},
        STATUS | {"not_arrays": None},
        {k: v for k, v in STATUS.items() if k != "where"},
    ],
    ids=lambda status: repr(status)[:40],
)
def test_a_status_of_the_wrong_form_is_refused(status):
    with pytest.raises(FrameError, match="the status cannot be read"):
        decode(frame(status=status))


@pytest.mark.parametrize("ended", [Ended.TIMED_OUT, Ended.DIED])
def test_a_reply_cannot_say_that_there_was_none(ended):
    with pytest.raises(FrameError, match="a reply cannot say"):
        decode(frame(status=STATUS | {"ended": str(ended)}))


@pytest.mark.parametrize("value", [7, None, [1, [2]], {"a": "b"}, True])
def test_a_message_of_another_type_is_taken_as_text(value):
    assert decode(frame(status=STATUS | {"message": value})).message == str(value)


def test_a_refusal_does_not_repeat_megabytes_of_a_students_text():
    for status in (STATUS | {"ended": "x" * 10**6}, b"[" + b"9," * 10**5):
        with pytest.raises(FrameError) as refusal:
            decode(frame(status=status))
        assert len(str(refusal.value)) <= 2 * TEXT_CAP


def test_a_refusal_does_not_repeat_a_long_name():
    with pytest.raises(FrameError) as refusal:
        decode(frame(npz(("n" * 60_000 + ".npy", npy(payload=b"")))))
    assert len(str(refusal.value)) <= 2 * TEXT_CAP


@pytest.mark.parametrize("arrays", [b"", b"PK", b"\x93NUMPY" + bytes(100), npz(("a.npy", npy()))[:-5]])
def test_what_is_no_zip_is_refused(arrays):
    with pytest.raises(FrameError, match="the arrays cannot be read"):
        decode(frame(arrays))


def test_too_many_arrays_are_refused():
    members = [(f"{i}.npy", npy()) for i in range(ARRAYS_CAP + 1)]
    assert len(decode(frame(npz(*members[:-1]))).arrays) == ARRAYS_CAP
    with pytest.raises(FrameError, match=f"{ARRAYS_CAP + 1} arrays are more than {ARRAYS_CAP}"):
        decode(frame(npz(*members)))


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compressed_array_is_refused_before_it_inflates(compression):
    data = npz(("a.npy", npy(payload=bytes(30_000_000))), compression=compression)
    peak, error = peak_of_decoding(frame(data))
    assert "array 'a' is compressed" in str(error)
    assert peak < 2_000_000


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["a.npy", "a"])
def test_two_arrays_of_one_name_are_refused(second):
    with pytest.raises(FrameError, match="two arrays are named 'a'"):
        decode(frame(npz(("a.npy", npy()), (second, npy()))))


def test_another_npy_version_is_refused():
    with pytest.raises(FrameError, match=r"array 'a' has format \(2, 0\)"):
        decode(frame_of_npy(version=(2, 0)))


@pytest.mark.parametrize(
    ("descr", "shape"),
    [
        ("'<f8'", "(1000000000000,)"),
        ("'<f8'", "(3,)"),
        ("'<f8'", "(1,)"),
        ("'<f8'", "()"),
        ("'<f8'", "(-2,)"),
        ("'<f8'", "(-1, -2)"),
        ("'<U1'", "(99999999999999999999999,)"),
        ("'|O'", "(2,)"),
        ("'|O'", "(0,)"),
        ("'<c16'", "(1,)"),
        ("'<M8[s]'", "(2,)"),
        ("'|V8'", "(2,)"),
        ("'|S8'", "(2,)"),
        ("[('a', '<f8')]", "(2,)"),
        ("('<f8', (2,))", "(1,)"),
    ],
)
def test_a_header_that_claims_what_its_bytes_are_not_is_refused_before_anything_is_allocated(descr, shape):
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"
    peak, error = peak_of_decoding(frame_of_npy(header))
    assert "is not what its bytes hold" in str(error)
    assert peak < 2_000_000


@pytest.mark.parametrize(
    "header",
    [
        "",
        "1",
        "\x00",
        "{}",
        "{'descr': '<f8'}",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (2,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': 2}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (0, " + "9" * 40 + ")}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "0, " * 70 + ")}",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (10000000,)}",
        "{'descr': 'U99999999999', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '(2,', 'fortran_order': False, 'shape': ()}",
        "{'descr': (), 'fortran_order': False, 'shape': ()}",
        "{'descr': ('<f8',), 'fortran_order': False, 'shape': ()}",
        "{'descr': [()], 'fortran_order': False, 'shape': ()}",
        "{'descr': (",
        "  x\n y",
        "'''",
        "{[]: 1}",
        "-" * 5000 + "1",
        "[" * 150 + "]" * 150,
        "(" * 9000,
        " " * 20_000,
    ],
    ids=lambda header: repr(header)[:60],
)
def test_a_malformed_npy_header_is_refused(header):
    with pytest.raises(FrameError, match="array"):
        decode(frame_of_npy(header))


def test_an_array_that_is_no_npy_is_refused():
    for data in (b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00", b"\x80\x04N.", npy()[:12]):
        with pytest.raises(FrameError, match="the arrays cannot be read"):
            decode(frame(npz(("a.npy", data))))


@pytest.mark.parametrize(
    ("offset", "layout", "value"),
    [
        (24, "<L", 2**31),  # size: two gigabytes
        (24, "<L", 2**32 - 1),  # size: look for a zip64 field that is not there
        (24, "<L", 3),  # size: too small
        (20, "<L", 3),  # compressed size: too small
        (16, "<L", 12345),  # checksum
        (42, "<L", 2**31),  # where the member starts
        (42, "<L", 7),
        (10, "<H", 99),  # a method of compression that there is not
        (6, "<H", 99),  # a version that there is not
        (8, "<H", 1),  # encrypted
        (8, "<H", 0x20),  # a patch
        (8, "<H", 0x40),  # strongly encrypted
    ],
)
def test_a_zip_that_lies_about_a_member_is_refused(offset, layout, value):
    data = in_directory(npz(("a.npy", npy())), offset, layout, value)
    peak, error = peak_of_decoding(frame(data))
    assert error is not None
    assert "array" in str(error)
    assert peak < 2_000_000


@pytest.mark.parametrize(("offset", "layout", "value"), [(20, "<L", 2**31), (28, "<H", 60_000)])
def test_a_lie_that_zipfile_forgives_costs_nothing(offset, layout, value):
    data = frame(in_directory(npz(("a.npy", npy())), offset, layout, value))
    decode_or_refuse(data)
    assert peak_of_decoding(data)[0] < 2_000_000


def test_members_that_share_their_bytes_are_refused_before_they_multiply():
    data = frame(overlapping_npz(60, bytes(500_000)))
    peak, error = peak_of_decoding(data)
    assert error is not None
    assert peak < 10 * len(data)


# ----------------------------------------------------------------------------------------------------------- fuzz

VALID = encode(
    Observation(
        Ended.RAISED,
        {"x": np.arange(6.0).reshape(2, 3), "text": np.array(["a", "bc"]), "empty": np.zeros((2, 0), bool)},
        {"loss": "NoneType (dtype object)"},
        "ValueError",
        "no",
        "models.py, line 3",
    )
)
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "insert"]), st.integers(0, len(VALID)), st.binary(min_size=1, max_size=8)
    ),
    min_size=1,
    max_size=4,
)


def edited(data, edits):
    """Apply edits at places that wrap around the data."""
    for kind, place, content in edits:
        at = place % max(1, len(data))
        if kind == "flip":
            data = (
                data[:at] + bytes(a ^ b for a, b in zip(data[at:], content, strict=False)) + data[at + len(content) :]
            )
        elif kind == "cut":
            data = data[:at] + data[at + len(content) :]
        else:
            data = data[:at] + content + data[at:]
    return data


OVERHEAD = 300_000  # bytes that decoding takes whatever the frame is
FACTOR = 40  # that a frame may grow by: small members and empty lists become objects of a hundred bytes


def decode_within_bounds(data):
    """Decode or refuse, with no more memory than the size of the frame warrants."""
    decode_or_refuse(data)
    peak, _ = peak_of_decoding(data)
    assert peak < OVERHEAD + FACTOR * len(data)


@DETERMINISTIC
@given(st.binary(max_size=200))
def test_arbitrary_bytes_decode_or_are_refused(data):
    decode_or_refuse(data)
    decode_or_refuse(MAGIC + data)
    decode_or_refuse(frame(data))
    decode_or_refuse(frame(status=data))


@DETERMINISTIC
@given(EDITS)
def test_an_edited_frame_decodes_or_is_refused(edits):
    decode_or_refuse(edited(VALID, edits))


@settings(DETERMINISTIC, max_examples=500)
@given(EDITS)
def test_edited_arrays_in_a_right_frame_decode_or_are_refused(edits):
    _, text_length, _ = HEADER.unpack_from(VALID)
    text, arrays = VALID[HEADER.size :][:text_length], VALID[HEADER.size + text_length :]
    decode_or_refuse(frame(edited(arrays, edits), text))


@settings(DETERMINISTIC, max_examples=300)
@given(EDITS)
def test_an_edited_npy_in_a_right_zip_decodes_or_is_refused(edits):
    decode_or_refuse(frame(npz(("a.npy", edited(npy(), edits)))))


@settings(DETERMINISTIC, max_examples=300)
@given(EDITS)
def test_an_edited_npy_header_decodes_or_is_refused(edits):
    decode_or_refuse(frame_of_npy(edited(VALID_HEADER.encode(), edits).decode("latin1")))


OTHER = encode(Observation(Ended.COMPLETED, {"y": np.ones((3, 2), ">u2"), "x": np.array(["b", "c"])}))
PLACES = st.integers(0, max(len(VALID), len(OTHER)))


@DETERMINISTIC
@given(PLACES, PLACES, st.booleans())
def test_two_frames_spliced_decode_or_are_refused(end, start, right_header):
    joined = VALID[:end] + OTHER[start:]
    decode_within_bounds(joined)
    if right_header and len(joined) > HEADER.size:
        text_length = HEADER.unpack_from(VALID)[1]
        rest = joined[HEADER.size :]
        decode_within_bounds(HEADER.pack(MAGIC, min(text_length, len(rest)), max(0, len(rest) - text_length)) + rest)


@DETERMINISTIC
@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(-40, 40))
def test_a_frame_with_other_lengths_decodes_or_is_refused(text_length, arrays_length, shift):
    _, text, arrays = HEADER.unpack_from(VALID)
    for lengths in ((text_length, arrays_length), (text + shift, arrays - shift), (text, arrays_length)):
        decode_within_bounds(HEADER.pack(MAGIC, *(max(0, n) for n in lengths)) + VALID[HEADER.size :])


MEMBERS = st.lists(
    st.tuples(
        st.sampled_from(["a.npy", "a", "b.npy", "../a.npy", "/", "", "a.npy.npy", "A.npy", "\x00.npy", "\u202e"]),
        st.sampled_from([npy(), npy(payload=b""), npy("{}"), b"", b"PK\x01\x02" * 9, npz(("a.npy", npy()))])
        | st.binary(),
        st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    ),
    max_size=5,
)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@DETERMINISTIC
@given(MEMBERS)
def test_any_members_decode_or_are_refused(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content, method in members:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    decode_within_bounds(frame(file.getvalue()))


FIELDS = [(4, "<H"), (6, "<H"), (8, "<H"), (10, "<H"), (16, "<L"), (20, "<L"), (24, "<L"), (28, "<H"), (30, "<H")]
FIELDS += [(32, "<H"), (34, "<H"), (38, "<L"), (42, "<L")]  # of an entry in the directory of a zip


@settings(DETERMINISTIC, max_examples=300)
@given(st.sampled_from(FIELDS), st.integers(0, 2**32 - 1) | st.integers(0, 200))
def test_a_zip_with_any_field_changed_decodes_or_is_refused(field, value):
    offset, layout = field
    bits = 8 * struct.calcsize(layout)
    decode_within_bounds(frame(in_directory(npz(("a.npy", npy())), offset, layout, value % 2**bits)))


@DETERMINISTIC
@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=6), st.sampled_from("<>"))
def test_what_decodes_as_text_is_text(code_points, order):
    descr, shape = f"'{order}U{len(code_points)}'", "()"
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"
    data = frame_of_npy(header, struct.pack(f"{order}{len(code_points)}I", *code_points))
    if max(code_points) > 0x10FFFF:
        with pytest.raises(FrameError, match="array 'a' holds characters that do not exist"):
            decode(data)
    else:
        assert isinstance(decode(data).arrays["a"].item(), str)


@pytest.mark.parametrize("text", [b"[" + b"[]," * 5_000_000 + b"[]]", b'{"a":"' + b"x" * 10_000_000 + b'"}'])
def test_a_long_status_is_refused_before_it_is_parsed(text):
    data = frame(status=text)
    peak, error = peak_of_decoding(data)
    assert "is too long" in str(error)
    assert peak < 2_000_000


def test_a_hundred_thousand_members_are_refused_before_they_are_objects():
    data = frame(npz(*((f"{number}", b"") for number in range(100_000))))
    peak, error = peak_of_decoding(data)
    assert "arrays are more than" in str(error)
    assert peak < 2 * len(data)


@DETERMINISTIC
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(sorted(STATUS)),
)
def test_any_json_decodes_or_is_refused(value, key):
    decode_or_refuse(frame(status=json.dumps(value).encode()))
    decode_or_refuse(frame(status=json.dumps(STATUS | {key: value}).encode()))
