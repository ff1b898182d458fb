/* SPDX-License-Identifier: MIT */
/* Sharing: grants to users, and links for whoever has them. */
#include "noun.h"
#include <stdio.h>
#include <string.h>

/* With --share a private file is given restricted access, in the same commit as what shares it. */
static int open_to_sharing(struct cli *cli, const char *id) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_file) *file = NULL;
    cli_auto(vidstore_file_params) *params = vidstore_file_params_new();
    if (vidstore_file_get(cli->session, id, &file, &error))
        return cli_fail_on(cli, id, &error);
    if (vidstore_file_int64(file, VIDSTORE_FILE_ACCESS) != VIDSTORE_ACCESS_PRIVATE)
        return CLI_OK;
    vidstore_file_params_set_int64(params, VIDSTORE_FILE_ACCESS, VIDSTORE_ACCESS_RESTRICTED);
    return vidstore_file_update(cli->session, id, params, NULL, &error) ? cli_fail_on(cli, id, &error) : CLI_OK;
}

/* Runs both in one transaction. */
static int share(struct cli *cli, const char *id, int opens, int (*run)(struct cli *cli, void *arg), void *arg) {
    vidstore_error *error = NULL;
    if (vidstore_begin(cli->session, 0, &error))
        return cli_fail(cli, &error);
    int result = opens ? open_to_sharing(cli, id) : CLI_OK;
    if (!result)
        result = run(cli, arg);
    if (result) {
        vidstore_rollback(cli->session, NULL);
        return result;
    }
    return vidstore_commit(cli->session, &error) ? cli_fail(cli, &error) : CLI_OK;
}

static int revoke(struct cli *cli, const struct cli_args *args, const struct cli_noun *noun,
                  vidstore_status (*end)(vidstore_session *session, const char *id, vidstore_error **reterr)) {
    for (int i = 0; i < args->count; i++) {
        vidstore_error *error = NULL;
        char id[CLI_UUID_TEXT];
        int result = cli_id_find(cli, noun, args->operands[i], id);
        if (result)
            return result;
        if (end(cli->session, id, &error))
            return cli_fail_on(cli, args->operands[i], &error);
        cli_put_done(cli, id, "revoked", 1);
    }
    return CLI_OK;
}

/* --- grants ------------------------------------------------------------------------------------------------------- */

struct granting {
    const char *what;
    vidstore_grant_params *params;
    vidstore_grant *grant;
};

static int make_grant(struct cli *cli, void *arg) {
    struct granting *it = arg;
    vidstore_error *error = NULL;
    return vidstore_grant_create(cli->session, it->params, &it->grant, &error) ? cli_fail_on(cli, it->what, &error)
                                                                               : CLI_OK;
}

static int set_grant(struct cli *cli, const struct cli_args *args, const struct cli_noun *noun, const char *id,
                     vidstore_grant_params *params) {
    cli_auto(vidstore_user) *user = NULL;
    int64_t life_ms = -1;
    const char *to = args->operands[1]; /* users see no others: an id they have to know */
    int result = strlen(to) == CLI_UUID_TEXT - 1 ? CLI_OK : cli_user_find(cli, to, &user);
    if (!result)
        result = cli_duration_ms(args, "expires", 1000, INT64_C(3153600000000), &life_ms);
    if (result)
        return result;
    vidstore_grant_params_set_text(params, VIDSTORE_GRANT_NOUN, noun->name);
    vidstore_grant_params_set_text(params, VIDSTORE_GRANT_OBJECT_ID, id);
    vidstore_grant_params_set_text(params, VIDSTORE_GRANT_SUBJECT_ID, user ? vidstore_user_id(user) : to);
    if (cli_value(args, "reach"))
        vidstore_grant_params_set_text(params, VIDSTORE_GRANT_REACH, cli_value(args, "reach"));
    if (cli_value(args, "reason"))
        vidstore_grant_params_set_text(params, VIDSTORE_GRANT_REASON, cli_value(args, "reason"));
    vidstore_grant_params_set_int64(params, VIDSTORE_GRANT_DENIES, cli_flag(args, "deny"));
    vidstore_grant_params_set_int64(params, VIDSTORE_GRANT_CAN_SHARE, cli_flag(args, "hand-on"));
    if (life_ms >= 0)
        vidstore_grant_params_set_int64(params, VIDSTORE_GRANT_EXPIRES_US, cli_now_us() + life_ms * 1000);
    return CLI_OK;
}

int cmd_grant_add(struct cli *cli, const struct cli_args *args) {
    char id[CLI_UUID_TEXT];
    const struct cli_noun *noun = NULL;
    cli_auto(vidstore_grant_params) *params = vidstore_grant_params_new();
    struct granting it = {args->operands[0], params, NULL};
    int result = cli_object_find(cli, args->operands[0], &noun, id);
    if (!result)
        result = set_grant(cli, args, noun, id, params);
    if (!result)
        result = share(cli, id, cli_flag(args, "share") && noun == &cli_files, make_grant, &it);
    cli_auto(vidstore_grant) *grant = it.grant;
    if (result)
        return result;
    if (cli->json)
        return cli_show_record(cli, &cli_grants, grant);
    printf("%s\n", vidstore_grant_id(grant));
    return CLI_OK;
}

int cmd_grant_list(struct cli *cli, const struct cli_args *args) {
    return cli_list_of(cli, args, &cli_grants, "subject_id");
}

int cmd_grant_show(struct cli *cli, const struct cli_args *args) {
    return cli_show_named(cli, args, &cli_grants);
}

int cmd_grant_revoke(struct cli *cli, const struct cli_args *args) {
    return revoke(cli, args, &cli_grants, vidstore_grant_revoke);
}

/* --- links -------------------------------------------------------------------------------------------------------- */

struct linking {
    const char *what;
    vidstore_link_params *params;
    vidstore_link *link;
    char token[VIDSTORE_TOKEN_SIZE];
};

static int make_link(struct cli *cli, void *arg) {
    struct linking *it = arg;
    vidstore_error *error = NULL;
    return vidstore_link_create(cli->session, it->params, &it->link, it->token, sizeof it->token, &error)
               ? cli_fail_on(cli, it->what, &error)
               : CLI_OK;
}

static int set_link(const struct cli_args *args, const char *id, vidstore_link_params *params) {
    int64_t life_ms = -1, uses = -1;
    int result = cli_duration_ms(args, "expires", 1000, INT64_C(3153600000000), &life_ms);
    if (!result)
        result = cli_number(args, "uses", 1, 1000000000, &uses);
    if (result)
        return result;
    vidstore_link_params_set_text(params, VIDSTORE_LINK_FILE_ID, id);
    if (cli_value(args, "name"))
        vidstore_link_params_set_text(params, VIDSTORE_LINK_NAME, cli_value(args, "name"));
    if (life_ms >= 0)
        vidstore_link_params_set_int64(params, VIDSTORE_LINK_EXPIRES_US, cli_now_us() + life_ms * 1000);
    if (uses >= 0)
        vidstore_link_params_set_int64(params, VIDSTORE_LINK_MAX_USES, uses);
    return CLI_OK;
}

/* The link's text goes to standard output and nowhere else. */
static int show_link(struct cli *cli, const struct linking *it) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_text) *record = NULL;
    if (!cli->json) {
        printf("%s\n", it->token);
        cli_remark(cli, "link %s; its text is shown this once and kept nowhere", vidstore_link_id(it->link));
        return CLI_OK;
    }
    if (vidstore_link_json(it->link, &record, &error))
        return cli_fail(cli, &error);
    cli_auto(json_t) *object = cli_json(vidstore_text_data(record));
    if (!object || json_object_set_new(object, "token", json_string(it->token)))
        return CLI_FAILURE;
    cli_autofree char *text = json_dumps(object, 0);
    if (text)
        cli_put_json(text);
    return text ? CLI_OK : CLI_FAILURE;
}

int cmd_link_create(struct cli *cli, const struct cli_args *args) {
    char id[CLI_UUID_TEXT];
    cli_auto(vidstore_link_params) *params = vidstore_link_params_new();
    struct linking it = {args->operands[0], params, NULL, ""};
    int result = cli_file_find(cli, args->operands[0], id);
    if (!result)
        result = set_link(args, id, params);
    if (!result)
        result = share(cli, id, cli_flag(args, "share"), make_link, &it);
    cli_auto(vidstore_link) *link = it.link;
    if (!result)
        result = show_link(cli, &it);
    explicit_bzero(it.token, sizeof it.token);
    return result;
}

int cmd_link_list(struct cli *cli, const struct cli_args *args) {
    return cli_list_of(cli, args, &cli_links, "user_id");
}

int cmd_link_show(struct cli *cli, const struct cli_args *args) {
    return cli_show_named(cli, args, &cli_links);
}

int cmd_link_revoke(struct cli *cli, const struct cli_args *args) {
    return revoke(cli, args, &cli_links, vidstore_link_revoke);
}

/* As whoever came with it. */
int cmd_link_get(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    char token[256];
    cli_auto(vidstore_session) *visitor = NULL;
    int result = cli_secret(args, "token-fd", "link", 0, token, sizeof token);
    if (!result && vidstore_session_link(cli->store, token, NULL, &visitor, &error))
        result = cli_fail(cli, &error);
    explicit_bzero(token, sizeof token);
    if (result)
        return result;
    vidstore_session *mine = cli->session;
    cli->session = visitor;
    result = cli_get_bytes(cli, vidstore_session_file_id(visitor), cli_value(args, "output"));
    cli->session = mine;
    return result;
}
