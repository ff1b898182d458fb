/* SPDX-License-Identifier: MIT */
#include "noun.h"
#include <stdio.h>
#include <string.h>

enum { PASSWORD_MAX = 1024 };

static int read_password(const struct cli_args *args, char password[PASSWORD_MAX + 2]) {
    return cli_secret(args, "password-fd", "password", 1, password, PASSWORD_MAX + 2);
}

static void set_text(vidstore_user_params *params, int32_t field, const char *value) {
    if (value)
        vidstore_user_params_set_text(params, field, value);
}

int cmd_user_add(struct cli *cli, const struct cli_args *args) {
    cli_auto(vidstore_user_params) *params = vidstore_user_params_new();
    set_text(params, VIDSTORE_USER_USERNAME, args->operands[0]);
    set_text(params, VIDSTORE_USER_EMAIL, cli_value(args, "email"));
    set_text(params, VIDSTORE_USER_FULL_NAME, cli_value(args, "full-name"));
    set_text(params, VIDSTORE_USER_ROLE, cli_value(args, "role"));
    set_text(params, VIDSTORE_USER_ID, cli_value(args, "id"));
    if (cli_flag(args, "pending"))
        vidstore_user_params_set_int64(params, VIDSTORE_USER_STATE, VIDSTORE_USER_PENDING);
    if (cli_flag(args, "password") || cli_flag(args, "password-fd")) {
        char password[PASSWORD_MAX + 2];
        int result = read_password(args, password);
        if (!result)
            vidstore_user_params_set_text(params, VIDSTORE_USER_PASSWORD, password);
        explicit_bzero(password, sizeof password);
        if (result)
            return result;
    }
    vidstore_error *error = NULL;
    cli_auto(vidstore_user) *user = NULL;
    if ((cli_flag(args, "first") ? vidstore_user_bootstrap : vidstore_user_create)(cli->session, params, &user, &error))
        return cli_fail_on(cli, args->operands[0], &error);
    if (cli->json)
        return cli_show_record(cli, &cli_users, user);
    printf("%s\n", vidstore_user_id(user));
    return CLI_OK;
}

int cmd_user_list(struct cli *cli, const struct cli_args *args) {
    const char *role = cli_value(args, "role"), *state = cli_value(args, "state");
    if ((role && !cli_is_word(role)) || (state && !cli_is_word(state)))
        return cli_usage(args, "roles and states are words");
    cli_autofree char *by_role = role ? cli_print("role = %s", role) : NULL;
    cli_autofree char *by_state = state ? cli_print("state = %s", state) : NULL;
    return cli_list(cli, args, &cli_users, by_role, by_state);
}

int cmd_user_show(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_user) *user = NULL;
    int result = cli_user_find(cli, args->operands[0], &user);
    if (result)
        return result;
    result = cli_show_record(cli, &cli_users, user);
    if (result || cli->json)
        return result;
    vidstore_text *stats = NULL;
    if (vidstore_user_stats(cli->session, vidstore_user_id(user), &stats, &error))
        return cli_fail(cli, &error);
    cli_heading(cli, "Has and did");
    return cli_put_report(cli, stats);
}

int cmd_user_passwd(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_user) *user = NULL;
    int result = cli_user_find(cli, args->operands[0], &user);
    if (result)
        return result;
    char password[PASSWORD_MAX + 2];
    int none = cli_flag(args, "none");
    result = none ? CLI_OK : read_password(args, password);
    if (!result && vidstore_user_set_password(cli->session, vidstore_user_id(user), none ? NULL : password, &error))
        result = cli_fail_on(cli, args->operands[0], &error);
    explicit_bzero(password, sizeof password);
    return result;
}

int cmd_user_role(struct cli *cli, const struct cli_args *args) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_user) *user = NULL, *changed = NULL;
    int result = cli_user_find(cli, args->operands[0], &user);
    if (result)
        return result;
    cli_auto(vidstore_user_params) *params = vidstore_user_params_new();
    vidstore_user_params_set_text(params, VIDSTORE_USER_ROLE, args->operands[1]);
    vidstore_user_params_expect_version(params, vidstore_user_int64(user, VIDSTORE_USER_VERSION));
    if (vidstore_user_update(cli->session, vidstore_user_id(user), params, &changed, &error))
        return cli_fail_on(cli, args->operands[0], &error);
    return cli->json ? cli_show_record(cli, &cli_users, changed) : CLI_OK;
}

/* A state for all of them; suspensions may have an end (until_us INT64_MIN: none). */
static int set_states(struct cli *cli, const struct cli_args *args, int32_t state, int64_t until_us) {
    cli_auto(vidstore_user_params) *params = vidstore_user_params_new();
    vidstore_user_params_set_int64(params, VIDSTORE_USER_STATE, state);
    if (until_us != INT64_MIN)
        vidstore_user_params_set_int64(params, VIDSTORE_USER_SUSPENDED_UNTIL_US, until_us);
    for (int i = 0; i < args->count; i++) {
        vidstore_error *error = NULL;
        cli_auto(vidstore_user) *user = NULL, *changed = NULL;
        int result = cli_user_find(cli, args->operands[i], &user);
        if (result)
            return result;
        if (vidstore_user_update(cli->session, vidstore_user_id(user), params, &changed, &error))
            return cli_fail_on(cli, args->operands[i], &error);
        if (cli->json && cli_show_record(cli, &cli_users, changed))
            return CLI_FAILURE;
    }
    return CLI_OK;
}

int cmd_user_activate(struct cli *cli, const struct cli_args *args) {
    return set_states(cli, args, VIDSTORE_USER_ACTIVE, INT64_MIN);
}

int cmd_user_suspend(struct cli *cli, const struct cli_args *args) {
    int64_t for_ms = -1;
    if (cli_duration_ms(args, "for", 1000, INT64_C(3153600000000), &for_ms))
        return CLI_USAGE;
    return set_states(cli, args, VIDSTORE_USER_SUSPENDED, for_ms < 0 ? INT64_MIN : cli_now_us() + for_ms * 1000);
}

int cmd_user_deactivate(struct cli *cli, const struct cli_args *args) {
    return set_states(cli, args, VIDSTORE_USER_DEACTIVATED, INT64_MIN);
}
