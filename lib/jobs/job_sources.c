/* SPDX-License-Identifier: MIT */
#include "jobs/job_sources.h"
#include "jobs/jobs.h"
#include "net/net.h"
#include "util/alloc.h"
#include "util/error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_BYTES = 4096, TITLE_MAX = 500, NAME_MAX_BYTES = 255, JSON_MAX = 1 << 20 };

typedef char field_name[64];

static int bad(field_name field, const char *why, vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, field, "%s %s", field, why);
}

static int has_control(const char *s) {
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7F)
            return 1;
    return 0;
}

/* A line of text of a limited length. */
static int check_line(const char *text, size_t max, field_name field, vidstore_error **e) {
    if (strlen(text) > max)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG, field, "%s is longer than %zu bytes", field,
                           max);
    return has_control(text) ? bad(field, "has a control character in it", e) : 0;
}

static int check_url(const char *url, field_name field, vidstore_error **e) {
    vs_autoerror vidstore_error *why = NULL;
    int r = vs_net_check_url(url, &why);
    return r ? vs_fail_sub(e, r, vidstore_error_subcode(why), field, "%s", vidstore_error_message(why)) : 0;
}

/* Whoever may read any file of this machine through the library: not its users. */
static int check_path(const char *path, const struct vs_actor *actor, field_name field, vidstore_error **e) {
    if (!vs_policy_is_admin(actor))
        return vs_fail(e, VIDSTORE_FORBIDDEN, field, "only an admin may name a path of this machine");
    return *path == '/' ? check_line(path, PATH_MAX_BYTES, field, e) : bad(field, "is not an absolute path", e);
}

static int check_file_name(const char *name, field_name field, vidstore_error **e) {
    if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
        return bad(field, "is not the name of a file", e);
    return check_line(name, NAME_MAX_BYTES, field, e);
}

static int check_sha256(const char *hex, field_name field, vidstore_error **e) {
    if (strlen(hex) != 64 || strspn(hex, "0123456789abcdefABCDEF") != 64)
        return bad(field, "is not 64 hex digits", e);
    return 0;
}

static int check_text_member(const char *name, const char *text, const struct vs_actor *actor, field_name field,
                             vidstore_error **e) {
    if (!strcmp(name, "url"))
        return check_url(text, field, e);
    if (!strcmp(name, "path"))
        return check_path(text, actor, field, e);
    if (!strcmp(name, "title"))
        return check_line(text, TITLE_MAX, field, e);
    if (!strcmp(name, "sha256"))
        return check_sha256(text, field, e);
    if (!strcmp(name, "filename"))
        return check_file_name(text, field, e);
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_UNKNOWN_FIELD, field, "a source has no member \"%.40s\"",
                       name);
}

static int check_member(const char *name, const json_t *value, const struct vs_actor *actor, field_name field,
                        vidstore_error **e) {
    if (strcmp(name, "episode") != 0)
        return json_is_string(value) ? check_text_member(name, json_string_value(value), actor, field, e)
                                     : bad(field, "is not a text", e);
    if (!json_is_integer(value))
        return bad(field, "is not a whole number", e);
    if (json_integer_value(value) < 0 || json_integer_value(value) > VS_EPISODE_MAX)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, field, "%s is not between 0 and %d", field,
                           VS_EPISODE_MAX);
    return 0;
}

static int check_source(json_t *source, size_t index, const struct vs_actor *actor, vidstore_error **e) {
    field_name field;
    const char *name;
    json_t *value;
    snprintf(field, sizeof field, "sources[%zu]", index);
    if (!json_is_object(source))
        return bad(field, "is not an object", e);
    if (!json_object_get(source, "url") == !json_object_get(source, "path"))
        return bad(field, "has not exactly one of url and path", e);
    json_object_foreach(source, name, value) {
        snprintf(field, sizeof field, "sources[%zu].%.32s", index, name);
        int r = check_member(name, value, actor, field, e);
        if (r)
            return r;
    }
    return 0;
}

static int by_number(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int check_episodes(const json_t *sources, vidstore_error **e) {
    int64_t episodes[VS_SOURCES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(sources); i++) {
        const json_t *episode = json_object_get(json_array_get(sources, i), "episode");
        if (episode)
            episodes[count++] = json_integer_value(episode);
    }
    qsort(episodes, count, sizeof *episodes, by_number);
    for (size_t i = 1; i < count; i++)
        if (episodes[i] == episodes[i - 1])
            return vs_fail(e, VIDSTORE_INVALID, "sources", "two sources have the episode %lld", (long long)episodes[i]);
    return 0;
}

int vs_sources_read(const char *json, const struct vs_actor *actor, json_t **ret, vidstore_error **e) {
    vs_autojson *sources = NULL;
    *ret = NULL;
    if (!json)
        return 0;
    int r = vs_json_parse(json, strlen(json), JSON_MAX, "sources", &sources, e);
    if (!r && !json_is_array(sources))
        r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "sources", "sources is not an array");
    if (!r && json_array_size(sources) > VS_SOURCES_MAX)
        r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LONG, "sources", "there are more than %d sources",
                        VS_SOURCES_MAX);
    for (size_t i = 0; !r && i < json_array_size(sources); i++)
        r = check_source(json_array_get(sources, i), i, actor, e);
    if (!r)
        r = check_episodes(sources, e);
    if (!r)
        *ret = VS_TAKE(sources);
    return r;
}

/* What can't be read is none here: the item itself will be refused. */
static size_t count_of(const struct vs_params *params) {
    vs_autojson *sources = NULL;
    vs_autoerror vidstore_error *why = NULL;
    const struct vs_value *value = NULL;
    if (vs_params_check(params, &vs_job_noun, NULL) ||
        vs_params_get(params, VIDSTORE_JOB_SOURCES, &value) != VS_PARAM_VALUE)
        return 0;
    return vs_json_parse(value->text, value->len, JSON_MAX, "sources", &sources, &why) ? 0 : json_array_size(sources);
}

int vs_sources_check_sum(const struct vs_params *const *params, int64_t count, vidstore_error **e) {
    char field[48];
    size_t sum = 0;
    for (int64_t i = 0; params && i < count; i++) {
        sum += count_of(params[i]);
        if (sum <= VS_SOURCES_SUM)
            continue;
        snprintf(field, sizeof field, "items[%lld].sources", (long long)i);
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE, field,
                           "there are more than %d sources in one call: submit the jobs in several", VS_SOURCES_SUM);
    }
    return 0;
}

size_t vs_sources_count(const json_t *sources) {
    return json_array_size(sources);
}

void vs_source_at(const json_t *sources, size_t index, struct vs_source *ret) {
    const json_t *source = json_array_get(sources, index), *episode = json_object_get(source, "episode");
    *ret = (struct vs_source){
        .url = json_string_value(json_object_get(source, "url")),
        .path = json_string_value(json_object_get(source, "path")),
        .title = json_string_value(json_object_get(source, "title")),
        .sha256 = json_string_value(json_object_get(source, "sha256")),
        .file_name = json_string_value(json_object_get(source, "filename")),
        .episode = episode ? json_integer_value(episode) : INT64_MIN,
    };
}
