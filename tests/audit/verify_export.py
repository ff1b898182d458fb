#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks a whole export of the audit without the library, from what vidstore-audit(7) says of its form.

    verify_export.py EXPORT [CHECKPOINT]

EXPORT is what `vidstore audit export` wrote; CHECKPOINT the text of a checkpoint that was kept elsewhere. Says what is
wrong, one flaw a line, and ends with 1 when there is one. Needs the standard library of Python 3.8 or later.
"""
import functools
import hashlib
import json
import re
import struct
import sys
import uuid

SEGMENT = 4096
CHAINS = ("security", "activity", "system")
ZERO = bytes(32)

# Tag, kind and name of each hashed field, by part, in the order of hashing.
CORE = [(1, "int", "position"), (2, "uuid", "id"), (3, "int", "created_us"), (4, "int", "back_us"),
        (5, "int", "action"), (6, "int", "severity"), (7, "text", "noun"), (8, "uuid", "object_id"),
        (9, "uuid", "owner_id"), (10, "uuid", "user_id"), (11, "int", "success"), (12, "text", "error"),
        (13, "text", "actor"), (14, "text", "request_id"), (15, "text", "method"), (16, "uuid", "credential_id")]
ACTOR = [(33, "text", "actor_name"), (34, "text", "ip"), (35, "text", "user_agent"), (36, "text", "device")]
OBJECT = [(65, "text", "object_name"), (66, "text", "details"), (67, "text", "description")]


class Flaw(Exception):
    """Something that makes the rest unreadable."""


def sha256(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


def field(tag, kind, value):
    if value is None:
        return struct.pack(">BI", tag, 0xFFFFFFFF)
    if kind == "int":
        return struct.pack(">BIq", tag, 8, value)
    data = uuid.UUID(value).bytes if kind == "uuid" else value.encode("utf-8")
    return struct.pack(">BI", tag, len(data)) + data


def encode(fields, event):
    return b"".join(field(tag, kind, event[name]) for tag, kind, name in fields)


def commitment(fields, event, salt):
    """What stands for a personal part: zeros when it is empty, the hash that was left when it was erased."""
    salt = None if salt is None else bytes.fromhex(salt)
    if all(event[name] is None for _, _, name in fields):
        if salt is None:
            return ZERO
        if len(salt) != 32:
            raise ValueError("an empty part with a salt")
        return salt
    if salt is None or len(salt) != 16:
        raise ValueError("a part without its salt")
    return sha256(salt, encode(fields, event))


def link(chain_id, event, before):
    return sha256(b"VSAUD1\0", chain_id, encode(CORE, event), commitment(ACTOR, event, event["actor_salt"]),
                  commitment(OBJECT, event, event["object_salt"]), before)


def genesis(chain):
    return sha256(b"VSAUD1-GENESIS\0", bytes.fromhex(chain["id"]),
                  struct.pack(">qqqq", chain["number"], chain["created_us"], chain["format"], 0))


class Tree:
    """The tree of RFC 6962 over a growing list: the roots of its perfect subtrees, large ones first."""

    def __init__(self):
        self.nodes = []

    def add(self, level, node):
        while self.nodes and self.nodes[-1][0] == level:
            node, level = sha256(b"\1", self.nodes.pop()[1], node), level + 1
        self.nodes.append((level, node))

    def leaf(self, data):
        self.add(0, sha256(b"\0", data))

    def root(self):
        if not self.nodes:
            return sha256()
        root = self.nodes[-1][1]
        for _, node in reversed(self.nodes[:-1]):
            root = sha256(b"\1", node, root)
        return root


# --- Ed25519 (RFC 8032), as short as it can be: a handful of signatures need no speed ---------------------------------

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def point_add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, d - c, d + c, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_mul(n, point):
    result = (0, 1, 1, 0)
    while n:
        if n & 1:
            result = point_add(result, point)
        point, n = point_add(point, point), n >> 1
    return result


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def point(data):
    y = int.from_bytes(data, "little")
    x = recover_x(y & ((1 << 255) - 1), y >> 255)
    return None if x is None else (x, y & ((1 << 255) - 1), 1, x * (y & ((1 << 255) - 1)) % P)


@functools.lru_cache(maxsize=None)
def signature_fits(key, message, signature):
    a, r = point(key), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    left, right = point_mul(s, BASE), point_add(r, point_mul(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- checkpoints ------------------------------------------------------------------------------------------------------

FORM = re.compile(r"vidstore-audit-checkpoint/1\nstore (?P<store>\S+)\nnumber (?P<number>\d+)\n"
                  r"time_us (?P<time_us>\d+)\nkind (?P<kind>\w+)\nprevious (?P<previous>[0-9a-f]{64})\n"
                  + "".join(rf"{c} (?P<{c}>[0-9a-f]{{32}} \d+ [0-9a-f]{{64}} [0-9a-f]{{64}})\n" for c in CHAINS)
                  + r"key (?P<key>none|[0-9a-f]{64})\n(?:signature (?P<signature>[0-9a-f]{128})\n)?")


class Checkpoint:
    def __init__(self, text):
        match = FORM.fullmatch(text)
        if not match:
            raise Flaw("a checkpoint can't be read")
        self.text, self.body = text, text.split("signature ")[0].encode()
        self.store, self.kind = match["store"], match["kind"]
        self.number, self.time_us = int(match["number"]), int(match["time_us"])
        self.previous = bytes.fromhex(match["previous"])
        self.key = None if match["key"] == "none" else bytes.fromhex(match["key"])
        self.signature = match["signature"] and bytes.fromhex(match["signature"])
        self.chains = {}
        for name in CHAINS:
            chain_id, size, root, head = match[name].split(" ")
            self.chains[name] = (bytes.fromhex(chain_id), int(size), bytes.fromhex(root), bytes.fromhex(head))

    def is_signed_well(self):
        if (self.key is None) != (self.signature is None):
            return False
        return self.key is None or signature_fits(self.key, self.body, self.signature)


# --- the export -------------------------------------------------------------------------------------------------------

class Export:
    def __init__(self, path):
        self.flaws, self.checkpoints, self.segments, self.events = [], [], {}, []
        self.header = self.trailer = None
        digest = hashlib.sha256()
        with open(path, "rb") as lines:
            for number, line in enumerate(lines, 1):
                self.read(number, line, digest)
        if self.trailer is None:
            raise Flaw("the export has no trailer: it was cut")

    def read(self, number, line, digest):
        if self.trailer is not None:
            raise Flaw(f"line {number}: after the trailer")
        if not line.endswith(b"\n") or any(b < 0x20 or b > 0x7E and b < 0x80 for b in line[:-1]):
            raise Flaw(f"line {number}: cut, or with a control character")
        try:
            it = json.loads(line)
        except ValueError:
            raise Flaw(f"line {number}: is no JSON") from None
        kind = it.get("type") if isinstance(it, dict) else None
        if (number == 1) != (kind == "header"):
            raise Flaw(f"line {number}: a header stands first, and there only")
        if kind == "header":
            self.header = it
            if it.get("format") != "vidstore-audit-export/1" or not it.get("complete"):
                raise Flaw("not a whole export of the form vidstore-audit-export/1")
        elif kind == "event":
            self.events.append(it)
        elif kind == "segment":
            self.segments[it["chain"], it["segment"]] = it
        elif kind == "checkpoint":
            checkpoint = Checkpoint(it["text"])
            if checkpoint.number != it["number"]:
                self.flaws.append(f"checkpoint {it['number']}: gives itself another number")
            self.checkpoints.append(checkpoint)
        elif kind == "trailer":
            self.trailer = it
            if it["sha256"] != digest.hexdigest():
                self.flaws.append("the trailer's SHA-256 is not that of the lines")
        else:
            raise Flaw(f"line {number}: of an unknown type")
        digest.update(line)


class Chain:
    def __init__(self, export, name):
        self.export, self.name, self.position, self.last_us = export, name, 0, 0
        self.facts = export.header["chains"][name]
        if self.facts["format"] != 1 or self.facts["number"] != CHAINS.index(name) + 1:
            raise Flaw(f"{name}: of an unknown format")
        self.id, self.hash = bytes.fromhex(self.facts["id"]), genesis(self.facts)
        self.tree, self.segment = Tree(), Tree()
        self.wanted = {}
        for checkpoint in export.checkpoints:
            self.want(checkpoint, f"checkpoint {checkpoint.number}")

    def want(self, checkpoint, label):
        self.wanted.setdefault(checkpoint.chains[self.name][1], []).append((label, checkpoint.chains[self.name]))

    def flaw(self, text):
        self.export.flaws.append(f"{self.name} {self.position}: {text}")

    def compare(self):
        for label, (chain_id, size, root, head) in self.wanted.pop(self.position, []):
            if size and (chain_id, root, head) != (self.id, self.tree.root(), self.hash):
                self.flaw(f"{label} has other events up to here")

    def skip_pruned(self, until):
        while self.position < until and self.position % SEGMENT == 0:
            segment = self.export.segments.get((self.name, self.position // SEGMENT))
            if not segment or not segment["pruned"]:
                return
            if bytes.fromhex(segment["before"]) != self.hash:
                self.flaw("a pruned segment does not stand on the one before it")
            for size in [s for s in self.wanted if self.position < s < self.position + SEGMENT]:
                del self.wanted[size]  # only its root is left
            self.tree.add(12, bytes.fromhex(segment["root"]))
            self.hash = bytes.fromhex(segment["last"])
            self.position += SEGMENT
            self.compare()

    def take(self, event):
        self.skip_pruned(event["position"] - 1)
        if event["position"] != self.position + 1:
            raise Flaw(f"{self.name} {self.position + 1}: events are missing, doubled or out of order")
        self.position += 1
        try:
            expected = link(self.id, event, self.hash)
        except (ValueError, KeyError, TypeError, struct.error, AttributeError):
            expected = None
        stored = bytes.fromhex(event["hash"]) if event["hash"] else b""
        if expected != stored:
            self.flaw(f"the event {event['id']}, or the one before it, is not what was recorded")
        if event["created_us"] < self.last_us:
            self.flaw("is older than the one before it")
        self.hash, self.last_us = stored, event["created_us"]
        self.tree.leaf(self.hash)
        self.segment.leaf(self.hash)
        if self.position % SEGMENT == 0:
            sealed = self.export.segments.get((self.name, self.position // SEGMENT - 1))
            if sealed and (bytes.fromhex(sealed["root"]) != self.segment.root()
                           or bytes.fromhex(sealed["last"]) != self.hash):
                self.flaw("the segment that ends here was sealed with other events")
            self.segment = Tree()
        self.compare()

    def end(self):
        said = self.export.trailer["chains"][self.name]
        if said["last"] and (said["last"] != self.position or bytes.fromhex(said["head"]) != self.hash):
            self.flaw("the chain does not end as the trailer says")
        for size in sorted(self.wanted):
            if size > self.position:
                self.flaw(f"the chain ends here; {self.wanted[size][0][0]} counts {size}")


def check_checkpoints(export, anchor):
    last, previous = None, ZERO
    for c in export.checkpoints:
        where = f"checkpoint {c.number}"
        if c.number != (last.number if last else 0) + 1 or c.previous != previous:
            export.flaws.append(f"{where}: does not follow from the one before it")
        if c.store != export.header["store"]:
            export.flaws.append(f"{where}: is of another store")
        if last and (c.time_us < last.time_us or any(c.chains[n][1] < last.chains[n][1] for n in CHAINS)):
            export.flaws.append(f"{where}: is older or shorter than the one before it")
        if not c.is_signed_well() or (last and last.key and not c.key):
            export.flaws.append(f"{where}: its signature is missing or does not fit")
        if anchor and anchor.key and c.number > anchor.number and c.key != anchor.key:
            export.flaws.append(f"{where}: is not signed by the key of the anchor")
        last, previous = c, hashlib.sha256(c.body).digest()
    if not anchor:
        return
    if not anchor.is_signed_well() or anchor.store != export.header["store"]:
        export.flaws.append("the anchor is of another store, or its signature does not fit")
    if not any(c.number == anchor.number and c.body == anchor.body for c in export.checkpoints):
        export.flaws.append("the anchor is not among the checkpoints")


USER_DELETED, USER_PURGED, AUDIT_PRUNED = 14, 15, 152


def person(event, part):
    """Whom a part of an event is about: the only one whose deletion erases it."""
    if part is ACTOR and event["user_id"]:
        return event["user_id"]
    return event["object_id"] if event["noun"] == "user" else event["owner_id"] if event["noun"] in ("key", "login") \
        else None


def check_witnesses(export):
    """What is not there wants an event that says why: who was deleted, what was pruned. Such an event may have gone
    itself with an early segment of the security chain, which a later one names."""
    security = [event for event in export.events if event["chain"] == "security"]
    deleted = {event["object_id"] for event in security
               if event["noun"] == "user" and event["action"] in (USER_DELETED, USER_PURGED) and event["success"]}
    named = set()
    for event in security:
        if event["action"] == AUDIT_PRUNED and event["details"]:
            details = json.loads(event["details"])
            named.add((details["chain"], details["segment"], details["root"]))
    pruned = {(chain, number, segment["root"]) for (chain, number), segment in export.segments.items()
              if segment["pruned"]}
    early = any(chain == "security" for chain, _, _ in pruned & named)
    for chain, number, _ in sorted(pruned - named):
        if not early:
            export.flaws.append(f"{chain}: segment {number} is said to be pruned, and no event says so")
    for event in export.events:
        for part, salt in ((ACTOR, event["actor_salt"]), (OBJECT, event["object_salt"])):
            if salt and len(salt) == 64 and not early and person(event, part) not in deleted:
                export.flaws.append(f"{event['chain']} {event['position']}: a part is erased, and no event says that "
                                    "its person was deleted")


def check(path, anchor_text=None):
    """The flaws of an export; none: it is whole and honest."""
    try:
        export = Export(path)
        anchor = Checkpoint(anchor_text) if anchor_text else None
        check_checkpoints(export, anchor)
        chains = {name: Chain(export, name) for name in export.header["chains"]}
        for chain in chains.values():
            if anchor:
                chain.want(anchor, "the anchor")
        for event in export.events:
            if event["chain"] in chains:
                chains[event["chain"]].take(event)
            else:
                export.flaws.append(f"event {event['id']}: stands in no known chain")
        for chain in chains.values():
            chain.end()
        for name in CHAINS:
            said = max((c.chains[name][1] for c in export.checkpoints), default=0)
            if name not in chains and said:
                export.flaws.append(f"{name}: the chain is missing")
        check_witnesses(export)
        if len(export.events) != export.trailer["events"]:
            export.flaws.append("the trailer counts other events")
        return export.flaws
    except (Flaw, KeyError, ValueError, TypeError, AttributeError) as e:
        return [str(e) if isinstance(e, Flaw) else f"a line lacks something or holds something else: {e!r}"]


def main(arguments):
    if len(arguments) not in (1, 2):
        sys.exit(__doc__)
    anchor = None
    if len(arguments) == 2:
        with open(arguments[1], encoding="utf-8") as file:
            anchor = file.read()
    flaws = check(arguments[0], anchor)
    for flaw in flaws:
        print(flaw)
    if not flaws:
        print("whole, and as it was recorded" + ("" if anchor else "; no anchor was given"))
    return 1 if flaws else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
