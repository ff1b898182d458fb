/* SPDX-License-Identifier: MIT */
/* The options of vidstore_open: params before URI before environment before default. */
#include "store/store.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/handle.h"
#include "util/quarantine.h"
#include "util/utf8.h"
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 4096, WORKER_MAX = 255 };

enum option_type { BOOLEAN, NUMBER, WORD, TEXT };

static const struct option {
    int32_t id;
    const char *name, *uri, *env;
    enum option_type type;
    int64_t fallback, min, max;
} table[] = {
    {VIDSTORE_OPEN_READ_ONLY, "read_only", NULL, NULL, BOOLEAN, 0, 0, 1},
    {VIDSTORE_OPEN_CREATE, "create", NULL, NULL, BOOLEAN, 1, 0, 1},
    {VIDSTORE_OPEN_DURABILITY, "durability", "durability", "VIDSTORE_DURABILITY", WORD, 0, 0, 1},
    {VIDSTORE_OPEN_DEADLINE_MS, "deadline_ms", "deadline_ms", "VIDSTORE_DEADLINE_MS", NUMBER, 30000, 1, 86400000},
    {VIDSTORE_OPEN_TXN_MAX_AGE_MS, "txn_max_age_ms", "txn_max_age_ms", "VIDSTORE_TXN_MAX_AGE_MS", NUMBER, 5000, 10,
     600000},
    {VIDSTORE_OPEN_READERS, "readers", "readers", "VIDSTORE_READERS", NUMBER, 4, 1, 64},
    {VIDSTORE_OPEN_NETWORK_FS, "network_fs", "network_fs", NULL, BOOLEAN, 0, 0, 1},
    {VIDSTORE_OPEN_PROBE_HELPER, "probe_helper", NULL, NULL, TEXT, 0, 0, 0},
    {VIDSTORE_OPEN_WORKER_NAME, "worker_name", NULL, NULL, TEXT, 0, 0, 0},
    {VIDSTORE_OPEN_AUDIT_KEY, "audit_key", NULL, NULL, TEXT, 0, 0, 0},
    {VIDSTORE_OPEN_PEPPERS, "peppers", NULL, NULL, TEXT, 0, 0, 0},
    {VIDSTORE_OPEN_PEPPER_FILE, "pepper_file", NULL, NULL, TEXT, 0, 0, 0},
    {VIDSTORE_OPEN_BLOCKLIST, "blocklist", NULL, NULL, TEXT, 0, 0, 0},
    {VIDSTORE_OPEN_LOST_BLOBS, "lost_blobs", "lost_blobs", NULL, BOOLEAN, 0, 0, 1},
    {VIDSTORE_OPEN_WEAK_HASHES, "weak_hashes", NULL, NULL, BOOLEAN, 0, 0, 1},
};
enum { OPTIONS = VS_COUNT(table) };

struct vidstore_open_params {
    uint32_t magic;
    int failed;
    vidstore_error *error;
    int set[OPTIONS];
    int64_t numbers[OPTIONS];
    char *texts[OPTIONS];
};

static struct vidstore_open_params nomem = {.magic = VS_MAGIC_OPEN_PARAMS, .failed = 1};

vidstore_open_params *vidstore_open_params_new(void) {
    struct vidstore_open_params *params = vs_calloc(1, sizeof *params);
    if (!params)
        return &nomem;
    params->magic = VS_MAGIC_OPEN_PARAMS;
    return params;
}

void vidstore_open_params_free(vidstore_open_params *params) {
    if (!params || params->magic != VS_MAGIC_OPEN_PARAMS || params == &nomem)
        return;
    for (int i = 0; i < OPTIONS; i++)
        vs_free(params->texts[i]);
    vidstore_error_free(params->error);
    vs_quarantine(params, sizeof *params);
}

static int find(int32_t id) {
    for (int i = 0; i < OPTIONS; i++)
        if (table[i].id == id)
            return i;
    return -1;
}

static int writable(vidstore_open_params *params, int32_t id) {
    if (!params || params->magic != VS_MAGIC_OPEN_PARAMS || params->failed || params->error)
        return -1;
    int at = find(id);
    if (at < 0)
        vs_fail_sub(&params->error, VIDSTORE_INVALID, VIDSTORE_SUB_UNKNOWN_FIELD, "option", "there is no option %d",
                    (int)id);
    return at;
}

static int check_number(const struct option *option, const char *name, int64_t value, vidstore_error **e) {
    if (value >= option->min && value <= option->max)
        return 0;
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, name, "%s is not between %lld and %lld", name,
                       (long long)option->min, (long long)option->max);
}

static int parse_word(const char *name, const char *value, int64_t *ret, vidstore_error **e) {
    if (strcmp(value, "full") != 0 && strcmp(value, "relaxed") != 0)
        return vs_fail(e, VIDSTORE_INVALID, name, "%s is neither full nor relaxed", name);
    *ret = strcmp(value, "relaxed") == 0;
    return 0;
}

void vidstore_open_params_set_int64(vidstore_open_params *params, int32_t id, int64_t value) {
    int at = writable(params, id);
    if (at < 0)
        return;
    if (table[at].type != BOOLEAN && table[at].type != NUMBER) {
        vs_fail(&params->error, VIDSTORE_INVALID, table[at].name, "%s is text, not a number", table[at].name);
        return;
    }
    if (check_number(&table[at], table[at].name, value, &params->error))
        return;
    params->numbers[at] = value;
    params->set[at] = 1;
}

void vidstore_open_params_set_text(vidstore_open_params *params, int32_t id, const char *value) {
    int at = writable(params, id);
    if (at < 0)
        return;
    if (!value) {
        params->set[at] = 0;
        vs_free(VS_TAKE(params->texts[at]));
        return;
    }
    if (vs_check_text(value, table[at].name, table[at].id == VIDSTORE_OPEN_WORKER_NAME ? WORKER_MAX : TEXT_MAX,
                      &params->error))
        return;
    if (table[at].type == WORD && parse_word(table[at].name, value, &params->numbers[at], &params->error))
        return;
    if (table[at].type == BOOLEAN || table[at].type == NUMBER) {
        vs_fail(&params->error, VIDSTORE_INVALID, table[at].name, "%s is a number, not text", table[at].name);
        return;
    }
    char *copy = vs_strdup(value);
    params->failed = !copy;
    vs_free(params->texts[at]);
    params->texts[at] = copy;
    params->set[at] = 1;
}

/* A number of the URI or the environment. */
static int parse_value(const struct option *option, const char *name, const char *value, int64_t *ret,
                       vidstore_error **e) {
    char *end;
    if (option->type == WORD)
        return parse_word(name, value, ret, e);
    long long n = strtoll(value, &end, 10);
    if (!isdigit((unsigned char)*value) || *end)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, name, "%s is not a number", name);
    *ret = n;
    return check_number(option, name, n, e);
}

static int hex_digit(char c) {
    return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* Undoes %-escapes in place; 0, or -1 for a broken one or a NUL. */
static int unescape(char *s) {
    char *out = s;
    for (; *s; s++) {
        if (*s != '%') {
            *out++ = *s;
            continue;
        }
        int high = hex_digit(s[1]), low = high < 0 ? -1 : hex_digit(s[2]);
        if (low < 0 || (!high && !low))
            return -1;
        *out++ = (char)(high << 4 | low);
        s += 2;
    }
    *out = '\0';
    return 0;
}

struct uri {
    int set[OPTIONS];
    int64_t numbers[OPTIONS];
};

static int uri_mode(struct uri *uri, const char *value, vidstore_error **e) {
    int read_only = find(VIDSTORE_OPEN_READ_ONLY), create = find(VIDSTORE_OPEN_CREATE);
    if (strcmp(value, "ro") != 0 && strcmp(value, "rw") != 0 && strcmp(value, "rwc") != 0)
        return vs_fail(e, VIDSTORE_INVALID, "mode", "mode is none of ro, rw and rwc");
    uri->set[read_only] = uri->set[create] = 1;
    uri->numbers[read_only] = strcmp(value, "ro") == 0;
    uri->numbers[create] = strcmp(value, "rwc") == 0;
    return 0;
}

static int uri_pair(struct uri *uri, char *pair, vidstore_error **e) {
    char *value = strchr(pair, '=');
    if (!value || (*value++ = '\0', unescape(pair) || unescape(value)))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "location",
                           "the URI has a part that is not name=value");
    if (strcmp(pair, "mode") == 0)
        return uri_mode(uri, value, e);
    for (int i = 0; i < OPTIONS; i++)
        if (table[i].uri && strcmp(table[i].uri, pair) == 0) {
            uri->set[i] = 1;
            return parse_value(&table[i], pair, value, &uri->numbers[i], e);
        }
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_UNKNOWN_FIELD, "location",
                       "the URI has an unknown option \"%.60s\"", pair);
}

/* vidstore:/path?name=value&… ; the path is left in text. */
static int parse_uri(char *text, struct uri *uri, vidstore_error **e) {
    char *query = strchr(text, '?'), *save = NULL;
    if (query)
        *query++ = '\0';
    if (unescape(text))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "location", "the URI has a broken %%-escape");
    for (char *pair = query ? strtok_r(query, "&", &save) : NULL; pair; pair = strtok_r(NULL, "&", &save)) {
        int r = uri_pair(uri, pair, e);
        if (r)
            return r;
    }
    return 0;
}

static int absolute(const char *path, char **ret, vidstore_error **e) {
    vs_autobuf b = {0};
    char cwd[PATH_MAX];
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (*path != '/') {
        if (!getcwd(cwd, sizeof cwd))
            return vs_fail(e, VIDSTORE_IO, "location", "the current directory is not known");
        vs_buf_str(&b, cwd);
        vs_buf_char(&b, '/');
    }
    vs_buf_add(&b, path, len);
    if (b.failed)
        return vs_fail_nomem(e);
    *ret = VS_TAKE(b.data);
    return 0;
}

static int copy_text(const char *value, char **ret, vidstore_error **e) {
    *ret = value ? vs_strdup(value) : NULL;
    return value && !*ret ? vs_fail_nomem(e) : 0;
}

/* A path of the params, or else of the environment. */
static int copy_path(const struct vidstore_open_params *params, int32_t option, const char *env, char **ret,
                     vidstore_error **e) {
    const char *path = params ? params->texts[find(option)] : NULL;
    return copy_text(path ? path : secure_getenv(env), ret, e);
}

static int copy_secrets(const struct vidstore_open_params *params, struct vs_options *ret, vidstore_error **e) {
    int r = copy_path(params, VIDSTORE_OPEN_AUDIT_KEY, "VIDSTORE_AUDIT_KEY", &ret->audit_key, e);
    if (!r)
        r = copy_path(params, VIDSTORE_OPEN_BLOCKLIST, "VIDSTORE_BLOCKLIST", &ret->blocklist, e);
    if (!r)
        r = copy_path(params, VIDSTORE_OPEN_PEPPER_FILE, "VIDSTORE_PEPPER_FILE", &ret->pepper_file, e);
    return r ? r : copy_text(params ? params->texts[find(VIDSTORE_OPEN_PEPPERS)] : NULL, &ret->peppers, e);
}

static int default_worker(char **ret, vidstore_error **e) {
    char host[256] = "localhost", name[300];
    gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "%.200s/%ld", host, (long)getpid());
    char *scrubbed = vs_utf8_scrub(name, strlen(name));
    *ret = scrubbed;
    return scrubbed ? 0 : vs_fail_nomem(e);
}

/* The numbers and words of all options, whichever source speaks first. */
static int collect(const struct vidstore_open_params *params, const struct uri *uri, int64_t values[OPTIONS],
                   vidstore_error **e) {
    for (int i = 0; i < OPTIONS; i++) {
        const char *env = table[i].env ? secure_getenv(table[i].env) : NULL;
        int r = 0;
        values[i] = table[i].fallback;
        if (params && params->set[i])
            values[i] = params->numbers[i];
        else if (uri->set[i])
            values[i] = uri->numbers[i];
        else if (env && *env)
            r = parse_value(&table[i], table[i].env, env, &values[i], e);
        if (r)
            return r;
    }
    return 0;
}

int vs_options_make(const char *location, const vidstore_open_params *params, struct vs_options *ret,
                    vidstore_error **e) {
    struct uri uri = {{0}, {0}};
    int64_t values[OPTIONS];
    int r = vs_check_text(location, "location", TEXT_MAX, e);
    if (!r && !*location)
        r = vs_fail(e, VIDSTORE_INVALID, "location", "location is empty");
    if (!r && params)
        r = vs_check_handle(params, VS_MAGIC_OPEN_PARAMS, "params", e);
    if (r)
        return r;
    if (params && params->failed)
        return vs_fail_nomem(e);
    if (params && params->error) {
        if (e)
            *e = vs_error_ref(params->error);
        return vidstore_error_code(params->error);
    }
    static const char scheme[] = "vidstore:";
    int is_uri = strncmp(location, scheme, sizeof scheme - 1) == 0;
    vs_autofree char *path = vs_strdup(is_uri ? location + sizeof scheme - 1 : location);
    if (!path)
        return vs_fail_nomem(e);
    if (is_uri && (r = parse_uri(path, &uri, e)))
        return r;
    if ((r = vs_check_text(path, "location", TEXT_MAX, e)))
        return r;
    if (!*path)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "location", "the URI has no path");
    if ((r = collect(params, &uri, values, e)))
        return r;
    *ret = (struct vs_options){.read_only = (int)values[find(VIDSTORE_OPEN_READ_ONLY)],
                               .create = (int)values[find(VIDSTORE_OPEN_CREATE)],
                               .relaxed = (int)values[find(VIDSTORE_OPEN_DURABILITY)],
                               .network_fs = (int)values[find(VIDSTORE_OPEN_NETWORK_FS)],
                               .lost_blobs = (int)values[find(VIDSTORE_OPEN_LOST_BLOBS)],
                               .deadline_ms = values[find(VIDSTORE_OPEN_DEADLINE_MS)],
                               .txn_max_age_ms = values[find(VIDSTORE_OPEN_TXN_MAX_AGE_MS)],
                               .readers = values[find(VIDSTORE_OPEN_READERS)],
                               .weak_hashes = (int)values[find(VIDSTORE_OPEN_WEAK_HASHES)]};
    const char *worker = params ? params->texts[find(VIDSTORE_OPEN_WORKER_NAME)] : NULL;
    if (strcmp(path, ":memory:") != 0)
        r = absolute(path, &ret->path, e);
    if (!r)
        r = copy_text(params ? params->texts[find(VIDSTORE_OPEN_PROBE_HELPER)] : NULL, &ret->helper, e);
    if (!r)
        r = copy_secrets(params, ret, e);
    if (!r)
        r = worker ? copy_text(worker, &ret->worker, e) : default_worker(&ret->worker, e);
    return r;
}

static void free_secret(char *text) {
    if (text)
        vs_wipe(text, strlen(text));
    vs_free(text);
}

void vs_options_free(struct vs_options *options) {
    vs_free(options->path);
    vs_free(options->helper);
    vs_free(options->worker);
    vs_free(options->audit_key);
    free_secret(options->peppers);
    vs_free(options->pepper_file);
    vs_free(options->blocklist);
}
