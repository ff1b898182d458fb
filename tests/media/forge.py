# SPDX-License-Identifier: MIT
"""What ffmpeg can't make: bits, boxes and elements put into its files by hand."""

import struct


class Bits:
    """Bits, the highest first."""

    def __init__(self):
        self.bits = []

    def put(self, value, count):
        self.bits += [(value >> i) & 1 for i in reversed(range(count))]
        return self

    def bytes(self):
        bits = self.bits + [0] * (-len(self.bits) % 8)
        return bytes(int("".join(map(str, bits[i : i + 8])), 2) for i in range(0, len(bits), 8))


# --- HEVC -------------------------------------------------------------------------------------------------------------


def sei(kind, payload):
    """A prefix SEI unit of one message, with its start code."""
    assert kind < 255 and len(payload) < 255
    raw = bytes([kind, len(payload)]) + payload + b"\x80"
    escaped = bytearray()
    for byte in raw:
        if byte <= 3 and escaped[-2:] == b"\0\0":
            escaped.append(3)
        escaped.append(byte)
    return b"\0\0\0\1" + bytes([39 << 1, 1]) + bytes(escaped)


def hdr10plus(peak=1000):
    """SMPTE ST 2094-40, application version 1, one window, without curves."""
    b = Bits().put(0xB5, 8).put(0x003C, 16).put(1, 16).put(4, 8).put(1, 8).put(1, 2).put(peak, 27).put(0, 1)
    for _ in range(3):
        b.put(50000, 17)  # the brightest of each colour
    b.put(2000, 17).put(0, 4).put(10, 10)  # average, no distribution, bright part
    return b.put(0, 1).put(0, 1).put(0, 1).bytes()


def captions():
    """One pair of CEA-608, as ATSC A/53 wraps it."""
    return bytes([0xB5, 0, 0x31]) + b"GA94" + bytes([3, 0x41, 0xFF, 0xFC, 0x94, 0x2C, 0xFF])


def before_first_picture(stream, unit):
    """An Annex B stream with a unit before its first picture."""
    at = 0
    while (at := stream.find(b"\0\0\1", at)) >= 0:
        if (stream[at + 3] >> 1) & 63 < 32:
            start = at - 1 if at and stream[at - 1] == 0 else at
            return stream[:start] + unit + stream[start:]
        at += 3
    raise ValueError("no picture")


# --- MPEG-2 -----------------------------------------------------------------------------------------------------------


def repeated(stream, first):
    """Each picture but the first ones says that it is shown again (repeat_first_field)."""
    out, at, n = bytearray(stream), 0, 0
    while (at := stream.find(b"\0\0\1\xb5", at)) >= 0:
        if stream[at + 4] >> 4 == 8:
            out[at + 7] |= 2 * (n >= first)
            n += 1
        at += 4
    return bytes(out)


# --- MP4 --------------------------------------------------------------------------------------------------------------


def box(name, payload):
    return struct.pack(">I4s", len(payload) + 8, name) + payload


def full_box(name, payload):
    return box(name, bytes(4) + payload)


# What stands before the boxes in a box: of a list of sample entries, and of the entry of a picture.
HEADS = {b"stsd": 8, b"hev1": 78, b"hvc1": 78, b"avc1": 78, b"mp4v": 78}


def into_box(data, path, more):
    """The same with boxes added at the end of the first box that the path names; the index has to be at the end."""
    out, at, done = b"", 0, False
    while at + 8 <= len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        size = size or len(data) - at
        body = data[at + 8 : at + size]
        if name == path[0] and not done:
            done = True
            head = HEADS.get(name, 0)
            body = body[:head] + into_box(body[head:], path[1:], more) if len(path) > 1 else body + more
            out += box(name, body)
        else:
            out += data[at : at + size]
        at += size
    if not done:
        raise KeyError(path)
    return out + data[at:]


def into_picture(data, entry, more):
    return into_box(data, (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", entry), more)


def dolby(profile, level, compatible, enhanced=0):
    b = Bits().put(1, 8).put(0, 8).put(profile, 7).put(level, 6).put(1, 1).put(enhanced, 1).put(1, 1)
    return box(b"dvcC" if profile < 8 else b"dvvC", b.put(compatible, 4).put(0, 28).put(0, 128).bytes())


def mastering(green, blue, red, white, most, least):
    return box(b"mdcv", struct.pack(">8H2I", *green, *blue, *red, *white, most, least))


def light(most, average):
    return box(b"clli", struct.pack(">2H", most, average))


def equirectangular():
    projection = full_box(b"prhd", struct.pack(">3i", 0, 0, 0)) + full_box(b"equi", bytes(16))
    return box(b"sv3d", full_box(b"svhd", b"forge\0") + box(b"proj", projection))


# --- Matroska ---------------------------------------------------------------------------------------------------------


def vint(data, at, keep):
    """A number and where it ends; keep: with the bit that says how long it is, as in an id."""
    length = 8 - data[at].bit_length() + 1
    value = int.from_bytes(data[at : at + length], "big")
    return (value if keep else value & ~(1 << (7 * length))), at + length


def element(ident, body):
    return ident.to_bytes((ident.bit_length() + 7) // 8, "big") + (len(body) | 1 << 56).to_bytes(8, "big") + body


def into_element(data, path, more):
    """The same with elements added at the end of the first element that the path names."""
    out, at, done = b"", 0, False
    while at < len(data):
        ident, body_at = vint(data, at, True)
        size, body_at = vint(data, body_at, False)
        end = min(body_at + size, len(data))
        if ident == path[0] and not done:
            done = True
            body = data[body_at:end]
            out += element(ident, into_element(body, path[1:], more) if len(path) > 1 else body + more)
        else:
            out += data[at:end]
        at = end
    if not done:
        raise KeyError(path)
    return out


def elements(data):
    """The elements in the bytes: pairs of id and body."""
    at = 0
    while at < len(data):
        ident, at = vint(data, at, True)
        size, at = vint(data, at, False)
        yield ident, data[at : at + size]
        at += size


def with_ghost(data):
    """The same with a track before the sound that says nothing of its codec, languages of BCP 47, and no index."""
    tracks, language, index = 0x1654AE6B, 0x22B59D, (0x114D9B74, 0x1C53BB6B)

    def rebuilt(body):
        track = [t for ident, t in elements(body) if ident == 0xAE]
        other = {0x86: b"", 0xD7: element(0xD7, b"\x63"), 0x73C5: element(0x73C5, b"\x63")}
        ghost = b"".join(other.get(ident, element(ident, b)) for ident, b in elements(track[1]))
        named = ((ghost, b"xx-ghost"), (track[1], b"de-AT"), (track[2], b"ja-JP"))
        return element(0xAE, track[0]) + b"".join(element(0xAE, t + element(language, word)) for t, word in named)

    def segment(body):
        kept = ((i, rebuilt(b) if i == tracks else b) for i, b in elements(body) if i not in index)
        return b"".join(element(i, b) for i, b in kept)

    return b"".join(element(i, segment(b) if i == 0x18538067 else b) for i, b in elements(data))


PICTURE_OF_TRACK = (0x18538067, 0x1654AE6B, 0xAE, 0xE0)


def crop(left, top, right, bottom):
    numbers = {0x54CC: left, 0x54BB: top, 0x54DD: right, 0x54AA: bottom}
    return b"".join(element(ident, value.to_bytes(2, "big")) for ident, value in numbers.items())
