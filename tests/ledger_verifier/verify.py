#!/usr/bin/env python3
"""A second verifier of exported ledgers, for those who do not trust the first.

It shares no code with Virtscale: Python's standard library alone, written from the C2SP pages (signed-note,
tlog-checkpoint, tlog-tiles), RFC 6962 (the tree), RFC 8032 (Ed25519) and RFC 8785 (canonical JSON).

    verify.py DIRECTORY [VKEYS-FILE]        the keys default to DIRECTORY/keys

Exit status: 0 sound, 5 not sound (one line on stderr says why), 2 wrong usage.
"""

import base64
import hashlib
import json
import pathlib
import struct
import sys

# --- Ed25519, RFC 8032 section 5.1 ---------------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)


def add(a, b):
    """The sum of two points in extended coordinates (5.1.4)."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    x, y, z, t = f - e, h - g, h + g, f + e
    return (x * y % P, z * t % P, y * z % P, x * t % P)


def multiply(scalar, point):
    product = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            product = add(product, point)
        point = add(point, point)
        scalar >>= 1
    return product


def decompress(encoded):
    """The point that 32 bytes encode (5.1.3), or None."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def ed25519_holds(key, message, signature):
    base_y = 4 * pow(5, P - 2, P) % P
    base = decompress(base_y.to_bytes(32, "little"))
    a, r = decompress(key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = multiply(s, base), add(r, multiply(k, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- C2SP signed-note and tlog-checkpoint --------------------------------------------------------------------------


class Unsound(Exception):
    """Why the ledger is not accepted."""


def demand(holds, why):
    if not holds:
        raise Unsound(why)


def read_keys(path):
    keys = {}
    for line in path.read_text().splitlines():
        name, key_id, encoded = line.split("+", 2)
        typed = base64.b64decode(encoded, validate=True)
        computed = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
        demand(typed[0] == 1 and len(typed) == 33 and computed.hex() == key_id, f"{path}: not an Ed25519 vkey: {line}")
        keys[name, computed] = typed[1:]
    return keys


def open_note(note, keys):
    """The text of a note that at least one of the keys has signed."""
    text, _, signatures = note.rpartition(b"\n\n")
    text += b"\n"
    demand(signatures.endswith(b"\n"), "checkpoint: not a signed note")
    known = 0
    for line in signatures[:-1].split(b"\n"):
        dash, name, blob = line.split(b" ", 2)
        demand(dash == "\u2014".encode(), "checkpoint: malformed signature line")
        blob = base64.b64decode(blob, validate=True)
        key = keys.get((name.decode(), blob[:4]))
        if key is None:
            continue
        demand(ed25519_holds(key, text, blob[4:]), f"checkpoint: the signature of {name.decode()} does not hold")
        known += 1
    demand(known > 0, "checkpoint: no known key has signed it")
    return text.decode()


# --- RFC 6962 section 2.1, C2SP tlog-tiles -------------------------------------------------------------------------


def leaf(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes):
    """MTH over hashes of equal subtrees, the last of which may be partial: the definition's split, done bottom up."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    while len(hashes) > 1:
        paired = [node(hashes[i], hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
        hashes = paired + ([hashes[-1]] if len(hashes) % 2 else [])
    return hashes[0]


def tile_name(number, width):
    groups = f"{number % 1000:03}"
    while number := number // 1000:
        groups = f"x{number % 1000:03}/" + groups
    return groups if width == 256 else f"{groups}.p/{width}"


def tiles_of(count):
    """(number, width) of each tile that holds `count` hashes."""
    for number in range((count + 255) // 256):
        yield number, min(256, count - number * 256)


def read(path):
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unsound(f"{path}: {error.strerror}") from error


def read_entries(directory, size):
    for number, width in tiles_of(size):
        path = directory / "tile" / "entries" / tile_name(number, width)
        bundle, at = read(path), 0
        for _ in range(width):
            demand(at + 2 <= len(bundle), f"{path}: truncated")
            (length,) = struct.unpack_from(">H", bundle, at)
            demand(at + 2 + length <= len(bundle), f"{path}: truncated")
            yield bundle[at + 2 : at + 2 + length]
            at += 2 + length
        demand(at == len(bundle), f"{path}: more than {width} entries")


def check_tiles(directory, hashes):
    level = 0
    while hashes:
        for number, width in tiles_of(len(hashes)):
            path = directory / "tile" / str(level) / tile_name(number, width)
            expected = hashes[number * 256 : number * 256 + width]
            found = read(path)
            demand(len(found) == 32 * width, f"{path}: {len(found)} bytes instead of {32 * width}")
            for i, value in enumerate(expected):
                demand(found[32 * i : 32 * i + 32] == value, f"{path}: hash {i} is not that of what it covers")
        whole = len(hashes) // 256
        hashes = [root_of(hashes[256 * i : 256 * i + 256]) for i in range(whole)]
        level += 1


# --- Lines ---------------------------------------------------------------------------------------------------------


def no_float(text):
    raise Unsound(f"a line holds the number {text}, which is no integer")


def canonical(value):
    """RFC 8785 for objects, arrays, strings, integers and booleans."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(canonical(key) + ":" + canonical(value[key]) for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def check_line(index, entry, org):
    try:
        text = entry.decode()
        line = json.loads(text, parse_float=no_float)
    except ValueError as error:
        raise Unsound(f"line {index}: {error}") from error
    demand(canonical(line) == text, f"line {index}: not canonical JSON")
    demand(line["index"] == index, f"line {index}: says that it is line {line['index']}")
    demand(line["org"] == org, f"line {index}: belongs to {line['org']}")


def verify(directory, keys):
    origin, size, root, *_ = open_note(read(directory / "checkpoint"), keys).split("\n")
    demand(size == str(int(size)), "checkpoint: malformed size")
    entries = list(read_entries(directory, int(size)))
    hashes = [leaf(entry) for entry in entries]
    demand(base64.b64encode(root_of(hashes)).decode() == root, "the entries do not give the root that was signed")
    check_tiles(directory, hashes)
    for index, entry in enumerate(entries):
        check_line(index, entry, origin.rpartition("/")[2])
    lines = read(directory / "lines.jsonl")
    for index, (entry, line) in enumerate(zip(entries, lines.split(b"\n"))):
        demand(entry == line, f"lines.jsonl: line {index} is not the entry that was signed")
    demand(lines == b"".join(entry + b"\n" for entry in entries), "lines.jsonl: lines were added or removed")
    return origin, int(size)


def main(arguments):
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    directory = pathlib.Path(arguments[0])
    try:
        keys = read_keys(pathlib.Path(arguments[1]) if len(arguments) == 2 else directory / "keys")
        origin, size = verify(directory, keys)
    except (Unsound, OSError, ValueError, KeyError) as error:
        print(error, file=sys.stderr)
        return 5
    print(f"{origin}: {size} lines, sound")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
