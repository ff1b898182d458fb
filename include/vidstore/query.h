/* SPDX-License-Identifier: MIT */
/**
 * @file query.h
 * Queries and pages, the same for every noun.
 * Thread class: a query is used by one thread at a time; a page is immutable and may be read from any.
 */
#ifndef VIDSTORE_QUERY_H
#define VIDSTORE_QUERY_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Flags of a query. */
enum {
    VIDSTORE_QUERY_UNKNOWN = -1,
    VIDSTORE_QUERY_SCAN = 1,         /**< Allow a filter that no index serves. */
    VIDSTORE_QUERY_DELETED = 2,      /**< Removed records too. */
    VIDSTORE_QUERY_ONLY_DELETED = 4, /**< Removed records only. */
    VIDSTORE_QUERY_EXACT_COUNT = 8,  /**< Count all, however long that takes. */
    VIDSTORE_QUERY_RANKED = 16       /**< What was searched for: the best of the newest 1000 first, one page. */
};

/**
 * A query for any noun: all records, newest first, 100 a page.
 * @return a new object, to be freed with vidstore_query_free(). Never NULL: when memory is out, the call that takes
 *   it says so.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_query *vidstore_query_new(void);

/**
 * Free it.
 * @param query  the query, or NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_query_free(vidstore_query *query);

/**
 * Set the filter, such as "state = failed and season ~ $1". Operators: = != < <= > >= ~ (contains, whatever the
 * case), is null, is not null, in (a, b), and, or, not, parentheses. Values: words, numbers, "quoted text", times as
 * 2026-01-31 or 2026-01-31T12:00:00Z, durations back from now as -7d, $1 to $32. Enumerations by name. The fields are
 * the JSON names of the noun, see its man page. Of free metadata "metadata.key" asks for a member, "metadata.key.key"
 * for one of its own, and "metadata.\"any key\"" for one whose name is no word: numbers are compared with numbers,
 * texts ("in quotation marks", words that are no number) with texts byte by byte, true and false with each other;
 * nothing compares with a value of another kind. A list is = to each value in it. No index serves it. Of videos
 * "collection = $1" asks for those that stand in a collection (vidstore/collection.h), of collections "video = $1" for
 * those in which a video stands. A filter that names a field which only the owner may read (metadata is one) finds the
 * caller's own records only, whatever else it says; admins and the system find all.
 * @param query  the query.
 * @param expression  at most 64 KiB; NULL: no filter.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID (with the place, in the message), NOMEM. Names of fields are checked by the call that takes
 * the query.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_query_filter(vidstore_query *query, const char *expression,
                                                   vidstore_error **reterr);

/**
 * Set what to look for, as people type it: words that must all be there, "a phrase", begin* of words, -without,
 * this OR that; and field:value with the JSON names of the noun's fields, such as codec:hevc,av1 duration:10m..2h
 * size:>1G created:2026-01 hdr:any. Case and accents do not matter. Whatever is no operator is a word; so any text can
 * be looked for. It comes on top of the filter. Newest first, or with VIDSTORE_QUERY_RANKED the best of the newest
 * 1000 in one page. What was committed before is found, also where it can't be indexed yet since the store is only
 * read or somebody else writes; the call that takes the query says BUSY when that are 8192 records or more of the noun,
 * which a filter alone never is. See vidstore(1).
 * @param query  the query.
 * @param text  UTF-8, at most 4096 bytes and 64 terms; NULL or blank: no search.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, INVALID (field "search"), NOMEM. Values that a field can't have are refused, naming "search", by the
 * call that takes the query.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_query_search(vidstore_query *query, const char *text, vidstore_error **reterr);

/**
 * Give the value of $number.
 * @param query  the query.
 * @param number  1 to 32.
 * @param value  UTF-8, at most 4096 bytes, copied.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_query_bind_text(vidstore_query *query, int32_t number, const char *value);

/**
 * Give the value of $number.
 * @param query  the query.
 * @param number  1 to 32.
 * @param value  in the unit of the field it is compared with.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_query_bind_int64(vidstore_query *query, int32_t number, int64_t value);

/**
 * Set the order. A bad one is reported by the call that takes the query.
 * @param query  the query.
 * @param order  a sortable field's JSON name, then optionally asc or desc, such as "priority desc"; NULL: newest
 *   first.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_query_sort(vidstore_query *query, const char *order);

/**
 * Set the size of a page.
 * @param query  the query.
 * @param limit  1 to 1000; default 100. A page ends earlier when its records take more than 16 MiB.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_query_limit(vidstore_query *query, int64_t limit);

/**
 * Go on where a page ended.
 * @param query  with the same filter, binds and sort as the one that gave the cursor.
 * @param cursor  from vidstore_page_cursor(), copied; NULL: from the beginning. It is sealed: a changed one, or one of
 *   another store, is INVALID. It stands for a place, not for a record, so that it holds when that record goes; of
 *   the order of a collection, vidstore_collection_videos() says how long.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_query_cursor(vidstore_query *query, const char *cursor);

/**
 * Set flags. Unknown ones are reported by the call that takes the query.
 * @param query  the query.
 * @param flags  VIDSTORE_QUERY_… bits.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_query_flags(vidstore_query *query, uint32_t flags);

/**
 * How many records a page has.
 * @param page  the page; NULL gives 0.
 * @return 0 or more.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_page_count(const vidstore_page *page);

/**
 * Where the next page begins.
 * @param page  the page.
 * @return opaque text, borrowed from the page; NULL: this was the last page.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_page_cursor(const vidstore_page *page);

/**
 * How an item of a bulk call fared.
 * @param page  the page.
 * @param index  from 0.
 * @return VIDSTORE_OK or the status of the failure.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_page_status(const vidstore_page *page, int64_t index);

/**
 * Why an item of a bulk call failed.
 * @param page  the page.
 * @param index  from 0.
 * @return borrowed from the page; NULL when it did not fail.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const vidstore_error *vidstore_page_error(const vidstore_page *page, int64_t index);

/**
 * The page as JSON: {"items": […], "cursor": …}.
 * @param page  the page.
 * @param ret_json  receives the text, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, NOMEM.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_page_json(const vidstore_page *page, vidstore_text **ret_json,
                                                vidstore_error **reterr);

/**
 * Free a page. Records that were kept with a _ref function stay.
 * @param page  the page, or NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API void vidstore_page_free(vidstore_page *page);

#ifdef __cplusplus
}
#endif
#endif
