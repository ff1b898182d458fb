/* SPDX-License-Identifier: MIT */
#include "trail/chain.h"
#include "db/bind.h"
#include "util/env.h"
#include "util/error.h"
#include <string.h>

const struct vs_word vs_audit_chains[] = {
    {VIDSTORE_AUDIT_CHAIN_SECURITY, "security"},
    {VIDSTORE_AUDIT_CHAIN_ACTIVITY, "activity"},
    {VIDSTORE_AUDIT_CHAIN_SYSTEM, "system"},
    {0, NULL},
};

#define CORE(field_, tag_, kind_, name_)   [VS_LINK_##field_] = {tag_, VS_LINK_##kind_, VS_PART_CORE, name_}
#define ACTOR(field_, tag_, kind_, name_)  [VS_LINK_##field_] = {tag_, VS_LINK_##kind_, VS_PART_ACTOR, name_}
#define OBJECT(field_, tag_, kind_, name_) [VS_LINK_##field_] = {tag_, VS_LINK_##kind_, VS_PART_OBJECT, name_}

const struct vs_link_spec vs_link_specs[VS_LINK_FIELDS] = {
    CORE(POSITION, 1, INT, "position"),
    CORE(ID, 2, UUID, "id"),
    CORE(CREATED, 3, INT, "created_us"),
    CORE(BACK, 4, INT, "back_us"),
    CORE(ACTION, 5, INT, "action"),
    CORE(SEVERITY, 6, INT, "severity"),
    CORE(NOUN, 7, TEXT, "noun"),
    CORE(OBJECT_ID, 8, UUID, "object_id"),
    CORE(OWNER_ID, 9, UUID, "owner_id"),
    CORE(USER_ID, 10, UUID, "user_id"),
    CORE(SUCCESS, 11, INT, "success"),
    CORE(ERROR, 12, TEXT, "error"),
    CORE(ACTOR, 13, TEXT, "actor"),
    CORE(REQUEST_ID, 14, TEXT, "request_id"),
    CORE(METHOD, 15, TEXT, "method"),
    CORE(CREDENTIAL, 16, UUID, "credential_id"),
    ACTOR(ACTOR_NAME, 33, TEXT, "actor_name"),
    ACTOR(IP, 34, TEXT, "ip"),
    ACTOR(USER_AGENT, 35, TEXT, "user_agent"),
    ACTOR(DEVICE, 36, TEXT, "device"),
    OBJECT(OBJECT_NAME, 65, TEXT, "object_name"),
    OBJECT(DETAILS, 66, TEXT, "details"),
    OBJECT(DESCRIPTION, 67, TEXT, "description"),
};

/* --- values --------------------------------------------------------------------------------------------------- */

void vs_link_int(struct vs_link *link, enum vs_link_field field, int64_t value) {
    link->values[field] = (struct vs_link_value){.i = value, .set = 1};
}

void vs_link_uuid(struct vs_link *link, enum vs_link_field field, const struct vs_uuid *value) {
    link->values[field] =
        (struct vs_link_value){.data = value ? value->b : NULL, .len = value ? 16 : 0, .set = !!value};
}

void vs_link_text(struct vs_link *link, enum vs_link_field field, const char *value) {
    link->values[field] = (struct vs_link_value){.data = value, .len = value ? strlen(value) : 0, .set = !!value};
}

/* Columns: seq, chain, hash, actor_salt, object_salt, and the fields in their order. */
enum { COLUMN_SEQ, COLUMN_CHAIN, COLUMN_HASH, COLUMN_ACTOR_SALT, COLUMN_OBJECT_SALT, COLUMN_FIELDS };

void vs_link_read(struct vs_link *link, struct vs_stmt *row) {
    link->seq = vs_col_int(row, COLUMN_SEQ);
    link->chain = vs_chain_of(vs_col_int(row, COLUMN_CHAIN));
    link->hash = vs_col_blob(row, COLUMN_HASH, &link->hash_size);
    link->salts[VS_PART_ACTOR] = vs_col_blob(row, COLUMN_ACTOR_SALT, &link->salt_sizes[VS_PART_ACTOR]);
    link->salts[VS_PART_OBJECT] = vs_col_blob(row, COLUMN_OBJECT_SALT, &link->salt_sizes[VS_PART_OBJECT]);
    for (int i = 0; i < VS_LINK_FIELDS; i++) {
        struct vs_link_value *value = &link->values[i];
        int at = COLUMN_FIELDS + i;
        *value = (struct vs_link_value){0};
        if (vs_link_specs[i].kind == VS_LINK_INT) {
            value->i = vs_col_int(row, at);
            value->set = value->i != INT64_MIN;
        } else {
            value->data = vs_link_specs[i].kind == VS_LINK_TEXT ? vs_col_text(row, at, &value->len)
                                                                : vs_col_blob(row, at, &value->len);
            value->set = value->data != NULL;
        }
    }
}

/* Parameters: chain, hash, actor_salt, object_salt, and the fields in their order. */
void vs_link_bind(const struct vs_link *link, struct vs_stmt *s) {
    vs_bind_int(s, 1, link->chain);
    vs_bind_blob(s, 2, link->hash, (int64_t)link->hash_size);
    vs_bind_blob(s, 3, link->salts[VS_PART_ACTOR], (int64_t)link->salt_sizes[VS_PART_ACTOR]);
    vs_bind_blob(s, 4, link->salts[VS_PART_OBJECT], (int64_t)link->salt_sizes[VS_PART_OBJECT]);
    for (int i = 0; i < VS_LINK_FIELDS; i++) {
        const struct vs_link_value *value = &link->values[i];
        if (!value->set)
            vs_bind_null(s, 5 + i);
        else if (vs_link_specs[i].kind == VS_LINK_INT)
            vs_bind_int(s, 5 + i, value->i);
        else if (vs_link_specs[i].kind == VS_LINK_UUID)
            vs_bind_uuid(s, 5 + i, (const struct vs_uuid *)value->data);
        else
            vs_bind_text(s, 5 + i, value->data, (int64_t)value->len);
    }
}

static const struct {
    int first, end;
} parts[VS_PARTS] = {
    [VS_PART_CORE] = {VS_LINK_POSITION, VS_LINK_ACTOR_NAME},
    [VS_PART_ACTOR] = {VS_LINK_ACTOR_NAME, VS_LINK_OBJECT_NAME},
    [VS_PART_OBJECT] = {VS_LINK_OBJECT_NAME, VS_LINK_FIELDS},
};

int vs_link_has(const struct vs_link *link, enum vs_link_part part) {
    for (int i = parts[part].first; i < parts[part].end; i++)
        if (link->values[i].set)
            return 1;
    return 0;
}

/* --- the encoding: tag, length, bytes ------------------------------------------------------------------------- */

/* Gathers small pieces, so that the digest is called for blocks and not for bytes. */
struct encoder {
    struct vs_sha256 *h;
    size_t used;
    int failed;
    uint8_t bytes[1024];
};

static void flush(struct encoder *c) {
    if (c->used && vs_sha256_add(c->h, c->bytes, c->used))
        c->failed = 1;
    c->used = 0;
}

static void add(struct encoder *c, const void *data, size_t len) {
    if (len > sizeof c->bytes - c->used)
        flush(c);
    if (len > sizeof c->bytes) {
        if (vs_sha256_add(c->h, data, len))
            c->failed = 1;
        return;
    }
    if (len)
        memcpy(c->bytes + c->used, data, len);
    c->used += len;
}

/* The most significant byte first. */
static inline void store(uint8_t *at, uint64_t value, int size) {
    for (int i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

static void add_number(struct encoder *c, uint64_t value) {
    uint8_t bytes[8];
    store(bytes, value, 8);
    add(c, bytes, 8);
}

/* Most fields are numbers or not there: their few bytes are written where they are to stand. */
static void add_field(struct encoder *c, const struct vs_link_spec *spec, const struct vs_link_value *value) {
    enum { HEAD = 5, NUMBER = 8 };
    if (sizeof c->bytes - c->used < HEAD + NUMBER)
        flush(c);
    uint8_t *at = c->bytes + c->used;
    int number = spec->kind == VS_LINK_INT;
    at[0] = spec->tag;
    store(at + 1, !value->set ? 0xFFFFFFFF : number ? NUMBER : value->len, 4);
    c->used += HEAD;
    if (value->set && number) {
        store(at + HEAD, (uint64_t)value->i, NUMBER);
        c->used += NUMBER;
    } else if (value->set) {
        add(c, value->data, value->len);
    }
}

/* The fields of a part stand together. */
static void add_part(struct encoder *c, const struct vs_link *link, enum vs_link_part part) {
    for (int i = parts[part].first; i < parts[part].end; i++)
        add_field(c, &vs_link_specs[i], &link->values[i]);
}

static int end(struct encoder *c, uint8_t ret[VS_SHA256_SIZE]) {
    flush(c);
    int r = vs_sha256_end(c->h, ret);
    return c->failed ? VIDSTORE_INTERNAL : r;
}

int vs_link_commit(struct vs_sha256 *h, const struct vs_link *link, enum vs_link_part part,
                   uint8_t ret[VS_SHA256_SIZE]) {
    struct encoder c = {.h = h};
    int has = vs_link_has(link, part);
    size_t size = link->salts[part] ? link->salt_sizes[part] : 0;
    memset(ret, 0, VS_SHA256_SIZE);
    if (!has && size == VS_SHA256_SIZE) /* erased */
        memcpy(ret, link->salts[part], VS_SHA256_SIZE);
    else if (has != (size == VS_CHAIN_SALT) || (!has && size))
        return VIDSTORE_CORRUPT;
    if (!has)
        return 0;
    add(&c, link->salts[part], VS_CHAIN_SALT);
    add_part(&c, link, part);
    return end(&c, ret);
}

int vs_link_hash(struct vs_sha256 *h, const struct vs_link *link, const uint8_t chain_id[VS_CHAIN_ID],
                 const uint8_t before[VS_SHA256_SIZE], uint8_t ret[VS_SHA256_SIZE]) {
    uint8_t actor[VS_SHA256_SIZE], object[VS_SHA256_SIZE];
    struct encoder c = {.h = h};
    int r = vs_link_commit(h, link, VS_PART_ACTOR, actor);
    if (!r)
        r = vs_link_commit(h, link, VS_PART_OBJECT, object);
    if (r)
        return r;
    add(&c, "VSAUD1", 7);
    add(&c, chain_id, VS_CHAIN_ID);
    add_part(&c, link, VS_PART_CORE);
    add(&c, actor, sizeof actor);
    add(&c, object, sizeof object);
    add(&c, before, VS_SHA256_SIZE);
    return end(&c, ret);
}

int vs_chain_genesis(struct vs_sha256 *h, int chain, const uint8_t id[VS_CHAIN_ID], int64_t created_us,
                     uint8_t ret[VS_SHA256_SIZE]) {
    struct encoder c = {.h = h};
    add(&c, "VSAUD1-GENESIS", 15);
    add(&c, id, VS_CHAIN_ID);
    add_number(&c, (uint64_t)chain);
    add_number(&c, (uint64_t)created_us);
    add_number(&c, VS_CHAIN_FORMAT);
    add_number(&c, 0); /* as the format has it */
    return end(&c, ret);
}

/* --- where a chain ends --------------------------------------------------------------------------------------- */

static int copy(void *to, size_t want, struct vs_stmt *row, int at, vidstore_error **e) {
    size_t len = 0;
    const void *bytes = vs_col_blob(row, at, &len);
    if (!bytes || len != want)
        return vs_fail(e, VIDSTORE_CORRUPT, NULL, "the audit's chain has a link that is no hash");
    memcpy(to, bytes, want);
    return 0;
}

static int begin_chain(struct vs_conn *conn, struct vs_sha256 *h, int chain, struct vs_chain_head *head,
                       vidstore_error **e) {
    if (vs_random(head->id, sizeof head->id))
        return vs_fail(e, VIDSTORE_IO, NULL, "the system gave no random bytes");
    head->created_us = vs_now_us();
    if (vs_chain_genesis(h, chain, head->id, head->created_us, head->hash))
        return vs_fail_nomem(e);
    return vs_exec(conn, VS_STMT_AUDIT_CHAIN_ADD, NULL, e, vs_int(chain), vs_bytes(head->id, sizeof head->id),
                   vs_int(head->created_us), vs_int(VS_CHAIN_FORMAT));
}

/* A chain without an event begins now; or it had some and somebody took them all: it goes on from its beginning, and
 * vidstore_audit_verify() says what is missing. */
static int bare_head(struct vs_conn *conn, struct vs_sha256 *h, int chain, struct vs_chain_head *head,
                     vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_AUDIT_CHAIN, &s, e, vs_int(chain));
    if (r == VS_DONE)
        return begin_chain(conn, h, chain, head, e);
    if (r < 0)
        return r;
    head->created_us = vs_col_int(s, 1);
    r = copy(head->id, sizeof head->id, s, 0, e);
    if (!r && vs_chain_genesis(h, chain, head->id, head->created_us, head->hash))
        r = vs_fail_nomem(e);
    return r;
}

int vs_chain_head(struct vs_conn *conn, struct vs_sha256 *h, int chain, struct vs_chain_head *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    *ret = (struct vs_chain_head){0};
    int r = vs_ask(conn, VS_STMT_AUDIT_HEAD, &s, e, vs_int(chain));
    if (r == VS_DONE)
        return bare_head(conn, h, chain, ret, e);
    if (r < 0)
        return r;
    ret->position = vs_col_int(s, 1);
    ret->created_us = vs_col_int(s, 2);
    r = copy(ret->id, sizeof ret->id, s, 0, e);
    return r ? r : copy(ret->hash, sizeof ret->hash, s, 3, e);
}
