#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the media files of the tests: corpus.py DIRECTORY. With ffmpeg where it can, else by changing its bytes.

The files are made once; the list of them, with what is known of each, is DIRECTORY/corpus.json.
"""

import json
import os
import random
import struct
import subprocess
import sys

import forge as hand

VERSION = 5
SIZE = "160x120"
PICTURE = f"-f lavfi -i testsrc2=size={SIZE}:rate=25:duration=0.48"
SOUND = "-f lavfi -i sine=frequency=440:sample_rate=48000:duration=0.48"
X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"


class Corpus:
    def __init__(self, folder):
        self.folder = folder
        self.kinds = {}

    def path(self, name):
        return os.path.join(self.folder, name)

    def ffmpeg(self, inputs, outputs):
        """One run, many files: outputs is a list of (name, arguments). One that this ffmpeg can't make is left out."""
        command = f"ffmpeg -v error -y {inputs} " + " ".join(f"{args} {name}" for name, args in outputs)
        if (
            subprocess.run(
                command, shell=True, cwd=self.folder, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ).returncode
            == 0
        ):
            self.note([name for name, _ in outputs], "honest")
        elif len(outputs) > 1:
            for output in outputs:
                self.ffmpeg(inputs, [output])
        elif os.path.exists(self.path(outputs[0][0])):
            os.unlink(self.path(outputs[0][0]))

    def note(self, names, kind):
        for name in names:
            if os.path.exists(self.path(name)):
                self.kinds[name] = kind

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def write(self, name, data, kind, size=None):
        with open(self.path(name), "wb") as f:
            f.write(data)
            if size:
                f.truncate(size)
        self.kinds[name] = kind


def video_codecs(c):
    by_container = {
        "mp4": [
            "libx264 -preset ultrafast -pix_fmt yuv420p",
            "libx265 -x265-params log-level=none",
            "mpeg4",
            "mpeg2video",
            "libvpx-vp9 -deadline realtime -cpu-used 8",
            "mjpeg -pix_fmt yuvj420p",
            "libx264 -preset ultrafast -pix_fmt yuv444p",
            "libx264 -preset ultrafast -pix_fmt yuv420p10le",
        ],
        "mov": [
            "prores_ks -profile:v 0",
            "prores_ks -profile:v 4 -pix_fmt yuva444p10le",
            "qtrle",
            "png",
            "rawvideo -pix_fmt yuv422p",
            "mjpeg -pix_fmt yuvj422p",
            "libx264 -preset ultrafast -pix_fmt yuv422p",
        ],
        "mkv": [
            "libx264 -preset ultrafast -pix_fmt yuv420p",
            "libx265 -x265-params log-level=none -pix_fmt yuv420p10le",
            "mpeg4",
            "mpeg2video",
            "mpeg1video",
            "ffv1",
            "huffyuv",
            "libtheora",
            "libvpx -deadline realtime -cpu-used 8",
            "rawvideo",
            "mjpeg",
            "libaom-av1 -cpu-used 8 -strict experimental -usage realtime -frames:v 3",
        ],
        "webm": [
            "libvpx -deadline realtime -cpu-used 8",
            "libvpx-vp9 -deadline realtime -cpu-used 8",
            "libvpx-vp9 -deadline realtime -cpu-used 8 -pix_fmt yuv444p",
        ],
        "avi": [
            "mpeg4",
            "msmpeg4v2",
            "msmpeg4",
            "mjpeg",
            "huffyuv",
            "ffv1",
            "rawvideo -pix_fmt bgr24",
            "libx264 -preset ultrafast -pix_fmt yuv420p",
        ],
        "ts": [
            "libx264 -preset ultrafast -pix_fmt yuv420p",
            "mpeg2video",
            "mpeg1video",
            "libx265 -x265-params log-level=none",
        ],
        "mpg": ["mpeg1video", "mpeg2video"],
        "vob": ["mpeg2video"],
        "flv": ["flv", "libx264 -preset ultrafast -pix_fmt yuv420p"],
        "wmv": ["wmv1", "wmv2", "msmpeg4"],
        "ogv": ["libtheora"],
        "mxf": ["mpeg2video"],
        "nut": ["mpeg4", "ffv1"],
        "gif": ["gif"],
        "3gp": ["libx264 -preset ultrafast -pix_fmt yuv420p", "mpeg4"],
        "m4v": ["mpeg4"],
        "y4m": ["wrapped_avframe -pix_fmt yuv420p"],
        "apng": ["apng"],
        "ivf": ["libvpx -deadline realtime -cpu-used 8", "libvpx-vp9 -deadline realtime -cpu-used 8"],
        "h264": ["libx264 -preset ultrafast -pix_fmt yuv420p"],
        "hevc": ["libx265 -x265-params log-level=none"],
        "m2v": ["mpeg2video"],
    }
    for container, codecs in by_container.items():
        c.ffmpeg(
            PICTURE, [(f"v{i}-{codec.split()[0]}.{container}", f"-c:v {codec}") for i, codec in enumerate(codecs)]
        )


def audio_codecs(c):
    by_container = {
        "m4a": ["aac", "alac", "ac3", "eac3"],
        "mka": [
            "aac",
            "libmp3lame",
            "ac3",
            "eac3",
            "libopus",
            "libvorbis",
            "flac",
            "pcm_s16le",
            "pcm_s24le",
            "truehd -strict -2",
            "dca -strict -2",
        ],
        "mp3": ["libmp3lame -b:a 64k", "libmp3lame -q:a 4"],
        "ogg": ["libvorbis", "libopus", "flac"],
        "wav": [
            "pcm_s16le",
            "pcm_s24le",
            "pcm_f32le",
            "pcm_u8",
            "pcm_mulaw",
            "pcm_alaw",
            "adpcm_ms",
            "adpcm_ima_wav",
        ],
        "flac": ["flac"],
        "aiff": ["pcm_s16be"],
        "caf": ["pcm_s16be", "alac"],
        "wma": ["wmav1", "wmav2"],
        "ac3": ["ac3"],
        "eac3": ["eac3"],
        "aac": ["aac"],
        "w64": ["pcm_s16le"],
        "mp2": ["mp2"],
        "ts": ["mp2", "aac", "ac3"],
    }
    for container, codecs in by_container.items():
        c.ffmpeg(SOUND, [(f"a{i}-{codec.split()[0]}.{container}", f"-c:a {codec}") for i, codec in enumerate(codecs)])
    layouts = ["mono", "stereo", "2.1", "5.1", "7.1", "quad"]
    for n, layout in enumerate(layouts):
        c.ffmpeg(
            f"-f lavfi -i anullsrc=channel_layout={layout}:sample_rate=48000 -t 0.3",
            [
                (f"layout{n}.mka", "-t 0.3 -c:a flac"),
                (f"layout{n}.wav", "-t 0.3"),
                (f"layout{n}.m4a", "-t 0.3 -c:a aac"),
                (f"layout{n}.mp4", "-t 0.3 -c:a ac3"),
            ],
        )


def containers(c):
    """One recording in many wrappings, with all that metadata can say."""
    chapters = ';FFMETADATA1\ntitle=Zwölf "Kapitel"\nartist=A\n' + "".join(
        f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={i * 100}\nEND={i * 100 + 100}\ntitle=Part {i}\n" for i in range(4)
    )
    c.write("chapters.txt", chapters.encode(), "notmedia")
    c.write("text.srt", b"1\n00:00:00,000 --> 00:00:00,400\nHello\n\n", "unsupported")
    c.write("attached.bin", b"not a font\n", "notmedia")
    c.ffmpeg(
        f"{PICTURE} {SOUND}",
        [
            (
                "base.mp4",
                f"-shortest {X264} -c:a aac -metadata title=base -metadata creation_time=2024-05-01T12:30:00Z",
            ),
            ("base.ts", "-shortest -c:v mpeg2video -c:a mp2"),
            ("base.avi", "-shortest -c:v mpeg4 -c:a libmp3lame"),
            ("base.webm", "-shortest -c:v libvpx -deadline realtime -cpu-used 8 -c:a libvorbis"),
            ("base.mpg", "-shortest -c:v mpeg2video -c:a mp2"),
            ("base.flv", "-shortest -c:v flv -c:a libmp3lame -ar 44100"),
            ("base.wmv", "-shortest -c:v wmv2 -c:a wmav2"),
            ("base.ogv", "-shortest -c:v libtheora -c:a libvorbis"),
        ],
    )
    one = "-map 0 -c copy "
    c.ffmpeg(
        "-i base.mp4",
        [
            ("fast.mp4", one + "-movflags +faststart"),
            ("frag.mp4", one + "-movflags +frag_keyframe+empty_moov"),
            ("sidx.mp4", one + "-movflags +dash+frag_keyframe+empty_moov+global_sidx"),
            ("default_base.mp4", one + "-movflags +default_base_moof+frag_every_frame"),
            ("cmaf.mp4", one + "-movflags +cmaf+frag_keyframe+empty_moov"),
            ("wrapped.mov", one),
            ("wrapped.mkv", one),
            ("wrapped.ts", one),
            ("wrapped.flv", one + "-an"),
            ("wrapped.nut", one),
            ("wrapped.3gp", one),
            ("wrapped.avi", one + "-bsf:v h264_mp4toannexb"),
            ("live.mkv", one + "-live 1 -f matroska"),
            ("timescale.mp4", one + "-video_track_timescale 90000"),
            ("noaudio.mp4", "-map 0:v -c copy"),
            ("novideo.m4a", "-map 0:a -c copy"),
            (
                "two.mkv",
                "-map 0:v -map 0:a -map 0:a -c copy -metadata:s:a:0 language=ger -metadata:s:a:1 language=fre "
                "-disposition:a:0 0 -disposition:a:1 default+original",
            ),
            (
                "languages.mp4",
                "-map 0:v -map 0:a -map 0:a -map 0:a -c copy -metadata:s:a:0 language=deu "
                "-metadata:s:a:1 language=por -metadata:s:a:2 language=chi",
            ),
            ("tags.mp4", one + "-metadata comment='a;b' -metadata artist='Ä' -metadata description=long"),
            ("tags.mkv", one + "-metadata DATE_RECORDED=2024-05-01T12:30:00 -metadata ENCODER=mine"),
            (
                "where.mov",
                one
                + "-movflags use_metadata_tags -metadata location=+48.2+16.3/ -metadata make=Maker "
                "-metadata model=Camera",
            ),
            ("timecode.mov", one + "-timecode 01:00:00:00"),
            ("offset.mkv", one + "-output_ts_offset 10"),
            ("aspect.mp4", one + "-aspect 16:9"),
            ("aspect.mkv", one + "-aspect 16:9"),
            (
                "encrypted.mp4",
                one
                + "-encryption_scheme cenc-aes-ctr -encryption_key 00112233445566778899aabbccddeeff -encryption_kid "
                "00112233445566778899aabbccddeeff",
            ),
            ("stereo3d.mkv", one + "-metadata:s:v stereo_mode=left_right"),
            ("brand.mp4", one + "-brand mp42"),
            ("titled.mkv", one + "-metadata:s:v title=Angle"),
        ],
    )
    c.ffmpeg(
        "-i base.mp4 -i text.srt",
        [
            ("subtitle.mkv", "-map 0 -map 1 -c copy -metadata:s:s language=spa"),
            ("subtitle.mp4", "-map 0 -map 1 -c copy -c:s mov_text"),
            ("forced.mkv", "-map 0 -map 1 -c copy -c:s ass -disposition:s forced+hearing_impaired"),
            ("webvtt.mkv", "-map 0 -map 1 -c copy -c:s webvtt"),
        ],
    )
    c.ffmpeg(
        "-i base.mp4 -i chapters.txt",
        [(f"chapters.{x}", "-map 0 -map_metadata 1 -c copy") for x in ("mp4", "mkv", "mov")],
    )
    c.ffmpeg(
        "-i base.mp4",
        [("attachment.mkv", "-map 0 -c copy -attach attached.bin -metadata:s:t mimetype=application/x-test")],
    )
    c.ffmpeg(
        PICTURE,
        [
            ("cover.png", "-frames:v 1"),
            ("cover.jpg", "-frames:v 1 -pix_fmt yuvj420p"),
            ("still.bmp", "-frames:v 1"),
            ("still.webp", "-frames:v 1"),
        ],
    )
    for name in ("cover.png", "cover.jpg", "still.bmp", "still.webp"):
        c.note([name], "unsupported")
    c.ffmpeg(
        "-i base.mp4 -i cover.png",
        [
            ("cover.m4a", "-map 0:a -map 1 -c copy -disposition:v attached_pic"),
            ("cover.mp3", "-map 0:a -map 1 -c:a libmp3lame -c:v copy"),
            ("cover.mp4", "-map 0 -map 1 -c copy -disposition:v:1 attached_pic"),
            ("cover.flac", "-map 0:a -map 1 -c:v copy -disposition:v attached_pic"),
        ],
    )
    c.ffmpeg(
        f"{PICTURE} {PICTURE} {SOUND}",
        [
            (
                "programs.ts",
                "-map 0 -map 1 -map 2 -c:v mpeg2video -c:a mp2 -program title=One:program_num=1:st=0:st=2 "
                "-program title=Two:program_num=2:st=1:st=2",
            ),
            ("twopictures.mkv", "-map 0 -map 1 -map 2 -c:v mpeg4"),
        ],
    )


def pictures(c):
    c.ffmpeg(
        PICTURE,
        [
            (f"sar{n}.{x}", f"-vf setsar={sar} -c:v {codec}")
            for n, sar in enumerate(("4/3", "8/9", "64/45", "1/1"))
            for x, codec in (("mp4", "mpeg4"), ("mkv", "mpeg4"))
        ],
    )
    for n, rate in enumerate(("24000/1001", "30000/1001", "60", "50", "12", "5", "1", "120")):
        c.ffmpeg(
            f"-f lavfi -i testsrc2=size={SIZE}:rate={rate}:duration=3 -frames:v 8",
            [(f"rate{n}.{x}", f"-frames:v 8 -c:v mpeg4") for x in ("mp4", "mkv")],
        )
    c.ffmpeg(
        f"-f lavfi -i testsrc2=size={SIZE}:rate=25:duration=2",
        [
            (f"vfr{n}.{x}", f"-vf \"select='{how}'\" -vsync vfr {X264}")
            for n, how in enumerate(("not(mod(n\\,3))+not(mod(n\\,5))", "lt(n\\,10)+gt(n\\,40)"))
            for x in ("mp4", "mkv")
        ],
    )
    uneven = "-vf \"select='not(mod(n\\,3)-1)+not(mod(n\\,3))'\" -vsync vfr -bf 0 " + X264
    c.ffmpeg(
        f"-f lavfi -i testsrc2=size={SIZE}:rate=30:duration=3",
        [("vfrcoarse.mp4", uneven + " -video_track_timescale 30"), ("vfrpromised.mkv", uneven + " -r 30")],
    )
    c.ffmpeg(
        f"-f lavfi -i testsrc2=size={SIZE}:rate=60:duration=1",
        [("cfrcoarse.mp4", f"{X264} -bf 0 -video_track_timescale 1000")],
    )
    # pictures that are only decoded have a time of their own, which is none of the frames'
    hidden = "-c:v libvpx -auto-alt-ref 1 -lag-in-frames 16 -cpu-used 5 -b:v 200k"
    c.ffmpeg(
        f"-f lavfi -i testsrc2=size={SIZE}:rate=30:duration=3",
        [("hidden.webm", hidden), ("vfrhidden.webm", f"-vf select='lt(n\\,45)+not(mod(n\\,3))' -vsync vfr {hidden}")],
    )
    raw, uneven = "-c:v rawvideo -pix_fmt yuv420p", "-vf select='lt(mod(n\\,7)\\,6)' -vsync vfr"
    c.ffmpeg(  # more frames than are looked at
        "-f lavfi -i testsrc2=size=64x64:rate=100:duration=25",
        [("long.mkv", raw), ("vfrlong.mkv", f"{uneven} {raw}")],
    )
    c.ffmpeg(
        "-f lavfi -i testsrc2=size=640x480:rate=25:duration=12",
        [("late.mkv", f"{X264} -qp 12 -g 25 -output_ts_offset 3600 -f matroska -live 1")],
    )
    for first, name in ((0, "pulldown.m2v"), (1, "pulldown-later.m2v")):
        c.write(name, hand.repeated(c.read("v0-mpeg2video.m2v"), first), "forged")
    c.ffmpeg(
        f"-f lavfi -i testsrc2=size=352x288:rate=50:duration=0.4",
        [
            ("interlaced-tff.mp4", f"-vf interlace=scan=tff {X264} -flags +ildct+ilme -x264opts tff=1"),
            ("interlaced-bff.mkv", f"-vf interlace=scan=bff {X264} -x264opts bff=1"),
            ("interlaced.ts", "-vf interlace=scan=tff -c:v mpeg2video -flags +ildct+ilme -top 1"),
            ("interlaced.mpg", "-vf interlace=scan=tff -c:v mpeg2video -flags +ildct+ilme -top 1"),
        ],
    )
    c.ffmpeg(
        f"-f lavfi -i testsrc2=size={SIZE}:rate=30000/1001:duration=0.3",
        [("timecode_drop.mov", f"{X264} -timecode '01:00:00;02'")],
    )
    light = "colorprim=bt2020:colormatrix=bt2020nc"
    master = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
    hdr = "-frames:v 3 -pix_fmt yuv420p10le -c:v libx265 -x265-params log-level=none:" + light
    c.ffmpeg(
        PICTURE,
        [
            (
                "hdr10.mkv",
                f"'{hdr}:transfer=smpte2084:{master}:max-cll=1000,400'".replace("'", "").replace(
                    "-x265-params ", "-x265-params '"
                )
                + "'",
            ),
            ("hdr10.mp4", f"{hdr}:transfer=smpte2084:max-cll=1000,400"),
            ("hlg.mp4", f"{hdr}:transfer=arib-std-b67"),
            ("pq.mp4", f"{hdr}:transfer=smpte2084"),
            ("hlg.ts", f"{hdr}:transfer=arib-std-b67"),
        ],
    )
    c.ffmpeg(
        PICTURE,
        [
            ("full.mp4", f"{X264} -color_range pc -colorspace bt709 -color_primaries bt709 -color_trc bt709"),
            ("bt601.mp4", f"{X264} -colorspace smpte170m -color_primaries smpte170m -color_trc smpte170m"),
            ("srgb.mkv", f"{X264} -color_trc iec61966-2-1"),
        ],
    )
    for n, length in enumerate(("0.04", "0.08", "1.001", "0.333")):
        c.ffmpeg(
            f"-f lavfi -i testsrc2=size={SIZE}:rate=25:duration={length}",
            [(f"length{n}.{x}", "-c:v mpeg4") for x in ("mp4", "mkv", "avi")],
        )


def box_at(data, path, start=0, end=None):
    """The place and size of a box, by the names on the way to it."""
    end = len(data) if end is None else end
    at = start
    while at + 8 <= end:
        size, name = struct.unpack(">I4s", data[at : at + 8])
        size = size or end - at
        if name == path[0]:
            return (at, size) if len(path) == 1 else box_at(data, path[1:], at + 8, at + size)
        at += size
    raise KeyError(path)


def turned(data, matrix):
    at, _ = box_at(data, (b"moov", b"trak", b"tkhd"))
    place = at + 8 + (52 if data[at + 8] == 1 else 40)
    return data[:place] + struct.pack(">9i", *matrix) + data[place + 36 :]


def forge(c):
    one, base = 1 << 16, c.read("base.mp4")
    matrices = {
        "0": (1, 0, 0, 1),
        "90": (0, 1, -1, 0),
        "180": (-1, 0, 0, -1),
        "270": (0, -1, 1, 0),
        "mirror": (-1, 0, 0, 1),
        "upside": (1, 0, 0, -1),
        "mirror90": (0, 1, 1, 0),
        "mirror270": (0, -1, -1, 0),
        "zero": (0, 0, 0, 0),
        "double": (2, 0, 0, 2),
    }
    for name, (a, b, d, e) in matrices.items():
        c.write(f"turn-{name}.mp4", turned(base, (a * one, b * one, 0, d * one, e * one, 0, 0, 0, 1 << 30)), "forged")
    c.write("turn-shear.mp4", turned(base, (one, one // 2, 0, 0, one, 0, 0, 0, 1 << 30)), "forged")
    c.write("turn-45.mp4", turned(base, (46341, 46341, 0, -46341, 46341, 0, 0, 0, 1 << 30)), "forged")
    at, _ = box_at(base, (b"moov", b"mvhd"))
    c.write("century.mp4", base[: at + 24] + b"\xff\xff\xff\xff" + base[at + 28 :], "forged")
    for brand in (b"avif", b"heic", b"mif1", b"qt  ", b"3gp4", b"\0\0\0\0", b"M4V "):
        c.write(f"brand-{brand.decode().strip(chr(0)).strip() or 'none'}.mp4", base[:8] + brand + base[12:], "forged")
    c.write(
        "encv.mp4",
        base.replace(b"avc1\0\0\0", b"encv\0\0\0", 1).replace(b"avc1", b"encv") if b"encv" not in base else base,
        "forged",
    )
    if "two.mkv" in c.kinds:
        c.ffmpeg(
            "-i base.mp4",
            [("bcp47.mkv", "-map 0 -c copy -metadata:s:a language=pt-BR -metadata:s:v language=zh-Hant")],
        )
        c.write("bcp47.mkv", c.read("bcp47.mkv").replace(b"\x22\xb5\x9c", b"\x22\xb5\x9d"), "forged")
        c.write("ghost.mkv", hand.with_ghost(c.read("two.mkv")), "forged")
    if "frag.mp4" in c.kinds:
        c.ffmpeg("-i vfr0.mp4", [("fragfirst.mp4", "-c copy -movflags +frag_keyframe -frag_duration 400000")])
    for name in (
        "base.mp4",
        "fast.mp4",
        "frag.mp4",
        "cmaf.mp4",
        "wrapped.mkv",
        "base.webm",
        "base.avi",
        "base.ts",
        "base.ogv",
        "base.flv",
        "base.mpg",
        "a0-pcm_s16le.wav",
    ):
        data = c.read(name)
        for percent in (1, 30, 70, 95):
            stem, ending = name.rsplit(".", 1)
            c.write(f"cut{percent}-{stem}.{ending}", data[: max(len(data) * percent // 100, 20)], "cut")
    chance = random.Random(4)
    for name in ("base.mp4", "wrapped.mkv", "base.ts", "base.avi", "base.ogv", "v1-libx264.flv", "a0-libmp3lame.mp3"):
        for n in range(3):
            data = bytearray(c.read(name))
            for _ in range(max(4, len(data) // 400)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            stem, ending = name.rsplit(".", 1)
            c.write(f"damaged{n}-{stem}.{ending}", bytes(data), "damaged")


def light(c):
    """Of high dynamic range, what ffmpeg has no words for."""
    raw = "-frames:v 3 -pix_fmt yuv420p10le -c:v libx265 -x265-params log-level=none:repeat-headers=1:colorprim=bt2020:"
    kinds = {
        "pq": raw + "colormatrix=bt2020nc:transfer=smpte2084",
        "bt2020": raw + "colormatrix=bt2020nc:transfer=bt2020-10",
    }
    c.ffmpeg(PICTURE, [(f"raw-{kind}.hevc", args) for kind, args in kinds.items()])
    if "raw-bt2020.hevc" not in c.kinds:
        return
    units = {
        "hdr10plus": ("pq", hand.sei(4, hand.hdr10plus())),
        "captions": ("pq", hand.sei(4, hand.captions())),
        # a player that does not know HLG takes it for BT.2020; who knows it reads the message
        "hlgsei": ("bt2020", hand.sei(147, bytes([18]))),
        "lightsei": ("pq", hand.sei(144, struct.pack(">2H", 700, 300))),
    }
    for name, (kind, unit) in units.items():
        c.write(f"{name}.hevc", hand.before_first_picture(c.read(f"raw-{kind}.hevc"), unit), "honest")
        c.ffmpeg(f"-i {name}.hevc", [(f"{name}.mp4", "-c copy")])
        c.ffmpeg(f"-i {name}.mp4", [(f"{name}.{x}", "-c copy") for x in ("mkv", "ts")])
    c.ffmpeg("-i raw-pq.hevc", [("pqraw.mp4", "-c copy")])
    c.ffmpeg("-i hlgsei.hevc", [("hlgraw.mp4", "-c copy")])
    boxes = {
        "dolby5": ("pqraw.mp4", hand.dolby(5, 6, 0)),
        "dolby81": ("pqraw.mp4", hand.dolby(8, 4, 1)),
        "dolby84": ("hlgraw.mp4", hand.dolby(8, 4, 4)),
        "dolby7": ("pqraw.mp4", hand.dolby(7, 6, 6, 1)),
        "hdr10box": (
            "pqraw.mp4",
            hand.mastering((13250, 34500), (7500, 3000), (34000, 16000), (15635, 16450), 10000000, 1)
            + hand.light(1000, 400),
        ),
    }
    for name, (base, box) in boxes.items():
        c.write(f"{name}.mp4", hand.into_picture(c.read(base), b"hev1", box), "honest")
    for name in ("dolby81", "dolby5"):
        c.ffmpeg(f"-i {name}.mp4", [(f"{name}.mkv", "-c copy -strict unofficial")])
    c.ffmpeg(
        PICTURE,
        [
            (
                "hlgtags.mkv",
                "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -color_trc arib-std-b67 -color_primaries bt2020 "
                "-colorspace bt2020nc -frames:v 3",
            )
        ],
    )


def shapes(c):
    """Pictures that are shown otherwise than they are stored."""
    base = c.read("noaudio.mp4")
    c.write("sphere.mp4", hand.into_picture(base, b"avc1", hand.equirectangular()), "honest")
    c.ffmpeg("-i noaudio.mp4", [("uncropped.mkv", "-c copy")])
    c.write(
        "cropped.mkv",
        hand.into_element(c.read("uncropped.mkv"), hand.PICTURE_OF_TRACK, hand.crop(8, 4, 8, 2)),
        "honest",
    )
    c.ffmpeg(
        "-i noaudio.mp4",
        [
            (
                "when.mov",
                "-c copy -movflags use_metadata_tags -metadata com.apple.quicktime.creationdate="
                "2024-05-01T12:30:00+0200",
            )
        ],
    )


def hostile(c):
    hls = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nbase.mp4\n#EXT-X-ENDLIST\n"
    texts = {
        "hls": hls,
        "hls-http": hls.replace(b"base.mp4", b"http://127.0.0.1:9/x.ts"),
        "hls-behind": b"\0" + hls,
        "concat": b"ffconcat version 1.0\nfile base.mp4\n",
        "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        b"m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "dash": b'<?xml version="1.0"?>\n<MPD type="static"><BaseURL>file:///etc/</BaseURL></MPD>\n',
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>\n",
        "text": b"It was the best of times, it was the worst of times.\n" * 40,
        "numbers": b"1 2 3 4 5\n" * 2000,
        "json": b'{"a": [1, 2, 3]}\n',
        "html": b"<html><script>1</script>",
        "elf": b"\x7fELF\x02\x01\x01" + bytes(200),
        "zip": b"PK\3\4" + bytes(100),
        "pdf": b"%PDF-1.7\n" + bytes(range(256)),
    }
    for name, data in texts.items():
        c.write(f"hostile-{name}.mp4", data, "notmedia")
    c.write("hostile-zeros.mkv", b"", "notmedia", 1 << 20)
    c.write("hostile-noise.mp4", random.Random(7).randbytes(65536), "notmedia")
    c.write("empty.mp4", b"", "notmedia")
    for name in ("a0-libmp3lame.mp3", "base.avi", "base.flv", "base.ts"):
        c.write("sparse-" + name, c.read(name), "sparse", 1 << 30)
    box = struct.pack(">I4s", 8, b"free")
    c.write("hostile-boxes.mp4", struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + box * 60000, "notmedia")
    c.write(
        "hostile-huge-box.mp4",
        struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + struct.pack(">I4sQ", 1, b"moov", (1 << 63) - 1) + bytes(64),
        "damaged",
    )
    void = hand.element(0xEC, b"")[:1] + b"\x80"
    c.write("hostile-voids.mkv", hand.into_element(c.read("wrapped.mkv"), (0x18538067,), void * 600000), "forged")
    deep = b""
    for _ in range(3000):
        deep = struct.pack(">I4s", len(deep) + 8, b"moov") + deep
    c.write("hostile-deep.mp4", struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + deep, "damaged")


def make(folder):
    os.makedirs(folder, exist_ok=True)
    index = os.path.join(folder, "corpus.json")
    if os.path.exists(index):
        with open(index, encoding="utf-8") as f:
            known = json.load(f)
        if known["version"] == VERSION:
            return known["files"]
    c = Corpus(folder)
    for old in os.listdir(folder):
        os.unlink(c.path(old))  # what others said of files that are made anew, too
    for part in (containers, video_codecs, audio_codecs, pictures, forge, light, shapes, hostile):
        part(c)
    with open(index, "w", encoding="utf-8") as f:
        json.dump({"version": VERSION, "files": c.kinds}, f, indent=1, sort_keys=True)
    return c.kinds


if __name__ == "__main__":
    files = make(sys.argv[1])
    print(len(files), "files")
