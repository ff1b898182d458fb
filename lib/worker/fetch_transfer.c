/* SPDX-License-Identifier: MIT */
/* The bytes of a fetch: from the net into an upload, resumed by range and validator. */
#include "jobs/jobs.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/utf8.h"
#include "worker/fetch.h"
#include <stdlib.h>
#include <string.h>

enum { TELL_US = 500000 };

/* A name for the file: the one that was asked for, or the last part of the URL; as much of it as a name may have. */
static void name_of(const struct vs_fetching *f, char *ret, size_t size) {
    const char *name = vs_record_text(f->video, VIDSTORE_VIDEO_FILE_NAME);
    if (!name) {
        size_t len = strcspn(f->url, "?#");
        const char *start = f->url + len;
        while (start > f->url && start[-1] != '/')
            start--;
        size_t left = (size_t)(f->url + len - start);
        snprintf(ret, size, "%.*s", (int)vs_utf8_cut(start, left < size ? left : size - 1), start);
    } else {
        snprintf(ret, size, "%.*s", (int)vs_utf8_cut(name, size - 1), name);
    }
    if (!*ret || strcmp(ret, ".") == 0 || strcmp(ret, "..") == 0)
        snprintf(ret, size, "video");
}

static struct vs_params *params_of(const struct vs_fetching *f) {
    struct vs_params *params = vs_params_new(&vs_file_noun);
    const char *job = vs_record_text(f->video, VIDSTORE_VIDEO_JOB_ID),
               *sha256 = vs_record_text(f->video, VIDSTORE_VIDEO_EXPECTED_SHA256);
    char name[256];
    name_of(f, name, sizeof name);
    vs_params_set_text(params, &vs_file_noun, VIDSTORE_FILE_NAME, name);
    vs_params_set_text(params, &vs_file_noun, VIDSTORE_FILE_VIDEO_ID, vs_record_text(f->video, VIDSTORE_VIDEO_ID));
    if (job)
        vs_params_set_text(params, &vs_file_noun, VIDSTORE_FILE_JOB_ID, job);
    if (sha256)
        vs_params_set_text(params, &vs_file_noun, VIDSTORE_FILE_SHA256, sha256);
    if (vs_policy_is_admin(&f->session->actor)) /* the file is the video's owner's, whoever fetches it */
        vs_params_set_text(params, &vs_file_noun, VIDSTORE_FILE_USER_ID,
                           vs_record_text(f->video, VIDSTORE_VIDEO_USER_ID));
    return params;
}

/* What is left of another try is to become what the video says by now. */
static int go_on(struct vs_fetching *f, const struct vs_params *params, vidstore_error **e) {
    struct vs_uuid left;
    int r = vs_upload_find_source(f->session, &f->owner, f->url, &f->id, &left, e);
    if (!r)
        r = vs_upload_resume(f->session, &left, &f->upload, e);
    return r ? r : vs_upload_become(f->upload, params, e);
}

static int open_upload(struct vs_fetching *f, const struct vs_params *params, vidstore_error **e) {
    struct vs_upload_source source = {f->url, NULL, INT64_MIN};
    int r = go_on(f, params, e);
    if (!r && *f->url == '/' && vs_upload_is_sealed(f->upload)) { /* nothing vouches for a path being as it was */
        vidstore_upload_free(VS_TAKE(f->upload));
        r = VIDSTORE_NOT_FOUND;
    }
    /* One that is gone or in other hands is no use; a new one always is. */
    if (r != VIDSTORE_NOT_FOUND && r != VIDSTORE_STATE && r != VIDSTORE_BUSY)
        return r;
    vs_error_clear(e);
    return vs_upload_open(f->session, params, -1, &source, &f->upload, e);
}

int vs_fetch_upload(struct vs_fetching *f, vidstore_error **e) {
    struct vs_params *params = params_of(f);
    int r = vs_params_check(params, &vs_file_noun, e);
    if (!r)
        r = open_upload(f, params, e);
    vs_params_free(params);
    return r;
}

static int on_write(void *arg, const void *data, size_t len) {
    struct vs_fetching *f = arg;
    return vs_upload_write(f->session, f->upload, data, len, &f->why);
}

static int on_restart(void *arg) {
    struct vs_fetching *f = arg;
    return vs_upload_truncate(f->session, f->upload, 0, &f->why);
}

/* The validator is on record before the bytes that it vouches for. */
static int on_head(void *arg, const struct vs_fetch_head *head) {
    struct vs_fetching *f = arg;
    struct vs_upload_source source = {f->url, *head->validator ? head->validator : NULL,
                                      head->total < 0 ? INT64_MIN : head->total};
    f->told_us = 0;
    return vs_upload_set_source(f->session, f->upload, &source, &f->why);
}

static int on_progress(void *arg, int64_t done, int64_t total) {
    struct vs_fetching *f = arg;
    int64_t now = vs_mono_us();
    if (atomic_load(&f->session->interrupt))
        return vs_fail(&f->why, VIDSTORE_CANCELLED, NULL, "interrupted");
    int r = vs_lease_report(f->session, "downloading", done, total < 0 ? INT64_MIN : total, &f->why);
    if (r || now - f->told_us < TELL_US)
        return r;
    f->told_us = now;
    r = vs_video_progress(f->session, &f->id, f->url, done, total, &f->why);
    if (r != VIDSTORE_BUSY && r != VIDSTORE_TIMEOUT && r != VIDSTORE_RETRY)
        return r;
    vs_error_clear(&f->why); /* whoever holds the store for so long: the bytes come all the same */
    return 0;
}

int vs_fetch_transfer(struct vs_fetching *f, vidstore_error **e) {
    struct vidstore *store = f->session->store;
    struct vs_upload_source source = vs_upload_source(f->upload);
    struct vs_fetch_result result;
    int64_t there = vidstore_upload_size(f->upload);
    vs_autofree char *validator = source.validator ? vs_strdup(source.validator) : NULL;
    if (source.validator && !validator)
        return vs_fail_nomem(e);
    if (there && !validator) { /* nothing vouches for the bytes that are there */
        int r = vs_upload_truncate(f->session, f->upload, 0, e);
        if (r)
            return r;
        there = 0;
    }
    /* A checksum tells what is cut short as well as a length does. */
    int unsized =
        vs_record_text(f->video, VIDSTORE_VIDEO_EXPECTED_SHA256) || vs_setting(store, VS_SETTING_FETCH_ALLOW_UNSIZED);
    struct vs_fetch request = {.url = f->url,
                               .offset = there,
                               .validator = validator,
                               .total = source.size == INT64_MIN ? -1 : source.size,
                               .max_bytes = vs_setting(store, VS_SETTING_FETCH_MAX_BYTES),
                               .stall_ms = vs_setting(store, VS_SETTING_FETCH_STALL_MS),
                               .deadline_ms = vs_setting(store, VS_SETTING_FETCH_DEADLINE_MS),
                               .tries = (int32_t)vs_setting(store, VS_SETTING_FETCH_TRIES),
                               .allow_unsized = unsized,
                               .allow_private = (int32_t)vs_setting(store, VS_SETTING_FETCH_ALLOW_PRIVATE),
                               .arg = f,
                               .write = on_write,
                               .restart = on_restart,
                               .progress = on_progress,
                               .head = on_head};
    int r = vs_net_fetch(&request, &result, e);
    if (r && f->why && e) {
        vs_error_clear(e);
        *e = VS_TAKE(f->why);
    }
    vs_error_clear(&f->why);
    return r;
}
