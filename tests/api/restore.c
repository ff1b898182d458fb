/* SPDX-License-Identifier: MIT */
/* Restoring: from a backup or a store in use, and from nothing that is damaged. */
#include "upkeep_backup.h"

START_TEST(a_restored_store_says_so) {
    struct id file = put_file(sys, 1234, NULL, NULL);
    char instance[37];
    vidstore_text *report = NULL;
    snprintf(instance, sizeof instance, "%s", vidstore_instance_id(store));
    backup();
    must(vidstore_restore(backup_place, restored, 0, &report, e));
    ck_assert_int_eq(number(report, "blobs"), 1);
    ck_assert_int_eq(number(report, "bytes"), 1234);
    vidstore_text_free(report);
    ck_assert_int_eq(entries(backup_place), 4); /* it was only read */
    close_store();
    snprintf(place, sizeof place, "%s/restored", folder);
    open_store();
    ck_assert_str_eq(vidstore_instance_id(store), instance);
    ck_assert_int_eq(events("action = restored"), 1);
    must(vidstore_file_verify(sys, file.text, NULL, e));
    put_file(sys, 77, NULL, NULL);
}
END_TEST

START_TEST(a_store_in_use_can_be_restored_from) {
    struct id file = put_file(sys, 1234, NULL, NULL);
    must(vidstore_restore(place, restored, 0, NULL, e)); /* its last changes are still in the log */
    put_file(sys, 99, NULL, NULL);                       /* and it goes on */
    must(vidstore_file_verify(sys, file.text, NULL, e));
    close_store();
    snprintf(place, sizeof place, "%s/restored", folder);
    open_store();
    must(vidstore_file_verify(sys, file.text, NULL, e));
}
END_TEST

START_TEST(restore_wants_a_backup_and_a_place) {
    vidstore_text *report = (vidstore_text *)-1;
    char path[160];
    backup();
    snprintf(path, sizeof path, "%s/none", folder);
    refused(VIDSTORE_NOT_FOUND, "backup", vidstore_restore(path, restored, 0, &report, e));
    ck_assert_ptr_null(report);
    refused(VIDSTORE_NOT_FOUND, "backup", vidstore_restore(folder, restored, 0, NULL, e));
    refused(VIDSTORE_MISUSE, "backup", vidstore_restore(NULL, restored, 0, NULL, e));
    refused(VIDSTORE_INVALID, "backup", vidstore_restore("", restored, 0, NULL, e));
    refused(VIDSTORE_MISUSE, "directory", vidstore_restore(backup_place, NULL, 0, NULL, e));
    refused(VIDSTORE_INVALID, "directory", vidstore_restore(backup_place, "", 0, NULL, e));
    refused(VIDSTORE_INVALID, "flags", vidstore_restore(backup_place, restored, 2, NULL, e));
    refused(VIDSTORE_EXISTS, "directory", vidstore_restore(backup_place, place, 0, NULL, e));
    refused(VIDSTORE_EXISTS, "directory", vidstore_restore(backup_place, backup_place, 0, NULL, e));
    ck_assert(is_not_there(restored));
    ck_assert_int_eq(entries(folder), 2);
}
END_TEST

/* Each way in which a backup can be bad. */
/* Overwrites one letter of a text that no index and no check of the database knows. */
static void change_letter(const char *path, const char *text) {
    static char all[8 << 20];
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    size_t size = fread(all, 1, sizeof all, f);
    fclose(f);
    char *at = memmem(all, size, text, strlen(text));
    ck_assert_ptr_nonnull(at);
    damage(path, at - all);
}

START_TEST(a_changed_database_of_a_backup_is_refused) {
    char db[160], seal[160];
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "x");
    vidstore_job_params_set_text(p, VIDSTORE_JOB_METADATA, "{\"note\":\"zebra in the dark\"}");
    must(vidstore_job_submit(sys, p, NULL, e));
    vidstore_job_params_free(p);
    backup();
    snprintf(db, sizeof db, "%s/store.db", backup_place);
    snprintf(seal, sizeof seal, "%s/BACKUP", backup_place);
    change_letter(db, "zebra in the dark");
    vidstore_error *error = NULL;
    ck_assert_int_eq(vidstore_restore(backup_place, restored, 0, NULL, &error), VIDSTORE_CORRUPT);
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_CHECKSUM);
    ck_assert_str_eq(vidstore_error_field(error), "backup");
    vidstore_error_free(error);
    ck_assert(is_not_there(restored));
    FILE *f = fopen(seal, "w"); /* what is no seal vouches for nothing */
    ck_assert_ptr_nonnull(f);
    fputs("vidstore backup 1\ndatabase 12 0011\n", f);
    ck_assert_int_eq(fclose(f), 0);
    refused(VIDSTORE_CORRUPT, "backup", vidstore_restore(backup_place, restored, 0, NULL, e));
    ck_assert_int_eq(unlink(seal), 0); /* somebody wants it as it is */
    must(vidstore_restore(backup_place, restored, 0, NULL, e));
}
END_TEST

/* A backup that was opened as a store may change, and vouches for nothing any more; one that was only read does. */
START_TEST(a_backup_that_is_used_is_a_store) {
    char seal[160], uri[160];
    vidstore *vs = NULL;
    backup();
    snprintf(seal, sizeof seal, "%s/BACKUP", backup_place);
    snprintf(uri, sizeof uri, "vidstore:%s?mode=ro", backup_place);
    must(vidstore_open(uri, NULL, &vs, e));
    vidstore_close(vs);
    ck_assert_int_eq(access(seal, F_OK), 0);
    must(vidstore_open(backup_place, NULL, &vs, e));
    vidstore_close(vs);
    ck_assert(is_not_there(seal));
    must(vidstore_restore(backup_place, restored, 0, NULL, e));
}
END_TEST

START_TEST(a_damaged_backup_is_refused) {
    struct id file = put_file(sys, 200000, NULL, NULL);
    char blob[256], db[160], marker[160];
    put_file(sys, 100, NULL, NULL);
    backup();
    path_in(backup_place, file, blob, sizeof blob);
    snprintf(db, sizeof db, "%s/store.db", backup_place);
    snprintf(marker, sizeof marker, "%s/blobs/INSTANCE", backup_place);
    ck_assert_int_eq(chmod(blob, 0600), 0);
    switch (_i) {
    case 0:
        damage(blob, 150000);
        break;
    case 1:
        ck_assert_int_eq(truncate(blob, 199999), 0);
        break;
    case 2:
        ck_assert_int_eq(unlink(blob), 0);
        break;
    case 3:
        for (long at = 4096; at < 200000; at += 512)
            damage(db, at);
        break;
    case 4:
        ck_assert_int_eq(truncate(db, 50000), 0);
        break;
    case 5:
        damage(marker, 3);
        break;
    case 6:
        run_sql(db, "PRAGMA user_version = 10000; UPDATE vs_meta SET value = '10000' WHERE key = 'compatible_version'");
        break;
    case 7:
        run_sql(db, "PRAGMA application_id = 1");
        break;
    case 8:
        run_sql(db, "UPDATE vs_migration SET checksum = x'00' WHERE version = 2");
        break;
    default:
        ck_assert_int_eq(truncate(blob, 200001), 0);
    }
    vidstore_error *error = NULL;
    vidstore_status status = vidstore_restore(backup_place, restored, 0, NULL, &error);
    ck_assert_msg(status == VIDSTORE_CORRUPT || status == VIDSTORE_SCHEMA, "case %d gave %s: %s", _i,
                  vidstore_status_name(status), vidstore_error_message(error));
    vidstore_error_free(error);
    ck_assert(is_not_there(restored));
    ck_assert_int_eq(entries(folder), 2);
}
END_TEST

Suite *restore_suite(void);

Suite *restore_suite(void) {
    Suite *suite = suite_create("restore");
    TCase *t = tcase_create("restore");
    tcase_add_checked_fixture(t, begin_places, end);
    tcase_add_test(t, a_restored_store_says_so);
    tcase_add_test(t, a_store_in_use_can_be_restored_from);
    tcase_add_test(t, restore_wants_a_backup_and_a_place);
    tcase_add_test(t, a_changed_database_of_a_backup_is_refused);
    tcase_add_test(t, a_backup_that_is_used_is_a_store);
    tcase_add_loop_test(t, a_damaged_backup_is_refused, 0, 10);
    suite_add_tcase(suite, t);
    return suite;
}
