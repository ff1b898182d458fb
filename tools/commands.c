/* SPDX-License-Identifier: MIT */
/* The table of commands: parsing, help, completion and the check of the man page all read it. */
#include "noun.h"
#include <string.h>

#define END                                                                                                            \
    { NULL, 0, NULL, NULL }
#define OPTIONS(name) static const struct cli_option name[]

OPTIONS(user_add) = {
    {"email", 0, "ADDRESS", "e-mail address"},
    {"full-name", 0, "NAME", "name in full"},
    {"role", 0, "viewer|user|admin", "what the user may do (default user)"},
    {"pending", 0, NULL, "create it inactive"},
    {"first", 0, NULL, "the first admin of a store that has no users"},
    {"id", 0, "UUID", "the id it shall have"},
    {"password", 'p', NULL, "ask for a password on the terminal"},
    {"password-fd", 0, "N", "read the password from a descriptor, up to the end of the line"},
    END,
};
OPTIONS(user_passwd) = {
    {"password-fd", 0, "N", "read the password from a descriptor, up to the end of the line"},
    {"none", 0, NULL, "take the password away"},
    END,
};
OPTIONS(user_suspend) = {{"for", 0, "TIME", "how long, such as 12h or 7d (default: until they are let in)"}, END};
OPTIONS(user_redeem) = {
    {"token-fd", 0, "N", "read the token from a descriptor, up to the end of the line"},
    {"password-fd", 0, "N", "read the new password from a descriptor; the same one: its next line"},
    {"no-password", 0, NULL, "an invitation of somebody who logs in elsewhere"},
    END,
};
OPTIONS(user_list) = {
    {"role", 0, "viewer|user|admin", "only of this role"},
    {"state", 0, "pending|active|suspended|deactivated", "only in this state"},
    CLI_LIST_OPTIONS,
    END,
};
OPTIONS(login_list) = {{"user", 'u', "USER", "only of this user"}, CLI_LIST_OPTIONS, END};
OPTIONS(login_revoke) = {
    {"user", 'u', "USER", "all of this user"},
    {"everybody", 0, NULL, "all there are"},
    END,
};
OPTIONS(key_create) = {
    {"user", 'u', "USER", "whose key it is (default: who asks)"},
    {"scopes", 0, "WORD,WORD", "what it may be used for (default read)"},
    {"addresses", 0, "NETWORKS", "where it may be used from, such as 10.0.0.0/8"},
    {"expires", 0, "TIME", "when it ends, such as 30d (default in key.default_days)"},
    END,
};
OPTIONS(key_list) = {{"user", 'u', "USER", "only of this user"}, CLI_LIST_OPTIONS, END};
OPTIONS(key_rotate) = {
    {"overlap", 0, "TIME", "how long the old key goes on, 0s to 7d (default 1d)"},
    END,
};
OPTIONS(grant_list) = {{"user", 'u', "USER", "only what this user was given"}, CLI_LIST_OPTIONS, END};
OPTIONS(grant_add) = {
    {"reach", 0, "read|write|manage", "how far it reaches, each more than the one before (default read)"},
    {"deny", 0, NULL, "take the right instead, and all above it"},
    {"hand-on", 0, NULL, "who is given it may hand it on"},
    {"share", 0, NULL, "give a private file restricted access first"},
    {"expires", 0, "TIME", "when it ends, such as 30d (default never)"},
    {"reason", 0, "TEXT", "why, for the record"},
    END,
};
OPTIONS(collection_list) = {
    {"user", 'u', "USER", "only of this user"},
    {"video", 0, "VIDEO", "only those in which this video stands"},
    CLI_LIST_OPTIONS,
    END,
};
OPTIONS(collection_create) = {{"description", 0, "TEXT", "what it is"}, END};
OPTIONS(collection_edit) = {
    {"name", 0, "TEXT", "another name"},
    {"description", 0, "TEXT", "what it is; an empty text takes it away"},
    END,
};
OPTIONS(collection_place) = {{"before", 0, "VIDEO", "before this one (default: after all others)"}, END};
OPTIONS(link_list) = {{"user", 'u', "USER", "only to files of this user"}, CLI_LIST_OPTIONS, END};
OPTIONS(link_create) = {
    {"name", 0, "TEXT", "for whom or what it is"},
    {"expires", 0, "TIME", "when it ends, such as 7d (default in link.default_days)"},
    {"uses", 0, "N", "how often it can be opened (default any number of times)"},
    {"share", 0, NULL, "give a private file restricted access first"},
    END,
};
OPTIONS(link_get) = {
    {"output", 'o', "FILE", "where to (default: the file's own name; - is standard output)"},
    {"token-fd", 0, "N", "read the link from this descriptor"},
    END,
};
OPTIONS(quota_usage) = {{"days", 0, "N", "how many days back (default 30)"}, END};
OPTIONS(ingest) = {
    {"title", 't', "TITLE", "title of the video (default: from the name of the file)"},
    {"series", 0, "NAME", "the series it belongs to"},
    {"season", 0, "NAME", "the season it belongs to"},
    {"episode", 0, "N", "number of the first; further ones count up"},
    {"category", 0, "temporary|processed|archive|permanent", "how long the file is kept (default permanent)"},
    {"access", 0, "private|restricted|authenticated|public", "who may read the file (default private)"},
    {"keep", 0, NULL, "keep what turns out to be no media"},
    {"submit", 0, NULL, "leave URLs to a worker: submit a job each and return"},
    {"wait", 'w', NULL, "with --submit: wait until the jobs have ended"},
    END,
};
OPTIONS(submit) = {
    {"kind", 'k', "download_only|full_pipeline|process_only|compress_only|merge_episodes|WORD",
     "what is to be done (default download_only)"},
    {"season", 0, "NAME", "name of the season; several sources make one"},
    {"priority", 'p', "low|normal|high|urgent", "how urgent (default normal)"},
    {"quality", 0, "TEXT", "such as 1080p"},
    {"preset", 0, "TEXT", "compression preset, such as medium"},
    {"tag", 0, "WORD", "a tag; may be repeated"},
    {"webhook", 0, "URL", "to be told at the end"},
    {"max-attempts", 0, "N", "1 to 1000 (default 4)"},
    {"external-id", 0, "TEXT", "your own id for it: submitting it again is refused"},
    {"id", 0, "UUID", "the id it shall have: submitting it again changes nothing"},
    {"json-file", 0, "FILE", "the whole request as a JSON object; - is standard input"},
    {"wait", 'w', NULL, "wait until it has ended"},
    END,
};
OPTIONS(worker) = {
    {"kinds", 'k', "KIND,KIND", "what to claim (default download_only,full_pipeline)"},
    {"name", 0, "NAME", "how leases are signed (default: host name and process id)"},
    {"once", 0, NULL, "do one job at most, and none when none is ready"},
    {"drain", 0, NULL, "leave when nothing is left to do"},
    {"idle-exit", 0, "TIME", "leave after this time without a job"},
    END,
};
OPTIONS(jobs_list) = {
    {"state", 0, "scheduled|ready|blocked|running|completed|failed|cancelled|dead", "only in this state"},
    {"kind", 'k', "KIND", "only of this kind"},
    {"parent", 0, "ID", "only the parts of this job"},
    {"user", 'u', "USER", "only of this user"},
    {"watch", 'w', NULL, "show it again and again"},
    {"interval", 0, "TIME", "with --watch: how often (default 1s)"},
    CLI_LIST_OPTIONS,
    END,
};
OPTIONS(files) = {
    {"user", 'u', "USER", "only of this user"},
    {"video", 0, "ID", "only of this video"},
    {"duplicates", 0, NULL, "groups of files with the same content"},
    CLI_LIST_OPTIONS,
    END,
};
OPTIONS(ls) = {
    {"user", 'u', "USER", "only of this user"},
    {"facets", 0, NULL, "how many of each codec, resolution, language…"},
    {"duplicates", 0, NULL, "groups of videos with the same content"},
    CLI_LIST_OPTIONS,
    END,
};
OPTIONS(search) = {
    {"rank", 0, NULL, "the best first, of the newest 1000"},
    {"facets", 0, NULL, "how many of each codec, resolution, language…"},
    CLI_LIST_OPTIONS,
    END,
};
OPTIONS(series) = {{"season", 0, "NAME", "only this season"}, END};
OPTIONS(probe) = {
    {"full", 0, NULL, "a data sheet for each of many files, too"},
    {"parallel", 'P', "N", "how many files at once (default: one a processor)"},
    {"warm", 0, NULL, "one sandboxed process for many files: faster, for files of your own"},
    {"no-decode", 0, NULL, "without decoding the first frame: faster, fewer facts"},
    END,
};
OPTIONS(reprobe) = {{"dry-run", 'n', NULL, "only say which"}, END};
OPTIONS(show) = {{"streams", 0, NULL, "of a video: all that the probe found"}, END};
OPTIONS(get) = {
    {"output", 'o', "FILE", "where to (default: the file's own name; - is standard output)"},
    {"path", 0, NULL, "only say where the bytes lie"},
    END,
};
OPTIONS(verify) = {
    {"all", 0, NULL, "every file of the store, those first that were not read for longest"},
    {"since", 0, "TIME", "with --all: not what was read in the last 90s, 10m, 2h or 7d"},
    {"budget", 0, "TIME", "with --all: about how long it may take (default 24h)"},
    END,
};
OPTIONS(rm) = {
    {"cascade", 0, NULL, "remove what hangs on it too"},
    {"detach", 0, NULL, "keep what hangs on it, and cut the tie"},
    {"purge", 0, NULL, "for good: restoring is not possible any more"},
    END,
};
OPTIONS(audit_list) = {
    {"action", 0, "WORD", "only this action, such as job_completed"},
    {"since", 0, "TIME", "only of the last 90s, 10m, 2h or 7d"},
    {"user", 'u', "USER", "only what this user did"},
    {"object", 0, "ID", "only what happened to this"},
    {"logins", 0, "USER", "only logins of this user, and attempts at it"},
    {"failures", 0, NULL, "only what was refused or failed"},
    {"chain", 0, "security|activity|system", "only of this chain"},
    CLI_LIST_OPTIONS,
    END,
};
OPTIONS(audit_alerts) = {
    {"since", 0, "TIME", "only of the last 90s, 10m, 2h or 7d"},
    CLI_LIST_OPTIONS,
    END,
};
OPTIONS(audit_canary) = {{"off", 0, NULL, "it is none any more"}, END};
OPTIONS(audit_export) = {
    {"output", 'o', "FILE", "a new file; - is standard output (default)"},
    {"since", 0, "TIME", "only of the last 90s, 10m, 2h or 7d"},
    {"filter", 'f', "FILTER", "only what the filter finds"},
    END,
};
OPTIONS(audit_verify) = {{"anchor", 0, "FILE", "a checkpoint that was kept elsewhere"}, END};
OPTIONS(audit_checkpoint) = {
    {"output", 'o', "FILE", "where to: replaced in one step; - is standard output (default)"},
    {"number", 0, "N", "one that was made before; 0: the last"},
    END,
};
OPTIONS(audit_prune) = {
    {"older-than", 0, "TIME", "what is older than 90s, 10m, 2h or 7d"},
    {"output", 'o', "FILE", "export everything to a new file first"},
    END,
};
OPTIONS(audit_stats) = {{"since", 0, "TIME", "only of the last 90s, 10m, 2h or 7d"}, END};
OPTIONS(watch) = {
    {"noun", 0, "user|job|video|file|collection|grant|key|login|quota|link|setting|app|alert",
     "only changes of these; may be given again"},
    {"kind", 0, "created|updated|removed|restored|purged|state|progress", "only these; may be given again"},
    {"name", 0, "NAME", "only this setting or table of the host's; may be given again"},
    {"user", 'u', "USER", "only what belongs to this user"},
    {"since", 0, "POSITION", "from a position that was kept, or start for the oldest that is there (default: now)"},
    {"drain", 0, NULL, "end when there is nothing more"},
    END,
};
OPTIONS(sql) = {
    {"write", 'w', NULL, "the statement changes rows"},
    {"limit", 'n', "N", "at most so many rows (default 1000)"},
    END,
};
OPTIONS(stats) = {{"user", 'u', "USER", "what this user has and did"}, END};
OPTIONS(maintain) = {
    {"dry-run", 'n', NULL, "only say what would be done"},
    {"all", 0, NULL, "also what is not due yet"},
    {"budget", 0, "TIME", "about how long a slice may take (default 10s)"},
    END,
};
OPTIONS(backup) = {{"skip-damaged", 0, NULL, "go on where bytes are lost or damaged, and list their files"}, END};

OPTIONS(doctor) = {{"full", 0, NULL, "read every page, check every index, read every file"}, END};
OPTIONS(config) = {{"reset", 0, NULL, "the default again"}, END};
OPTIONS(seed) = {
    {"users", 0, "N", "how many users"},
    {"jobs", 0, "N", "how many jobs, each with a video"},
    {"videos", 0, "N", "how many videos without a job"},
    {"files", 0, "N", "how many small files"},
    {"seed", 0, "N", "another number gives other data (default 1)"},
    END,
};
OPTIONS(help) = {
    {"table", 0, NULL, "the table of commands, for programs"},
    {"exit-codes", 0, NULL, "what the exit codes mean"},
    END,
};

const struct cli_command cli_commands[] = {
    {"init", "", "make a store, or bring one up to date", 0, 0, CLI_CREATES | CLI_AS_SYSTEM, NULL, cmd_init},
    {"ingest", "FILE|URL…", "bring videos in: store, hash and probe them", 1, -1, CLI_NO_STORE, ingest, cmd_ingest},
    {"submit", "[URL|PATH…]", "queue a job for the workers", 0, -1, 0, submit, cmd_submit},
    {"worker", "", "do the jobs that are queued", 0, 0, CLI_AS_SYSTEM, worker, cmd_worker},
    {"jobs list", "", "list jobs, newest first", 0, 0, CLI_DEFAULT, jobs_list, cmd_jobs_list},
    {"jobs show", "JOB", "one job and its parts", 1, 1, CLI_READS, NULL, cmd_jobs_show},
    {"jobs history", "JOB", "the attempts at a job", 1, 1, CLI_READS, NULL, cmd_jobs_history},
    {"jobs cancel", "JOB…", "cancel jobs and their parts", 1, -1, 0, NULL, cmd_jobs_cancel},
    {"jobs retry", "JOB…", "make failed, dead or cancelled jobs ready again", 1, -1, 0, NULL, cmd_jobs_retry},
    {"ls", "", "the catalogue: list videos, newest first", 0, 0, 0, ls, cmd_ls},
    {"files", "", "list files, newest first", 0, 0, CLI_READS, files, cmd_files},
    {"show", "ID|NAME…", "all about a video, job, file, user, collection or event", 1, -1, CLI_READS, show, cmd_show},
    {"search", "TEXT [NOUN]", "find by words and facts: videos, or another noun", 1, 2, 0, search, cmd_search},
    {"series", "NAME", "seasons of a series: what is missing, and what differs", 1, 1, CLI_READS, series, cmd_series},
    {"get", "FILE", "copy a file out of the store; a video means its file", 1, 1, CLI_READS, get, cmd_get},
    {"verify", "[FILE…]", "read files and compare them with their SHA-256", 0, -1, CLI_READS, verify, cmd_verify},
    {"fetch", "VIDEO…", "fetch what a video's URL names, or go on with it", 1, -1, 0, NULL, cmd_fetch},
    {"probe", "FILE|DIRECTORY|VIDEO…", "what files are; or look into a stored video again", 1, -1, CLI_NO_STORE, probe,
     cmd_probe},
    {"reprobe", "", "look again into videos that an older prober has seen", 0, 0, 0, reprobe, cmd_reprobe},
    {"rm", "ID…", "remove a video, job, file, collection or user", 1, -1, 0, rm, cmd_rm},
    {"undelete", "ID…", "bring back a removed video, job, file or collection", 1, -1, 0, NULL, cmd_undelete},
    {"collection ls", "", "list collections", 0, 0, CLI_DEFAULT, collection_list, cmd_collection_list},
    {"collection create", "NAME", "make a collection of videos", 1, 1, 0, collection_create, cmd_collection_create},
    {"collection show", "COLLECTION", "one collection, how many videos it has, and those in their order", 1, 1,
     CLI_READS, NULL, cmd_collection_show},
    {"collection edit", "COLLECTION", "change the name or the description of a collection", 1, 1, 0, collection_edit,
     cmd_collection_edit},
    {"collection add", "COLLECTION VIDEO…", "put videos into a collection", 2, -1, 0, collection_place,
     cmd_collection_add},
    {"collection rm", "COLLECTION VIDEO…", "take videos out of a collection, which stays", 2, -1, 0, NULL,
     cmd_collection_rm},
    {"collection move", "COLLECTION VIDEO…", "move videos in a collection", 2, -1, 0, collection_place,
     cmd_collection_move},
    {"user ls", "", "list users", 0, 0, CLI_DEFAULT, user_list, cmd_user_list},
    {"user add", "NAME", "create a user", 1, 1, CLI_CREATES, user_add, cmd_user_add},
    {"user show", "USER", "one user, and what it has", 1, 1, CLI_READS, NULL, cmd_user_show},
    {"user passwd", "USER", "set a password", 1, 1, 0, user_passwd, cmd_user_passwd},
    {"user role", "USER viewer|user|admin", "change what a user may do", 2, 2, 0, NULL, cmd_user_role},
    {"user activate", "USER…", "let users in (again)", 1, -1, 0, NULL, cmd_user_activate},
    {"user suspend", "USER…", "keep users out for a while", 1, -1, 0, user_suspend, cmd_user_suspend},
    {"user deactivate", "USER…", "keep users out", 1, -1, 0, NULL, cmd_user_deactivate},
    {"user invite", "USER", "make the token that lets a pending user in; shows it once", 1, 1, 0, NULL,
     cmd_user_invite},
    {"user verify", "USER", "make the token that verifies an address; shows it once", 1, 1, 0, NULL, cmd_user_verify},
    {"user reset", "USER", "make the token for a new password; shows it once", 1, 1, 0, NULL, cmd_user_reset},
    {"user email", "USER ADDRESS", "make the token for another address; shows it once", 2, 2, 0, NULL, cmd_user_email},
    {"user redeem", "invitation|verification|reset|email", "use such a token", 1, 1, CLI_AS_SYSTEM, user_redeem,
     cmd_user_redeem},
    {"login list", "", "list logins", 0, 0, CLI_DEFAULT, login_list, cmd_login_list},
    {"login show", "LOGIN", "one login", 1, 1, CLI_READS, NULL, cmd_login_show},
    {"login revoke", "[LOGIN…]", "end logins", 0, -1, 0, login_revoke, cmd_login_revoke},
    {"key list", "", "list API keys", 0, 0, CLI_DEFAULT, key_list, cmd_key_list},
    {"key create", "NAME", "make an API key; shows it once", 1, 1, 0, key_create, cmd_key_create},
    {"key show", "KEY", "one API key", 1, 1, CLI_READS, NULL, cmd_key_show},
    {"key rotate", "KEY", "make another key in the place of one; shows it once", 1, 1, 0, key_rotate, cmd_key_rotate},
    {"key revoke", "KEY…", "end API keys", 1, -1, 0, NULL, cmd_key_revoke},
    {"grant list", "", "list grants", 0, 0, CLI_DEFAULT, grant_list, cmd_grant_list},
    {"grant add", "OBJECT USER", "give a user a right on a file, video or job, or take it", 2, 2, 0, grant_add,
     cmd_grant_add},
    {"grant show", "GRANT", "one grant", 1, 1, CLI_READS, NULL, cmd_grant_show},
    {"grant revoke", "GRANT…", "end grants, with what was handed on from them", 1, -1, 0, NULL, cmd_grant_revoke},
    {"link list", "", "list links to files", 0, 0, CLI_DEFAULT, link_list, cmd_link_list},
    {"link create", "FILE", "make a link that opens one file without an account; shows it once", 1, 1, 0, link_create,
     cmd_link_create},
    {"link show", "LINK", "one link, and how often it was opened", 1, 1, CLI_READS, NULL, cmd_link_show},
    {"link revoke", "LINK…", "end links", 1, -1, 0, NULL, cmd_link_revoke},
    {"link get", "", "copy the file of a link out of the store, as who has the link", 0, 0, 0, link_get, cmd_link_get},
    {"quota show", "[USER]", "what a user may take, and has taken", 0, 1, CLI_DEFAULT, NULL, cmd_quota_show},
    {"quota list", "", "what all users may take, and have taken", 0, 0, 0, NULL, cmd_quota_list},
    {"quota set", "USER QUOTA=LIMIT…", "limit what a user may take", 2, -1, 0, NULL, cmd_quota_set},
    {"quota usage", "[USER]", "what a user took, day by day", 0, 1, 0, quota_usage, cmd_quota_usage},
    {"audit list", "", "what happened, newest first", 0, 0, CLI_DEFAULT | CLI_READS, audit_list, cmd_audit_list},
    {"audit alerts", "", "what looked wrong: alerts, newest first", 0, 0, 0, audit_alerts, cmd_audit_alerts},
    {"audit canary", "[ID]", "raise an alert when this is touched; without one, list those", 0, 1, 0, audit_canary,
     cmd_audit_canary},
    {"audit export", "", "write events as JSON Lines, oldest first", 0, 0, 0, audit_export, cmd_audit_export},
    {"audit verify", "", "check that nobody has rewritten history", 0, 0, 0, audit_verify, cmd_audit_verify},
    {"audit checkpoint", "", "make a checkpoint, to be kept elsewhere", 0, 0, 0, audit_checkpoint,
     cmd_audit_checkpoint},
    {"audit prune", "", "remove old events, in whole segments", 0, 0, 0, audit_prune, cmd_audit_prune},
    {"audit stats", "", "count events by kind, day, user, address and error", 0, 0, 0, audit_stats, cmd_audit_stats},
    {"watch", "", "follow what changes, until it is stopped", 0, 0, 0, watch, cmd_watch},
    {"sql", "STATEMENT [VALUE…]", "ask the reporting views and the host's own tables", 1, -1, 0, sql, cmd_sql},
    {"stats", "", "numbers of the store, or of a user", 0, 0, 0, stats, cmd_stats},
    {"config", "[NAME [VALUE]]", "show or change settings", 0, 2, 0, config, cmd_config},
    {"call", "CALL [JSON]", "make a call of the library by its name", 1, 2, 0, NULL, cmd_call},
    {"maintain", "", "remove what has expired, free space, recover jobs", 0, 0, 0, maintain, cmd_maintain},
    {"backup", "DIRECTORY", "copy the whole store while it is in use", 1, 1, 0, backup, cmd_backup},
    {"restore", "BACKUP DIRECTORY", "make a store from a backup", 2, 2, CLI_NO_STORE | CLI_AS_SYSTEM, backup,
     cmd_restore},
    {"doctor", "", "examine the store", 0, 0, 0, doctor, cmd_doctor},
    {"seed", "", "fill a store with synthetic data, for trials", 0, 0, CLI_CREATES | CLI_AS_SYSTEM, seed, cmd_seed},
    {"help", "[COMMAND]", "say what there is", 0, 2, CLI_NO_STORE, help, cmd_help},
    {"version", "", "say which version this is", 0, 0, CLI_NO_STORE, NULL, cmd_version},
    {NULL, NULL, NULL, 0, 0, 0, NULL, NULL},
};

/* People should not have to remember which of the two it was. */
static int is_list(const char *word) {
    return !strcmp(word, "ls") || !strcmp(word, "list");
}

static int same_word(const char *given, const char *word) {
    return !strcmp(given, word) || (is_list(given) && is_list(word));
}

const struct cli_command *cli_command_find(int argc, char **argv, int *used) {
    const struct cli_command *by_default = NULL;
    *used = 1;
    for (const struct cli_command *command = cli_commands; argc > 0 && command->name; command++) {
        const char *space = strchr(command->name, ' ');
        size_t length = space ? (size_t)(space - command->name) : strlen(command->name);
        if (strlen(argv[0]) != length || strncmp(argv[0], command->name, length))
            continue;
        if (!space)
            return command;
        if (argc > 1 && same_word(argv[1], space + 1)) {
            *used = 2;
            return command;
        }
        if (command->flags & CLI_DEFAULT)
            by_default = command;
    }
    /* A second word that is no option and no sub-command is a mistake, not an operand of the default. */
    return argc > 1 && argv[1][0] != '-' ? NULL : by_default;
}
