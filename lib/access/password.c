/* SPDX-License-Identifier: MIT */
#include "access/password.h"
#include "access/arena.h"
#include "access/blocklist.h"
#include "crypto/crypto.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "util/unicode.h"
#include "util/utf8.h"
#include <argon2.h>
#include <crypt.h>
#include <stdatomic.h>
#include <string.h>

enum { LANES = 1, SALT = 16, TAG = 32, BCRYPT_BYTES = 72 };

static atomic_llong computed;

int64_t vs_password_computed(void) {
    return atomic_load(&computed);
}

struct vs_cost vs_password_cost(int64_t level) {
    static const struct vs_cost costs[] = {{8, 1}, {19456, 2}, {65536, 3}, {131072, 4}};
    return costs[level < 0 || level > 3 ? 2 : level];
}

int vs_password_check(struct vs_blocklist *list, const char *password, const char *name, int64_t min,
                      vidstore_error **e) {
    int64_t characters = 0;
    int common = 0;
    int r = vs_check_text(password, "password", VS_PASSWORD_MAX, e);
    for (const char *p = password; !r && *p; p++)
        characters += (*p & 0xC0) != 0x80;
    if (!r && characters < min)
        r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "password", "password is shorter than %lld characters",
                        (long long)min);
    if (!r)
        r = vs_blocklist_has(list, password, name, &common, e);
    if (!r && common)
        r = vs_fail(e, VIDSTORE_INVALID, "password", "password is one of those that everybody tries first");
    return r;
}

int vs_password_check_hash(const char *hash, vidstore_error **e) {
    struct vs_phc phc;
    int r = vs_check_text(hash, "hash", VS_HASH_MAX - 1, e);
    if (r || vs_phc_is_bcrypt(hash))
        return r;
    if (vs_phc_read(hash, &phc) || phc.memory_kib > VS_HASH_BUDGET_KIB)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "hash",
                           "hash is neither bcrypt ($2a$, $2b$, $2y$, cost 4 to 14) nor argon2 within the limits");
    return 0;
}

int vs_password_outdated(const char *stored, struct vs_cost cost) {
    struct vs_phc phc;
    return vs_phc_read(stored, &phc) || phc.i || phc.memory_kib != cost.memory_kib || phc.passes != cost.passes ||
           phc.lanes != LANES || phc.salt_len != SALT || phc.tag_len != TAG;
}

/* The tag of a password under the parameters and the salt of a hash. */
static int compute(const char *password, size_t len, const struct vs_pepper *pepper, struct vs_phc *phc, uint8_t *tag,
                   int known, const struct vs_call *call, vidstore_error **e) {
    int r = vs_arena_take(phc->memory_kib, known, call, e);
    if (r)
        return r;
    argon2_context context = {.out = tag,
                              .outlen = (uint32_t)phc->tag_len,
                              .pwd = (uint8_t *)(uintptr_t)password,
                              .pwdlen = (uint32_t)len,
                              .salt = phc->salt,
                              .saltlen = (uint32_t)phc->salt_len,
                              .secret = pepper ? (uint8_t *)(uintptr_t)pepper->key : NULL,
                              .secretlen = pepper ? VS_PEPPER_SIZE : 0,
                              .t_cost = phc->passes,
                              .m_cost = phc->memory_kib,
                              .lanes = phc->lanes,
                              .threads = 1, /* whatever the stored text says: no thread of ours is made for a hash */
                              .version = ARGON2_VERSION_13,
                              .allocate_cbk = vs_arena_memory,
                              .free_cbk = vs_arena_memory_done};
    atomic_fetch_add(&computed, 1);
    int code = phc->i ? argon2i_ctx(&context) : argon2id_ctx(&context);
    vs_arena_give(phc->memory_kib);
    if (code == ARGON2_MEMORY_ALLOCATION_ERROR)
        return vs_fail_nomem(e);
    return code == ARGON2_OK ? 0
                             : vs_fail(e, VIDSTORE_INTERNAL, NULL, "hashing failed: %s", argon2_error_message(code));
}

/* What people type on different systems is the same password: normal form C. */
static char *normal(const char *password) {
    return vs_unicode_nfc(password, strlen(password));
}

static void wipe_text(char **text) {
    if (*text)
        vs_wipe(*text, strlen(*text));
    vs_free(*text);
}
#define autowiped VS_CLEANUP(wipe_text) char

int vs_password_hash(const char *password, struct vs_cost cost, const struct vs_call *call, char ret[VS_HASH_MAX],
                     vidstore_error **e) {
    struct vs_phc phc = {
        .memory_kib = cost.memory_kib, .passes = cost.passes, .lanes = LANES, .salt_len = SALT, .tag_len = TAG};
    autowiped *text = normal(password);
    if (!text)
        return vs_fail_nomem(e);
    if (vs_random(phc.salt, SALT))
        return vs_fail(e, VIDSTORE_IO, NULL, "the system gives no random numbers");
    int r = compute(text, strlen(text), cost.pepper, &phc, phc.tag, 1, call, e);
    if (!r)
        vs_phc_write(&phc, ret);
    return r;
}

/* A hash of another system. Bytes after the 72nd count for nothing there, so that nobody gets in by them here. */
static int verify_bcrypt(const char *password, const char *stored, const struct vs_call *call, int *ret,
                         vidstore_error **e) {
    vs_autofree struct crypt_data *data = vs_calloc(1, sizeof *data);
    int r = data ? vs_arena_take(64, 1, call, e) : vs_fail_nomem(e);
    if (r)
        return r;
    atomic_fetch_add(&computed, 1);
    const char *made = crypt_r(password, stored, data);
    vs_arena_give(64);
    *ret = made && strlen(made) == 60 && vs_secret_equal(made, stored, 60) && strlen(password) <= BCRYPT_BYTES;
    vs_wipe(data, sizeof *data);
    return 0;
}

int vs_password_verify(const char *password, const char *stored, struct vs_cost cost, int known,
                       const struct vs_call *call, int *ret, vidstore_error **e) {
    struct vs_phc phc;
    uint8_t tag[VS_PHC_BYTES];
    *ret = 0;
    if (stored && vs_phc_is_bcrypt(stored))
        return verify_bcrypt(password, stored, call, ret, e);
    /* Where there is nothing to compare with, the work is that for what there would be. */
    int there = stored && !vs_phc_read(stored, &phc) && phc.memory_kib <= VS_HASH_BUDGET_KIB;
    if (!there)
        phc = (struct vs_phc){
            .memory_kib = cost.memory_kib, .passes = cost.passes, .lanes = LANES, .salt_len = SALT, .tag_len = TAG};
    autowiped *text = normal(password);
    if (!text)
        return vs_fail_nomem(e);
    int r = compute(text, strlen(text), cost.pepper, &phc, tag, known, call, e);
    if (!r)
        *ret = vs_secret_equal(tag, phc.tag, phc.tag_len) && there;
    vs_wipe(tag, sizeof tag);
    return r;
}
