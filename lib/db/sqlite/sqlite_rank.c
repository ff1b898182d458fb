/* SPDX-License-Identifier: MIT */
/* How well a row fits what was searched for: by where the words stand, not by how rare they are. That needs nothing but
 * the row itself; FTS5's own ranking reads all rows that hold a word before it can judge one. */
#include "db/sqlite/sqlite_internal.h"

/* Title, series, season, file name, tags, other words, marks. */
const int vs_rank_weights[VS_RANK_COLUMNS] = {16, 8, 8, 6, 6, 1, 0};

/* The smaller, the better. A word counts once a column, and more where a title begins. */
static void rank(const Fts5ExtensionApi *api, Fts5Context *fts, sqlite3_context *context, int n,
                 sqlite3_value **values) {
    int phrases = api->xPhraseCount(fts), score = 0;
    for (int i = 0; i < phrases; i++) {
        Fts5PhraseIter at;
        int column, offset, last = -1;
        int rc = api->xPhraseFirst(fts, i, &at, &column, &offset);
        if (rc != SQLITE_OK) {
            sqlite3_result_error_code(context, rc);
            return;
        }
        for (; column >= 0; api->xPhraseNext(fts, &at, &column, &offset)) {
            int weight = column < VS_RANK_COLUMNS ? vs_rank_weights[column] : 0;
            if (column == last)
                continue;
            last = column;
            score += 2 * weight + (column == 0 && offset == 0 ? weight : 0);
        }
    }
    sqlite3_result_int(context, -score);
}

int vs_sqlite_add_rank(struct sqlite_conn *c, vidstore_error **e) {
    fts5_api *api = NULL;
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(c->db, "SELECT fts5(?1)", -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_pointer(s, 1, (void *)&api, "fts5_api_ptr", NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s) == SQLITE_ROW ? SQLITE_OK : sqlite3_errcode(c->db);
    sqlite3_finalize(s);
    if (rc == SQLITE_OK)
        rc = api ? api->xCreateFunction(api, "vs_rank", NULL, rank, NULL) : SQLITE_ERROR;
    return rc == SQLITE_OK ? 0 : vs_sqlite_fail(c, rc, "set up searching", e);
}
