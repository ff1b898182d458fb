#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A small HTTP server on the loopback that serves a directory, and misbehaves on request.

    range_server.py DIR [--bind ADDRESS] [--port N] [--rate BYTES_PER_S] [--log FILE] [--cert FILE --key FILE]

Prints its port, and stops when its standard input closes. It knows Range, If-Range, ETag and Last-Modified. Faults are
chosen by the query; most may be combined. N xK means: only the first K requests for the same URL (path and query).

    drop=N[xK]      close the connection after N bytes of the body
    stall=N[xK]     fall silent after N bytes of the body
    hang[=K]        never answer
    short[=K]       announce the whole, send half, and close
    slow=N          N bytes a second
    fail=STATUS[xK] answer with that status; retry-after=TEXT adds the header
    norange         ignore Range: always 200
    part=N          answer a range with N bytes of it at most
    nototal         don't say of a part how long the whole is
    badrange[=K]    answer a range with a part that begins one byte late
    norest=N        answer a range with 416, and N bytes as the size of the whole
    encoding=TEXT   say that the content is so encoded
    long            send one byte more than was announced
    chunked         chunked encoding, without a length
    nolength        neither length nor chunks: the end of the connection is the end; identity: and says so
    etag-change     another ETag with each request
    noetag          no ETag;  weak: a weak one;  nomodified: no Last-Modified
    redirect=URL    302 to that URL (percent-encoded in the query; "self" is this one again)
    name=TEXT       Content-Disposition with that value
    bighead         a head of a megabyte
"""
import argparse
import email.utils
import http.server
import json
import os
import socket
import ssl
import sys
import threading
import time
import urllib.parse

PIECE = 64 * 1024


def times(value, default_count):
    """'503x2' -> (503, 2)"""
    number, x, count = value.partition("x")
    return int(number), int(count) if x else default_count


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "range_server"

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def log_message(self, *args):
        pass

    def log_request(self, code="-", size="-"):
        self.server.note(self, int(code))

    # --- the faults that apply to this request ---

    def fault(self, name, every=1 << 62):
        """The number of a fault that is on for this request, else None."""
        if name not in self.query:
            return None
        number, count = times(self.query[name], every)
        return number if self.turn <= count else None

    def flag(self, name):
        """A fault without a number of its own: its number is how often."""
        return name in self.query and self.turn <= int(self.query[name] or 1 << 62)

    # --- the answer ---

    def answer(self, body):
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        self.turn = self.server.count(self.path)
        if self.flag("hang"):
            self.server.note(self, 0)
            return self.fall_silent()
        status = self.fault("fail")
        if status is not None:
            return self.refuse(status)
        if "redirect" in self.query:
            return self.redirect(self.query["redirect"])
        path = self.server.find(url.path)
        if not path:
            return self.refuse(404)
        with open(path, "rb") as file:
            self.send_file(file, body)

    def refuse(self, status):
        text = b"no\n"
        self.send_response(status)
        if "retry-after" in self.query:
            self.send_header("Retry-After", self.query["retry-after"])
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def redirect(self, where):
        self.send_response(302)
        self.send_header("Location", self.path if where == "self" else where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def fall_silent(self):
        self.server.stopping.wait()
        self.close_connection = True

    def send_file(self, file, body):
        info = os.fstat(file.fileno())
        etag = self.etag(info)
        modified = "" if "nomodified" in self.query else email.utils.formatdate(info.st_mtime, usegmt=True)
        span = self.span(info.st_size, etag, modified)
        if span is None or ("norest" in self.query and "Range" in self.headers):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{self.query.get('norest', info.st_size)}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        first, last = span
        part = "Range" in self.headers and self.wanted(etag, modified)
        if part and "part" in self.query:
            last = min(last, first + int(self.query["part"]) - 1)
        late = 1 if part and self.flag("badrange") else 0
        self.send_response(206 if part else 200)
        if part:
            total = "*" if "nototal" in self.query else info.st_size
            self.send_header("Content-Range", f"bytes {first + late}-{last}/{total}")
        self.describe(etag, modified)
        length = last - first + 1 - late
        self.send_length(length)
        if body:
            file.seek(first + late)
            self.send_body(file, length)

    def etag(self, info):
        if "noetag" in self.query:
            return ""
        change = self.server.count("etag-change") if "etag-change" in self.query else 0
        tag = f'"{info.st_mtime_ns:x}-{info.st_size:x}-{change}"'
        return "W/" + tag if "weak" in self.query else tag

    def wanted(self, etag, modified):
        """Whether a range is served, or the whole."""
        if "norange" in self.query:
            return False
        condition = self.headers.get("If-Range")
        return condition is None or (condition == etag and not etag.startswith("W/")) or condition == modified

    def span(self, size, etag, modified):
        """The first and last byte to send; None: there is no such range."""
        text = self.headers.get("Range", "")
        if not text.startswith("bytes=") or "," in text or not self.wanted(etag, modified):
            return 0, size - 1
        first, _, last = text[6:].partition("-")
        if first == "":
            return (max(0, size - int(last)), size - 1) if int(last) else None
        if int(first) >= size:
            return None
        return int(first), min(int(last), size - 1) if last else size - 1

    def describe(self, etag, modified):
        self.send_header("Accept-Ranges", "none" if "norange" in self.query else "bytes")
        self.send_header("Content-Type", "video/mp4")
        if etag:
            self.send_header("ETag", etag)
        if modified:
            self.send_header("Last-Modified", modified)
        if "encoding" in self.query:
            self.send_header("Content-Encoding", self.query["encoding"])
        if "name" in self.query:
            self.send_header("Content-Disposition", self.query["name"].encode().decode("latin-1"))
        if "bighead" in self.query:
            for i in range(1024):
                self.send_header(f"X-Big-{i}", "x" * 1024)

    def send_length(self, length):
        if "chunked" in self.query:
            self.send_header("Transfer-Encoding", "chunked")
        elif "nolength" in self.query:
            if "identity" in self.query:
                self.send_header("Transfer-Encoding", "identity")
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    # --- the body ---

    def send_body(self, file, length):
        end, silent = self.cut(length)
        rate = int(self.query.get("slow", 0)) or self.server.rate
        if end == length and not rate and "chunked" not in self.query:
            self.wfile.flush()
            self.connection.sendfile(file, file.tell(), length) if length else None
        else:
            self.send_pieces(file, end, rate)
        if "long" in self.query:
            self.wfile.write(b"x")
        if silent:
            self.fall_silent()
        elif end < length:
            self.close_now()
        elif "chunked" in self.query:
            self.wfile.write(b"0\r\n\r\n")

    def cut(self, length):
        """After how many bytes the body ends, and whether in silence."""
        stall = self.fault("stall")
        if stall is not None and stall < length:
            return stall, True
        drop = self.fault("drop")
        if drop is not None and drop < length:
            return drop, False
        return (length // 2 if self.flag("short") else length), False

    def send_pieces(self, file, length, rate):
        start, sent = time.monotonic(), 0
        piece = min(PIECE, max(1, rate // 20)) if rate else PIECE
        while sent < length:
            data = file.read(min(piece, length - sent))
            if not data:
                return
            if "chunked" in self.query:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            else:
                self.wfile.write(data)
            sent += len(data)
            if rate:
                time.sleep(max(0.0, start + sent / rate - time.monotonic()))

    def close_now(self):
        self.wfile.flush()
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, options):
        super().__init__((options.bind, options.port), Handler)
        self.root = os.path.realpath(options.directory)
        self.rate = options.rate
        self.lock = threading.Lock()
        self.turns = {}
        self.stopping = threading.Event()
        self.log = open(options.log, "a", buffering=1, encoding="utf-8") if options.log else None
        if options.cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(options.cert, options.key)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def server_bind(self):
        self.allow_reuse_address = True
        # Not HTTPServer's: that one asks the name service for our own name.
        http.server.socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request, client_address):
        pass  # a client that goes away is what many tests are about

    def count(self, key):
        with self.lock:
            self.turns[key] = self.turns.get(key, 0) + 1
            return self.turns[key]

    def find(self, path):
        full = os.path.realpath(os.path.join(self.root, urllib.parse.unquote(path).lstrip("/")))
        inside = full.startswith(self.root + os.sep)
        return full if inside and os.path.isfile(full) else None

    def note(self, handler, status):
        if self.log:
            line = {"method": handler.command, "target": handler.path, "status": status, "time": time.time(),
                    "headers": {name.lower(): value for name, value in handler.headers.items()}}
            with self.lock:
                self.log.write(json.dumps(line) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("--bind", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=int, default=0, help="bytes a second for every body")
    parser.add_argument("--log", help="append a JSON line for every request")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    server = Server(parser.parse_args())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    print(server.server_port, flush=True)
    try:
        while sys.stdin.buffer.read(4096):
            pass
    except KeyboardInterrupt:
        pass
    os._exit(0)  # without waiting for the answers that are still under way


if __name__ == "__main__":
    main()
