/* SPDX-License-Identifier: MIT */
#include "files/file_type.h"
#include "util/alloc.h"
#include <string.h>

static const struct {
    const char *extension, *content_type, *kind; /* kind NULL: as the content type says */
} types[] = {
    {"mp4", "video/mp4", NULL},
    {"m4v", "video/x-m4v", NULL},
    {"mov", "video/quicktime", NULL},
    {"mkv", "video/x-matroska", NULL},
    {"webm", "video/webm", NULL},
    {"avi", "video/x-msvideo", NULL},
    {"ts", "video/mp2t", NULL},
    {"m2ts", "video/mp2t", NULL},
    {"mts", "video/mp2t", NULL},
    {"mpg", "video/mpeg", NULL},
    {"mpeg", "video/mpeg", NULL},
    {"vob", "video/mpeg", NULL},
    {"flv", "video/x-flv", NULL},
    {"wmv", "video/x-ms-wmv", NULL},
    {"3gp", "video/3gpp", NULL},
    {"ogv", "video/ogg", NULL},
    {"mxf", "application/mxf", "video"},
    {"mp3", "audio/mpeg", NULL},
    {"m4a", "audio/mp4", NULL},
    {"aac", "audio/aac", NULL},
    {"flac", "audio/flac", NULL},
    {"wav", "audio/wav", NULL},
    {"oga", "audio/ogg", NULL},
    {"ogg", "audio/ogg", NULL},
    {"opus", "audio/ogg", NULL},
    {"ac3", "audio/ac3", NULL},
    {"eac3", "audio/eac3", NULL},
    {"wma", "audio/x-ms-wma", NULL},
    {"mka", "audio/x-matroska", NULL},
    {"jpg", "image/jpeg", NULL},
    {"jpeg", "image/jpeg", NULL},
    {"png", "image/png", NULL},
    {"gif", "image/gif", NULL},
    {"webp", "image/webp", NULL},
    {"avif", "image/avif", NULL},
    {"bmp", "image/bmp", NULL},
    {"tiff", "image/tiff", NULL},
    {"svg", "image/svg+xml", NULL},
    {"srt", "application/x-subrip", "subtitle"},
    {"vtt", "text/vtt", "subtitle"},
    {"ass", "text/x-ssa", "subtitle"},
    {"ssa", "text/x-ssa", "subtitle"},
    {"sub", "text/plain", "subtitle"},
    {"ttml", "application/ttml+xml", "subtitle"},
    {"json", "application/json", "other"},
    {"xml", "application/xml", "other"},
    {"txt", "text/plain", "other"},
    {"nfo", "text/plain", "other"},
    {"pdf", "application/pdf", "other"},
    {"zip", "application/zip", "other"},
    {"m3u8", "application/vnd.apple.mpegurl", "other"},
    {"mpd", "application/dash+xml", "other"},
};

static const char *const kinds[] = {"video", "audio", "image", "subtitle", "other"};

static int is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

void vs_file_extension(const char *name, char ret[VS_EXTENSION_TEXT]) {
    const char *dot = strrchr(name, '.');
    size_t len = 0;
    *ret = '\0';
    if (!dot || dot == name)
        return;
    for (const char *at = dot + 1; *at; at++) {
        char c = *at >= 'A' && *at <= 'Z' ? (char)(*at + ('a' - 'A')) : *at;
        if (!is_plain(c) || len == VS_EXTENSION_TEXT - 1) {
            *ret = '\0';
            return;
        }
        ret[len++] = c;
    }
    ret[len] = '\0';
}

const char *vs_file_content_type(const char *extension) {
    for (size_t i = 0; i < VS_COUNT(types); i++)
        if (strcmp(types[i].extension, extension) == 0)
            return types[i].content_type;
    return "application/octet-stream";
}

/* The kind that a content type's first half is, or NULL. */
static const char *kind_of(const char *content_type) {
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(kinds[i]);
        if (strncmp(content_type, kinds[i], len) == 0 && content_type[len] == '/')
            return kinds[i];
    }
    return NULL;
}

const char *vs_file_kind(const char *content_type, const char *extension) {
    const char *kind = content_type ? kind_of(content_type) : NULL;
    for (size_t i = 0; !kind && i < VS_COUNT(types); i++)
        if (strcmp(types[i].extension, extension) == 0)
            kind = types[i].kind ? types[i].kind : kind_of(types[i].content_type);
    return kind ? kind : "other";
}

int vs_file_is_kind(const char *text) {
    for (size_t i = 0; i < VS_COUNT(kinds); i++)
        if (strcmp(kinds[i], text) == 0)
            return 1;
    return 0;
}

/* How many characters of a token (RFC 9110) stand at the beginning. */
static size_t token(const char *text) {
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~");
}

int vs_file_is_content_type(const char *text) {
    size_t first = token(text);
    if (!first || text[first] != '/')
        return 0;
    size_t second = token(text + first + 1);
    const char *rest = text + first + 1 + second;
    rest += strspn(rest, " \t");
    return second && (!*rest || *rest == ';');
}
