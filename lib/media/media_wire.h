/* SPDX-License-Identifier: MIT */
/* What host and helper say to each other, over a SOCK_SEQPACKET pair that is descriptor 3 of the helper.
 *
 * The helper speaks first, once: struct vs_media_hello. After that the host sends one struct vs_media_request a file,
 * each with two descriptors as ancillary data: the media file, and the write end of a pipe made for this one answer, so
 * that a process which reads a hostile file never holds a channel on which it could answer for another file. The answer
 * is one JSON document of at most VS_MEDIA_ANSWER_MAX bytes. VS_MEDIA_TAKEN comes first, from each process that takes
 * the file, before it reads any of it: end of file after it means that the child died of the file, and without it that
 * nobody has looked.
 *
 * Bytes that lie in no file are read through a socket in the file's place: the child sends a struct vs_media_range, and
 * gets an int32_t, which is how many bytes follow, 0 at the end, negative when they can't be read. */
#ifndef VS_MEDIA_WIRE_H
#define VS_MEDIA_WIRE_H

#include <stdint.h>

/* Which facts the prober and the library find and keep: one more with each that was added, so that what was probed
 * before can be told from the rest, and probed again. */
#define VS_MEDIA_FACTS 6u

#define VS_MEDIA_MAGIC      0x76737062u /* "vspb" */
#define VS_MEDIA_PROTOCOL   3u
#define VS_MEDIA_SOCKET     3
#define VS_MEDIA_TAKEN      ' ' /* white space before the document */
#define VS_MEDIA_ANSWER_MAX (4u << 20)
#define VS_MEDIA_KILL_MS    500 /* past the deadline the helper kills the child after this time */
#define VS_MEDIA_RANGE_MAX  (256u << 10)

/* Which layers shut a child in, as tried by the helper at its start. */
enum {
    VS_MEDIA_RLIMITS = 1u,
    VS_MEDIA_SECCOMP = 2u,
    VS_MEDIA_LANDLOCK = 4u,
};

struct vs_media_hello {
    uint32_t magic, protocol;
    uint32_t isolation;
    char version[244]; /* "libavformat 59.27.100, libavcodec …, facts 2", NUL-terminated */
};

struct vs_media_request {
    uint32_t magic, max_streams;
    int64_t max_read; /* bytes that may be read from the file, re-reads included */
    int32_t timeout_ms;
    int32_t decode; /* decode the first frame of the main video */
    int32_t warm;   /* by a process that reads many files, one after another */
    int32_t ranged; /* the first descriptor is a socket to ask for ranges */
    int64_t size;   /* of what is ranged; of a file the helper finds out */
};

struct vs_media_range {
    int64_t offset;
    uint32_t size, reserved;
};

/* Caps of one answer, kept by the helper and enforced by the host. */
enum {
    VS_MEDIA_MAX_STREAMS = 256,
    VS_MEDIA_MAX_CHAPTERS = 1000,
    VS_MEDIA_MAX_PROGRAMS = 64,
    VS_MEDIA_MAX_TAGS = 1024,
    VS_MEDIA_MAX_TAG_KEY = 256,
    VS_MEDIA_MAX_TAG_VALUE = 4096,
    VS_MEDIA_MAX_TAG_BYTES = 512 << 10, /* all values together */
    VS_MEDIA_MAX_TITLE = 512,
};

#endif
