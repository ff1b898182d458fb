/* SPDX-License-Identifier: MIT */
/* Calls as data: the table of all functions that can be called by name, which scripts/callgen.py writes from the API
 * description, and one call of one of them. */
#ifndef VS_CALL_CALL_H
#define VS_CALL_CALL_H

#include "record/params.h"
#include "store/session.h"
#include "util/json.h"

enum { VS_CALL_ARGS = 8, VS_CALL_OUTS = 4, VS_CALL_ARGS_MAX = 16 << 20 };

/* What a parameter or a result is when it crosses. */
union vs_call_slot {
    int64_t i;
    const char *text;
    void *p;
};

enum vs_arg_kind {
    VS_ARG_TEXT,
    VS_ARG_JSON,  /* text that is JSON: any value, or a string that holds it */
    VS_ARG_INT,   /* int64_t, or int32_t (also true and false) */
    VS_ARG_ENUM,  /* a word or its number */
    VS_ARG_FLAGS, /* words, or their number */
    VS_ARG_FD,
    VS_ARG_BYTES, /* text, or {"base64": …}; two slots: pointer and size */
    VS_ARG_PARAMS,
    VS_ARG_QUERY,
    VS_ARG_TEXTS,       /* an array of texts */
    VS_ARG_MANY_PARAMS, /* an array of params */
    VS_ARG_COUNT        /* of the items of the arrays before it; not in the JSON */
};

struct vs_call_word {
    const char *word; /* NULL: the end */
    int64_t value;
};

struct vs_call_arg {
    const char *name;
    enum vs_arg_kind kind;
    uint8_t nullable, narrow; /* narrow: 32 bits */
    uint8_t optional;         /* missing: fallback stands for it */
    int64_t fallback;
    const struct vs_call_word *words; /* NULL: numbers only */
    const struct vs_noun *noun;       /* of params */
};

enum vs_out_kind {
    VS_OUT_BOOL,
    VS_OUT_INT,
    VS_OUT_FLAGS,
    VS_OUT_TEXT,
    VS_OUT_JSON,
    VS_OUT_DATA,
    VS_OUT_RECORD,
    VS_OUT_PAGE,
    VS_OUT_LEASE,
    VS_OUT_SESSION /* taken as it is; JSON can't carry it */
};

struct vs_call_out {
    const char *name; /* without ret_ */
    enum vs_out_kind kind;
    const char *type; /* such as vidstore_job; NULL: a number */
    const struct vs_call_word *words;
};

enum vs_call_self { VS_SELF_SESSION, VS_SELF_LEASE };
/* How long it may take, so that short calls never wait behind long ones: see call_pool.h. Passwords are hashed in a
 * class of their own. */
enum vs_call_class { VS_CLASS_SHORT, VS_CLASS_CPU, VS_CLASS_LONG, VS_CLASS_WAITING, VS_CLASSES };

typedef int vs_call_run(void *self, const union vs_call_slot *in, union vs_call_slot *out, vidstore_error **e);

struct vs_call_entry {
    const char *name; /* "job.submit" */
    vs_call_run *run;
    enum vs_call_self self;
    enum vs_call_class class_;
    uint8_t here_only; /* of the session itself: never in the background */
    uint8_t args_count, outs_count;
    const struct vs_call_arg *args;
    const struct vs_call_out *outs;
};

/* Written by the build, sorted by name. */
extern const struct vs_call_entry vs_call_entries[];
extern const size_t vs_call_entries_count;
extern const struct vs_call_word vs_call_query_flags[];

/* The entry of a name; NOT_FOUND naming `name`. */
int vs_call_find(const char *name, const struct vs_call_entry **ret, vidstore_error **e);

/* One call: what goes in (owned copies) and what came out. Zeroed it is nothing. */
struct vs_invocation {
    const struct vs_call_entry *entry;
    union vs_call_slot in[VS_CALL_ARGS], out[VS_CALL_OUTS];
    char *lease;    /* the token of the lease that it acts for; NULL: none */
    int64_t bytes;  /* that the inputs take, roughly */
    int own_fds;    /* descriptors are duplicates, closed at the end */
    const char *fd; /* the argument by which JSON named a descriptor; NULL: none */
};

/* From JSON arguments: an object, or NULL for none. Unknown, missing and mistyped ones are INVALID with the key as the
 * field; on failure too the invocation must be cleared. */
int vs_invocation_read(struct vs_invocation *call, const char *name, const char *args, vidstore_error **e);
int vs_invocation_from(struct vs_invocation *call, const char *name, json_t *args, vidstore_error **e);
/* From values as the typed function takes them; they are copied. name NULL: of the entry that is set already. */
int vs_invocation_copy(struct vs_invocation *call, const char *name, const union vs_call_slot *in, vidstore_error **e);
/* Duplicates the descriptors among the arguments, for a call that is made after this one returned. */
int vs_invocation_keep_fds(struct vs_invocation *call, struct vidstore *store, vidstore_error **e);
/* The session that the call acts in when it names a lease: a copy of that one's, freed by vidstore_session_free(). NULL
 * when it names none. */
int vs_invocation_actor(const struct vs_invocation *call, vidstore_session *session, vidstore_session **ret,
                        vidstore_error **e);
/* Whether this session may name what the arguments name. A number in JSON can be any descriptor of the process, so it
 * is like a path: for those who may name paths, else FORBIDDEN. To be asked before the descriptor is touched; the
 * session has been entered. */
int vs_invocation_check(const struct vs_invocation *call, vidstore_session *session, vidstore_error **e);
/* Makes the call, in that session or else in the caller's. */
int vs_invocation_run(struct vs_invocation *call, vidstore_session *session, vidstore_error **e);
/* Appends the result as JSON: null, one value, or an object of several. */
int vs_invocation_render(struct vs_invocation *call, struct vidstore *store, struct vs_buf *b, vidstore_error **e);
int64_t vs_invocation_result_bytes(const struct vs_invocation *call);
/* Frees all; a lease that nobody took is given back. */
void vs_invocation_clear(struct vs_invocation *call);

#define vs_autoinvocation __attribute__((cleanup(vs_invocation_clear))) struct vs_invocation

#endif
