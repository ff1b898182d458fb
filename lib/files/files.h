/* SPDX-License-Identifier: MIT */
/* Files, as the other parts see them. */
#ifndef VS_FILES_FILES_H
#define VS_FILES_FILES_H

#include "store/crud.h"
#include "vidstore/file.h"

extern const struct vs_noun vs_file_noun;
extern const struct vs_rules vs_file_rules;
extern const struct vs_word vs_file_backends[], vs_file_access[], vs_file_categories[];

/* Inside a write, before the files that a removal took come back with what they hang on: those whose time ran out
 * meanwhile get a new one, as a file does that is restored by itself. */
int vs_files_renew_removed(struct vs_conn *conn, const struct vs_uuid *removal, int64_t now_us, vidstore_error **e);

/* ---- uploads, inside a public call that has entered the session ---- */

/* Where the bytes of an upload come from, so that another process can go on. */
struct vs_upload_source {
    const char *url;       /* NULL: nowhere in particular */
    const char *validator; /* tells versions of what lies there apart; NULL: none */
    int64_t size;          /* INT64_MIN: not known */
};

/* As vidstore_upload_open. expected: how many bytes will come, -1 when not known. source may be NULL. */
int vs_upload_open(vidstore_session *session, const struct vs_params *params, int64_t expected,
                   const struct vs_upload_source *source, vidstore_upload **ret, vidstore_error **e);
/* As vidstore_upload_resume. */
int vs_upload_resume(vidstore_session *session, const struct vs_uuid *id, vidstore_upload **ret, vidstore_error **e);
/* What it is to become, in place of what was said when it began; not on record until it is published. */
int vs_upload_become(vidstore_upload *upload, const struct vs_params *params, vidstore_error **e);
/* 1: its bytes are whole already, and only publishing is left. */
int vs_upload_is_sealed(const vidstore_upload *upload);
/* The newest unpublished upload of an owner from a URL, for a video when one is given (and for none when not).
 * NOT_FOUND. It may still be in work: resuming says BUSY then. */
int vs_upload_find_source(vidstore_session *session, const struct vs_uuid *owner, const char *url,
                          const struct vs_uuid *video, struct vs_uuid *ret, vidstore_error **e);
/* What is on record; borrowed from the upload until it is set anew. */
struct vs_upload_source vs_upload_source(const vidstore_upload *upload);
int vs_upload_set_source(vidstore_session *session, vidstore_upload *upload, const struct vs_upload_source *source,
                         vidstore_error **e);
/* Cuts the upload to its first bytes: 0 to start again. */
int vs_upload_truncate(vidstore_session *session, vidstore_upload *upload, int64_t size, vidstore_error **e);
/* session NULL: it is not at hand. Now and then it says on record that the upload lives, and then a lost lease ends it
 * with LEASE_LOST. */
int vs_upload_write(vidstore_session *session, vidstore_upload *upload, const void *data, size_t len,
                    vidstore_error **e);
/* Appends from a descriptor to its end, or max bytes (-1: no maximum). The session's interrupt, and its deadline when
 * one was set, stop it; NULL: it is not at hand. */
int vs_upload_copy_fd(vidstore_session *session, vidstore_upload *upload, int fd, int64_t max, vidstore_error **e);
/* Appends up to max bytes of a regular file of the host's, from where the upload ends; *ret_left: how many follow. */
int vs_upload_copy_file(vidstore_session *session, vidstore_upload *upload, int fd, int64_t max, int64_t *ret_left,
                        vidstore_error **e);
/* Makes the bytes durable, and says so on record. */
int vs_upload_seal(vidstore_session *session, vidstore_upload *upload, int64_t total, vidstore_error **e);
/* Makes a sealed upload a file. Once it is one, it gives that file again. */
int vs_upload_publish(vidstore_session *session, vidstore_upload *upload, struct vs_record **ret, vidstore_error **e);
/* Both of them in one commit. Refuses to run inside a transaction. */
int vs_upload_finish(vidstore_session *session, vidstore_upload *upload, int64_t total, struct vs_record **ret,
                     vidstore_error **e);
/* Removes what is not published. session may be NULL. */
int vs_upload_abort(vidstore_session *session, vidstore_upload *upload, vidstore_error **e);

/* ---- paths of this machine ---- */

/* 0 for those who may name a path of this machine in a call, or a descriptor in JSON: admins, the system and workers.
 * The process can read and write more than a user may. Else FORBIDDEN, which goes on record. object may be NULL. */
int vs_file_may_name_path(vidstore_session *session, const char *field, const struct vs_uuid *object,
                          vidstore_error **e);

/* ---- reading ---- */

/* The bytes of a file that this session may read, open; no event. NOT_FOUND, FORBIDDEN, CORRUPT when they are gone. */
int vs_file_open(vidstore_session *session, const struct vs_uuid *id, struct vs_record **ret_file,
                 struct vs_blob_reader **ret_reader, vidstore_error **e);

/* Video or audio in the container `format`, as a probe found: for a file whose name told nothing. No event. */
int vs_file_keep_kind(struct vs_conn *conn, const struct vs_uuid *id, const char *kind, const char *format,
                      vidstore_error **e);

/* ---- the clean-up ---- */

struct vs_files_gc_options {
    int64_t deadline_us; /* on the clock of vs_mono_us(); 0: none */
    int dry_run;         /* only count */
    int all;             /* uploads and doomed bytes at once, not when their time is over */
    int64_t spare_us;    /* even so, not uploads touched so recently: they may be between two of their steps */
};

struct vs_files_gc {
    int64_t expired; /* files removed because their time was over */
    int64_t purged;  /* removed files that were ended for good */
    int64_t uploads; /* unfinished and unpublished uploads given up */
    int64_t deleted; /* blobs whose bytes were deleted */
    int64_t bytes;   /* of these, and of the uploads */
    int64_t failed;  /* blobs that could not be deleted: their rows stay for the next run */
    char why[160];   /* of the first of these */
    int more;        /* 1: the deadline came first */
};

/* Does what is due. Acts as the system; session is that of the admin who asked, for its interrupt and deadline. Must
 * not run inside a transaction. */
int vs_files_gc(vidstore_session *session, const struct vs_files_gc_options *options, struct vs_files_gc *ret,
                vidstore_error **e);

struct vs_files_verify_options {
    int64_t since_us;    /* not what was read at this time or later */
    int64_t deadline_us; /* on the clock of vs_mono_us(), 0: none; what is being read then is read to its end */
    int record;          /* 1: what was found goes on record, with an event each damaged file */
};

struct vs_files_verified {
    int64_t blobs, bytes, damaged; /* blobs that were read, and of these the damaged ones */
    int more;                      /* 1: the deadline came first */
    struct vs_buf found;           /* JSON of the first damaged ones: objects with blob, files, reason */
    char first[160];               /* the first of them in words, or "" */
};

/* Reads the bytes of every blob that files refer to, those first that were not read for longest, one at least. Must
 * not run inside a transaction. ret->found is for vs_buf_free, after a failure too. */
int vs_files_verify(vidstore_session *session, const struct vs_files_verify_options *options,
                    struct vs_files_verified *ret, vidstore_error **e);

struct vs_files_check {
    int64_t blobs, missing, wrong_size; /* stored blobs on record; of these, without bytes, and with too many or few */
    int64_t unknown, unknown_bytes;     /* sealed blobs on the disk that no row knows: reported, never deleted */
    int64_t stray_parts, removed_parts; /* parts that no row knows; those older than a day are removed */
    int more;                           /* 1: the deadline came first */
    char first_missing[VS_UUID_TEXT];   /* id of a blob, or "" */
    char first_wrong[VS_UUID_TEXT];     /* the same, of a wrong size */
    char first_unknown[VS_BLOB_KEY_TEXT]; /* key of a blob, or "" */
};

/* Compares what is on record with what lies on the disk. Of options, deadline and dry_run count. */
int vs_files_check(vidstore_session *session, const struct vs_files_gc_options *options, struct vs_files_check *ret,
                   vidstore_error **e);

#endif
