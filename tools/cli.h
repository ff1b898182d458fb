/* SPDX-License-Identifier: MIT */
/* What the files of the command share: its context, the command table, arguments, sessions and the exit codes. */
#ifndef VIDSTORE_TOOL_CLI_H
#define VIDSTORE_TOOL_CLI_H

#include <stddef.h>
#include <stdint.h>
#include <vidstore/vidstore.h>

/* One table of exit codes: exit_codes[] in help.c says what each means, and the man page repeats it. */
enum {
    CLI_OK = 0,
    CLI_FAILURE = 1,
    CLI_USAGE = 2,
    CLI_NOT_FOUND = 3,
    CLI_INVALID = 4,
    CLI_REFUSED = 5,
    CLI_BUSY = 6,
    CLI_MEDIA = 7,
    CLI_INTERRUPTED = 130
};

enum { CLI_UUID_TEXT = 37, CLI_SHORT_ID = 12 };

/* What one run of the command knows. */
struct cli {
    const char *location; /* of the store */
    const char *as;       /* a user's name, e-mail address or id; NULL: the system */
    const char *worker;   /* how leases are signed; NULL: the library's default */
    int json, utc, quiet, verbose, full_ids;
    int reads;            /* the command changes nothing: things may be named by the beginning of their names */
    int colour, terminal; /* of standard output */
    int meter;            /* width of the terminal that standard error is; 0: no progress there */
    int columns;          /* width of the terminal that standard output is; 0: no limit */
    vidstore *store;
    vidstore_session *system;
    vidstore_session *session; /* the one that commands act through; `system` or that of `as` */
};

struct cli_option {
    const char *name;
    char letter;       /* 0: none */
    const char *value; /* NULL: a flag; "a|b|c" is what the completion offers */
    const char *help;
};

enum {
    CLI_NO_STORE = 1,  /* runs without a store, or opens it itself */
    CLI_DEFAULT = 2,   /* what the group's name alone means */
    CLI_CREATES = 4,   /* may create the store */
    CLI_AS_SYSTEM = 8, /* --as makes no sense */
    CLI_READS = 16     /* changes nothing */
};

struct cli_args;
typedef int cli_run(struct cli *cli, const struct cli_args *args);

struct cli_command {
    const char *name; /* "init", or "user add" */
    const char *operands;
    const char *summary;
    int least, most; /* operands; most -1: any number */
    unsigned flags;
    const struct cli_option *options;
    cli_run *run;
};

struct cli_given {
    const struct cli_option *option;
    const char *value;
};

/* The arguments of one command, taken apart. */
struct cli_args {
    const struct cli_command *command;
    char **operands;
    int count;
    struct cli_given *given;
    int given_count;
};

/* The table, ended by a NULL name; and the options that every command takes. */
extern const struct cli_command cli_commands[];
extern const struct cli_option cli_global_options[];

/* The command that argv begins with; *used says how many words it took. NULL: there is none. */
const struct cli_command *cli_command_find(int argc, char **argv, int *used);

/* Takes argv[0..argc) apart by the command's options and the global ones, and applies the latter to the context.
 * Returns CLI_OK, or CLI_USAGE after having said why. The result points into argv; free it with cli_args_free(). */
int cli_args_parse(struct cli *cli, const struct cli_command *command, int argc, char **argv, struct cli_args *ret);
void cli_args_free(struct cli_args *args);

/* Whether an option was given; its last value, or NULL; its n-th value, or NULL. */
int cli_flag(const struct cli_args *args, const char *name);
const char *cli_value(const struct cli_args *args, const char *name);
const char *cli_nth_value(const struct cli_args *args, const char *name, int n);

/* The value as a whole number within bounds, or as a duration such as 500ms, 90s, 10m, 2h, 7d (bare: seconds).
 * *ret keeps its value when the option was not given. Return CLI_OK, or CLI_USAGE after having said why. */
int cli_number(const struct cli_args *args, const char *name, int64_t low, int64_t high, int64_t *ret);
int cli_duration_ms(const struct cli_args *args, const char *name, int64_t low, int64_t high, int64_t *ret);

/* A secret of a line, from the descriptor that an option names, or else asked for on the terminal without showing it: a
 * new password twice. what: as people call it. Returns an exit code after having said why. */
int cli_secret(const struct cli_args *args, const char *option, const char *what, int twice, char *secret, size_t size);

/* Says what is wrong with how the command was called, and returns CLI_USAGE. */
int cli_usage(const struct cli_args *args, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints the help of everything (NULL) or of one command. */
void cli_help(const struct cli *cli, const struct cli_command *command);
/* The table for the completion and the checks: a line a command, and a line an option. */
void cli_help_table(void);
void cli_help_exit_codes(void);

/* Says what went wrong in one line, frees it, sets *error to NULL, and returns the exit code that belongs to it. */
int cli_fail(const struct cli *cli, vidstore_error **error);
/* The same with a subject before the message, such as the name of a file. */
int cli_fail_on(const struct cli *cli, const char *subject, vidstore_error **error);
/* The same of an error that is somebody else's. */
int cli_fail_of(const struct cli *cli, const char *subject, const vidstore_error *error);
/* A failure of our own. */
int cli_complain(int exit_code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A remark for whoever reads along, on standard error; nothing with --quiet. */
void cli_remark(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
int cli_exit_code(vidstore_status status);

/* Opens the store and the session that the context asks for. Returns an exit code. */
int cli_open(struct cli *cli, unsigned command_flags);
void cli_close(struct cli *cli);
/* A further system session, for a second thread; NULL after having said why. */
vidstore_session *cli_system_session(struct cli *cli);

/* The user that a name, an e-mail address, an id or the end of one means. Returns an exit code. */
int cli_user_find(struct cli *cli, const char *text, vidstore_user **ret);

/* SIGINT and SIGTERM set a flag from here on instead of ending the process. */
void cli_catch_signals(void);
int cli_stopped(void);

/* Memory that is there, or the command ends. */
void *cli_alloc(size_t size);
void *cli_grow(void *old, size_t count, size_t size);
char *cli_copy(const char *text);
char *cli_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Clean-up when a variable leaves its scope: cli_auto(vidstore_job) *job = NULL; */
#define CLI_CLEANUP(type, function)                                                                                    \
    static inline void cli_clean_##type(type **object) {                                                               \
        function(*object);                                                                                             \
    }
CLI_CLEANUP(vidstore_user, vidstore_user_free)
CLI_CLEANUP(vidstore_user_params, vidstore_user_params_free)
CLI_CLEANUP(vidstore_grant, vidstore_grant_free)
CLI_CLEANUP(vidstore_grant_params, vidstore_grant_params_free)
CLI_CLEANUP(vidstore_collection, vidstore_collection_free)
CLI_CLEANUP(vidstore_collection_params, vidstore_collection_params_free)
CLI_CLEANUP(vidstore_link, vidstore_link_free)
CLI_CLEANUP(vidstore_link_params, vidstore_link_params_free)
CLI_CLEANUP(vidstore_key, vidstore_key_free)
CLI_CLEANUP(vidstore_key_params, vidstore_key_params_free)
CLI_CLEANUP(vidstore_job, vidstore_job_free)
CLI_CLEANUP(vidstore_job_params, vidstore_job_params_free)
CLI_CLEANUP(vidstore_video, vidstore_video_free)
CLI_CLEANUP(vidstore_video_params, vidstore_video_params_free)
CLI_CLEANUP(vidstore_file, vidstore_file_free)
CLI_CLEANUP(vidstore_file_params, vidstore_file_params_free)
CLI_CLEANUP(vidstore_page, vidstore_page_free)
CLI_CLEANUP(vidstore_query, vidstore_query_free)
CLI_CLEANUP(vidstore_text, vidstore_text_free)
CLI_CLEANUP(vidstore_upload, vidstore_upload_free)
CLI_CLEANUP(vidstore_reader, vidstore_reader_free)
CLI_CLEANUP(vidstore_lease, vidstore_lease_free)
CLI_CLEANUP(vidstore_session, vidstore_session_free)
CLI_CLEANUP(vidstore_error, vidstore_error_free)
CLI_CLEANUP(vidstore_open_params, vidstore_open_params_free)
CLI_CLEANUP(vidstore_origin, vidstore_origin_free)
#define cli_auto(type) __attribute__((cleanup(cli_clean_##type))) type

void cli_clean_memory(void *pointer);
void cli_clean_fd(int *fd);
#define cli_autofree  __attribute__((cleanup(cli_clean_memory)))
#define cli_autoclose __attribute__((cleanup(cli_clean_fd)))

/* The commands. */
cli_run cmd_init, cmd_help, cmd_version;
cli_run cmd_user_add, cmd_user_list, cmd_user_show, cmd_user_passwd, cmd_user_role, cmd_user_activate,
    cmd_user_deactivate, cmd_user_suspend, cmd_user_invite, cmd_user_verify, cmd_user_reset, cmd_user_email,
    cmd_user_redeem;
cli_run cmd_grant_add, cmd_grant_list, cmd_grant_show, cmd_grant_revoke;
cli_run cmd_collection_list, cmd_collection_create, cmd_collection_show, cmd_collection_edit, cmd_collection_add,
    cmd_collection_rm, cmd_collection_move;
cli_run cmd_link_create, cmd_link_list, cmd_link_show, cmd_link_revoke, cmd_link_get;
cli_run cmd_quota_show, cmd_quota_list, cmd_quota_set, cmd_quota_usage;
cli_run cmd_login_list, cmd_login_show, cmd_login_revoke;
cli_run cmd_key_create, cmd_key_list, cmd_key_show, cmd_key_revoke, cmd_key_rotate;
cli_run cmd_ingest, cmd_fetch, cmd_probe, cmd_reprobe, cmd_submit, cmd_worker;
cli_run cmd_jobs_list, cmd_jobs_show, cmd_jobs_cancel, cmd_jobs_retry, cmd_jobs_history;
cli_run cmd_ls, cmd_files, cmd_show, cmd_search, cmd_series, cmd_get, cmd_verify, cmd_verify_all, cmd_rm, cmd_undelete;
cli_run cmd_audit_list, cmd_audit_alerts, cmd_audit_canary, cmd_audit_export, cmd_audit_stats, cmd_audit_verify,
    cmd_audit_checkpoint, cmd_audit_prune;
cli_run cmd_stats, cmd_maintain, cmd_backup, cmd_restore, cmd_doctor, cmd_config, cmd_seed, cmd_call;
cli_run cmd_watch, cmd_sql;

#endif
