/* SPDX-License-Identifier: MIT */
/* What a failing call tells: a code for the program, a field for the form, a sentence for the person. */
#include "example.h"

/* Prints and frees an error; says whether it was the one that had to come. */
static void report(vidstore_error *error, vidstore_status expected) {
    const char *field = vidstore_error_field(error);
    printf("%s%s%s: %s%s\n", vidstore_status_name(vidstore_error_code(error)), field ? " in " : "", field ? field : "",
           vidstore_error_message(error), vidstore_error_retryable(error) ? " (try again)" : "");
    example_expect(vidstore_error_code(error) == expected, vidstore_status_name(expected));
    vidstore_error_free(error);
}

static vidstore_user *add(vidstore_session *session, const char *json, vidstore_error **error) {
    vidstore_user *user = NULL;
    vidstore_user_params *params = vidstore_user_params_new();
    vidstore_user_params_set_json(params, json);
    vidstore_user_create(session, params, &user, error);
    vidstore_user_params_free(params);
    return user;
}

/* Two editors have read the same version: the second one is told, and writes over nothing. */
static void conflict(vidstore_session *session, const vidstore_user *user) {
    vidstore_error *error = NULL;
    vidstore_user_params *params = vidstore_user_params_new();
    vidstore_user_params_set_text(params, VIDSTORE_USER_FULL_NAME, "Ada L.");
    vidstore_user_params_expect_version(params, vidstore_user_version(user));
    example_check(vidstore_user_update(session, vidstore_user_id(user), params, NULL, &error), &error);
    vidstore_user_update(session, vidstore_user_id(user), params, NULL, &error);
    report(error, VIDSTORE_CONFLICT);
    vidstore_user_params_free(params);
}

int main(void) {
    vidstore_error *error = NULL;
    vidstore_session *session = NULL, *viewer = NULL;
    vidstore *store = example_store();
    example_check(vidstore_session_system(store, "errors", &session, &error), &error);
    vidstore_user *user = add(session, "{\"username\": \"ada\", \"role\": \"viewer\"}", &error);
    example_check(user ? VIDSTORE_OK : vidstore_error_code(error), &error);

    add(session, "{\"username\": \"ADA\"}", &error);
    report(error, VIDSTORE_EXISTS);
    add(session, "{\"username\": \"eve\", \"email\": \"not an address\"}", &error);
    report(error, VIDSTORE_INVALID);
    conflict(session, user);
    vidstore_job_get(session, "00000000-0000-4000-8000-000000000000", NULL, &error);
    report(error, VIDSTORE_NOT_FOUND);
    example_check(vidstore_session_on_behalf(store, vidstore_user_id(user), NULL, &viewer, &error), &error);
    add(viewer, "{\"username\": \"mallory\", \"role\": \"admin\"}", &error);
    report(error, VIDSTORE_FORBIDDEN);

    vidstore_user_free(user);
    vidstore_session_free(viewer);
    vidstore_session_free(session);
    vidstore_close(store);
    return EXIT_SUCCESS;
}
