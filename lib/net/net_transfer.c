/* SPDX-License-Identifier: MIT */
/* One HTTP request through libcurl: what is set once, the callbacks, and the loop that keeps an eye on the clock. */
#include "net/net_internal.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TICK_US      100000
#define UNWANTED_MAX (16 * 1024) /* of a body that nobody wants: reading that much keeps the connection */

struct vs_net_transfer {
    CURLM *multi;
    CURL *easy;
    struct vs_net_head head;
    int64_t stall_us;
    int allow_private;
    char words[CURL_ERROR_SIZE];

    /* of the request that runs */
    const struct vs_net_events *events;
    int headed, want_body, refused, allowed, head_too_large; /* refused, allowed: some of the host's addresses */
    int stop;                                                /* what an event returned */
    size_t unwanted;
    int64_t last_byte_us, last_tick_us;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_state;

static void global_init(void) {
    global_state = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int tick(struct vs_net_transfer *t, int64_t now_us) {
    if (now_us - t->last_tick_us < TICK_US || t->stop)
        return t->stop;
    t->last_tick_us = now_us;
    return t->stop = t->events->tick(t->events->arg);
}

static size_t on_header(char *line, size_t size, size_t count, void *arg) {
    struct vs_net_transfer *t = arg;
    size_t len = size * count;
    t->last_byte_us = vs_mono_us();
    if (t->headed) /* the trailer of a chunked body */
        return len;
    int end = vs_net_head_line(&t->head, line, len, vs_now_us() / 1000000);
    if (end < 0) {
        t->head_too_large = 1;
        return 0;
    }
    if (end && t->head.status >= 200) {
        t->headed = 1;
        t->stop = t->events->head(t->events->arg, &t->head, &t->want_body);
    }
    return t->stop ? 0 : len;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg) {
    struct vs_net_transfer *t = arg;
    size_t len = size * count;
    if (!t->want_body) {
        t->unwanted += len;
        return t->unwanted > UNWANTED_MAX ? 0 : len;
    }
    if (!t->stop)
        t->stop = t->events->body(t->events->arg, data, len);
    int64_t now = vs_mono_us();
    t->last_byte_us = now; /* after the sink: its time is not the server's */
    return tick(t, now) ? 0 : len;
}

/* The only place that opens a socket, so the only one that has to check the address. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a) {
    struct vs_net_transfer *t = arg;
    if (!t->allow_private && !vs_net_addr_public(&a->addr)) {
        t->refused = 1;
        return CURL_SOCKET_BAD;
    }
    t->allowed = 1;
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static CURLcode set_policy(CURL *c, const struct vs_fetch *s) {
    CURLcode r = curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    r = r ? r : curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    r = r ? r : curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    r = r ? r : curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    r = r ? r : curl_easy_setopt(c, CURLOPT_PROXY, ""); /* else the environment decides */
    r = r ? r : curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    r = r ? r : curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    r = r ? r : curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    r = r ? r : curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    r = r ? r : curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (s->ca_file) {
        r = r ? r : curl_easy_setopt(c, CURLOPT_CAINFO, s->ca_file);
        r = r ? r : curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
    }
    r = r ? r : curl_easy_setopt(c, CURLOPT_USERAGENT, "libvidstore/0.1");
    r = r ? r : curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    r = r ? r : curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)s->connect_timeout_ms);
    r = r ? r : curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 256L * 1024);
    r = r ? r : curl_easy_setopt(c, CURLOPT_DNS_CACHE_TIMEOUT, 5L); /* a retry may find the name elsewhere */
    return r ? r : curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);     /* a stop doesn't wait for a slow name server */
}

static CURLcode set_callbacks(struct vs_net_transfer *t) {
    CURL *c = t->easy;
    CURLcode r = curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    r = r ? r : curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t);
    r = r ? r : curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    r = r ? r : curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    r = r ? r : curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    r = r ? r : curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    return r ? r : curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->words);
}

void vs_net_transfer_free(struct vs_net_transfer *t) {
    if (!t)
        return;
    curl_easy_cleanup(t->easy);
    curl_multi_cleanup(t->multi);
    vs_free(t);
}

static void transfer_cleanup(struct vs_net_transfer **t) {
    vs_net_transfer_free(*t);
}

int vs_net_transfer_new(const struct vs_fetch *settings, struct vs_net_transfer **ret, vidstore_error **e) {
    *ret = NULL;
    pthread_once(&once, global_init);
    if (global_state)
        return vs_fail(e, VIDSTORE_UNAVAILABLE, NULL, "libcurl can't be started: %s", curl_easy_strerror(global_state));
    VS_CLEANUP(transfer_cleanup) struct vs_net_transfer *t = vs_calloc(1, sizeof *t);
    if (!t || !(t->multi = curl_multi_init()) || !(t->easy = curl_easy_init()))
        return vs_fail_nomem(e);
    t->allow_private = settings->allow_private;
    t->stall_us = settings->stall_ms * 1000;
    CURLcode r = set_policy(t->easy, settings);
    r = r ? r : set_callbacks(t);
    if (r == CURLE_OUT_OF_MEMORY)
        return vs_fail_nomem(e);
    if (r) /* a libcurl without TLS, say */
        return vs_fail(e, VIDSTORE_UNSUPPORTED, NULL, "libcurl refuses a setting: %s", curl_easy_strerror(r));
    *ret = VS_TAKE(t);
    return 0;
}

/* A resolver thread that libcurl starts must not take the host's signals; and a broken connection must not raise
 * SIGPIPE there. */
static CURLMcode perform_quietly(CURLM *multi, int *running) {
    sigset_t block, old, pending;
    sigfillset(&block);
    const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    for (size_t i = 0; i < VS_COUNT(faults); i++)
        sigdelset(&block, faults[i]);
    pthread_sigmask(SIG_BLOCK, &block, &old);
    sigpending(&pending);
    int had_pipe = sigismember(&pending, SIGPIPE);
    CURLMcode mc = curl_multi_perform(multi, running);
    sigpending(&pending);
    if (!had_pipe && sigismember(&pending, SIGPIPE)) {
        sigset_t pipe_only;
        sigemptyset(&pipe_only);
        sigaddset(&pipe_only, SIGPIPE);
        sigtimedwait(&pipe_only, NULL, &(struct timespec){0});
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return mc;
}

static int stalled(struct vs_net_transfer *t, int64_t now_us) {
    curl_off_t sent = 0;
    curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &sent);
    if (sent == 0) /* still connecting: that has its own limit */
        t->last_byte_us = now_us;
    return now_us - t->last_byte_us > t->stall_us;
}

/* Runs until the request is over. Returns libcurl's verdict; *ret_stalled when we gave up instead. */
static CURLcode drive(struct vs_net_transfer *t, int *ret_stalled) {
    *ret_stalled = 0;
    for (;;) {
        int running = 0, left = 0;
        if (perform_quietly(t->multi, &running))
            return CURLE_FAILED_INIT;
        CURLMsg *m = curl_multi_info_read(t->multi, &left);
        if (m)
            return m->data.result;
        int64_t now = vs_mono_us();
        if (tick(t, now))
            return CURLE_ABORTED_BY_CALLBACK;
        if (stalled(t, now)) {
            *ret_stalled = 1;
            return CURLE_OPERATION_TIMEDOUT;
        }
        curl_multi_poll(t->multi, NULL, 0, TICK_US / 1000, NULL);
    }
}

static void explain(const struct vs_net_transfer *t, CURLcode r, int gave_up, struct vs_net_trouble *ret) {
    const int code = VIDSTORE_UNAVAILABLE;
    if (t->refused && !t->allowed && r == CURLE_COULDNT_CONNECT)
        vs_net_trouble_set(ret, VIDSTORE_FORBIDDEN, VIDSTORE_SUB_ADDRESS, 0,
                           "the URL leads to an address that is not public");
    else if (t->head_too_large)
        vs_net_trouble_set(ret, code, VIDSTORE_SUB_HTTP, 0, "the head of the server's answer is too large");
    else if (gave_up)
        vs_net_trouble_set(ret, code, t->headed ? VIDSTORE_SUB_TRUNCATED : VIDSTORE_SUB_NONE, 1,
                           "the server sent nothing for %lld ms", (long long)(t->stall_us / 1000));
    else if (r == CURLE_OUT_OF_MEMORY)
        vs_net_trouble_set(ret, VIDSTORE_NOMEM, VIDSTORE_SUB_NONE, 0, "out of memory");
    else if (r == CURLE_URL_MALFORMAT || r == CURLE_UNSUPPORTED_PROTOCOL)
        vs_net_trouble_set(ret, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, 0, "the URL can't be used");
    else if (r == CURLE_PEER_FAILED_VERIFICATION || r == CURLE_SSL_CACERT_BADFILE || r == CURLE_SSL_CERTPROBLEM)
        vs_net_trouble_set(ret, code, VIDSTORE_SUB_NONE, 0, "the server's certificate can't be verified");
    else if (r == CURLE_COULDNT_RESOLVE_HOST)
        vs_net_trouble_set(ret, code, VIDSTORE_SUB_NONE, 1, "the server's name can't be found");
    else if (t->headed)
        vs_net_trouble_set(ret, code, VIDSTORE_SUB_TRUNCATED, 1, "the connection broke before the end of the file");
    else if (r == CURLE_COULDNT_CONNECT || r == CURLE_OPERATION_TIMEDOUT || r == CURLE_SSL_CONNECT_ERROR)
        vs_net_trouble_set(ret, code, VIDSTORE_SUB_NONE, 1, "the server can't be reached");
    else
        vs_net_trouble_set(ret, code, VIDSTORE_SUB_NONE, 1, "the server did not answer properly");
    snprintf(ret->cause, sizeof ret->cause, "%s", t->words[0] ? t->words : curl_easy_strerror(r));
}

static void slist_cleanup(struct curl_slist **l) {
    curl_slist_free_all(*l);
}

static int add_header(struct curl_slist **list, const char *line) {
    struct curl_slist *more = curl_slist_append(*list, line);
    if (more)
        *list = more;
    return more ? 0 : -1;
}

static int make_headers(const struct vs_net_request *q, struct curl_slist **list) {
    if (add_header(list, "Accept-Encoding: identity"))
        return -1;
    if (q->offset <= 0)
        return 0;
    char line[VS_NET_VALIDATOR_MAX + 32];
    snprintf(line, sizeof line, "Range: bytes=%lld-", (long long)q->offset);
    if (add_header(list, line))
        return -1;
    snprintf(line, sizeof line, "If-Range: %s", q->validator);
    return add_header(list, line);
}

int vs_net_transfer_run(struct vs_net_transfer *t, const struct vs_net_request *request,
                        const struct vs_net_events *events, const struct vs_net_head **ret_head,
                        struct vs_net_trouble *ret_trouble) {
    VS_CLEANUP(slist_cleanup) struct curl_slist *headers = NULL;
    *ret_head = &t->head;
    vs_net_head_reset(&t->head);
    t->events = events;
    t->headed = t->want_body = t->refused = t->allowed = t->head_too_large = t->stop = 0;
    t->unwanted = 0;
    t->words[0] = '\0';
    t->last_byte_us = t->last_tick_us = vs_mono_us();
    if (make_headers(request, &headers) || curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, headers) ||
        curl_easy_setopt(t->easy, CURLOPT_URL, request->url) || curl_multi_add_handle(t->multi, t->easy)) {
        vs_net_trouble_set(ret_trouble, VIDSTORE_NOMEM, VIDSTORE_SUB_NONE, 0, "out of memory");
        return 1;
    }
    int gave_up;
    CURLcode r = drive(t, &gave_up);
    curl_multi_remove_handle(t->multi, t->easy);
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
    if (t->stop)
        return t->stop;
    if (r == CURLE_OK)
        return 0;
    explain(t, r, gave_up, ret_trouble);
    return 1;
}
