/* SPDX-License-Identifier: MIT */
#include "audit/audit_witness.h"
#include "audit/audit.h"
#include "audit/audit_verify.h"
#include "db/bind.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/json.h"
#include <string.h>

static int is_text(const struct vs_link_value *value, const char *text) {
    return value->set && value->len == strlen(text) && memcmp(value->data, text, value->len) == 0;
}

const void *vs_link_person(const struct vs_link *link, enum vs_link_part part) {
    const struct vs_link_value *v = link->values, *noun = &v[VS_LINK_NOUN];
    /* Who came in, or tried to, is not known to the event itself: it is about whose account, key or login it was. */
    const struct vs_link_value *whose = is_text(noun, "user")                            ? &v[VS_LINK_OBJECT_ID]
                                        : is_text(noun, "key") || is_text(noun, "login") ? &v[VS_LINK_OWNER_ID]
                                                                                         : NULL;
    if (part == VS_PART_ACTOR && v[VS_LINK_USER_ID].set)
        whose = &v[VS_LINK_USER_ID];
    return whose && whose->set && whose->len == sizeof(struct vs_uuid) ? whose->data : NULL;
}

/* --- pruned segments ---------------------------------------------------------------------------------------------- */

static int add(struct vs_skipped_list *to, const struct vs_skipped *one, vidstore_error **e) {
    if (to->count == to->room) {
        size_t room = to->room ? 2 * to->room : 64;
        struct vs_skipped *more = vs_reallocarray(to->list, room, sizeof *more);
        if (!more)
            return vs_fail_nomem(e);
        to->list = more;
        to->room = room;
    }
    to->list[to->count++] = *one;
    return 0;
}

int vs_witness_skipped(struct vs_witness *w, const struct vs_skipped *skipped, vidstore_error **e) {
    return add(&w->skipped, skipped, e);
}

void vs_witness_free(struct vs_witness *w) {
    vs_free(w->skipped.list);
    vs_free(w->named.list);
}

int vs_witness_event(struct vs_witness *w, const struct vs_link *link, vidstore_error **e) {
    const struct vs_link_value *details = &link->values[VS_LINK_DETAILS];
    struct vs_skipped named = {.chain = 0};
    vs_autojson *json = NULL;
    if (link->values[VS_LINK_ACTION].i != VIDSTORE_AUDIT_PRUNED || !details->set ||
        vs_json_parse(details->data, details->len, VS_DETAILS_MAX, "details", &json, NULL))
        return 0;
    const char *chain = json_string_value(json_object_get(json, "chain")),
               *root = json_string_value(json_object_get(json, "root"));
    for (const struct vs_word *word = vs_audit_chains; chain && word->name; word++)
        if (strcmp(word->name, chain) == 0)
            named.chain = (int)word->value;
    named.segment = json_integer_value(json_object_get(json, "segment"));
    if (!root || vs_unhex(root, named.root, sizeof named.root))
        return 0;
    return add(&w->named, &named, e);
}

/* Both lists are in nearly the same order: the search goes on where the one before it ended. */
static void match(struct vs_witness *w) {
    size_t at = 0;
    for (size_t i = 0; i < w->skipped.count; i++) {
        struct vs_skipped *s = &w->skipped.list[i];
        for (size_t tried = 0; tried < w->named.count && !s->witnessed; tried++, at = (at + 1) % w->named.count) {
            const struct vs_skipped *n = &w->named.list[at];
            s->witnessed =
                n->chain == s->chain && n->segment == s->segment && memcmp(n->root, s->root, sizeof n->root) == 0;
        }
    }
}

/* Until when events of the security chain were pruned, as far as events bear it out. */
static int64_t pruned_until(const struct vs_witness *w) {
    int64_t until = INT64_MIN;
    for (size_t i = 0; i < w->skipped.count; i++) {
        const struct vs_skipped *s = &w->skipped.list[i];
        if (s->chain == VS_CHAIN_SECURITY && s->witnessed && s->last_us > until)
            until = s->last_us;
    }
    return until;
}

void vs_witness_ends(struct vs_verify *v) {
    struct vs_witness *w = &v->witness;
    match(w);
    int64_t until = pruned_until(w);
    for (size_t i = 0; i < w->skipped.count; i++) {
        const struct vs_skipped *s = &w->skipped.list[i];
        if (!s->witnessed && !(s->last_us <= s->pruned_us && s->pruned_us <= until))
            vs_verify_note(v, VS_FLAW_MISSING, s->chain, s->segment * VS_SEGMENT + 1, NULL, INT64_MIN,
                           "%d events are said to be pruned, and no event says so", (int)VS_SEGMENT);
    }
}

/* --- erased persons ----------------------------------------------------------------------------------------------- */

int vs_witness_erased(struct vs_verify *v, struct vs_conn *conn, const struct vs_link *link, enum vs_link_part part,
                      int *ret, vidstore_error **e) {
    const void *person = vs_link_person(link, part);
    vs_autostmt *s = NULL;
    *ret = person && memcmp(person, v->witness.deleted.b, sizeof v->witness.deleted) == 0;
    if (*ret || !person)
        return 0;
    struct vs_uuid id;
    memcpy(id.b, person, sizeof id.b);
    int r = vs_ask(conn, VS_STMT_AUDIT_DELETED_USER, &s, e, vs_id(&id));
    *ret = r == VS_ROW;
    if (r == VS_ROW)
        v->witness.deleted = id;
    /* An event as old as that may have gone with its segment. */
    for (size_t i = 0; r == VS_DONE && i < v->witness.skipped.count && !*ret; i++)
        *ret = v->witness.skipped.list[i].chain == VS_CHAIN_SECURITY;
    return r < 0 ? r : 0;
}
