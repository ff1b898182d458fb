/* SPDX-License-Identifier: MIT */
/* HTTP: the one door to libcurl. Fetching a source by its URL, with retries, resuming and an address policy. */
#ifndef VS_NET_NET_H
#define VS_NET_NET_H

#include "vidstore/base.h"
#include <stddef.h>
#include <stdint.h>

#define VS_NET_URL_MAX       8192 /* bytes of a URL */
#define VS_NET_VALIDATOR_MAX 256  /* with the NUL; a server's longer one is not kept, so there is no resuming */
#define VS_NET_TYPE_MAX      128
#define VS_NET_NAME_MAX      256 /* with the NUL */

/* What is known of the source once its response has begun. The texts live during the callback. */
struct vs_fetch_head {
    int64_t offset;           /* where the bytes that follow belong: 0, or where it resumes */
    int64_t total;            /* the size of the whole; -1 unknown */
    const char *validator;    /* to resume with: a strong ETag (with its quotes) or a Last-Modified date; "" none */
    const char *content_type; /* as sent, "" none */
    const char *file_name;    /* UTF-8, no slashes or control characters, never "." or ".."; "" none */
};

/* Zero means the default in every number. */
struct vs_fetch {
    const char *url;
    int64_t offset;             /* bytes of it that the sink has already */
    const char *validator;      /* from the vs_fetch_head that those bytes came with; NULL or "": they are not used */
    int64_t total;              /* the size that it had then; 0 or -1 unknown */
    int64_t max_bytes;          /* refuse a larger source; default no limit */
    int64_t connect_timeout_ms; /* default 10 s */
    int64_t stall_ms;           /* no byte for so long: the try is given up; default 30 s */
    int64_t deadline_ms;        /* for the whole call; default 24 h */
    int32_t tries;              /* connections in all, without redirects; default 5, at most 100 */
    int32_t allow_unsized; /* 1: also an answer that does not tell its end; the caller has other means to know it */
    int32_t allow_private; /* 1: also loopback, private and other addresses that are not public */
    const char *ca_file;   /* PEM certificates to trust instead of the system's; NULL: the system's */

    void *arg; /* for the callbacks, which run in the calling thread, with signals blocked */
    /* Takes bytes in order. 0, or the negative status that vs_net_fetch is to return, with its error already in *e. */
    int (*write)(void *arg, const void *data, size_t len);
    /* The bytes so far are void, the next ones belong to offset 0. Returns as write does. */
    int (*restart)(void *arg);
    /* At least every 200 ms, also while waiting; NULL: none. total -1: unknown. A negative status stops and is
     * returned, a positive number stops with CANCELLED. */
    int (*progress)(void *arg, int64_t done, int64_t total);
    /* Before the first byte of every response whose body is wanted, after restart; NULL: none. Returns as write does.
     */
    int (*head)(void *arg, const struct vs_fetch_head *head);
};

/* Written on every return: what the sink holds now, and with what to resume. */
struct vs_fetch_result {
    int64_t done;  /* bytes in the sink */
    int64_t total; /* -1 unknown; equals done on success */
    int32_t tries;
    int32_t restarts;    /* calls of restart */
    int32_t http_status; /* the last one; 0 when no server answered */
    char validator[VS_NET_VALIDATOR_MAX];
    char content_type[VS_NET_TYPE_MAX];
    char file_name[VS_NET_NAME_MAX];
};

/* Gets one URL into a sink. Blocks; any number of threads at once. 0 only when every byte that the server announced was
 * written. An answer with neither a length nor chunks ends where the connection does, be that the end of the file or
 * not: INVALID (HTTP), unless allowed. A dropped connection is resumed with a range and the validator, else started
 * again. INVALID (url; SYNTAX, TOO_LARGE, HTTP), FORBIDDEN (url; ADDRESS, HTTP),
 * NOT_FOUND (HTTP), UNAVAILABLE (HTTP, TRUNCATED, CHANGED or none; retryable, perhaps with a time), TIMEOUT (the
 * deadline), CANCELLED, NOMEM, UNSUPPORTED (this libcurl), or what a callback returned. */
int vs_net_fetch(const struct vs_fetch *req, struct vs_fetch_result *res, vidstore_error **e);

/* Whether a URL may be given to vs_net_fetch: http or https, a host, no credentials, no control characters or blanks.
 * 0, or INVALID (SYNTAX or TOO_LONG) naming "url". Looks nothing up. */
int vs_net_check_url(const char *url, vidstore_error **e);

#endif
