/* SPDX-License-Identifier: MIT */
/**
 * @file video.h
 * Videos: what is known of each recording, from where it came to what a probe found in it.
 * Thread class: records are immutable; params and sessions are used by one thread at a time.
 */
#ifndef VIDSTORE_VIDEO_H
#define VIDSTORE_VIDEO_H

#include <vidstore/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** States of a download or of processing. */
enum {
    VIDSTORE_WORK_UNKNOWN = -1,
    VIDSTORE_WORK_NONE = 0, /**< Nothing to do. */
    VIDSTORE_WORK_PENDING = 10,
    VIDSTORE_WORK_ACTIVE = 20,
    VIDSTORE_WORK_COMPLETED = 30,
    VIDSTORE_WORK_FAILED = 40
};

/** How to probe: bits. */
enum {
    VIDSTORE_PROBE_UNKNOWN = -1,
    VIDSTORE_PROBE_WARM = 1,      /**< In a sandboxed process that reads many files: faster, for files of one's own. */
    VIDSTORE_PROBE_NO_DECODE = 2, /**< Without decoding the first frame: faster, and fewer facts. */
    VIDSTORE_PROBE_ANEW = 4       /**< Even if this prober has seen the same bytes before. */
};

/** Fields of a video, for access by id. New ones may be added. */
enum {
    VIDSTORE_VIDEO_UNKNOWN = -1,
    VIDSTORE_VIDEO_ID = 3001, /**< UUID; settable at creation. */
    VIDSTORE_VIDEO_USER_ID =
        3002, /**< UUID of the owner; the nil UUID is the system. Settable at creation by admins and the system. */
    VIDSTORE_VIDEO_CREATED_US = 3003,
    VIDSTORE_VIDEO_UPDATED_US = 3004,
    VIDSTORE_VIDEO_VERSION = 3005,     /**< Counts up with every change. */
    VIDSTORE_VIDEO_EXTERNAL_ID = 3006, /**< Text: the host's own id, unique an owner. */
    VIDSTORE_VIDEO_METADATA = 3007,    /**< JSON object: anything of the host. */
    VIDSTORE_VIDEO_DELETED_US = 3008,  /**< When it was removed; NULL: it is not. */
    VIDSTORE_VIDEO_REMOVAL_ID = 3009,  /**< UUID that all records share which one removal took. */
    VIDSTORE_VIDEO_JOB_ID = 3010,      /**< UUID of the job that it belongs to. */
    VIDSTORE_VIDEO_URL = 3011,         /**< Where it comes from: URL or path. Another one makes the download pending. */
    VIDSTORE_VIDEO_EPISODE = 3012,     /**< Unique in its job. */
    VIDSTORE_VIDEO_TITLE = 3013,
    VIDSTORE_VIDEO_SERIES = 3014,
    VIDSTORE_VIDEO_SEASON = 3015,
    VIDSTORE_VIDEO_TAGS = 3016,           /**< JSON array of texts. */
    VIDSTORE_VIDEO_FILE_NAME = 3017,      /**< Name for the file that is fetched. */
    VIDSTORE_VIDEO_YEAR = 3018,           /**< Of its making; from the container when nobody has set it. */
    VIDSTORE_VIDEO_RESOLUTION = 3019,     /**< Class: low, 360p, 480p, 576p, 720p, 1080p, 1440p, 2160p, 4320p. */
    VIDSTORE_VIDEO_DOWNLOAD_STATE = 3020, /**< VIDSTORE_WORK_…. */
    VIDSTORE_VIDEO_DOWNLOAD_DONE = 3021,  /**< Bytes. */
    VIDSTORE_VIDEO_DOWNLOAD_TOTAL = 3022, /**< Bytes; NULL: not known. */
    VIDSTORE_VIDEO_DOWNLOAD_ERROR = 3023,
    VIDSTORE_VIDEO_DOWNLOAD_RETRIES = 3024,
    VIDSTORE_VIDEO_DOWNLOAD_STARTED_US = 3025,
    VIDSTORE_VIDEO_DOWNLOAD_COMPLETED_US = 3026,
    VIDSTORE_VIDEO_DOWNLOAD_PATH = 3027,     /**< Text of the host's. */
    VIDSTORE_VIDEO_DOWNLOAD_CHECKSUM = 3028, /**< SHA-256 that arrived, 64 hex digits. */
    VIDSTORE_VIDEO_EXPECTED_SHA256 = 3029,   /**< SHA-256 that must arrive. */
    VIDSTORE_VIDEO_SOURCE_FILE_ID = 3030,    /**< UUID of the file that was fetched. */
    VIDSTORE_VIDEO_PROCESSING_STATE = 3040,  /**< VIDSTORE_WORK_…. */
    VIDSTORE_VIDEO_PROCESSING_DONE = 3041,
    VIDSTORE_VIDEO_PROCESSING_TOTAL = 3042,
    VIDSTORE_VIDEO_PROCESSING_ERROR = 3043,
    VIDSTORE_VIDEO_PROCESSING_RETRIES = 3044,
    VIDSTORE_VIDEO_PROCESSING_STARTED_US = 3045,
    VIDSTORE_VIDEO_PROCESSING_COMPLETED_US = 3046,
    VIDSTORE_VIDEO_PROCESSING_PATH = 3047,     /**< Text of the host's. */
    VIDSTORE_VIDEO_PROCESSING_CHECKSUM = 3048, /**< SHA-256, 64 hex digits. */
    VIDSTORE_VIDEO_PROCESSED_FILE_ID = 3049,   /**< UUID of the file that came out. */
    VIDSTORE_VIDEO_PROBE_STATUS =
        3060, /**< ok, partial, empty, not_media, unsupported, truncated, damaged, limit_…; NULL: not probed. */
    VIDSTORE_VIDEO_PROBED_US = 3061,
    VIDSTORE_VIDEO_PROBER = 3062, /**< Name and versions of what probed it, and which facts it knew; what another
                                      says of the same bytes may be more. */
    VIDSTORE_VIDEO_PROBED_FILE_ID = 3063, /**< UUID of the file that was probed; NULL: a path or descriptor. */
    VIDSTORE_VIDEO_MEDIA_KIND = 3064,     /**< video, audio, image… */
    VIDSTORE_VIDEO_FORMAT = 3065,         /**< Container, such as mp4 or matroska. */
    VIDSTORE_VIDEO_DURATION_US = 3066,
    VIDSTORE_VIDEO_DURATION_SOURCE = 3067, /**< Where the duration comes from. */
    VIDSTORE_VIDEO_SIZE = 3068,            /**< Bytes. */
    VIDSTORE_VIDEO_BIT_RATE = 3069,        /**< Bits a second. */
    VIDSTORE_VIDEO_WIDTH = 3070,           /**< Of the main video stream, as coded. */
    VIDSTORE_VIDEO_HEIGHT = 3071,
    VIDSTORE_VIDEO_DISPLAY_WIDTH = 3072, /**< After pixel aspect and rotation. */
    VIDSTORE_VIDEO_DISPLAY_HEIGHT = 3073,
    VIDSTORE_VIDEO_CODEC = 3074, /**< Of the main video stream. */
    VIDSTORE_VIDEO_PROFILE = 3075,
    VIDSTORE_VIDEO_FPS_NUM = 3076, /**< Average frame rate, numerator. */
    VIDSTORE_VIDEO_FPS_DEN = 3077, /**< And denominator. */
    VIDSTORE_VIDEO_PIX_FMT = 3078,
    VIDSTORE_VIDEO_BIT_DEPTH = 3079,
    VIDSTORE_VIDEO_ROTATION = 3080,    /**< Clockwise: 0, 90, 180, 270. */
    VIDSTORE_VIDEO_HDR = 3081,         /**< sdr, hdr10, hdr10plus, hlg, pq, dv. */
    VIDSTORE_VIDEO_SCAN = 3082,        /**< progressive or interlaced. */
    VIDSTORE_VIDEO_AUDIO_CODEC = 3083, /**< Of the main audio stream. */
    VIDSTORE_VIDEO_AUDIO_CHANNELS = 3084,
    VIDSTORE_VIDEO_AUDIO_LAYOUT = 3085,
    VIDSTORE_VIDEO_SAMPLE_RATE = 3086,    /**< Hertz. */
    VIDSTORE_VIDEO_AUDIO_BIT_RATE = 3087, /**< Bits a second. */
    VIDSTORE_VIDEO_LANGUAGE = 3088,       /**< Of the main audio stream. */
    VIDSTORE_VIDEO_STREAMS = 3089,        /**< How many. */
    VIDSTORE_VIDEO_CHAPTERS = 3090,       /**< How many. */
    VIDSTORE_VIDEO_RECORDED_US = 3091,    /**< Creation time in the container. */
    VIDSTORE_VIDEO_RATE_MODE = 3092,      /**< Frame rate: cfr (constant) or vfr (variable). */
    VIDSTORE_VIDEO_FPS_MILLI = 3093,      /**< Average frame rate, in frames a thousand seconds: 23976. */
    VIDSTORE_VIDEO_LEVEL = 3094,          /**< Of the codec, as its streams write it: 41 is 4.1 for h264. */
    VIDSTORE_VIDEO_CHROMA = 3095,         /**< Chroma subsampling: 420, 422, 444… */
    VIDSTORE_VIDEO_COLOR_RANGE = 3096,    /**< limited or full. */
    VIDSTORE_VIDEO_PRIMARIES = 3097,      /**< Color primaries, such as bt709 or bt2020. */
    VIDSTORE_VIDEO_TRANSFER = 3098,       /**< Transfer characteristics, such as bt709 or smpte2084. */
    VIDSTORE_VIDEO_DV_PROFILE = 3099,     /**< Of Dolby Vision. */
    VIDSTORE_VIDEO_PROJECTION = 3100,     /**< Of spherical video. */
    VIDSTORE_VIDEO_STEREO3D = 3101,       /**< How two views are packed. */
    VIDSTORE_VIDEO_CLOSED_CAPTIONS = 3102,
    VIDSTORE_VIDEO_AUDIO_STREAMS = 3103,      /**< How many. */
    VIDSTORE_VIDEO_AUDIO_LANGUAGES = 3104,    /**< Of all audio streams, with blanks between; = asks for one of them. */
    VIDSTORE_VIDEO_SUBTITLE_STREAMS = 3105,   /**< How many. */
    VIDSTORE_VIDEO_SUBTITLE_LANGUAGES = 3106, /**< Of all subtitles, with blanks between; = asks for one of them. */
    VIDSTORE_VIDEO_FASTSTART = 3107,          /**< The index stands before the data. */
    VIDSTORE_VIDEO_FRAGMENTED = 3108,
    VIDSTORE_VIDEO_ENCRYPTED = 3109,
    VIDSTORE_VIDEO_MAKE = 3110, /**< Of the camera. */
    VIDSTORE_VIDEO_MODEL = 3111
};

/**
 * A field of the record as text: text, JSON, ids, hashes, and the names of enumerations.
 * @param video  the record; NULL gives NULL.
 * @param field  a VIDSTORE_VIDEO_… constant.
 * @return borrowed from the record; NULL when the field is NULL, is a number, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_video_text(const vidstore_video *video, int32_t field);

/**
 * A field of the record as a number: counts, sizes, times, booleans, and the values of enumerations.
 * @param video  the record; NULL gives INT64_MIN.
 * @param field  a VIDSTORE_VIDEO_… constant.
 * @return the value; INT64_MIN when the field is NULL, is text, or is not one of this noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_video_int64(const vidstore_video *video, int32_t field);

/**
 * Whether a field has no value.
 * @param video  the record.
 * @param field  a VIDSTORE_VIDEO_… constant.
 * @return 1 when it is NULL, is hidden from the session that read it, or is not one of this noun; else 0.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int32_t vidstore_video_is_null(const vidstore_video *video, int32_t field);

/**
 * The whole record as a JSON object: enumerations as names, NULL as null.
 * @param video  the record.
 * @param ret_json  receives the text, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: MISUSE, NOMEM.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_json(const vidstore_video *video, vidstore_text **ret_json,
                                                 vidstore_error **reterr);

/**
 * Keep a record that was borrowed from a page, or share one.
 * @param video  the record, or NULL.
 * @return a handle of your own on the same snapshot, to be freed with vidstore_video_free(); NULL for NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_video *vidstore_video_ref(const vidstore_video *video);

/**
 * Free a record.
 * @param video  the record, or NULL.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API void vidstore_video_free(vidstore_video *video);

/**
 * One video of a page.
 * @param page  the page.
 * @param index  from 0 to vidstore_page_count() - 1.
 * @return borrowed from the page; NULL when there is none at the index, or the page is of another noun.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const vidstore_video *vidstore_page_video(const vidstore_page *page, int64_t index);

/**
 * The UUID.
 * @param video  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_video_id(const vidstore_video *video);

/**
 * The owner.
 * @param video  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_video_user_id(const vidstore_video *video);

/**
 * The title.
 * @param video  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_video_title(const vidstore_video *video);

/**
 * Where it comes from.
 * @param video  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_video_url(const vidstore_video *video);

/**
 * The episode number.
 * @param video  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_video_episode(const vidstore_video *video);

/**
 * Pixels, as coded.
 * @param video  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_video_width(const vidstore_video *video);

/**
 * Pixels, as coded.
 * @param video  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_video_height(const vidstore_video *video);

/**
 * Duration.
 * @param video  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_video_duration_us(const vidstore_video *video);

/**
 * Codec of the main video stream.
 * @param video  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_video_codec(const vidstore_video *video);

/**
 * Container.
 * @param video  the record; NULL is fine.
 * @return the value. Borrowed from the record; NULL when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API const char *vidstore_video_format(const vidstore_video *video);

/**
 * When the record was created.
 * @param video  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_video_created_us(const vidstore_video *video);

/**
 * The version, for vidstore_video_params_expect_version().
 * @param video  the record; NULL is fine.
 * @return the value. INT64_MIN when there is none.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API int64_t vidstore_video_version(const vidstore_video *video);

/**
 * Values for a video, none of them set.
 * @return a new object, to be freed with vidstore_video_params_free(). Never NULL: when memory is out, the call that
 *   takes it says so.
 * Threads: any. Since 0.1.
 */
VIDSTORE_API vidstore_video_params *vidstore_video_params_new(void);

/**
 * Free it.
 * @param params  the object, or NULL.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_video_params_free(vidstore_video_params *params);

/**
 * Set a text, JSON, id, hash, or (by its name) an enumeration. A bad value is kept as an error, and reported with its
 * field by the call that takes the params; only the first one counts.
 * @param params  the object.
 * @param field  a VIDSTORE_VIDEO_… constant.
 * @param value  UTF-8, copied; NULL is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_video_params_set_text(vidstore_video_params *params, int32_t field, const char *value);

/**
 * Set a number, time, boolean or enumeration. A bad value is kept as an error, as with
 * vidstore_video_params_set_text().
 * @param params  the object.
 * @param field  a VIDSTORE_VIDEO_… constant.
 * @param value  in the unit of the field; INT64_MIN is the same as clearing.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_video_params_set_int64(vidstore_video_params *params, int32_t field, int64_t value);

/**
 * Write NULL into a field, which is not the same as leaving it alone.
 * @param params  the object.
 * @param field  a VIDSTORE_VIDEO_… constant.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_video_params_clear(vidstore_video_params *params, int32_t field);

/**
 * Set many fields from a JSON object: enumerations by name, null clears, what is absent is left alone, unknown keys
 * are an error (kept, as with vidstore_video_params_set_text()).
 * @param params  the object.
 * @param json  at most 1 MiB; copied.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_video_params_set_json(vidstore_video_params *params, const char *json);

/**
 * Demand that the record still has this version when it is updated; else the update says CONFLICT.
 * @param params  the object.
 * @param version  VIDSTORE_VIDEO_VERSION of the record that was read.
 * Threads: one at a time an object. Since 0.1.
 */
VIDSTORE_API void vidstore_video_params_expect_version(vidstore_video_params *params, int64_t version);

/**
 * Create a video. With an id of the caller's, the same call may be repeated: the same id with the same content
 * returns the record that exists.
 * @param session  who acts.
 * @param params  the values; not changed.
 * @param ret_video  receives the new record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, NOT_FOUND, UNAUTHENTICATED, EXISTS, CONFLICT (the id exists with other content), QUOTA, MISUSE,
 * STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY,
 * UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_create(vidstore_session *session, const vidstore_video_params *params,
                                                   vidstore_video **ret_video, vidstore_error **reterr);

/**
 * Read a video.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_video  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_get(vidstore_session *session, const char *id, vidstore_video **ret_video,
                                                vidstore_error **reterr);

/**
 * Read a video by the host's own id for it.
 * @param session  who acts.
 * @param user_id  the owner's UUID; NULL: the session's own user.
 * @param external_id  the VIDSTORE_VIDEO_EXTERNAL_ID that it was created with.
 * @param ret_video  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_get_external(vidstore_session *session, const char *user_id,
                                                         const char *external_id, vidstore_video **ret_video,
                                                         vidstore_error **reterr);

/**
 * Whether a video exists that this session may see.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_exists  receives 1 or 0.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_exists(vidstore_session *session, const char *id, int32_t *ret_exists,
                                                   vidstore_error **reterr);

/**
 * Change the fields that are set in params, and no others. What is said of the download is said of its URL: with
 * another one the state is pending again, without progress, times, tries and error, unless params set the state as
 * well; the source file stays until there is another.
 * @param session  who acts.
 * @param id  its UUID.
 * @param params  the values; not changed.
 * @param ret_video  receives the record as it is now.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, EXISTS, CONFLICT (another version), MISUSE, STATE, FORBIDDEN, BUSY,
 * TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_update(vidstore_session *session, const char *id,
                                                   const vidstore_video_params *params, vidstore_video **ret_video,
                                                   vidstore_error **reterr);

/**
 * Remove a video, so that it is no longer listed; vidstore_video_restore() brings it back, vidstore_video_purge()
 * ends it.
 * @param session  who acts.
 * @param id  its UUID.
 * @param mode  VIDSTORE_REMOVE_RESTRICT, _CASCADE or _DETACH: what happens to that which hangs on it.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST,
 * TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_remove(vidstore_session *session, const char *id, int32_t mode,
                                                   vidstore_error **reterr);

/**
 * Bring back a removed video, with exactly that which its removal took along.
 * @param session  who acts.
 * @param id  its UUID.
 * @param ret_video  receives the record.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, EXISTS (its place is taken by now), MISUSE, STATE, FORBIDDEN, BUSY,
 * TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_restore(vidstore_session *session, const char *id,
                                                    vidstore_video **ret_video, vidstore_error **reterr);

/**
 * End a removed video for good. The bytes of files go through the purge queue, which vidstore_maintain() works off.
 * @param session  who acts.
 * @param id  its UUID.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, STATE (it is not removed), MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_purge(vidstore_session *session, const char *id, vidstore_error **reterr);

/**
 * List the videos that this session may see.
 * @param session  who acts.
 * @param query  filter, sort, limit and cursor; NULL: the newest 100.
 * @param ret_page  receives the page; read it with vidstore_page_video().
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED (no index serves the query), MISUSE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_list(vidstore_session *session, const vidstore_query *query,
                                                 vidstore_page **ret_page, vidstore_error **reterr);

/**
 * Count the videos that a query finds; at most 10,000 unless the query asks for an exact count.
 * @param session  who acts.
 * @param query  its filter counts, its limit and cursor do not; NULL: all.
 * @param ret_count  receives the number.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_count(vidstore_session *session, const vidstore_query *query,
                                                  int64_t *ret_count, vidstore_error **reterr);

/**
 * Create many videos in one commit.
 * @param session  who acts.
 * @param params  the values of each.
 * @param count  how many, 0 to 10,000.
 * @param flags  VIDSTORE_BULK_ATOMIC or VIDSTORE_BULK_EACH.
 * @param ret_page  receives the records, in order; with VIDSTORE_BULK_EACH the failed ones are NULL there and
 *   vidstore_page_status() says why.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: as vidstore_video_create(); the field says which item, as in "items[3].…".
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_bulk_create(vidstore_session *session,
                                                        const vidstore_video_params *const *params, int64_t count,
                                                        uint32_t flags, vidstore_page **ret_page,
                                                        vidstore_error **reterr);

/**
 * Update many videos in one commit.
 * @param session  who acts.
 * @param ids  the UUID of each.
 * @param params  the values of each.
 * @param count  how many, 0 to 10,000.
 * @param flags  VIDSTORE_BULK_ATOMIC or VIDSTORE_BULK_EACH.
 * @param ret_page  receives the records, as vidstore_video_bulk_create() does.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: as vidstore_video_update().
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_bulk_update(vidstore_session *session, const char *const *ids,
                                                        const vidstore_video_params *const *params, int64_t count,
                                                        uint32_t flags, vidstore_page **ret_page,
                                                        vidstore_error **reterr);

/**
 * Probe the file of a video (VIDSTORE_VIDEO_SOURCE_FILE_ID, or else the newest file of the video) in a sandboxed
 * helper process, and keep what was found: container, streams, chapters, tags. Bytes that the same prober has seen
 * before are not read again: they get the facts that it found then, and "reused" among them says so. A probe that
 * ended early (out of time or memory, an unreadable disk, a process that broke down, a limit) leaves what an earlier
 * one found in the same bytes as it is. Refuses to run inside a transaction.
 * @param session  who acts.
 * @param id  the video's UUID.
 * @param ret_video  receives the record with the facts.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND (no such video, or it has no file), MEDIA (the bytes are no media;
 * VIDSTORE_VIDEO_PROBE_STATUS says so from then on), TIMEOUT, NOMEM, IO (also of the probe: it ended early, and
 * another may not), UNAVAILABLE (no helper, or the process that read the bytes broke down), MISUSE, STATE, FORBIDDEN,
 * BUSY, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database, the probe helper (10 s at most). Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_probe(vidstore_session *session, const char *id, vidstore_video **ret_video,
                                                  vidstore_error **reterr);

/**
 * Probe the files of many videos, each as vidstore_video_probe() would, as many at a time as the setting probe.parallel
 * says. One that fails hurts no other. What is done together is committed together, as soon as it is done, with one
 * audit event: an interrupt, or a failure of the store, ends the call and leaves what was kept until then.
 * @param session  who acts.
 * @param ids  the UUID of each.
 * @param count  how many, 0 to 10,000.
 * @param flags  VIDSTORE_PROBE_…, or 0.
 * @param ret_page  receives the records, in order; the failed ones are NULL there and vidstore_page_status() says why:
 *   MEDIA for bytes that are no media, TIMEOUT, NOMEM, IO or UNAVAILABLE for a probe that ended early.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAVAILABLE (no helper), MISUSE, STATE, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, ABORTED, NOMEM, IO,
 * FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database, disk, the probe helper (10 s at most for each). Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_probe_many(vidstore_session *session, const char *const *ids, int64_t count,
                                                       uint32_t flags, vidstore_page **ret_page,
                                                       vidstore_error **reterr);

/**
 * Probe a regular file that the caller has open, and keep the facts in a video record.
 * @param session  who acts.
 * @param id  the video's UUID.
 * @param fd  a regular file, open for reading, that is not part of a store; its position is not used and it is not
 *   closed. INVALID names it otherwise.
 * @param ret_video  receives the record with the facts.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: as vidstore_video_probe().
 * Threads: one at a time a session. Blocks: database, the probe helper (10 s at most). Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_probe_fd(vidstore_session *session, const char *id, int32_t fd,
                                                     vidstore_video **ret_video, vidstore_error **reterr);

/**
 * Probe a file of this machine, and keep the facts in a video record. Naming a path is for admins, the system and
 * workers, because the process can read more than its users may.
 * @param session  who acts.
 * @param id  the video's UUID.
 * @param path  a regular file that is not part of a store; symbolic links are followed.
 * @param ret_video  receives the record with the facts.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: as vidstore_video_probe().
 * Threads: one at a time a session. Blocks: database, the probe helper (10 s at most). Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_probe_path(vidstore_session *session, const char *id, const char *path,
                                                       vidstore_video **ret_video, vidstore_error **reterr);

/**
 * Look into a file of this machine and keep nothing. What the bytes are is part of the answer ("status" of
 * "container"), not of the status of the call. Naming a path is for admins, the system and workers.
 * @param session  who acts.
 * @param path  a regular file that is not part of a store; symbolic links are followed.
 * @param flags  VIDSTORE_PROBE_WARM, VIDSTORE_PROBE_NO_DECODE, or 0.
 * @param ret_json  receives a JSON object as of vidstore_video_facts(), which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, UNAVAILABLE (no helper), MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT,
 * CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: disk, the probe helper (10 s at most). Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_media_probe_path(vidstore_session *session, const char *path, uint32_t flags,
                                                       vidstore_text **ret_json, vidstore_error **reterr);

/**
 * Look into many files of this machine, as many at a time as the setting probe.parallel says, and keep nothing. One
 * that fails hurts no other. Naming a path is for admins, the system and workers.
 * @param session  who acts.
 * @param paths  regular files that are not part of a store; symbolic links are followed.
 * @param count  how many, 0 to 1,000.
 * @param flags  VIDSTORE_PROBE_WARM, VIDSTORE_PROBE_NO_DECODE, or 0.
 * @param ret_json  receives a JSON array, which the caller frees: in order, an object for each path as of
 *   vidstore_media_probe_path(), or with "error" alone: an object with "code", "message" and more. Together they take
 * at most 64 MiB; what would make it more has the error FULL.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: as vidstore_media_probe_path(), but for those of a single file.
 * Threads: one at a time a session. Blocks: disk, the probe helper (10 s at most for each). Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_media_probe_many(vidstore_session *session, const char *const *paths,
                                                       int64_t count, uint32_t flags, vidstore_text **ret_json,
                                                       vidstore_error **reterr);

/**
 * Look into a regular file that the caller has open, and keep nothing.
 * @param session  who acts.
 * @param fd  a regular file, open for reading, that is not part of a store; its position is not used and it is not
 *   closed. INVALID names it otherwise.
 * @param flags  VIDSTORE_PROBE_WARM, VIDSTORE_PROBE_NO_DECODE, or 0.
 * @param ret_json  receives a JSON object as of vidstore_video_facts(), which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: as vidstore_media_probe_path().
 * Threads: one at a time a session. Blocks: disk, the probe helper (10 s at most). Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_media_probe_fd(vidstore_session *session, int32_t fd, uint32_t flags,
                                                     vidstore_text **ret_json, vidstore_error **reterr);

/**
 * All that the last probe found: container, streams, chapters, tags.
 * @param session  who acts.
 * @param id  the video's UUID.
 * @param ret_json  receives a JSON object, which the caller frees.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_facts(vidstore_session *session, const char *id, vidstore_text **ret_json,
                                                  vidstore_error **reterr);

/**
 * How many of the videos that a query finds are of each codec, resolution class, HDR kind, language (of the main
 * sound), year, format, audio codec, kind of media, frame rate mode, kind of scan, bit depth, audio layout, and
 * language of any sound and of subtitles. Counts the newest 100,000, or with VIDSTORE_QUERY_EXACT_COUNT all.
 * @param session  who acts; only what it may see is counted.
 * @param query  filter and search; sort, limit and cursor do not matter; NULL: all.
 * @param ret_json  receives a JSON object, which the caller frees: "counted", "capped" (there are more), and "facets",
 *   an object with an array for each field: objects with "value" (null: not known) and "count", most frequent first,
 *   at most 50 each.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, UNSUPPORTED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED,
 * ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_facets(vidstore_session *session, const vidstore_query *query,
                                                   vidstore_text **ret_json, vidstore_error **reterr);

/**
 * Videos with the same bytes: those of which a stored file has the same SHA-256, whatever they are called, largest
 * waste first. Only videos of one owner are compared with each other: a user gets its own, admins and the system those
 * of every owner.
 * @param session  who acts.
 * @param query  only its limit counts (groups); NULL: 100.
 * @param ret_json  receives a JSON array, which the caller frees, of objects with "sha256", "size" (bytes), "count",
 *   "user_id" (the owner) and "videos": objects with "id" and "title" (or null), oldest first, at most 1,000.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED, LEASE_LOST, TXN_EXPIRED, ABORTED,
 * NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_duplicates(vidstore_session *session, const vidstore_query *query,
                                                       vidstore_text **ret_json, vidstore_error **reterr);

/**
 * The series that a session may see, season by season, as it must be known before episodes are merged: which are
 * missing between the first and the last, which are there twice, which are not probed, and in what they differ.
 * @param session  who acts.
 * @param series  its name, as VIDSTORE_VIDEO_SERIES has it.
 * @param season  only this season; NULL: all.
 * @param ret_json  receives a JSON object, which the caller frees: "series", and "seasons", an array of objects with
 *   "season", "episodes" (objects with "episode", "id", "title"), "missing" and "doubled" (numbers), "unprobed" (ids),
 *   "uniform" (true: nothing differs, so that they can be merged without encoding them again), and "differ", an object
 *   with an array for each field in which they differ: objects with "value" and "episodes" (numbers; null: one without
 *   a number), most frequent first: "resolution", "rotation", "display_size" (only where it follows from something
 *   else than those two, as the shape of the pixels), "codec", "profile", "pix_fmt", "bit_depth", "hdr", "frame_rate",
 *   "audio_codec", "audio_streams", "audio_channels", "audio_layout", "sample_rate".
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID, UNAUTHENTICATED, NOT_FOUND (no video of this series), MISUSE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED,
 * LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, CORRUPT, FORKED.
 * Threads: one at a time a session. Blocks: database. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_series(vidstore_session *session, const char *series, const char *season,
                                                   vidstore_text **ret_json, vidstore_error **reterr);

/**
 * Fetch the URL (or copy the path, for system sessions) of a video into the store, resuming what an earlier attempt
 * left, and link the file to the video. Progress shows in the record, and on the lease when the session is one's.
 * What fails for a reason that may pass keeps the bytes that came, for the next attempt; what is refused for good
 * (INVALID, NOT_FOUND, FORBIDDEN) does not. Either way the record says failed, and why.
 * Only http and https; addresses that are private, local or link-local are refused unless the setting
 * fetch.allow_private is on. An answer that says neither its length nor, by chunks, where it ends may have been cut
 * short by whatever ended the connection: it is refused unless VIDSTORE_VIDEO_EXPECTED_SHA256 is set, which decides
 * then, or the setting fetch.allow_unsized is on, and what comes counts as whole. Bytes in a content coding such as
 * gzip are refused. What the record says of the file (its name, checksum, job) counts as it is in the end. A video that
 * is given another URL meanwhile is left as it is then (CONFLICT); of several fetches at a time one makes the file,
 * which the others get. Refuses to run inside a transaction.
 * @param session  who acts.
 * @param id  the video's UUID.
 * @param ret_file  receives the file.
 * @param reterr  receives the error, or NULL; may be NULL.
 * @return VIDSTORE_OK or a status.
 * Errors: INVALID (URL, size, checksum; an end that is not told, a coding: sub HTTP), UNAUTHENTICATED, NOT_FOUND,
 * FORBIDDEN (address), UNAVAILABLE, CONFLICT (another URL), MISUSE, STATE, FORBIDDEN, BUSY, TIMEOUT, CANCELLED,
 * LEASE_LOST, TXN_EXPIRED, ABORTED, NOMEM, IO, FULL, CORRUPT, READONLY, UNKNOWN_OUTCOME, FORKED.
 * Threads: one at a time a session. Blocks: database, network, disk. Since 0.1.
 */
VIDSTORE_API vidstore_status vidstore_video_fetch(vidstore_session *session, const char *id, vidstore_file **ret_file,
                                                  vidstore_error **reterr);

#ifdef __cplusplus
}
#endif
#endif
