# SPDX-License-Identifier: MIT
"""What is worth knowing of a media file, and where it is kept: each is a field that some file of the corpus has, a
column of the record, or left out for a reason."""

HERE = "the same name"
RECORD = "a field of the video, beside the facts"

# Of one probe.
CONTAINER = {
    "file": RECORD,
    "size": HERE,
    "modification time": "stored bytes never change; of a file of the host the verdict says that it changed meanwhile",
    "content hash": "the key by which what was found is kept",
    "probed at": RECORD,
    "prober": HERE,
    "options": "kept beside the content hash; the settings say them",
    "isolation": HERE,
    "reused": HERE,
    "elapsed_us": HERE,
    "bytes_read": HERE,
    "status": HERE,
    "limited_by": "needs limits that are not the usual ones: tests/unit/media.c",
    "raw error code": "libavformat's numbers mean something else in each version; the status is our own word for them",
    "detail": "only of a crash: tests/unit/media_helper.c",
    "media_kind": HERE,
    "format": HERE,
    "major_brand": HERE,
    "compatible_brands": HERE,
    "probe_score": HERE,
    "start_us": HERE,
    "duration_us": HERE,
    "duration_source": HERE,
    "duration_header_us": HERE,
    "duration_suspect": HERE,
    "bit_rate": HERE,
    "bit_rate_source": HERE,
    "n_video": HERE,
    "n_audio": HERE,
    "n_subtitle": HERE,
    "n_data": HERE,
    "n_attachment": HERE,
    "number of chapters": "as many as are listed",
    "chapters_cut": HERE,
    "n_programs": HERE,
    "main_video": HERE,
    "main_audio": HERE,
    "faststart": HERE,
    "fragmented": HERE,
    "has_index": HERE,
    "encrypted": HERE,
    "seekable": "every file is; what makes it cheap is has_index",
    "created_us": HERE,
    "created_utc_offset_min": HERE,
    "created_source": HERE,
    "timecode": HERE,
    "timecode_drop": HERE,
    "title": HERE,
    "encoder": HERE,
    "make": HERE,
    "model": HERE,
    "location": HERE,
    "tags_cut": HERE,
}
EACH_STREAM = """index kind container_id codec codec_tag codec_string profile level bit_rate nb_frames time_base
    start_us duration_us language_raw language title disposition is_picture encrypted params_complete""".split()
STREAMS = {
    "video": EACH_STREAM
    + """width height sar display_width display_height rotation flip display_matrix crop avg_rate r_rate
    rate_mode rate_mode_source rate_min rate_max pix_fmt bit_depth chroma alpha chroma_location color_range
    primaries transfer matrix hdr hdr_fallback dv_profile dv_level dv_compat dv_rpu dv_el dv_bl mastering
    mastering_source max_cll max_fall scan
    field_order pulldown closed_captions stereo3d projection has_b_frames""".split(),
    "audio": ["channels", "layout", "sample_rate", "sample_fmt", "bits"],
    "subtitle": ["subtitle"],
    "attachment": ["file_name", "mime_type", "size"],
}
OTHERS = {
    "chapters": ["start_us", "end_us", "title"],
    "programs": ["number", "name", "provider", "streams"],
    "tags": ["scope", "index", "key", "value", "altered"],
}
LEFT_OUT = {
    "where the number of frames is from": "always the container: none is counted",
    "coded_width, coded_height": "wrong in FFmpeg 5.1",
}


def check(found):
    """Complaints about fields that no file of the corpus has, and about those that are not listed here."""
    have = {"container": set(), "chapters": set(), "programs": set(), "tags": set()}
    streams = {}
    for answer in found.values():
        have["container"] |= set(answer["container"])
        for part in ("chapters", "tags"):
            have[part] |= {key for item in answer[part] for key in item}
        have["programs"] |= {key for item in answer["container"].get("programs", []) for key in item}
        for stream in answer["streams"]:
            streams.setdefault(stream["kind"], set()).update(stream)
    listed = {name for name, where in CONTAINER.items() if where == HERE}
    rare = {"reused", "tags_cut", "chapters_cut"}  # not of a file alone, or of hostile ones
    for name in sorted(listed - have["container"] - rare):
        yield f"no file of the corpus has {name}"
    for name in sorted(have["container"] - set(CONTAINER) - {"programs"}):
        yield f"{name} is not listed among the fields of a container"
    for part, names in OTHERS.items():
        if set(names) != have[part]:
            yield f"{part}: {sorted(set(names) ^ have[part])} are listed or found, not both"
    for kind, names in STREAMS.items():
        for name in sorted(set(names) - streams.get(kind, set())):
            yield f"no {kind} stream of the corpus has {name}"
    every = set(EACH_STREAM).union(*STREAMS.values())
    for kind, names in sorted(streams.items()):
        for name in sorted(names - every):
            yield f"{name} of {kind} streams is not listed"
