/* SPDX-License-Identifier: MIT */
#include "store/guards.h"
#include "access/blocklist.h"
#include "util/env.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int vs_secret_file(const char *path, const char *field, const char *what, char ret[VS_SECRET_FILE_MAX + 2],
                   size_t *ret_len, vidstore_error **e) {
    size_t len = 0;
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return vs_fail_errno(e, errno, field, what);
    while (len < VS_SECRET_FILE_MAX + 1 &&
           ((n = read(fd, ret + len, VS_SECRET_FILE_MAX + 1 - len)) > 0 || (n < 0 && errno == EINTR)))
        len += n > 0 ? (size_t)n : 0;
    int r = n < 0 ? vs_fail_errno(e, errno, field, what) : 0;
    close(fd);
    ret[len] = '\0';
    *ret_len = len;
    return r;
}

static int read_peppers(struct vidstore *store, vidstore_error **e) {
    const struct vs_options *o = &store->options;
    char text[VS_SECRET_FILE_MAX + 2] = "";
    size_t len = 0;
    if (o->peppers)
        return vs_peppers_parse(o->peppers, "peppers", &store->peppers, e);
    if (!o->pepper_file)
        return 0;
    int r = vs_secret_file(o->pepper_file, "pepper_file", "read the peppers", text, &len, e);
    if (!r && (len > VS_SECRET_FILE_MAX || strlen(text) != len))
        r = vs_fail(e, VIDSTORE_INVALID, "pepper_file", "pepper_file is not a short text");
    if (!r)
        r = vs_peppers_parse(text, "pepper_file", &store->peppers, e);
    vs_wipe(text, sizeof text);
    return r;
}

int vs_guards_begin(struct vidstore *store, vidstore_error **e) {
    int r = read_peppers(store, e);
    if (!r && store->options.blocklist)
        r = vs_blocklist_open(store->options.blocklist, &store->blocklist, e);
    return r;
}

void vs_guards_end(struct vidstore *store) {
    vs_wipe(&store->peppers, sizeof store->peppers);
    vs_blocklist_free(store->blocklist);
}
