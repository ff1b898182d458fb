/* SPDX-License-Identifier: MIT */
/* What the files of this folder share. */
#ifndef VS_NET_NET_INTERNAL_H
#define VS_NET_NET_INTERNAL_H

#include "net/net.h"
#include <sys/socket.h>

/* --- net_addr.c: which addresses are public --- */

/* 1 for a unicast address of the public Internet; 0 for loopback, private, link-local, shared, multicast, reserved and
 * documentation addresses, for IPv6 that carries such an IPv4 address, and for families that are not IP. */
int vs_net_addr_public(const struct sockaddr *addr);

/* --- net_url.c: URLs --- */

/* The URL as it is requested: percent-encoded where it has to be. base NULL, or what a relative one refers to.
 * 0, INVALID as vs_net_check_url, or NOMEM. *ret is freed with vs_free. */
int vs_net_url_resolve(const char *base, const char *url, char **ret, vidstore_error **e);
/* 1 when it begins with https:// */
int vs_net_url_secure(const char *url);

/* --- net_name.c: file names from outside --- */

/* Cleans the last component of a name that a server gave; "" when nothing is left. */
void vs_net_name_clean(const char *name, size_t len, char ret[VS_NET_NAME_MAX]);
/* From a Content-Disposition header (RFC 6266); "" when it has none. */
void vs_net_name_from_disposition(const char *value, char ret[VS_NET_NAME_MAX]);
/* From the last segment of a URL's path. */
void vs_net_name_from_url(const char *url, char ret[VS_NET_NAME_MAX]);

/* --- net_head.c: the head of a response --- */

struct vs_net_head {
    int32_t status; /* 0 before the status line */
    int chunked;
    int64_t length;                                                       /* Content-Length; -1 none */
    int64_t range_first, range_last, range_total;                         /* Content-Range; -1 none or "*" */
    int64_t retry_after_ms;                                               /* -1 none */
    int64_t date, modified;                                               /* seconds since 1970; -1 none */
    char etag[VS_NET_VALIDATOR_MAX], modified_text[VS_NET_VALIDATOR_MAX]; /* as sent; "" none or too long */
    char content_type[VS_NET_TYPE_MAX], file_name[VS_NET_NAME_MAX];
    char coding[16]; /* Content-Encoding, when it is one that has to be undone; "" none */
    char location[VS_NET_URL_MAX + 1];
    size_t bytes; /* read so far, all lines */
};

void vs_net_head_reset(struct vs_net_head *h);
/* Takes one header line, with or without its line end; a status line resets. now_s: for dates in Retry-After.
 * 1 when the line ends the head, 0 when there is more, -1 when the head is larger than 256 KiB. */
int vs_net_head_line(struct vs_net_head *h, const char *line, size_t len, int64_t now_s);
/* What the response may be resumed with: a strong ETag, else a date that is old enough; "" none. */
const char *vs_net_head_validator(const struct vs_net_head *h);

/* --- net_retry.c: troubles and waiting --- */

/* Why a try failed; made into an error only when there is no further try. */
struct vs_net_trouble {
    int code;
    int32_t sub;
    int again;              /* 1: another try may help */
    int64_t retry_after_ms; /* -1: the server did not say */
    char message[160], cause[256];
};

void vs_net_trouble_set(struct vs_net_trouble *t, int code, int32_t sub, int again, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* From an HTTP status that is not a success. */
void vs_net_trouble_http(struct vs_net_trouble *t, const struct vs_net_head *h);
int vs_net_trouble_fail(const struct vs_net_trouble *t, vidstore_error **e);
/* How long to wait after try number n (1, 2, …): full jitter over 0.2 s * 2^(n-1), at most 20 s; not less than the
 * server asked for. -1 when the server asked for more than 20 s: better to come back another time. */
int64_t vs_net_retry_delay_ms(int n, int64_t retry_after_ms);

/* --- net_transfer.c: one request --- */

struct vs_net_transfer;

struct vs_net_request {
    const char *url;
    int64_t offset; /* > 0: ask for the rest, on condition of the validator */
    const char *validator;
};

/* The two sides of a transfer; each returns 0 or a negative status, which ends it and is returned. */
struct vs_net_events {
    void *arg;
    int (*head)(void *arg, const struct vs_net_head *head, int *ret_want_body); /* the head is complete */
    int (*body)(void *arg, const void *data, size_t len);
    int (*tick)(void *arg); /* at least every 100 ms */
};

/* Made for one vs_net_fetch and used for all its requests, so that connections are kept. */
int vs_net_transfer_new(const struct vs_fetch *settings, struct vs_net_transfer **ret, vidstore_error **e);
void vs_net_transfer_free(struct vs_net_transfer *t);
/* Runs one request; follows nothing. 0: the response is complete. A negative status: what an event returned.
 * 1: it failed; ret_trouble says how. *ret_head is borrowed until the next run. */
int vs_net_transfer_run(struct vs_net_transfer *t, const struct vs_net_request *request,
                        const struct vs_net_events *events, const struct vs_net_head **ret_head,
                        struct vs_net_trouble *ret_trouble);

#endif
