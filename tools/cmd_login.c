/* SPDX-License-Identifier: MIT */
#include "noun.h"
#include <inttypes.h>
#include <stdio.h>

int cmd_login_list(struct cli *cli, const struct cli_args *args) {
    return cli_list_of(cli, args, &cli_logins, "user_id");
}

int cmd_login_show(struct cli *cli, const struct cli_args *args) {
    return cli_show_named(cli, args, &cli_logins);
}

static int revoke_all(struct cli *cli, const char *user_id) {
    vidstore_error *error = NULL;
    int64_t count = 0;
    if (vidstore_login_revoke_all(cli->session, user_id, &count, &error))
        return cli_fail(cli, &error);
    if (cli->json)
        printf("{\"revoked\": %" PRId64 "}\n", count);
    else
        cli_remark(cli, "%" PRId64 " login%s ended", count, count == 1 ? "" : "s");
    return CLI_OK;
}

int cmd_login_revoke(struct cli *cli, const struct cli_args *args) {
    cli_auto(vidstore_user) *user = NULL;
    const char *name = cli_value(args, "user");
    int everybody = cli_flag(args, "everybody");
    if ((name != NULL) + everybody + (args->count > 0) != 1)
        return cli_usage(args, "wants logins, or --user, or --everybody");
    if (everybody)
        return revoke_all(cli, NULL);
    int result = name ? cli_user_find(cli, name, &user) : CLI_OK;
    if (name)
        return result ? result : revoke_all(cli, vidstore_user_id(user));
    for (int i = 0; i < args->count; i++) {
        vidstore_error *error = NULL;
        char id[CLI_UUID_TEXT];
        result = cli_id_find(cli, &cli_logins, args->operands[i], id);
        if (result)
            return result;
        if (vidstore_login_revoke(cli->session, id, &error))
            return cli_fail_on(cli, args->operands[i], &error);
        cli_put_done(cli, id, "revoked", 1);
    }
    return CLI_OK;
}
