/* SPDX-License-Identifier: MIT */
/* Tokens of use once: made for users, and used. */
#include "noun.h"
#include <stdio.h>
#include <string.h>

enum { PASSWORD_MAX = 1024 };

/* The token goes to standard output and nowhere else; whom it is for, to standard error. */
static int show_made(struct cli *cli, const char *email, const char *token) {
    if (cli->json) {
        cli_auto(json_t) *object = json_pack("{s:s,s:s}", "email", email, "token", token);
        cli_autofree char *text = object ? json_dumps(object, 0) : NULL;
        if (text)
            cli_put_json(text);
        return text ? CLI_OK : CLI_FAILURE;
    }
    printf("%s\n", token);
    if (*email)
        cli_remark(cli, "for %s; it is shown this once and kept nowhere", email);
    else
        cli_remark(cli, "there is no address to send it to; it is shown this once and kept nowhere");
    return CLI_OK;
}

static int make(struct cli *cli, const struct cli_args *args, int32_t kind, const char *email) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_user) *user = NULL;
    cli_auto(vidstore_text) *address = NULL;
    char token[VIDSTORE_TOKEN_SIZE];
    int result = cli_user_find(cli, args->operands[0], &user);
    if (result)
        return result;
    if (vidstore_once_create(cli->store, cli->session, kind, vidstore_user_id(user), email, &address, token,
                             sizeof token, &error))
        return cli_fail_on(cli, args->operands[0], &error);
    result = show_made(cli, vidstore_text_data(address), token);
    explicit_bzero(token, sizeof token);
    return result;
}

int cmd_user_invite(struct cli *cli, const struct cli_args *args) {
    return make(cli, args, VIDSTORE_ONCE_INVITATION, NULL);
}

int cmd_user_verify(struct cli *cli, const struct cli_args *args) {
    return make(cli, args, VIDSTORE_ONCE_VERIFICATION, NULL);
}

int cmd_user_reset(struct cli *cli, const struct cli_args *args) {
    return make(cli, args, VIDSTORE_ONCE_RESET, NULL);
}

int cmd_user_email(struct cli *cli, const struct cli_args *args) {
    return make(cli, args, VIDSTORE_ONCE_EMAIL, args->operands[1]);
}

static int32_t kind_of(const char *word) {
    static const struct {
        const char *word;
        int32_t kind;
    } kinds[] = {{"invitation", VIDSTORE_ONCE_INVITATION},
                 {"verification", VIDSTORE_ONCE_VERIFICATION},
                 {"reset", VIDSTORE_ONCE_RESET},
                 {"email", VIDSTORE_ONCE_EMAIL}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].word, word))
            return kinds[i].kind;
    return VIDSTORE_ONCE_UNKNOWN;
}

static int use(struct cli *cli, int32_t kind, const char *token, const char *password) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_user) *user = NULL;
    if (vidstore_once_use(cli->store, kind, token, password, NULL, &user, &error))
        return cli_fail(cli, &error);
    if (cli->json)
        return cli_show_record(cli, &cli_users, user);
    printf("%s\n", vidstore_user_id(user));
    return CLI_OK;
}

int cmd_user_redeem(struct cli *cli, const struct cli_args *args) {
    char token[256], password[PASSWORD_MAX + 2];
    int32_t kind = kind_of(args->operands[0]);
    int wants = (kind == VIDSTORE_ONCE_INVITATION && !cli_flag(args, "no-password")) || kind == VIDSTORE_ONCE_RESET;
    if (kind == VIDSTORE_ONCE_UNKNOWN)
        return cli_usage(args, "wants invitation, verification, reset or email");
    int result = cli_secret(args, "token-fd", "token", 0, token, sizeof token);
    if (!result && wants)
        result = cli_secret(args, "password-fd", "password", 1, password, sizeof password);
    if (!result)
        result = use(cli, kind, token, wants ? password : NULL);
    explicit_bzero(token, sizeof token);
    explicit_bzero(password, sizeof password);
    return result;
}
