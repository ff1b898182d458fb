/* SPDX-License-Identifier: MIT */
#include "jobs/job_kinds.h"
#include "util/alloc.h"
#include "util/error.h"
#include <string.h>

static const struct vs_job_kind kinds[] = {
    {.name = "full_pipeline",
     .stages = {{"initializing", 1},
                {"downloading", 40},
                {"analyzing", 4},
                {"processing", 20},
                {"merging", 5},
                {"compressing", 25},
                {"uploading", 5}},
     .then = {"merge_episodes", "compress_only"}},
    {.name = "download_only", .stages = {{"initializing", 1}, {"downloading", 94}, {"analyzing", 5}}},
    {.name = "process_only", .stages = {{"initializing", 1}, {"analyzing", 4}, {"processing", 90}, {"uploading", 5}}},
    {.name = "compress_only", .stages = {{"initializing", 1}, {"analyzing", 4}, {"compressing", 90}, {"uploading", 5}}},
    {.name = "merge_episodes",
     .stages = {{"initializing", 1}, {"analyzing", 4}, {"merging", 90}, {"uploading", 5}},
     .part = "download_only",
     .then = {"merge_episodes"}},
};

const struct vs_job_kind *vs_kind_find(const char *name) {
    static const struct vs_job_kind of_the_host;
    for (size_t i = 0; name && i < VS_COUNT(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return &of_the_host;
}

static int is_word(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("_.:-", c));
}

int vs_kind_check(const char *name, size_t len, const char *field, vidstore_error **e) {
    if (!len || len > 64)
        return vs_fail_sub(e, VIDSTORE_INVALID, len ? VIDSTORE_SUB_TOO_LONG : VIDSTORE_SUB_SYNTAX, field,
                           "a kind has 1 to 64 characters");
    for (size_t i = 0; i < len; i++)
        if (!is_word((unsigned char)name[i]))
            return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, field,
                               "a kind has no other characters than letters, digits and _ . : -");
    return 0;
}

__extension__ typedef __int128 wide;

/* part of whole, in units of unit; without overflow for any numbers */
static int64_t share(int64_t part, int64_t whole, int64_t unit) {
    if (whole <= 0 || part <= 0)
        return 0;
    if (part >= whole)
        return unit;
    return (int64_t)((wide)part * unit / whole);
}

int64_t vs_kind_progress(const struct vs_job_kind *kind, const char *stage, int64_t done, int64_t total) {
    int64_t before = 0, all = 0, mine = -1;
    if (!kind->name)
        return share(done, total, VS_PROGRESS_WHOLE);
    for (size_t i = 0; i < VS_KIND_STAGES && kind->stages[i].name; i++) {
        all += kind->stages[i].weight;
        if (mine < 0 && strcmp(kind->stages[i].name, stage) == 0)
            mine = kind->stages[i].weight;
        else if (mine < 0)
            before += kind->stages[i].weight;
    }
    if (mine < 0)
        return -1;
    return share(before, all, VS_PROGRESS_WHOLE) + share(done, total, mine * VS_PROGRESS_WHOLE / all);
}
