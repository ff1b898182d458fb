/* SPDX-License-Identifier: MIT */
/* The links of the audit's chains: what of an event is hashed, and how. vidstore-audit(7) says the same for who checks
 * an export without this library; a change here is another format. */
#ifndef VS_TRAIL_CHAIN_H
#define VS_TRAIL_CHAIN_H

#include "crypto/crypto.h"
#include "db/db.h"
#include "record/field.h"
#include "vidstore/audit.h"

enum vs_chain {
    VS_CHAIN_SECURITY = VIDSTORE_AUDIT_CHAIN_SECURITY,
    VS_CHAIN_ACTIVITY = VIDSTORE_AUDIT_CHAIN_ACTIVITY,
    VS_CHAIN_SYSTEM = VIDSTORE_AUDIT_CHAIN_SYSTEM,
    VS_CHAINS
};
extern const struct vs_word vs_audit_chains[];
/* What stands in a row as a chain; 0: it is none. */
static inline int vs_chain_of(int64_t number) {
    return number >= VS_CHAIN_SECURITY && number < VS_CHAINS ? (int)number : 0;
}

enum { VS_CHAIN_FORMAT = 1, VS_CHAIN_ID = 16, VS_CHAIN_SALT = 16, VS_SEGMENT = 4096, VS_DETAILS_MAX = 1048576 };

/* What is erased together: nothing of the core, the person who acted, the person it was done to. */
enum vs_link_part { VS_PART_CORE, VS_PART_ACTOR, VS_PART_OBJECT, VS_PARTS };

enum vs_link_kind { VS_LINK_INT, VS_LINK_UUID, VS_LINK_TEXT };

/* In the order of hashing, and of the columns of audit_link_insert and audit_link_page. */
enum vs_link_field {
    VS_LINK_POSITION,
    VS_LINK_ID,
    VS_LINK_CREATED,
    VS_LINK_BACK,
    VS_LINK_ACTION,
    VS_LINK_SEVERITY,
    VS_LINK_NOUN,
    VS_LINK_OBJECT_ID,
    VS_LINK_OWNER_ID,
    VS_LINK_USER_ID,
    VS_LINK_SUCCESS,
    VS_LINK_ERROR,
    VS_LINK_ACTOR,
    VS_LINK_REQUEST_ID,
    VS_LINK_METHOD,
    VS_LINK_CREDENTIAL,
    VS_LINK_ACTOR_NAME,
    VS_LINK_IP,
    VS_LINK_USER_AGENT,
    VS_LINK_DEVICE,
    VS_LINK_OBJECT_NAME,
    VS_LINK_DETAILS,
    VS_LINK_DESCRIPTION,
    VS_LINK_FIELDS
};

struct vs_link_spec {
    uint8_t tag;
    enum vs_link_kind kind;
    enum vs_link_part part;
    const char *name; /* in an export */
};
extern const struct vs_link_spec vs_link_specs[VS_LINK_FIELDS];

struct vs_link_value {
    int64_t i;        /* of a number */
    const void *data; /* of text and ids; NULL: none */
    size_t len;
    int set;
};

/* One event of a chain. The bytes are borrowed: from the caller, or from the statement's current row. */
struct vs_link {
    int64_t seq;
    int chain;
    struct vs_link_value values[VS_LINK_FIELDS];
    const uint8_t *salts[VS_PARTS]; /* of the personal parts: a salt, or the part's hash when it was erased; or NULL */
    size_t salt_sizes[VS_PARTS];
    const uint8_t *hash; /* as stored; NULL: none */
    size_t hash_size;
};

/* Where a chain ends. */
struct vs_chain_head {
    uint8_t id[VS_CHAIN_ID];
    int64_t position; /* of the last event; 0: none yet */
    int64_t created_us;
    uint8_t hash[VS_SHA256_SIZE]; /* of the last event, or of the chain's beginning */
};

void vs_link_int(struct vs_link *link, enum vs_link_field field, int64_t value);
void vs_link_uuid(struct vs_link *link, enum vs_link_field field, const struct vs_uuid *value); /* NULL: NULL */
void vs_link_text(struct vs_link *link, enum vs_link_field field, const char *value);           /* NULL: NULL */
/* The current row of audit_link_page. */
void vs_link_read(struct vs_link *link, struct vs_stmt *row);
/* To the parameters of audit_link_insert. */
void vs_link_bind(const struct vs_link *link, struct vs_stmt *s);

/* Whether any field of a part has a value. */
int vs_link_has(const struct vs_link *link, enum vs_link_part part);
/* What stands for a personal part in the hash: SHA-256 over salt and fields, or what stands there since it was erased,
 * or zeros for a part without a value. CORRUPT when salt and values don't fit each other. */
int vs_link_commit(struct vs_sha256 *h, const struct vs_link *link, enum vs_link_part part,
                   uint8_t ret[VS_SHA256_SIZE]);
/* The hash of an event that follows the one with the hash `before`. */
int vs_link_hash(struct vs_sha256 *h, const struct vs_link *link, const uint8_t chain_id[VS_CHAIN_ID],
                 const uint8_t before[VS_SHA256_SIZE], uint8_t ret[VS_SHA256_SIZE]);
/* The hash before the first event. */
int vs_chain_genesis(struct vs_sha256 *h, int chain, const uint8_t id[VS_CHAIN_ID], int64_t created_us,
                     uint8_t ret[VS_SHA256_SIZE]);
/* The end of a chain in this transaction, read from its last event. A chain that has none yet begins here: call it in
 * a write. */
int vs_chain_head(struct vs_conn *conn, struct vs_sha256 *h, int chain, struct vs_chain_head *ret, vidstore_error **e);

#endif
