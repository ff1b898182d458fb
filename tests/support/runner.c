/* SPDX-License-Identifier: MIT */
/* The main function of every test program: runs the one suite that VS_SUITE names. */
#include <check.h>
#include <stdlib.h>

Suite *VS_SUITE(void);

int main(void) {
    SRunner *runner = srunner_create(VS_SUITE());
    srunner_run_all(runner, CK_ENV);
    /* A suite that runs nothing must not look like one that passed. */
    int good = srunner_ntests_failed(runner) == 0 && srunner_ntests_run(runner) > 0;
    srunner_free(runner);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
