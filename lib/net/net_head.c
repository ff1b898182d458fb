/* SPDX-License-Identifier: MIT */
/* Reading the head of a response: only the fields that matter here, each into a place of fixed size. */
#include "net/net_internal.h"
#include "util/alloc.h"
#include <ctype.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#define HEAD_MAX (256 * 1024)

void vs_net_head_reset(struct vs_net_head *h) {
    *h = (struct vs_net_head){.length = -1,
                              .range_first = -1,
                              .range_last = -1,
                              .range_total = -1,
                              .retry_after_ms = -1,
                              .date = -1,
                              .modified = -1};
}

/* Reads a number of at most 18 digits and moves *p behind it; -1 when there is none. */
static int64_t read_number(const char **p) {
    size_t digits = strspn(*p, "0123456789");
    if (digits == 0 || digits > 18)
        return -1;
    int64_t n = 0;
    for (; digits > 0; digits--)
        n = n * 10 + *(*p)++ - '0';
    return n;
}

/* A text that goes back to the server or to the caller: kept whole or not at all, and only if it is plain. */
static void keep(char *to, size_t size, const char *value) {
    to[0] = '\0';
    size_t len = strlen(value);
    if (len >= size)
        return;
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
            return;
    memcpy(to, value, len + 1);
}

static void take_content_length(struct vs_net_head *h, const char *value, int64_t now_s) {
    h->length = read_number(&value);
}

/* Only chunks tell where they end, and they do when they are the last coding; "identity" is none. */
static void take_transfer_encoding(struct vs_net_head *h, const char *value, int64_t now_s) {
    const size_t size = sizeof "chunked" - 1;
    size_t len = strlen(value);
    h->chunked = len >= size && strcasecmp(value + len - size, "chunked") == 0;
}

/* "bytes 5-9/10", "bytes 5-9/" + "*", or "bytes *" + "/10" after a range that is not there. */
static void take_content_range(struct vs_net_head *h, const char *value, int64_t now_s) {
    h->range_first = h->range_last = h->range_total = -1;
    if (strncasecmp(value, "bytes", 5) != 0)
        return;
    value += 5;
    value += strspn(value, " =");
    if (*value == '*') {
        value++;
    } else {
        h->range_first = read_number(&value);
        value += *value == '-';
        h->range_last = read_number(&value);
    }
    value += *value == '/';
    h->range_total = read_number(&value);
    if (h->range_first < 0 || h->range_last < h->range_first ||
        (h->range_total >= 0 && h->range_last >= h->range_total))
        h->range_first = h->range_last = -1;
}

static void take_etag(struct vs_net_head *h, const char *value, int64_t now_s) {
    keep(h->etag, sizeof h->etag, value);
}

static void take_last_modified(struct vs_net_head *h, const char *value, int64_t now_s) {
    keep(h->modified_text, sizeof h->modified_text, value);
    h->modified = curl_getdate(value, NULL);
}

static void take_date(struct vs_net_head *h, const char *value, int64_t now_s) {
    h->date = curl_getdate(value, NULL);
}

static void take_content_type(struct vs_net_head *h, const char *value, int64_t now_s) {
    keep(h->content_type, sizeof h->content_type, value);
}

/* Some servers say "identity", "binary" or a character set, and mean nothing by it. */
static void take_content_encoding(struct vs_net_head *h, const char *value, int64_t now_s) {
    static const char *const packed[] = {"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress"};
    size_t len = strcspn(value, " \t,;");
    for (size_t i = 0; i < VS_COUNT(packed); i++)
        if (strlen(packed[i]) == len && strncasecmp(value, packed[i], len) == 0)
            memcpy(h->coding, packed[i], len + 1);
}

static void take_content_disposition(struct vs_net_head *h, const char *value, int64_t now_s) {
    vs_net_name_from_disposition(value, h->file_name);
}

static void take_location(struct vs_net_head *h, const char *value, int64_t now_s) {
    size_t len = strlen(value);
    h->location[0] = '\0';
    if (len < sizeof h->location)
        memcpy(h->location, value, len + 1);
}

/* Seconds or a date. */
static void take_retry_after(struct vs_net_head *h, const char *value, int64_t now_s) {
    int64_t seconds = read_number(&value);
    time_t at = seconds < 0 ? curl_getdate(value, NULL) : -1;
    if (seconds < 0 && at >= 0)
        seconds = at > now_s ? at - now_s : 0;
    const int64_t week = 7 * 86400;
    h->retry_after_ms = seconds < 0 ? -1 : (seconds < week ? seconds : week) * 1000;
}

static const struct {
    const char *name;
    void (*take)(struct vs_net_head *h, const char *value, int64_t now_s);
} fields[] = {
    {"content-length", take_content_length},     {"transfer-encoding", take_transfer_encoding},
    {"content-range", take_content_range},       {"etag", take_etag},
    {"last-modified", take_last_modified},       {"date", take_date},
    {"content-type", take_content_type},         {"content-disposition", take_content_disposition},
    {"content-encoding", take_content_encoding}, {"location", take_location},
    {"retry-after", take_retry_after},
};

static void take_field(struct vs_net_head *h, const char *line, int64_t now_s) {
    const char *colon = strchr(line, ':');
    if (!colon)
        return;
    for (size_t i = 0; i < VS_COUNT(fields); i++)
        if (strlen(fields[i].name) == (size_t)(colon - line) &&
            strncasecmp(fields[i].name, line, (size_t)(colon - line)) == 0)
            fields[i].take(h, colon + 1 + strspn(colon + 1, " \t"), now_s);
}

int vs_net_head_line(struct vs_net_head *h, const char *line, size_t len, int64_t now_s) {
    char text[VS_NET_URL_MAX + 64];
    h->bytes += len;
    if (h->bytes > HEAD_MAX)
        return -1;
    while (len > 0 && isspace((unsigned char)line[len - 1]))
        len--;
    if (len == 0)
        return 1;
    if (len >= sizeof text || memchr(line, '\0', len)) /* no field that matters is so long or so strange */
        return 0;
    memcpy(text, line, len);
    text[len] = '\0';
    if (strncmp(text, "HTTP/", 5) == 0) {
        size_t bytes = h->bytes; /* heads of 1xx responses count as well */
        vs_net_head_reset(h);
        h->bytes = bytes;
        const char *status = text + strcspn(text, " ");
        status += strspn(status, " ");
        int64_t n = read_number(&status);
        h->status = n >= 100 && n <= 999 ? (int32_t)n : 0;
    } else {
        take_field(h, text, now_s);
    }
    return 0;
}

const char *vs_net_head_validator(const struct vs_net_head *h) {
    if (h->etag[0] == '"') /* a weak one begins with W/ */
        return h->etag;
    /* RFC 9110, 8.8.2.2: within the second of the change the same date may stand for two contents. */
    if (h->modified >= 0 && h->date > h->modified)
        return h->modified_text;
    return "";
}
