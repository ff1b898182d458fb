/* SPDX-License-Identifier: MIT */
#include "access/blocklist.h"
#include "crypto/crypto.h"
#include "util/alloc.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST = 64, LEAST = 6, LINES_MIN = 3000, LINES_MAX = 1000000, BYTES_MAX = 16 << 20 };

static const char *const list[] = {
/* clang-format off */
#include "access/blocklist.inc"
    /* clang-format on */
};

/* --- a file ---------------------------------------------------------------------------------------------------------
 */

struct vs_blocklist {
    pthread_mutex_t lock;
    char *path;
    struct stat seen; /* of the file that was read */
    char *text;
    const char **words; /* sorted; into text */
    size_t count;
};

static int order(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char small(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static int not_a_list(const char *why, size_t line, vidstore_error **e) {
    return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "blocklist", "line %zu of the blocklist %s", line,
                       why);
}

/* Makes words of the lines of text, which ends with a line end and a NUL. */
static int split(char *text, size_t len, const char **words, size_t *ret_count, vidstore_error **e) {
    size_t count = 0, line = 0;
    for (char *at = text; at < text + len;) {
        char *end = memchr(at, '\n', (size_t)(text + len - at));
        size_t size = (size_t)(end - at);
        line++;
        *end = '\0';
        if (size && at[size - 1] == '\r')
            at[--size] = '\0';
        if (memchr(at, '\0', size))
            return not_a_list("has a NUL", line, e);
        if (size > LONGEST)
            return not_a_list("is longer than 64 bytes", line, e);
        if (size && count == LINES_MAX)
            return not_a_list("is one too many", line, e);
        for (size_t i = 0; i < size; i++)
            at[i] = small(at[i]);
        if (size)
            words[count++] = at;
        at = end + 1;
    }
    *ret_count = count;
    if (count < LINES_MIN)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "blocklist",
                           "the blocklist has less than %d passwords", LINES_MIN);
    return 0;
}

static size_t count_lines(const char *text, size_t len) {
    size_t lines = 0;
    for (const char *at = text; (at = memchr(at, '\n', (size_t)(text + len - at))); at++)
        lines++;
    return lines < LINES_MAX ? lines : LINES_MAX;
}

static int read_all(int fd, char *text, size_t size, size_t *ret, vidstore_error **e) {
    for (*ret = 0; *ret < size;) {
        ssize_t n = read(fd, text + *ret, size - *ret);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vs_fail_errno(e, errno, "blocklist", "read the blocklist");
        if (n == 0)
            break; /* it is shorter by now; the next look will see that it has changed */
        *ret += (size_t)n;
    }
    return 0;
}

/* The file as it is now, in the place of what was read before. */
static int load(struct vs_blocklist *b, int fd, const struct stat *st, vidstore_error **e) {
    size_t len = 0, count = 0;
    if (!S_ISREG(st->st_mode))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE, "blocklist", "the blocklist is not a file");
    if (st->st_size > BYTES_MAX)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE, "blocklist",
                           "the blocklist is larger than 16 MiB");
    vs_autofree char *text = vs_malloc((size_t)st->st_size + 2);
    if (!text)
        return vs_fail_nomem(e);
    int r = read_all(fd, text, (size_t)st->st_size, &len, e);
    if (r)
        return r;
    if (len && text[len - 1] != '\n')
        text[len++] = '\n';
    text[len] = '\0';
    vs_autofree const char **words = vs_reallocarray(NULL, count_lines(text, len) + 1, sizeof *words);
    r = words ? split(text, len, words, &count, e) : vs_fail_nomem(e);
    if (r)
        return r;
    qsort(words, count, sizeof *words, order);
    vs_free(b->text);
    vs_free(b->words);
    b->text = VS_TAKE(text);
    b->words = VS_TAKE(words);
    b->count = count;
    b->seen = *st;
    return 0;
}

static int is_same(const struct stat *a, const struct stat *b) {
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int refresh(struct vs_blocklist *b, vidstore_error **e) {
    struct stat st;
    if (b->text && stat(b->path, &st) == 0 && is_same(&st, &b->seen))
        return 0;
    int fd = open(b->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return vs_fail_errno(e, errno, "blocklist", "open the blocklist");
    int r = fstat(fd, &st) ? vs_fail_errno(e, errno, "blocklist", "look at the blocklist") : load(b, fd, &st, e);
    close(fd);
    return r;
}

int vs_blocklist_open(const char *path, struct vs_blocklist **ret, vidstore_error **e) {
    struct vs_blocklist *b = vs_calloc(1, sizeof *b);
    if (!b)
        return vs_fail_nomem(e);
    pthread_mutex_init(&b->lock, NULL);
    b->path = vs_strdup(path);
    int r = b->path ? refresh(b, e) : vs_fail_nomem(e);
    if (r)
        vs_blocklist_free(b);
    else
        *ret = b;
    return r;
}

void vs_blocklist_free(struct vs_blocklist *b) {
    if (!b)
        return;
    pthread_mutex_destroy(&b->lock);
    vs_free(b->path);
    vs_free(b->text);
    vs_free(b->words);
    vs_free(b);
}

/* --- comparing ------------------------------------------------------------------------------------------------------
 */

static int listed(const struct vs_blocklist *b, const char *word) {
    const char *const *words = b ? (const char *const *)b->words : list;
    return bsearch(&word, words, b ? b->count : VS_COUNT(list), sizeof *words, order) != NULL;
}

static size_t fold(const char *text, char ret[LONGEST + 1]) {
    size_t len = strnlen(text, LONGEST + 1);
    for (size_t i = 0; i < len && i < LONGEST; i++)
        ret[i] = small(text[i]);
    ret[len > LONGEST ? LONGEST : len] = '\0';
    return len;
}

static int is_name(const char *word, const char *name) {
    size_t len = strlen(word);
    int forwards = strcmp(word, name) == 0, backwards = strlen(name) == len;
    for (size_t i = 0; backwards && i < len; i++)
        backwards = word[i] == name[len - 1 - i];
    return forwards || backwards;
}

/* word: the password, folded, of len bytes; it is cut. */
static int has_word(const struct vs_blocklist *b, char *word, size_t len, const char *name) {
    char user[LONGEST + 1] = "";
    if (len > LONGEST)
        return 0;
    if (name && fold(name, user) <= LONGEST && *user && is_name(word, user))
        return 1;
    if (listed(b, word))
        return 1;
    while (len && !((word[len - 1] >= 'a' && word[len - 1] <= 'z') || (unsigned char)word[len - 1] >= 0x80))
        word[--len] = '\0';
    return len >= LEAST && (listed(b, word) || (*user && is_name(word, user)));
}

static int has(const struct vs_blocklist *b, const char *password, const char *name) {
    char word[LONGEST + 1];
    size_t len = fold(password, word);
    int found = has_word(b, word, len, name);
    vs_wipe(word, sizeof word); /* a copy of a password outlives no call */
    return found;
}

int vs_blocklist_has(struct vs_blocklist *b, const char *password, const char *name, int *ret, vidstore_error **e) {
    *ret = 1;
    if (b)
        pthread_mutex_lock(&b->lock);
    int r = b ? refresh(b, e) : 0;
    if (!r)
        *ret = has(b, password, name);
    if (b)
        pthread_mutex_unlock(&b->lock);
    return r;
}
