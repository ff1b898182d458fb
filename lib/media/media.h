/* SPDX-License-Identifier: MIT */
/* Probing: what a media file is, learned in a sandboxed process of its own. This is the client side; it opens no media
 * library. The program that does is helper/ (vidstore-probe). */
#ifndef VS_MEDIA_MEDIA_H
#define VS_MEDIA_MEDIA_H

#include "util/json.h"
#include "vidstore/base.h"
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define VS_MEDIA_UNKNOWN INT64_MIN

/* How far one probe may go. 0 in any is the default. */
struct vs_probe_limits {
    int64_t max_read;    /* bytes read from the file, re-reads included; 64 MiB */
    int64_t timeout_ms;  /* of the probe itself; 10 s, at most an hour */
    int64_t wait_ms;     /* for a free place, when others are probing; 60 s */
    int32_t max_streams; /* 256, which is also the most */
    int32_t skip_decode; /* 1: do not decode the first frame of the main video (fewer facts, less time) */
    int32_t warm;   /* 1: in a sandboxed process that reads many files, one after another: for files of one's own */
    int32_t places; /* how many may probe at a time; as many as there are processors, at most 64 */
    const atomic_int *cancel; /* looked at meanwhile: not 0 ends it with CANCELLED; NULL: nothing does */
};

/* Facts. A number that is not known is VS_MEDIA_UNKNOWN, a text NULL; flags are 0 or 1. Texts are valid UTF-8 without
 * NUL; words are ours and ASCII. Bounds and JSON names are in the field tables (media_facts.c). */
struct vs_probe_stream {
    char *kind; /* video, audio, subtitle, data, attachment */
    char *codec, *profile;
    char *codec_tag;               /* four characters of the container */
    char *codec_string;            /* as in a MIME type (RFC 6381) */
    char *language_raw, *language; /* as the file says; as BCP 47 */
    char *title;
    char *disposition; /* words, separated by one blank; "" for none */
    int64_t index, level, bit_rate, is_picture;
    int64_t container_id;    /* the container's own number: PID, track */
    int64_t encrypted;       /* its samples are */
    int64_t params_complete; /* what is needed to decode it is known */
    int64_t time_base_num, time_base_den, start_us, duration_us, nb_frames;
    /* video */
    int64_t width, height, sar_num, sar_den;
    int64_t display_width, display_height; /* after pixel aspect and rotation */
    int64_t rotation;                      /* quarter turns clockwise in degrees: 0, 90, 180, 270 */
    int64_t flip;                          /* mirrored left to right, before it is turned */
    int64_t avg_rate_num, avg_rate_den, r_rate_num, r_rate_den;
    char *display_matrix;   /* nine numbers as in the file: 16.16, the last column 2.30 */
    char *crop;             /* left, top, right, bottom */
    char *rate_mode;        /* cfr, vfr; NULL: no evidence */
    char *rate_mode_source; /* samples: the container's lists; blocks: the time of each, or the first ones */
    int64_t rate_min_num, rate_min_den, rate_max_num, rate_max_den;
    char *pix_fmt, *color_range, *primaries, *transfer, *matrix;
    char *chroma, *chroma_location; /* 420, 422, 444…, gray, rgb; left, center, topleft… */
    char *hdr;                      /* sdr, hdr10, hdr10plus, hlg, pq, dv */
    char *hdr_fallback;             /* of dv: hdr10, hlg, sdr */
    char *mastering;          /* x and y of red, green, blue, white in 1/50000; least, most light in 1/10000 cd/m2 */
    char *mastering_source;   /* container, bitstream */
    char *scan, *field_order; /* progressive, interlaced; progressive, tt, bb, tb, bt */
    char *stereo3d, *projection;
    int64_t bit_depth, alpha, max_cll, max_fall, closed_captions, pulldown, has_b_frames;
    int64_t dv_profile, dv_level, dv_compat, dv_rpu, dv_el, dv_bl;
    /* audio */
    int64_t channels, sample_rate, bits;
    char *layout, *sample_fmt;
    /* subtitle */
    char *subtitle; /* text, bitmap */
    /* attachment */
    char *file_name, *mime_type;
    int64_t size;
};

struct vs_probe_program {
    int64_t number;
    char *name, *provider;
    char *streams; /* their indexes, separated by one blank */
};

struct vs_probe_chapter {
    int64_t start_us, end_us;
    char *title;
};

struct vs_probe_tag {
    char *scope;   /* container, stream, program, chapter */
    int64_t index; /* of the stream, program or chapter */
    char *key, *value;
    int64_t altered; /* 1: cut, or bytes that were no UTF-8 were replaced */
};

struct vs_probe {
    /* ok, partial, empty, not_media, unsupported, truncated, damaged, limit_time, limit_read, limit_memory,
     * limit_streams, crashed, io_error, changed_while_probing. With ok, partial, truncated, damaged and
     * changed_while_probing there may be facts; never rely on one being there. */
    char *status;
    char *limited_by; /* of a partial one: time, read, memory, streams, io */
    char *detail;     /* for a person, with crashed */
    char *prober;     /* "libavformat 59.27.100, …, facts 2" */
    char *isolation;  /* "fork rlimits seccomp landlock"; "warm …" when the process had read other files before */
    int64_t reused;   /* 1: an answer that the same bytes got before, by this very prober; nothing was read for it */
    int64_t elapsed_us, bytes_read, size;
    char *media_kind; /* video, audio, image, image_sequence, subtitle, none */
    char *format;     /* mp4, mov, matroska, webm, mpegts, avi, ogg, flv, … */
    char *major_brand, *title, *encoder;
    char *compatible_brands; /* separated by one blank */
    char *duration_source;   /* header, stream, pts, bitrate; scan: read to the end; tail: the last block's time */
    char *bit_rate_source;   /* header, computed */
    char *created_source;    /* quicktime, container, date_recorded, date_encoded */
    char *timecode, *make, *model, *location;
    int64_t duration_header_us; /* what the file says, right or wrong */
    int64_t duration_suspect;   /* it contradicts its streams, or was guessed from the bit rate */
    int64_t has_index, encrypted, timecode_drop;
    int64_t probe_score, start_us, duration_us, bit_rate, created_us, created_utc_offset_min;
    int64_t n_video, n_audio, n_subtitle, n_data, n_attachment, n_programs;
    int64_t main_video, main_audio; /* index of a stream */
    int64_t faststart, fragmented, chapters_cut, tags_cut;
    struct vs_probe_stream *streams;
    struct vs_probe_chapter *chapters;
    struct vs_probe_program *programs;
    struct vs_probe_tag *tags;
    size_t n_streams, n_chapters, n_program_list, n_tags;
};

/* One helper process and its socket. Thread-safe; starts the helper at the first probe, and again when it has died. */
struct vs_prober;

/* helper_path: NULL to look for it: the variable VIDSTORE_PROBE_HELPER, beside the library, where it was installed. */
int vs_prober_new(const char *helper_path, struct vs_prober **ret, vidstore_error **e);
/* Ends the helper. No probe may be running. NULL is nothing. */
void vs_prober_free(struct vs_prober *prober);
/* How many probes go on at a time; wanted 0: as many as there are processors, within 2 and 16. */
int vs_prober_places(int32_t wanted);
/* Starts the helper if it does not run. Its version and isolation (both for vs_free) may be unwanted.
 * UNAVAILABLE: no helper, one of another protocol, or the kernel has no sandbox; the message says where it was sought.
 */
int vs_prober_check(struct vs_prober *prober, char **ret_version, char **ret_isolation, vidstore_error **e);

/* Probes a file through a descriptor, which is only read from and keeps its position. A file that is no media or breaks
 * the parser is no error of this call: the status says so.
 * INVALID: not a regular file. UNAVAILABLE: see vs_prober_check. BUSY: no place became free in time. CANCELLED. */
int vs_probe_fd(struct vs_prober *prober, int fd, const struct vs_probe_limits *limits, struct vs_probe **ret,
                vidstore_error **e);

/* Bytes that lie in no file of this machine. */
struct vs_probe_bytes {
    int64_t size;
    /* As vs_blob_reader_pread. Only ranges within the size are asked for, of at most 256 KiB, and together of not much
     * more than the limits allow. It has to keep a deadline of its own. */
    int (*read)(void *arg, int64_t offset, void *buf, size_t len, size_t *ret_len, vidstore_error **e);
    void *arg;
};
/* The same for those: the probing process asks for ranges, and gets no descriptor but that by which it asks. It is
 * always a process for this one file. What read() fails with is what this fails with. */
int vs_probe_bytes(struct vs_prober *prober, const struct vs_probe_bytes *bytes, const struct vs_probe_limits *limits,
                   struct vs_probe **ret, vidstore_error **e);
/* An answer of earlier, from what vs_probe_to_json gave for the same bytes; that is no more trusted than it was then.
 * INVALID: it is none. */
int vs_probe_again(const char *json, size_t len, const char *prober, const char *isolation, int64_t size,
                   struct vs_probe **ret, vidstore_error **e);
void vs_probe_free(struct vs_probe *probe);

static inline void vs_probe_cleanup(struct vs_probe **probe) {
    vs_probe_free(*probe);
}
#define vs_autoprobe __attribute__((cleanup(vs_probe_cleanup))) struct vs_probe

/* All that is known as a JSON object, unknown facts left out. A new reference. */
int vs_probe_to_json(const struct vs_probe *probe, json_t **ret, vidstore_error **e);
/* The same as {"container":{…},"streams":[…],"chapters":[…],"tags":[…]}. */
int vs_probe_to_document(const struct vs_probe *probe, json_t **ret, vidstore_error **e);

#endif
