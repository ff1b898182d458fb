/* SPDX-License-Identifier: MIT */
/* Reading URLs, by the same parser that connects, so that the two can't disagree about the host. */
#include "net/net_internal.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/utf8.h"
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

static void url_cleanup(CURLU **u) {
    curl_url_cleanup(*u);
}
static void curl_text_cleanup(char **s) {
    curl_free(*s);
}
#define autourl  VS_CLEANUP(url_cleanup) CURLU
#define autotext VS_CLEANUP(curl_text_cleanup) char

static int bad(vidstore_error **e, const char *why) {
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "url", "the URL %s", why);
}

static int check_characters(const char *url, vidstore_error **e) {
    int rc = vs_check_text(url, "url", VS_NET_URL_MAX, e);
    if (rc)
        return rc;
    if (!*url)
        return bad(e, "is empty");
    for (const char *p = url; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return bad(e, "contains a blank or a control character");
    return 0;
}

/* libcurl overlooks a slash too many or too few. */
static int check_slashes(const char *url, vidstore_error **e) {
    const char *colon = strchr(url, ':');
    return colon && (strncmp(colon, "://", 3) != 0 || colon[3] == '/') ? bad(e, "names no host") : 0;
}

static int parse(CURLU *u, const char *url, vidstore_error **e) {
    CURLUcode uc = curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE);
    if (uc == CURLUE_OUT_OF_MEMORY)
        return vs_fail_nomem(e);
    if (uc == CURLUE_OK)
        return 0;
    int rc = bad(e, "can't be read");
    vs_error_set_cause(e, curl_url_strerror(uc));
    return rc;
}

static int check_parts(CURLU *u, vidstore_error **e) {
    autotext *scheme = NULL, *host = NULL, *user = NULL, *password = NULL;
    if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) || (strcasecmp(scheme, "http") && strcasecmp(scheme, "https")))
        return bad(e, "is neither http nor https");
    if (curl_url_get(u, CURLUPART_HOST, &host, 0) || !*host)
        return bad(e, "names no host");
    if (!curl_url_get(u, CURLUPART_USER, &user, 0) || !curl_url_get(u, CURLUPART_PASSWORD, &password, 0))
        return bad(e, "contains credentials");
    return 0;
}

int vs_net_url_resolve(const char *base, const char *url, char **ret, vidstore_error **e) {
    *ret = NULL;
    int rc = check_characters(url, e);
    if (rc || (!base && (rc = check_slashes(url, e))))
        return rc;
    autourl *u = curl_url();
    if (!u)
        return vs_fail_nomem(e);
    if (base && (rc = parse(u, base, e)))
        return rc;
    if ((rc = parse(u, url, e)) || (rc = check_parts(u, e)))
        return rc;
    autotext *text = NULL;
    if (curl_url_get(u, CURLUPART_URL, &text, 0))
        return vs_fail_nomem(e);
    if (!(*ret = vs_strdup(text)))
        return vs_fail_nomem(e);
    return 0;
}

int vs_net_check_url(const char *url, vidstore_error **e) {
    vs_autofree char *resolved = NULL;
    return vs_net_url_resolve(NULL, url, &resolved, e);
}

int vs_net_url_secure(const char *url) {
    return strncasecmp(url, "https://", 8) == 0;
}
