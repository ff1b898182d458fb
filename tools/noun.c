/* SPDX-License-Identifier: MIT */
/* The nouns by name, and the events of the audit: the columns of lists, the lines of sheets. */
#include "noun_calls.h"
#include <string.h>

READING(event, vidstore_audit_get, vidstore_audit_event, vidstore_page_audit_event)

static const struct cli_field event_columns[] = {
    {"TIME", CLI_F_TIME, VIDSTORE_AUDIT_CREATED_US, 0, 0},
    {"ACTION", CLI_F_TEXT, VIDSTORE_AUDIT_ACTION, 0, 0},
    {"OUTCOME", CLI_F_OK, VIDSTORE_AUDIT_SUCCESS, VIDSTORE_AUDIT_ERROR, 0},
    {"ACTOR", CLI_F_EITHER, VIDSTORE_AUDIT_ACTOR_NAME, VIDSTORE_AUDIT_ACTOR, CLI_ELASTIC},
    {"NOUN", CLI_F_TEXT, VIDSTORE_AUDIT_NOUN, 0, CLI_OPTIONAL},
    {"OBJECT", CLI_F_ID, VIDSTORE_AUDIT_OBJECT_ID, 0, CLI_OPTIONAL},
    {"NAME", CLI_F_EITHER, VIDSTORE_AUDIT_OBJECT_NAME, VIDSTORE_AUDIT_DESCRIPTION, CLI_ELASTIC},
    {0},
};
static const struct cli_field event_sheet[] = {
    {"Event", 0},
    {"action", CLI_F_TEXT, VIDSTORE_AUDIT_ACTION},
    {"time", CLI_F_TIME, VIDSTORE_AUDIT_CREATED_US},
    {"outcome", CLI_F_OK, VIDSTORE_AUDIT_SUCCESS, VIDSTORE_AUDIT_ERROR},
    {"noun", CLI_F_TEXT, VIDSTORE_AUDIT_NOUN},
    {"object", CLI_F_ID, VIDSTORE_AUDIT_OBJECT_ID},
    {"object's name", CLI_F_TEXT, VIDSTORE_AUDIT_OBJECT_NAME},
    {"object's owner", CLI_F_ID, VIDSTORE_AUDIT_OWNER_ID},
    {"details", CLI_F_TEXT, VIDSTORE_AUDIT_DETAILS},
    {"description", CLI_F_TEXT, VIDSTORE_AUDIT_DESCRIPTION},
    {"Who", 0},
    {"actor", CLI_F_TEXT, VIDSTORE_AUDIT_ACTOR},
    {"name", CLI_F_TEXT, VIDSTORE_AUDIT_ACTOR_NAME},
    {"user", CLI_F_ID, VIDSTORE_AUDIT_USER_ID},
    {"address", CLI_F_TEXT, VIDSTORE_AUDIT_IP},
    {"program", CLI_F_TEXT, VIDSTORE_AUDIT_USER_AGENT},
    {"request", CLI_F_TEXT, VIDSTORE_AUDIT_REQUEST_ID},
    {"device", CLI_F_TEXT, VIDSTORE_AUDIT_DEVICE},
    {"id", CLI_F_ID, VIDSTORE_AUDIT_ID},
    {0},
};
const struct cli_noun cli_events = {"event",
                                    "audit",
                                    CALLS(event),
                                    .list = vidstore_audit_list,
                                    .count = vidstore_audit_count,
                                    .id_field = VIDSTORE_AUDIT_ID,
                                    .columns = event_columns,
                                    .sheet = event_sheet};

const struct cli_noun *const cli_nouns[] = {&cli_videos,      &cli_jobs,   &cli_files,  &cli_users,
                                            &cli_collections, &cli_keys,   &cli_logins, &cli_grants,
                                            &cli_links,       &cli_events, NULL};

const struct cli_noun *cli_noun_find(const char *name) {
    for (const struct cli_noun *const *noun = cli_nouns; *noun; noun++)
        if (!strcmp(name, (*noun)->name) || !strcmp(name, (*noun)->plural))
            return *noun;
    return NULL;
}
