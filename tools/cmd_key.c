/* SPDX-License-Identifier: MIT */
#include "noun.h"
#include <stdio.h>
#include <string.h>

/* The key's text goes to standard output and nowhere else; what is remarked besides goes to standard error. */
static int show_made(struct cli *cli, const vidstore_key *key, char token[VIDSTORE_TOKEN_SIZE]) {
    if (cli->json) {
        vidstore_error *error = NULL;
        cli_auto(vidstore_text) *record = NULL;
        if (vidstore_key_json(key, &record, &error))
            return cli_fail(cli, &error);
        cli_auto(json_t) *object = cli_json(vidstore_text_data(record));
        if (!object || json_object_set_new(object, "token", json_string(token)))
            return CLI_FAILURE;
        cli_autofree char *text = json_dumps(object, 0);
        if (text)
            cli_put_json(text);
        return text ? CLI_OK : CLI_FAILURE;
    }
    printf("%s\n", token);
    cli_remark(cli, "key %s; its text is shown this once and kept nowhere", vidstore_key_id(key));
    return CLI_OK;
}

int cmd_key_create(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_user) *user = NULL;
    cli_auto(vidstore_key) *key = NULL;
    cli_auto(vidstore_key_params) *params = vidstore_key_params_new();
    int64_t life_ms = -1;
    char token[VIDSTORE_TOKEN_SIZE];
    int result = cli_value(args, "user") ? cli_user_find(cli, cli_value(args, "user"), &user) : CLI_OK;
    if (!result)
        result = cli_duration_ms(args, "expires", 1000, INT64_C(3153600000000), &life_ms);
    if (result)
        return result;
    vidstore_key_params_set_text(params, VIDSTORE_KEY_NAME, args->operands[0]);
    if (user)
        vidstore_key_params_set_text(params, VIDSTORE_KEY_USER_ID, vidstore_user_id(user));
    if (cli_value(args, "scopes"))
        vidstore_key_params_set_text(params, VIDSTORE_KEY_SCOPES, cli_value(args, "scopes"));
    if (cli_value(args, "addresses"))
        vidstore_key_params_set_text(params, VIDSTORE_KEY_ADDRESSES, cli_value(args, "addresses"));
    if (life_ms >= 0)
        vidstore_key_params_set_int64(params, VIDSTORE_KEY_EXPIRES_US, cli_now_us() + life_ms * 1000);
    if (vidstore_key_create(cli->session, params, &key, token, sizeof token, &error))
        return cli_fail_on(cli, args->operands[0], &error);
    result = show_made(cli, key, token);
    explicit_bzero(token, sizeof token);
    return result;
}

int cmd_key_list(struct cli *cli, const struct cli_args *args) {
    return cli_list_of(cli, args, &cli_keys, "user_id");
}

int cmd_key_show(struct cli *cli, const struct cli_args *args) {
    return cli_show_named(cli, args, &cli_keys);
}

int cmd_key_rotate(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_key) *key = NULL;
    char id[CLI_UUID_TEXT], token[VIDSTORE_TOKEN_SIZE];
    int64_t overlap_ms = INT64_MIN;
    int result = cli_id_find(cli, &cli_keys, args->operands[0], id);
    if (!result)
        result = cli_duration_ms(args, "overlap", 0, 604800000, &overlap_ms);
    if (result)
        return result;
    if (vidstore_key_rotate(cli->session, id, overlap_ms, &key, token, sizeof token, &error))
        return cli_fail_on(cli, args->operands[0], &error);
    result = show_made(cli, key, token);
    explicit_bzero(token, sizeof token);
    return result;
}

int cmd_key_revoke(struct cli *cli, const struct cli_args *args) {
    for (int i = 0; i < args->count; i++) {
        vidstore_error *error = NULL;
        char id[CLI_UUID_TEXT];
        int result = cli_id_find(cli, &cli_keys, args->operands[i], id);
        if (result)
            return result;
        if (vidstore_key_revoke(cli->session, id, &error))
            return cli_fail_on(cli, args->operands[i], &error);
        cli_put_done(cli, id, "revoked", 1);
    }
    return CLI_OK;
}
