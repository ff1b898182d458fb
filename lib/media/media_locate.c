/* SPDX-License-Identifier: MIT */
#include "media/media_internal.h"
#include "media/media_paths.h"
#include "util/alloc.h"
#include "util/error.h"
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Beside the library: in the build tree, installed under a prefix that was moved, and in a multiarch directory. */
static const char *const beside[] = {
    "/media/helper/vidstore-probe",
    "/../libexec/vidstore/vidstore-probe",
    "/../../libexec/vidstore/vidstore-probe",
};

static int is_program(const char *path) {
    return access(path, X_OK) == 0;
}

/* The directory that this code was loaded from; NULL when it can't be told. */
static char *own_directory(void) {
    Dl_info info;
    char real[PATH_MAX];
    if (!dladdr((const void *)(uintptr_t)&vs_media_locate, &info) || !info.dli_fname || !realpath(info.dli_fname, real))
        return NULL;
    char *slash = strrchr(real, '/');
    return slash ? vs_strndup(real, (size_t)(slash - real)) : NULL;
}

static int try_path(struct vs_buf *tried, const char *directory, const char *rest, char **ret) {
    vs_autobuf path = {0};
    vs_buf_str(&path, directory);
    vs_buf_str(&path, rest);
    if (path.failed)
        return VIDSTORE_NOMEM;
    if (is_program(path.data)) {
        *ret = VS_TAKE(path.data);
        return 0;
    }
    vs_buf_str(tried, tried->len ? ", " : "");
    vs_buf_str(tried, path.data);
    return VIDSTORE_UNAVAILABLE;
}

int vs_media_locate(const char *wanted, char **ret, vidstore_error **e) {
    vs_autobuf tried = {0};
    vs_autofree char *directory = own_directory();
    const char *named = wanted ? wanted : secure_getenv("VIDSTORE_PROBE_HELPER");
    int rc = VIDSTORE_UNAVAILABLE;
    *ret = NULL;
    if (named && *named) {
        /* named and not there is a mistake to report; another one is not what was asked for */
        rc = try_path(&tried, named, "", ret);
    } else {
        for (size_t i = 0; rc == VIDSTORE_UNAVAILABLE && directory && i < VS_COUNT(beside); i++)
            rc = try_path(&tried, directory, beside[i], ret);
        if (rc == VIDSTORE_UNAVAILABLE)
            rc = try_path(&tried, VS_MEDIA_HELPER_PATH, "", ret);
    }
    if (rc == 0)
        return 0;
    if (rc == VIDSTORE_NOMEM || tried.failed)
        return vs_fail_nomem(e);
    return vs_fail(e, VIDSTORE_UNAVAILABLE, NULL, "the probe helper was not found; tried %s", tried.data);
}
