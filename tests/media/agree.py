#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds what the prober says of the corpus against ffprobe, MediaInfo, and the prober's own code without its sandbox.

agree.py VIDSTORE HELPER PLAIN_PROBE RANGED_PROBE SOAK DIRECTORY
"""

import concurrent.futures
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import time

import corpus
import fields

# Where we differ from ffprobe on purpose: files, field, and why.
DIFFERENCES = [
    ("*", "codec", "our words: dca is dts"),
    ("cut*", "*", "what is left of a cut file is estimated; the verdict says truncated"),
    ("damaged*", "*", "which of the damaged packets count is chance"),
    ("century.mp4", "duration", "the header says 136 years, the streams half a second: we don't believe it"),
    ("live.mkv", "duration", "it has none written down: we read to its end"),
    ("late.mkv", "duration", "it has none written down: the last block's time"),
    ("*.ivf", "duration", "as above"),
    ("v*-qtrle.*", "pix_fmt", "not among the decoders that are allowed"),
    ("*.apng", "duration", "as above"),
    ("*.m2v", "duration", "as above"),
    ("a*-aac.ts", "bit_rate", "estimated from the packets that were looked at, which are others"),
    (
        "*-mpeg1video.ts",
        "avg_rate",
        "a dozen frames without a length of their own: ffprobe repeats the decoder's guess",
    ),
    ("ghost.mkv", "language", "libavformat leaves out BCP 47 tags"),
    ("default_base.mp4", "nb_frames", "those of the first piece of many"),
    ("fragfirst.mp4", "nb_frames", "as above"),
    ("bcp47.mkv", "language", "libavformat leaves out BCP 47 tags"),
    ("interlaced*", "field_order", "the first frame is asked too"),
    ("hlgsei.*", "transfer", "the picture says what it prefers to be: ffprobe says so of its frames only"),
    ("hlgraw.mp4", "transfer", "as above"),
    ("dolby84.mp4", "transfer", "as above"),
    ("encv.mp4", "codec", "the sample entry is encrypted"),
]
# Statuses that each kind of file may have.
STATUSES = {
    "honest": {"ok"},
    "forged": {"ok", "unsupported", "damaged"},
    "cut": {"truncated", "damaged", "not_media", "ok", "empty"},
    "damaged": {"ok", "damaged", "truncated", "partial", "not_media"},
    "sparse": {"ok", "partial", "limit_read", "limit_time", "not_media"},
    "notmedia": {"not_media", "empty", "damaged", "truncated"},
    "unsupported": {"unsupported", "not_media"},
}
CODECS = {"dts": "dca", "vp6f": "vp6f", "aac_latm": "aac_latm"}
TRANSFERS = {"pq": "smpte2084", "hlg": "arib-std-b67", "srgb": "iec61966-2-1"}
RANGES = {"limited": "tv", "full": "pc"}

failures = []


def complain(text):
    failures.append(text)
    print("FAIL", text)


def check(condition, text):
    if not condition:
        complain(text)


def run(command, **more):
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False, **more
    ).stdout


def ours(vidstore, helper, folder, names, *options):
    env = dict(os.environ, VIDSTORE_PROBE_HELPER=helper)
    out = run([vidstore, "probe", "--json", "--full", *options, *[os.path.join(folder, n) for n in names]], env=env)
    found = [json.loads(line) for line in out.decode().splitlines()]
    return {os.path.basename(d["path"]): d for d in found}


def ffprobe(path):
    out = run(
        [
            "ffprobe",
            "-v",
            "error",
            "-show_format",
            "-show_streams",
            "-show_chapters",
            "-show_programs",
            "-of",
            "json",
            path,
        ],
        timeout=60,
    )
    return json.loads(out or b"{}")


def theirs(folder, names):
    """ffprobe's words for all files: asked once, for it takes a tenth of a second a file."""
    kept = os.path.join(folder, "ffprobe.json")
    if os.path.exists(kept):
        with open(kept, encoding="utf-8") as f:
            return json.load(f)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = dict(zip(names, pool.map(lambda n: ffprobe(os.path.join(folder, n)), names)))
    with open(kept, "w", encoding="utf-8") as f:
        json.dump(answers, f)
    return answers


def excused(name, field):
    return any(fnmatch.fnmatch(name, files) and fnmatch.fnmatch(field, f) for files, f, _ in DIFFERENCES)


def same(name, field, mine, other, what):
    if mine != other and not excused(name, field):
        complain(f"{name}: {what} {field}: {mine!r}, ffprobe says {other!r}")


def ratio(pair):
    return f"{pair[0]}/{pair[1]}" if pair else None


def microseconds(text):
    return None if text in (None, "N/A") else round(float(text) * 1e6)


def near(name, field, mine, other, slack, what):
    """Unknown must be unknown on both sides; 0 of ffprobe is unknown too."""
    if excused(name, field):
        return
    if (mine or 0) == 0 and (other or 0) == 0:
        return
    if mine is None or other is None or abs(mine - other) > slack:
        complain(f"{name}: {what} {field}: {mine!r}, ffprobe says {other!r}")


def known(value, *unknown):
    return None if value in unknown or value is None else value


def compare_video(name, s, t, what):
    for field in ("width", "height"):
        same(name, field, s.get(field), known(t.get(field), 0), what)
    same(name, "pix_fmt", s.get("pix_fmt"), t.get("pix_fmt"), what)
    sar = known(t.get("sample_aspect_ratio"), "0:1", "N/A")
    same(name, "sar", ratio(s.get("sar")), sar and sar.replace(":", "/"), what)
    same(name, "avg_rate", ratio(s.get("avg_rate")), known(t.get("avg_frame_rate"), "0/0"), what)
    same(name, "r_rate", ratio(s.get("r_rate")), known(t.get("r_frame_rate"), "0/0"), what)
    if t.get("color_transfer") not in (None, "unknown"):
        same(name, "transfer", TRANSFERS.get(s.get("transfer"), s.get("transfer")), t["color_transfer"], what)
    if t.get("color_primaries") not in (None, "unknown"):
        same(name, "primaries", s.get("primaries"), t["color_primaries"], what)
    if t.get("color_space") not in (None, "unknown"):
        same(name, "matrix", {"rgb": "gbr"}.get(s.get("matrix"), s.get("matrix")), t["color_space"], what)
    if t.get("color_range") not in (None, "unknown"):
        same(name, "range", RANGES.get(s.get("color_range")), t["color_range"], what)
    if t.get("field_order") not in (None, "unknown"):
        same(name, "field_order", s.get("field_order"), t["field_order"], what)
    if t.get("chroma_location") not in (None, "unspecified"):
        same(name, "chroma_location", s.get("chroma_location"), t["chroma_location"], what)


def compare_stream(name, s, t):
    what = f"stream {s['index']}"
    same(name, "kind", s["kind"], known(t.get("codec_type"), "unknown") or "data", what)
    same(name, "codec", CODECS.get(s.get("codec"), s.get("codec")), known(t.get("codec_name"), "unknown"), what)
    same(name, "time_base", ratio(s.get("time_base")), t.get("time_base"), what)
    near(name, "start", s.get("start_us"), microseconds(t.get("start_time")), 1, what)
    near(name, "duration", s.get("duration_us"), microseconds(t.get("duration")), 1, what)
    same(name, "nb_frames", s.get("nb_frames"), known(t.get("nb_frames"), "N/A") and int(t["nb_frames"]), what)
    same(name, "bit_rate", s.get("bit_rate"), known(t.get("bit_rate"), "N/A") and int(t["bit_rate"]), what)
    same(
        name,
        "profile",
        s.get("profile"),
        known(t.get("profile"), "unknown") if not str(t.get("profile", "")).isdigit() else s.get("profile"),
        what,
    )
    same(name, "disposition", set(s["disposition"]), {k for k, v in t.get("disposition", {}).items() if v}, what)
    same(name, "language", s.get("language_raw"), t.get("tags", {}).get("language"), what)
    if s["kind"] == "video":
        compare_video(name, s, t, what)
    if s["kind"] == "audio":
        same(name, "channels", s.get("channels"), known(t.get("channels"), 0), what)
        same(name, "layout", s.get("layout"), t.get("channel_layout"), what)
        same(
            name,
            "sample_rate",
            s.get("sample_rate"),
            known(t.get("sample_rate"), "0") and int(t["sample_rate"]),
            what,
        )
        same(name, "sample_fmt", s.get("sample_fmt"), t.get("sample_fmt"), what)


def compare(name, mine, other):
    c, f = mine["container"], other.get("format", {})
    if not f:
        return
    near(name, "duration", c.get("duration_us"), microseconds(f.get("duration")), 1, "container")
    near(name, "start", c.get("start_us"), microseconds(f.get("start_time")), 1, "container")
    near(name, "bit_rate", c.get("bit_rate"), int(f.get("bit_rate", 0)), 1, "container")
    same(name, "streams", len(mine["streams"]), f.get("nb_streams"), "container")
    same(name, "programs", c.get("n_programs"), f.get("nb_programs"), "container")
    same(
        name,
        "chapters",
        [(x["start_us"], x["end_us"], x.get("title")) for x in mine["chapters"]],
        [
            (microseconds(x["start_time"]), microseconds(x["end_time"]), x.get("tags", {}).get("title"))
            for x in other.get("chapters", [])
        ],
        "container",
    )
    tags = {t["key"]: t["value"] for t in mine["tags"] if t["scope"] == "container"}
    told = {k: v.rstrip(" \0") for k, v in f.get("tags", {}).items()}  # blanks at the end say nothing
    same(name, "tags", tags, {k: v for k, v in told.items() if v}, "container")
    for s, t in zip(mine["streams"], other["streams"]):
        compare_stream(name, s, t)


def compare_ffprobe(folder, kinds, mine):
    names = sorted(n for n, kind in kinds.items() if kind in ("honest", "forged", "cut", "damaged"))
    other = theirs(folder, names)
    for name in names:
        if mine[name]["streams"] and mine[name]["container"]["status"] != "unsupported":
            compare(name, mine[name], other[name])
    print(len(names), "files held against ffprobe")


def compare_plain(plain, folder, kinds, mine):
    """The sandbox takes nothing away."""
    names = sorted(n for n, kind in kinds.items() if kind != "sparse")
    lines = run([plain, *[os.path.join(folder, n) for n in names]]).decode().splitlines()
    check(len(lines) == len(names), f"{len(lines)} answers without the sandbox for {len(names)} files")
    for name, line in zip(names, lines):
        bare, boxed = json.loads(line), mine[name]
        for part in ("streams", "chapters", "tags"):
            check(bare.get(part, []) == boxed[part], f"{name}: {part} differ without the sandbox")
        for key, value in bare.items():
            if key not in ("streams", "chapters", "tags"):
                check(boxed["container"].get(key) == value, f"{name}: {key} differs without the sandbox")
    print(len(names), "files held against the prober without its sandbox")


def compare_ranged(ranged, helper, folder, kinds):
    """Bytes that lie in no file are read to the same end."""
    names = sorted(n for n, kind in kinds.items() if kind != "sparse")
    env = dict(os.environ, VIDSTORE_PROBE_HELPER=helper)
    out = run([ranged, *[os.path.join(folder, n) for n in names]], env=env).decode()
    check(not out, "range by range it is another answer: " + out[:4000])
    print(len(names), "files read range by range")


def compare_mediainfo(folder, kinds, mine):
    if not shutil.which("mediainfo"):
        print("no mediainfo here")
        return
    names = sorted(
        n for n, kind in kinds.items() if kind == "honest" and re.search(r"\.(mp4|mkv|mov|avi|wav|flac)$", n)
    )
    answers = json.loads(run(["mediainfo", "--Output=JSON", *[os.path.join(folder, n) for n in names]]))
    agreed = asked = 0
    for name, answer in zip(names, answers):
        for track in answer["media"]["track"]:
            kind = {"Video": "video", "Audio": "audio"}.get(track["@type"])
            streams = [s for s in mine[name]["streams"] if s["kind"] == kind]
            if not kind or len(streams) != 1:
                continue
            s = streams[0]
            pairs = (
                [("Width", s.get("width")), ("Height", s.get("height"))]
                if kind == "video"
                else [("SamplingRate", s.get("sample_rate")), ("Channels", s.get("channels"))]
            )
            for key, value in pairs:
                if key in track and value:
                    asked += 1
                    agreed += int(float(track[key])) == value
    check(asked > 100 and agreed >= asked * 0.98, f"MediaInfo agrees in {agreed} of {asked}")
    print("MediaInfo agrees in", agreed, "of", asked)


def check_facts(mine):
    """What ffprobe can't say, or says wrongly."""

    def video(name):
        return mine[name]["streams"][mine[name]["container"]["main_video"]]

    turns = {
        "0": (0, False),
        "90": (90, False),
        "180": (180, False),
        "270": (270, False),
        "mirror": (0, True),
        "upside": (180, True),
        "double": (0, False),
    }
    for name, (rotation, flip) in turns.items():
        v = video(f"turn-{name}.mp4")
        check(
            (v.get("rotation"), v.get("flip")) == (rotation, flip),
            f"turn-{name}: {v.get('rotation')} {v.get('flip')}",
        )
        check(len(v.get("display_matrix", [0] * 9)) == 9, f"turn-{name}: matrix")
    for name in ("zero", "shear", "45"):
        check("rotation" not in video(f"turn-{name}.mp4"), f"turn-{name}: a rotation is made up")
    container = {n: d["container"] for n, d in mine.items()}
    check(
        container["fast.mp4"].get("faststart") is True and container["base.mp4"].get("faststart") is False,
        "faststart",
    )
    check(
        container["frag.mp4"].get("fragmented") is True and container["base.mp4"].get("fragmented") is False,
        "fragmented",
    )
    check(
        container["century.mp4"].get("duration_suspect") is True and container["century.mp4"]["duration_us"] < 10**6,
        "century.mp4 is believed",
    )
    check(
        container["encrypted.mp4"].get("encrypted") is True and container["base.mp4"].get("encrypted") is False,
        "encryption",
    )
    check(container["base.mp4"]["compatible_brands"][0] == "isom", "brands")
    check(
        container["timecode_drop.mov"].get("timecode_drop") is True
        and container["timecode.mov"].get("timecode") == "01:00:00:00",
        "timecode",
    )
    check(container["where.mov"].get("make") == "Maker", "make")
    check(container["live.mkv"].get("duration_source") == "scan", "live.mkv has a duration")
    for name, status in (("cut70-base.flv", "truncated"), ("base.flv", "ok")):
        check(container[name]["status"] == status, f"{name}: {container[name]['status']}")
    late = container["late.mkv"]
    check(
        (late.get("duration_source"), late["start_us"]) == ("tail", 3600 * 10**6)
        and 11.9e6 < late["duration_us"] < 12.1e6,
        f"late.mkv: {late}",
    )
    modes = {"samples": {"vfrcoarse.mp4": "vfr", "cfrcoarse.mp4": "cfr"}, None: {"cut70-wrapped.mkv": None}}
    # in these ffmpeg lets the first frame stay for as long as the sound is late
    modes["samples"].update({n: "vfr" for n in ("frag.mp4", "sidx.mp4", "default_base.mp4", "cut70-frag.mp4")})
    modes["samples"].update({"cmaf.mp4": "cfr", "fragfirst.mp4": "vfr"})
    modes["blocks"] = {
        **{"vfrpromised.mkv": "vfr", "vfr0.mkv": "vfr", "vfrhidden.webm": "vfr"},
        **{"wrapped.mkv": "cfr", "rate2.mkv": "cfr", "live.mkv": "cfr", "hidden.webm": "cfr", "late.mkv": "cfr"},
        # only a part is looked at, which proves what it shows
        **{"vfrlong.mkv": "vfr"},
    }
    modes[None].update({"long.mkv": None, "cut70-cmaf.mp4": None})
    for source, files in modes.items():
        for name, mode in files.items():
            found = tuple(video(name).get(key) for key in ("rate_mode", "rate_mode_source"))
            check(found == (mode, source), f"{name}: rate mode {found}")
    for name, same in (("cmaf.mp4", "base.mp4"), ("fragfirst.mp4", "vfr0.mp4")):
        for key in ("rate_min", "rate_max"):
            check(video(name).get(key) == video(same).get(key) is not None, f"{name}: {key}")
    check(video("vfr0.mkv").get("rate_min") == [25, 3] and "rate_min" not in video("vfrlong.mkv"), "rates of blocks")
    check(container["hostile-voids.mkv"]["status"] == "ok", "the walk over the blocks has ended the probe")
    for name, pulled in (("pulldown.m2v", True), ("pulldown-later.m2v", None), ("base.ts", None)):
        check(video(name).get("pulldown") is pulled, f"{name}: pulldown {video(name).get('pulldown')}")
    for name, there in (("captions.mp4", True), ("pq.mp4", None)):
        check(video(name).get("closed_captions") is there, f"{name}: captions {video(name).get('closed_captions')}")
    check([s.get("language") for s in mine["ghost.mkv"]["streams"]][1:] == ["de-AT", "ja-JP"], "ghost.mkv: languages")
    check(
        container["fragfirst.mp4"]["fragmented"] and "nb_frames" not in video("fragfirst.mp4"),
        "frames of the first piece are all",
    )
    check(container["programs.ts"]["programs"][1]["name"] == "Two", "programs")
    check([s.get("language") for s in mine["bcp47.mkv"]["streams"]] == ["zh-Hant", "pt-BR"], "BCP 47 languages")
    check(video("vfr0.mp4").get("rate_mode") == "vfr" and video("rate0.mp4").get("rate_mode") == "cfr", "rate mode")
    check(
        video("hdr10.mkv").get("hdr") == "hdr10" and len(video("hdr10.mkv").get("mastering", [])) == 10,
        "HDR10 of the bitstream",
    )
    check(video("hlg.mp4").get("hdr") == "hlg" and video("pq.mp4").get("hdr") == "pq", "HLG, PQ")
    check_light(video)
    check(video("cropped.mkv").get("crop") == [8, 4, 8, 2], "crop")
    check(video("sphere.mp4").get("projection") == "equirectangular", "projection")
    check(container["when.mov"].get("created_utc_offset_min") == 120, "when.mov has a zone")
    check(video("interlaced-tff.mp4").get("scan") == "interlaced", "interlaced")
    check(
        container["cover.mp3"]["media_kind"] == "audio" and container["brand-avif.mp4"].get("media_kind") != "video",
        "kinds",
    )
    check(mine["attachment.mkv"]["streams"][-1].get("file_name") == "attached.bin", "attachment")
    check(video("base.mp4").get("codec_string", "").startswith("avc1."), "codec string")


def check_light(video):
    """Dynamic range: of the container and of the pictures, for those who know Dolby Vision and for the others."""
    names = {
        "hdr10plus": ("hevc", "mkv", "mp4", "ts"),
        "hlgsei": ("hevc", "mkv", "mp4", "ts"),
        "lightsei": ("hevc", "mkv", "mp4", "ts"),
    }
    for stem, endings in names.items():
        for name in (f"{stem}.{ending}" for ending in endings):
            wanted = {"hdr10plus": "hdr10plus", "hlgsei": "hlg", "lightsei": "hdr10"}[stem]
            check(video(name).get("hdr") == wanted, f"{name} is {video(name).get('hdr')}")
    check((video("lightsei.ts").get("max_cll"), video("lightsei.ts").get("max_fall")) == (700, 300), "lightsei.ts")
    check(video("hlgtags.mkv").get("hdr") == "hlg", "hlgtags.mkv")
    dolby = {
        "dolby5": (5, 6, 0, None, False),
        "dolby7": (7, 6, 6, "hdr10", True),
        "dolby81": (8, 4, 1, "hdr10", False),
        "dolby84": (8, 4, 4, "hlg", False),
    }
    for stem, facts in dolby.items():
        for name in (f"{stem}.mp4", f"{stem}.mkv")[: 2 if stem in ("dolby5", "dolby81") else 1]:
            v = video(name)
            found = tuple(v.get(f) for f in ("dv_profile", "dv_level", "dv_compat", "hdr_fallback", "dv_el"))
            check(v.get("hdr") == "dv" and found == facts, f"{name}: {v.get('hdr')} {found}")
            check(v.get("dv_rpu") is True and v.get("dv_bl") is True, f"{name}: layers")
    boxed = video("hdr10box.mp4")
    check(
        boxed.get("hdr") == "hdr10" and boxed.get("mastering_source") == "container" and boxed.get("max_cll") == 1000,
        "HDR10 of the container",
    )
    check(boxed.get("mastering", [])[8:] == [1, 10000000], f"hdr10box.mp4: {boxed.get('mastering')}")


def check_statuses(kinds, mine):
    for name, kind in kinds.items():
        status = mine[name]["container"]["status"]
        check(status in STATUSES[kind], f"{name} ({kind}) is {status}")
    for name in ("cut30-base.mp4", "cut70-wrapped.mkv", "cut70-base.avi", "cut95-fast.mp4"):
        check(mine[name]["container"]["status"] == "truncated", f"{name} is {mine[name]['container']['status']}")


def peak_kib(command):
    """The most memory that a program had."""
    with open(os.devnull, "w", encoding="utf-8") as nothing:
        pid = os.posix_spawn(
            command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nothing.fileno(), 1)]
        )
        return os.wait4(pid, 0)[2].ru_maxrss


def check_sparse(vidstore, helper, plain, folder, kinds):
    for name in sorted(n for n, kind in kinds.items() if kind == "sparse"):
        container = ours(vidstore, helper, folder, [name])[name]["container"]
        check(container["elapsed_us"] < 2000000 * patience(), f"{name} took {container['elapsed_us']} us")
        check(container["bytes_read"] <= 65 << 20, f"{name}: {container['bytes_read']} bytes read")
        peak = peak_kib([plain, os.path.join(folder, name)])
        check(peak < 256 << 10, f"{name} took {peak} KiB")


def patience():
    """A machine with other work, or a sanitizer, is slower."""
    return float(os.environ.get("CK_TIMEOUT_MULTIPLIER", "1")) * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def check_strace(vidstore, helper, folder, kinds):
    """No call of a process that reads a hostile file opens a file or a socket."""
    if not shutil.which("strace"):
        print("no strace here")
        return
    script, log = os.path.join(folder, "traced.sh"), os.path.join(folder, "trace")
    with open(script, "w", encoding="utf-8") as f:
        f.write(f"#!/bin/sh\nexec strace -f -e trace=%network,%file,prctl,execve -o '{log}' '{helper}'\n")
    os.chmod(script, 0o755)
    names = sorted(n for n, kind in kinds.items() if kind == "notmedia" and n.startswith("hostile"))
    found = ours(vidstore, script, folder, names, "--parallel", "1")
    check(len(found) == len(names), "the traced helper did not answer")
    shut, seen = set(), 0
    with open(log, encoding="utf-8", errors="replace") as f:
        for line in f:
            pid, call = line.split(" ", 1)
            if "PR_SET_SECCOMP" in call:
                shut.add(pid)
                seen += 1
            elif pid in shut and re.match(
                r"\s*(open|openat|creat|socket|connect|bind|sendto|sendmsg|execve)\(", call
            ):
                complain(f"a process that reads a file calls {call.strip()}")
    check(seen >= len(names), f"{seen} processes entered the sandbox for {len(names)} files")
    print(len(names), "hostile files traced")


def check_many(vidstore, helper, folder):
    """Again and again, in one process of the host: the same answers. The long run: VIDSTORE_LONG=1."""
    rounds = 10000 if os.environ.get("VIDSTORE_LONG") else 200
    names = ["base.mp4", "wrapped.mkv", "hostile-hls.mp4", "cut30-base.mp4"]
    began = time.monotonic()
    env = dict(os.environ, VIDSTORE_PROBE_HELPER=helper)
    for policy in ([], ["--warm"]):
        out = run(
            [vidstore, "probe", "--json", *policy, *[os.path.join(folder, names[i % 4]) for i in range(rounds // 2)]],
            env=env,
        )
        found = [json.loads(line) for line in out.decode().splitlines()]
        check(len(found) == rounds // 2, f"{len(found)} of {rounds // 2} answers")
        for i, d in enumerate(found):
            first = found[i % 4]
            check(
                d["streams"] == first["streams"] and d["container"]["status"] == first["container"]["status"],
                f"probe {i} is another one",
            )
    print(rounds, "probes in %.1f s" % (time.monotonic() - began))


def check_soak(soak, helper, folder):
    """Memory and descriptors stay where they are. The long run: VIDSTORE_LONG=1."""
    count = "10000" if os.environ.get("VIDSTORE_LONG") else "300"
    names = ["base.mp4", "wrapped.mkv", "base.ts", "hostile-hls.mp4", "cut30-base.mp4", "damaged0-base.avi"]
    done = subprocess.run(
        [soak, count, *[os.path.join(folder, n) for n in names]],
        env=dict(os.environ, VIDSTORE_PROBE_HELPER=helper),
        stdout=subprocess.PIPE,
        check=False,
    )
    print(done.stdout.decode().rstrip())
    check(done.returncode == 0, f"{count} probes left something behind")


def main():
    vidstore, helper, plain, ranged, soak, folder = sys.argv[1:]
    if not shutil.which("ffmpeg"):
        print("no ffmpeg here")
        return 77
    kinds = corpus.make(folder)
    check(len(kinds) >= 200, f"only {len(kinds)} files")
    mine = ours(vidstore, helper, folder, sorted(kinds))
    check(set(mine) == set(kinds), f"no answer for {sorted(set(kinds) - set(mine))}")
    check_statuses(kinds, mine)
    check_facts(mine)
    for text in fields.check(mine):
        complain(text)
    compare_plain(plain, folder, kinds, mine)
    compare_ranged(ranged, helper, folder, kinds)
    compare_ffprobe(folder, kinds, mine)
    compare_mediainfo(folder, kinds, mine)
    check_sparse(vidstore, helper, plain, folder, kinds)
    check_strace(vidstore, helper, folder, kinds)
    check_many(vidstore, helper, folder)
    check_soak(soak, helper, folder)
    print(len(kinds), "files,", len(failures), "failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
