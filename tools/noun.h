/* SPDX-License-Identifier: MIT */
/* The nouns as the command sees them: one way to get, list and show a user, job, video, file or audit event. */
#ifndef VIDSTORE_TOOL_NOUN_H
#define VIDSTORE_TOOL_NOUN_H

#include "output.h"

enum cli_format {
    CLI_F_END = 0,
    CLI_F_TEXT,
    CLI_F_ID,
    CLI_F_NUMBER,
    CLI_F_SIZE,
    CLI_F_TIME,
    CLI_F_US, /* a duration in microseconds */
    CLI_F_MS, /* and in milliseconds */
    CLI_F_BIT_RATE,
    CLI_F_BOOL,
    CLI_F_STATE,    /* text with the colour of a state */
    CLI_F_PROGRESS, /* field of other, as a percentage */
    CLI_F_BYTES_OF, /* field of other, as sizes */
    CLI_F_PIXELS,   /* field x other */
    CLI_F_RATE,     /* field / other, a second */
    CLI_F_HERTZ,
    CLI_F_EITHER, /* text of field, or else of other */
    CLI_F_WORK,   /* what a job is about: the name of a season, or the one source */
    CLI_F_OK      /* a boolean: ok or refused */
};

/* A column of a list, or a line of a sheet. */
struct cli_field {
    const char *title; /* on a sheet, one with format CLI_F_END is a heading */
    enum cli_format format;
    int32_t field, other;
    unsigned flags; /* of a column */
};

/* What people call a thing: a text of it, by its name in filters. */
struct cli_name {
    const char *name;
    int32_t field;
};
enum { CLI_NAMES = 3 };

struct cli_noun {
    const char *name, *plural;
    struct cli_name names[CLI_NAMES]; /* none: it is known by its id only */
    int searched;                     /* its names are among the words that a search finds */
    vidstore_status (*get)(vidstore_session *session, const char *id, void **ret, vidstore_error **reterr);
    vidstore_status (*list)(vidstore_session *session, const vidstore_query *query, vidstore_page **ret,
                            vidstore_error **reterr);
    vidstore_status (*count)(vidstore_session *session, const vidstore_query *query, int64_t *ret,
                             vidstore_error **reterr);
    const void *(*item)(const vidstore_page *page, int64_t index);
    const char *(*text)(const void *record, int32_t field);
    int64_t (*number)(const void *record, int32_t field);
    vidstore_status (*json)(const void *record, vidstore_text **ret, vidstore_error **reterr);
    vidstore_status (*remove)(vidstore_session *session, const char *id, int32_t mode, vidstore_error **reterr);
    vidstore_status (*restore)(vidstore_session *session, const char *id, void **ret, vidstore_error **reterr);
    vidstore_status (*purge)(vidstore_session *session, const char *id, vidstore_error **reterr);
    void (*free)(void *record);
    int32_t id_field;
    const struct cli_field *columns; /* of a list */
    const struct cli_field *sheet;
};

extern const struct cli_noun cli_users, cli_keys, cli_logins, cli_grants, cli_links, cli_jobs, cli_videos,
    cli_collections, cli_files, cli_events;
/* All of them, ended by NULL; and the one of a name, singular or plural; NULL: there is none. */
extern const struct cli_noun *const cli_nouns[];
const struct cli_noun *cli_noun_find(const char *name);

/* The value as a person wants to see it, to be freed; NULL when there is none. */
char *cli_field_text(const struct cli *cli, const struct cli_noun *noun, const void *record,
                     const struct cli_field *field, int *ret_colour);

/* The id that a text means: an id, or at least 8 characters from the beginning or end of one among the newest 1000; or
 * a name, of which the beginning will do for a command that only reads. Of several that fit, says which they are.
 * Returns an exit code. */
int cli_id_find(struct cli *cli, const struct cli_noun *noun, const char *text, char ret[CLI_UUID_TEXT]);
/* The same; what: how it is called when there is none. */
int cli_called_find(struct cli *cli, const struct cli_noun *noun, const char *what, const char *text,
                    char ret[CLI_UUID_TEXT]);
/* The id of the file that a text means: a video's is that of the file that it was fetched as. Returns an exit code. */
int cli_file_find(struct cli *cli, const char *text, char ret[CLI_UUID_TEXT]);
/* Copies a file out of the store, as the session may: to a path, to standard output (-), or to its own name (NULL).
 * Returns an exit code. */
int cli_get_bytes(struct cli *cli, const char *id, const char *output);
/* The noun and id that a text means, of some nouns, ended by NULL (a name of the first of them that has it, where the
 * command only reads); what: they are called so together. Returns an exit code. */
int cli_one_find(struct cli *cli, const struct cli_noun *const *nouns, const char *what, const char *text,
                 const struct cli_noun **ret_noun, char ret[CLI_UUID_TEXT]);
/* The id of something that was removed, by a part of it. */
int cli_removed_find(struct cli *cli, const char *text, char ret[CLI_UUID_TEXT]);
/* Like cli_one_find() of any noun. */
int cli_object_find(struct cli *cli, const char *text, const struct cli_noun **ret_noun, char ret[CLI_UUID_TEXT]);

/* The options that every list takes, for the command table. */
#define CLI_LIST_OPTIONS                                                                                               \
    {"filter", 'f', "FILTER", "only what the filter finds, such as 'state = failed'"},                                 \
        {"bind", 'b', "VALUE", "the value of $1 in the filter; once more for $2"},                                     \
        {"sort", 0, "FIELD [desc]",                                                                                    \
         "another order than newest first, by created, username of users or size of files"},                           \
        {"limit", 'n', "N", "at most so many, 1 to 1000 (default 100)"},                                               \
        {"cursor", 0, "CURSOR", "go on where a list ended"}, {"all", 0, NULL, "all, page after page"},                 \
        {"scan", 0, NULL, "allow a filter that no index serves"}, {"deleted", 0, NULL, "removed ones too"}, {          \
        "count", 0, NULL, "only say how many"                                                                          \
    }

/* Lists a noun as the options say; `extra` is a filter besides that of the options, or NULL. Returns an exit code. */
int cli_list(struct cli *cli, const struct cli_args *args, const struct cli_noun *noun, const char *filter,
             const char *extra);
/* The rows of a page as a table. */
struct cli_table *cli_page_table(struct cli *cli, const struct cli_noun *noun, const vidstore_page *page);
/* One record, as a sheet or as JSON. Returns an exit code. */
int cli_show_record(struct cli *cli, const struct cli_noun *noun, const void *record);
/* The same for an id. */
int cli_show_id(struct cli *cli, const struct cli_noun *noun, const char *id);
/* Lists those whose field names the user of --user, if there is one; and shows the one of the first operand. */
int cli_list_of(struct cli *cli, const struct cli_args *args, const struct cli_noun *noun, const char *field);
int cli_show_named(struct cli *cli, const struct cli_args *args, const struct cli_noun *noun);

/* A collection, how many videos of it may be seen, and those in their order. Returns an exit code. */
int cli_show_collection(struct cli *cli, const char *id);

/* A word that may stand in a filter as it is: letters, digits, _ and -. */
int cli_is_word(const char *text);

#endif
