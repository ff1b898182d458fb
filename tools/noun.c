/* SPDX-License-Identifier: MIT */
/* The nouns: their calls behind one shape, the columns of their lists, the lines of their sheets. */
#include "noun.h"
#include <string.h>

/* Handles are opaque pointers of different types: these give them one. */
#define READING(noun, getter, prefix, lister)                                                                          \
    static vidstore_status noun##_get(vidstore_session *session, const char *id, void **ret,                           \
                                      vidstore_error **reterr) {                                                       \
        prefix *record = NULL;                                                                                         \
        vidstore_status status = getter(session, id, &record, reterr);                                                 \
        *ret = record;                                                                                                 \
        return status;                                                                                                 \
    }                                                                                                                  \
    static const void *noun##_item(const vidstore_page *page, int64_t index) {                                         \
        return lister(page, index);                                                                                    \
    }                                                                                                                  \
    static const char *noun##_text(const void *record, int32_t field) {                                                \
        return prefix##_text(record, field);                                                                           \
    }                                                                                                                  \
    static int64_t noun##_number(const void *record, int32_t field) {                                                  \
        return prefix##_int64(record, field);                                                                          \
    }                                                                                                                  \
    static vidstore_status noun##_json(const void *record, vidstore_text **ret, vidstore_error **reterr) {             \
        return prefix##_json(record, ret, reterr);                                                                     \
    }                                                                                                                  \
    static void noun##_free(void *record) {                                                                            \
        prefix##_free(record);                                                                                         \
    }

READING(user, vidstore_user_get, vidstore_user, vidstore_page_user)
READING(key, vidstore_key_get, vidstore_key, vidstore_page_key)
READING(login, vidstore_login_get, vidstore_login, vidstore_page_login)
READING(grant, vidstore_grant_get, vidstore_grant, vidstore_page_grant)
READING(link, vidstore_link_get, vidstore_link, vidstore_page_link)
READING(job, vidstore_job_get, vidstore_job, vidstore_page_job)
READING(video, vidstore_video_get, vidstore_video, vidstore_page_video)
READING(collection, vidstore_collection_get, vidstore_collection, vidstore_page_collection)
READING(file, vidstore_file_get, vidstore_file, vidstore_page_file)
READING(event, vidstore_audit_get, vidstore_audit_event, vidstore_page_audit_event)

#define RESTORING(noun)                                                                                                \
    static vidstore_status noun##_restore(vidstore_session *session, const char *id, void **ret,                       \
                                          vidstore_error **reterr) {                                                   \
        vidstore_##noun *record = NULL;                                                                                \
        vidstore_status status = vidstore_##noun##_restore(session, id, &record, reterr);                              \
        *ret = record;                                                                                                 \
        return status;                                                                                                 \
    }

RESTORING(job)
RESTORING(video)
RESTORING(collection)
RESTORING(file)

#define CALLS(noun)                                                                                                    \
    .get = noun##_get, .item = noun##_item, .text = noun##_text, .number = noun##_number, .json = noun##_json,         \
    .free = noun##_free

static const struct cli_field user_columns[] = {
    {"ID", CLI_F_ID, VIDSTORE_USER_ID, 0, 0},
    {"NAME", CLI_F_TEXT, VIDSTORE_USER_USERNAME, 0, CLI_ELASTIC},
    {"E-MAIL", CLI_F_TEXT, VIDSTORE_USER_EMAIL, 0, CLI_ELASTIC | CLI_OPTIONAL},
    {"ROLE", CLI_F_TEXT, VIDSTORE_USER_ROLE, 0, 0},
    {"STATE", CLI_F_STATE, VIDSTORE_USER_STATE, 0, 0},
    {"JOBS", CLI_F_NUMBER, VIDSTORE_USER_JOB_COUNT, 0, CLI_RIGHT | CLI_OPTIONAL},
    {"LAST LOGIN", CLI_F_TIME, VIDSTORE_USER_LAST_LOGIN_US, 0, CLI_OPTIONAL},
    {0},
};
static const struct cli_field user_sheet[] = {
    {"User", 0},
    {"name", CLI_F_TEXT, VIDSTORE_USER_USERNAME},
    {"e-mail", CLI_F_TEXT, VIDSTORE_USER_EMAIL},
    {"e-mail verified", CLI_F_BOOL, VIDSTORE_USER_EMAIL_VERIFIED},
    {"full name", CLI_F_TEXT, VIDSTORE_USER_FULL_NAME},
    {"role", CLI_F_TEXT, VIDSTORE_USER_ROLE},
    {"state", CLI_F_STATE, VIDSTORE_USER_STATE},
    {"last login", CLI_F_TIME, VIDSTORE_USER_LAST_LOGIN_US},
    {"password set", CLI_F_TIME, VIDSTORE_USER_PASSWORD_CHANGED_US},
    {"jobs submitted", CLI_F_NUMBER, VIDSTORE_USER_JOB_COUNT},
    {"time spent on jobs", CLI_F_MS, VIDSTORE_USER_PROCESSING_MS},
    {"Record", 0},
    {"id", CLI_F_ID, VIDSTORE_USER_ID},
    {"external id", CLI_F_TEXT, VIDSTORE_USER_EXTERNAL_ID},
    {"created", CLI_F_TIME, VIDSTORE_USER_CREATED_US},
    {"updated", CLI_F_TIME, VIDSTORE_USER_UPDATED_US},
    {"version", CLI_F_NUMBER, VIDSTORE_USER_VERSION},
    {"removed", CLI_F_TIME, VIDSTORE_USER_DELETED_US},
    {"metadata", CLI_F_TEXT, VIDSTORE_USER_METADATA},
    {0},
};
const struct cli_noun cli_users = {"user",
                                   "users",
                                   .names = {{"username", VIDSTORE_USER_USERNAME}, {"email", VIDSTORE_USER_EMAIL}},
                                   .searched = 1,
                                   CALLS(user),
                                   .list = vidstore_user_list,
                                   .count = vidstore_user_count,
                                   .remove = vidstore_user_remove,
                                   .purge = vidstore_user_purge,
                                   .id_field = VIDSTORE_USER_ID,
                                   .columns = user_columns,
                                   .sheet = user_sheet};

static const struct cli_field key_columns[] = {
    {"ID", CLI_F_ID, VIDSTORE_KEY_ID, 0, 0},
    {"NAME", CLI_F_TEXT, VIDSTORE_KEY_NAME, 0, CLI_ELASTIC},
    {"USER", CLI_F_ID, VIDSTORE_KEY_USER_ID, 0, CLI_OPTIONAL},
    {"SCOPES", CLI_F_TEXT, VIDSTORE_KEY_SCOPES, 0, CLI_ELASTIC},
    {"ENDS", CLI_F_TIME, VIDSTORE_KEY_EXPIRES_US, 0, 0},
    {"ENDED", CLI_F_TIME, VIDSTORE_KEY_REVOKED_US, 0, 0},
    {"LAST USED", CLI_F_TIME, VIDSTORE_KEY_LAST_USED_US, 0, CLI_OPTIONAL},
    {0},
};
static const struct cli_field key_sheet[] = {
    {"Key", 0},
    {"name", CLI_F_TEXT, VIDSTORE_KEY_NAME},
    {"scopes", CLI_F_TEXT, VIDSTORE_KEY_SCOPES},
    {"only from", CLI_F_TEXT, VIDSTORE_KEY_ADDRESSES},
    {"public part", CLI_F_TEXT, VIDSTORE_KEY_TOKEN_ID},
    {"ends", CLI_F_TIME, VIDSTORE_KEY_EXPIRES_US},
    {"ended", CLI_F_TIME, VIDSTORE_KEY_REVOKED_US},
    {"because", CLI_F_TEXT, VIDSTORE_KEY_REASON},
    {"replaced by", CLI_F_ID, VIDSTORE_KEY_REPLACED_BY},
    {"last used", CLI_F_TIME, VIDSTORE_KEY_LAST_USED_US},
    {"from", CLI_F_TEXT, VIDSTORE_KEY_LAST_IP},
    {"uses", CLI_F_NUMBER, VIDSTORE_KEY_USE_COUNT},
    {"Record", 0},
    {"id", CLI_F_ID, VIDSTORE_KEY_ID},
    {"user", CLI_F_ID, VIDSTORE_KEY_USER_ID},
    {"made by", CLI_F_ID, VIDSTORE_KEY_CREATED_BY},
    {"created", CLI_F_TIME, VIDSTORE_KEY_CREATED_US},
    {"updated", CLI_F_TIME, VIDSTORE_KEY_UPDATED_US},
    {"version", CLI_F_NUMBER, VIDSTORE_KEY_VERSION},
    {0},
};
const struct cli_noun cli_keys = {"key",
                                  "keys",
                                  .names = {{"name", VIDSTORE_KEY_NAME}},
                                  CALLS(key),
                                  .list = vidstore_key_list,
                                  .count = vidstore_key_count,
                                  .id_field = VIDSTORE_KEY_ID,
                                  .columns = key_columns,
                                  .sheet = key_sheet};

static const struct cli_field login_columns[] = {
    {"ID", CLI_F_ID, VIDSTORE_LOGIN_ID, 0, 0},
    {"USER", CLI_F_ID, VIDSTORE_LOGIN_USER_ID, 0, 0},
    {"FROM", CLI_F_EITHER, VIDSTORE_LOGIN_LAST_IP, VIDSTORE_LOGIN_IP, 0},
    {"BY", CLI_F_TEXT, VIDSTORE_LOGIN_METHOD, 0, CLI_OPTIONAL | CLI_ELASTIC},
    {"PROGRAM", CLI_F_TEXT, VIDSTORE_LOGIN_USER_AGENT, 0, CLI_ELASTIC | CLI_OPTIONAL},
    {"CREATED", CLI_F_TIME, VIDSTORE_LOGIN_CREATED_US, 0, CLI_OPTIONAL},
    {"LAST SEEN", CLI_F_TIME, VIDSTORE_LOGIN_LAST_SEEN_US, 0, 0},
    {"ENDED", CLI_F_TIME, VIDSTORE_LOGIN_REVOKED_US, 0, 0},
    {0},
};
static const struct cli_field login_sheet[] = {
    {"Login", 0},
    {"user", CLI_F_ID, VIDSTORE_LOGIN_USER_ID},
    {"by", CLI_F_TEXT, VIDSTORE_LOGIN_METHOD},
    {"address", CLI_F_TEXT, VIDSTORE_LOGIN_IP},
    {"program", CLI_F_TEXT, VIDSTORE_LOGIN_USER_AGENT},
    {"device", CLI_F_TEXT, VIDSTORE_LOGIN_DEVICE},
    {"password given", CLI_F_TIME, VIDSTORE_LOGIN_PROVED_US},
    {"last seen", CLI_F_TIME, VIDSTORE_LOGIN_LAST_SEEN_US},
    {"from", CLI_F_TEXT, VIDSTORE_LOGIN_LAST_IP},
    {"ends", CLI_F_TIME, VIDSTORE_LOGIN_EXPIRES_US},
    {"or when idle for", CLI_F_MS, VIDSTORE_LOGIN_IDLE_MS},
    {"ended", CLI_F_TIME, VIDSTORE_LOGIN_REVOKED_US},
    {"because", CLI_F_TEXT, VIDSTORE_LOGIN_REASON},
    {"Record", 0},
    {"id", CLI_F_ID, VIDSTORE_LOGIN_ID},
    {"created", CLI_F_TIME, VIDSTORE_LOGIN_CREATED_US},
    {"updated", CLI_F_TIME, VIDSTORE_LOGIN_UPDATED_US},
    {0},
};
const struct cli_noun cli_logins = {"login",
                                    "logins",
                                    CALLS(login),
                                    .list = vidstore_login_list,
                                    .count = vidstore_login_count,
                                    .id_field = VIDSTORE_LOGIN_ID,
                                    .columns = login_columns,
                                    .sheet = login_sheet};

static const struct cli_field grant_columns[] = {
    {"ID", CLI_F_ID, VIDSTORE_GRANT_ID, 0, 0},
    {"OF", CLI_F_TEXT, VIDSTORE_GRANT_NOUN, 0, 0},
    {"OBJECT", CLI_F_ID, VIDSTORE_GRANT_OBJECT_ID, 0, 0},
    {"TO", CLI_F_ID, VIDSTORE_GRANT_SUBJECT_ID, 0, 0},
    {"REACH", CLI_F_TEXT, VIDSTORE_GRANT_REACH, 0, 0},
    {"DENIES", CLI_F_BOOL, VIDSTORE_GRANT_DENIES, 0, 0},
    {"ENDS", CLI_F_TIME, VIDSTORE_GRANT_EXPIRES_US, 0, CLI_OPTIONAL},
    {"BY", CLI_F_ID, VIDSTORE_GRANT_GRANTED_BY, 0, CLI_OPTIONAL},
    {0},
};
static const struct cli_field grant_sheet[] = {
    {"Grant", 0},
    {"of a", CLI_F_TEXT, VIDSTORE_GRANT_NOUN},
    {"object", CLI_F_ID, VIDSTORE_GRANT_OBJECT_ID},
    {"owner", CLI_F_ID, VIDSTORE_GRANT_USER_ID},
    {"to", CLI_F_ID, VIDSTORE_GRANT_SUBJECT_ID},
    {"reach", CLI_F_TEXT, VIDSTORE_GRANT_REACH},
    {"denies", CLI_F_BOOL, VIDSTORE_GRANT_DENIES},
    {"can be handed on", CLI_F_BOOL, VIDSTORE_GRANT_CAN_SHARE},
    {"ends", CLI_F_TIME, VIDSTORE_GRANT_EXPIRES_US},
    {"because", CLI_F_TEXT, VIDSTORE_GRANT_REASON},
    {"handed on from", CLI_F_ID, VIDSTORE_GRANT_PARENT_ID},
    {"Record", 0},
    {"id", CLI_F_ID, VIDSTORE_GRANT_ID},
    {"given by", CLI_F_ID, VIDSTORE_GRANT_GRANTED_BY},
    {"created", CLI_F_TIME, VIDSTORE_GRANT_CREATED_US},
    {0},
};
const struct cli_noun cli_grants = {"grant",
                                    "grants",
                                    CALLS(grant),
                                    .list = vidstore_grant_list,
                                    .count = vidstore_grant_count,
                                    .id_field = VIDSTORE_GRANT_ID,
                                    .columns = grant_columns,
                                    .sheet = grant_sheet};

static const struct cli_field link_columns[] = {
    {"ID", CLI_F_ID, VIDSTORE_LINK_ID, 0, 0},
    {"NAME", CLI_F_TEXT, VIDSTORE_LINK_NAME, 0, CLI_ELASTIC | CLI_OPTIONAL},
    {"FILE", CLI_F_ID, VIDSTORE_LINK_FILE_ID, 0, 0},
    {"OWNER", CLI_F_ID, VIDSTORE_LINK_USER_ID, 0, CLI_OPTIONAL},
    {"USES", CLI_F_NUMBER, VIDSTORE_LINK_USES, 0, CLI_RIGHT},
    {"OF", CLI_F_NUMBER, VIDSTORE_LINK_MAX_USES, 0, CLI_RIGHT | CLI_OPTIONAL},
    {"ENDS", CLI_F_TIME, VIDSTORE_LINK_EXPIRES_US, 0, 0},
    {"ENDED", CLI_F_TIME, VIDSTORE_LINK_REVOKED_US, 0, 0},
    {0},
};
static const struct cli_field link_sheet[] = {
    {"Link", 0},
    {"name", CLI_F_TEXT, VIDSTORE_LINK_NAME},
    {"file", CLI_F_ID, VIDSTORE_LINK_FILE_ID},
    {"public part", CLI_F_TEXT, VIDSTORE_LINK_TOKEN_ID},
    {"openings", CLI_F_NUMBER, VIDSTORE_LINK_USES},
    {"at most", CLI_F_NUMBER, VIDSTORE_LINK_MAX_USES},
    {"last opened", CLI_F_TIME, VIDSTORE_LINK_LAST_USED_US},
    {"ends", CLI_F_TIME, VIDSTORE_LINK_EXPIRES_US},
    {"ended", CLI_F_TIME, VIDSTORE_LINK_REVOKED_US},
    {"because", CLI_F_TEXT, VIDSTORE_LINK_REASON},
    {"Record", 0},
    {"id", CLI_F_ID, VIDSTORE_LINK_ID},
    {"owner", CLI_F_ID, VIDSTORE_LINK_USER_ID},
    {"made by", CLI_F_ID, VIDSTORE_LINK_CREATED_BY},
    {"created", CLI_F_TIME, VIDSTORE_LINK_CREATED_US},
    {"version", CLI_F_NUMBER, VIDSTORE_LINK_VERSION},
    {0},
};
const struct cli_noun cli_links = {"link",
                                   "links",
                                   .names = {{"name", VIDSTORE_LINK_NAME}},
                                   CALLS(link),
                                   .list = vidstore_link_list,
                                   .count = vidstore_link_count,
                                   .id_field = VIDSTORE_LINK_ID,
                                   .columns = link_columns,
                                   .sheet = link_sheet};

static const struct cli_field job_columns[] = {
    {"ID", CLI_F_ID, VIDSTORE_JOB_ID, 0, 0},
    {"STATE", CLI_F_STATE, VIDSTORE_JOB_STATE, 0, 0},
    {"STAGE", CLI_F_TEXT, VIDSTORE_JOB_STAGE, 0, CLI_OPTIONAL},
    {"DONE", CLI_F_PROGRESS, VIDSTORE_JOB_PROGRESS_DONE, VIDSTORE_JOB_PROGRESS_TOTAL, CLI_RIGHT},
    {"PRIO", CLI_F_TEXT, VIDSTORE_JOB_PRIORITY, 0, CLI_OPTIONAL},
    {"TRIES", CLI_F_NUMBER, VIDSTORE_JOB_ATTEMPTS, 0, CLI_RIGHT | CLI_OPTIONAL},
    {"KIND", CLI_F_TEXT, VIDSTORE_JOB_KIND, 0, CLI_ELASTIC | CLI_OPTIONAL},
    {"CREATED", CLI_F_TIME, VIDSTORE_JOB_CREATED_US, 0, CLI_OPTIONAL},
    {"WHAT", CLI_F_WORK, VIDSTORE_JOB_SEASON, VIDSTORE_JOB_SOURCES, CLI_ELASTIC},
    {0},
};
static const struct cli_field job_sheet[] = {
    {"Job", 0},
    {"kind", CLI_F_TEXT, VIDSTORE_JOB_KIND},
    {"state", CLI_F_STATE, VIDSTORE_JOB_STATE},
    {"stage", CLI_F_TEXT, VIDSTORE_JOB_STAGE},
    {"progress", CLI_F_PROGRESS, VIDSTORE_JOB_PROGRESS_DONE, VIDSTORE_JOB_PROGRESS_TOTAL},
    {"priority", CLI_F_TEXT, VIDSTORE_JOB_PRIORITY},
    {"season", CLI_F_TEXT, VIDSTORE_JOB_SEASON},
    {"sources", CLI_F_TEXT, VIDSTORE_JOB_SOURCES},
    {"request", CLI_F_TEXT, VIDSTORE_JOB_REQUEST},
    {"tags", CLI_F_TEXT, VIDSTORE_JOB_TAGS},
    {"quality", CLI_F_TEXT, VIDSTORE_JOB_QUALITY},
    {"preset", CLI_F_TEXT, VIDSTORE_JOB_PRESET},
    {"webhook", CLI_F_TEXT, VIDSTORE_JOB_WEBHOOK},
    {"outside task", CLI_F_TEXT, VIDSTORE_JOB_TASK_ID},
    {"part of", CLI_F_ID, VIDSTORE_JOB_PARENT_ID},
    {"position", CLI_F_NUMBER, VIDSTORE_JOB_POSITION},
    {"Run", 0},
    {"attempts", CLI_F_NUMBER, VIDSTORE_JOB_ATTEMPTS},
    {"at most", CLI_F_NUMBER, VIDSTORE_JOB_MAX_ATTEMPTS},
    {"crashes", CLI_F_NUMBER, VIDSTORE_JOB_CRASHES},
    {"worker", CLI_F_TEXT, VIDSTORE_JOB_WORKER},
    {"not before", CLI_F_TIME, VIDSTORE_JOB_RUN_AT_US},
    {"started", CLI_F_TIME, VIDSTORE_JOB_STARTED_US},
    {"lease until", CLI_F_TIME, VIDSTORE_JOB_LEASE_UNTIL_US},
    {"ended", CLI_F_TIME, VIDSTORE_JOB_COMPLETED_US},
    {"cancel requested", CLI_F_BOOL, VIDSTORE_JOB_CANCEL_REQUESTED},
    {"children", CLI_F_NUMBER, VIDSTORE_JOB_CHILDREN},
    {"children done", CLI_F_NUMBER, VIDSTORE_JOB_CHILDREN_DONE},
    {"children failed", CLI_F_NUMBER, VIDSTORE_JOB_CHILDREN_FAILED},
    {"last error", CLI_F_TEXT, VIDSTORE_JOB_ERROR},
    {"errors", CLI_F_NUMBER, VIDSTORE_JOB_ERROR_COUNT},
    {"result", CLI_F_TEXT, VIDSTORE_JOB_RESULT},
    {"output file", CLI_F_ID, VIDSTORE_JOB_OUTPUT_FILE_ID},
    {"output size", CLI_F_SIZE, VIDSTORE_JOB_OUTPUT_SIZE},
    {"Record", 0},
    {"id", CLI_F_ID, VIDSTORE_JOB_ID},
    {"owner", CLI_F_ID, VIDSTORE_JOB_USER_ID},
    {"external id", CLI_F_TEXT, VIDSTORE_JOB_EXTERNAL_ID},
    {"created", CLI_F_TIME, VIDSTORE_JOB_CREATED_US},
    {"updated", CLI_F_TIME, VIDSTORE_JOB_UPDATED_US},
    {"version", CLI_F_NUMBER, VIDSTORE_JOB_VERSION},
    {"removed", CLI_F_TIME, VIDSTORE_JOB_DELETED_US},
    {"metadata", CLI_F_TEXT, VIDSTORE_JOB_METADATA},
    {0},
};
const struct cli_noun cli_jobs = {"job",
                                  "jobs",
                                  .names = {{"season", VIDSTORE_JOB_SEASON}},
                                  .searched = 1,
                                  CALLS(job),
                                  .list = vidstore_job_list,
                                  .count = vidstore_job_count,
                                  .remove = vidstore_job_remove,
                                  .restore = job_restore,
                                  .purge = vidstore_job_purge,
                                  .id_field = VIDSTORE_JOB_ID,
                                  .columns = job_columns,
                                  .sheet = job_sheet};

static const struct cli_field video_columns[] = {
    {"ID", CLI_F_ID, VIDSTORE_VIDEO_ID, 0, 0},
    {"TITLE", CLI_F_EITHER, VIDSTORE_VIDEO_TITLE, VIDSTORE_VIDEO_URL, CLI_ELASTIC},
    {"EP", CLI_F_NUMBER, VIDSTORE_VIDEO_EPISODE, 0, CLI_RIGHT | CLI_OPTIONAL},
    {"LENGTH", CLI_F_US, VIDSTORE_VIDEO_DURATION_US, 0, CLI_RIGHT},
    {"PIXELS", CLI_F_PIXELS, VIDSTORE_VIDEO_WIDTH, VIDSTORE_VIDEO_HEIGHT, CLI_RIGHT},
    {"CODEC", CLI_F_TEXT, VIDSTORE_VIDEO_CODEC, 0, 0},
    {"AUDIO", CLI_F_TEXT, VIDSTORE_VIDEO_AUDIO_CODEC, 0, CLI_OPTIONAL},
    {"FORMAT", CLI_F_TEXT, VIDSTORE_VIDEO_FORMAT, 0, CLI_ELASTIC | CLI_OPTIONAL},
    {"SIZE", CLI_F_SIZE, VIDSTORE_VIDEO_SIZE, 0, CLI_RIGHT},
    {"DOWNLOAD", CLI_F_STATE, VIDSTORE_VIDEO_DOWNLOAD_STATE, 0, CLI_OPTIONAL},
    {"PROBE", CLI_F_STATE, VIDSTORE_VIDEO_PROBE_STATUS, 0, 0},
    {0},
};
static const struct cli_field video_sheet[] = {
    {"General", 0},
    {"title", CLI_F_TEXT, VIDSTORE_VIDEO_TITLE},
    {"series", CLI_F_TEXT, VIDSTORE_VIDEO_SERIES},
    {"season", CLI_F_TEXT, VIDSTORE_VIDEO_SEASON},
    {"episode", CLI_F_NUMBER, VIDSTORE_VIDEO_EPISODE},
    {"year", CLI_F_NUMBER, VIDSTORE_VIDEO_YEAR},
    {"tags", CLI_F_TEXT, VIDSTORE_VIDEO_TAGS},
    {"kind", CLI_F_TEXT, VIDSTORE_VIDEO_MEDIA_KIND},
    {"format", CLI_F_TEXT, VIDSTORE_VIDEO_FORMAT},
    {"length", CLI_F_US, VIDSTORE_VIDEO_DURATION_US},
    {"length known from", CLI_F_TEXT, VIDSTORE_VIDEO_DURATION_SOURCE},
    {"size", CLI_F_SIZE, VIDSTORE_VIDEO_SIZE},
    {"bit rate", CLI_F_BIT_RATE, VIDSTORE_VIDEO_BIT_RATE},
    {"streams", CLI_F_NUMBER, VIDSTORE_VIDEO_STREAMS},
    {"chapters", CLI_F_NUMBER, VIDSTORE_VIDEO_CHAPTERS},
    {"recorded", CLI_F_TIME, VIDSTORE_VIDEO_RECORDED_US},
    {"camera's maker", CLI_F_TEXT, VIDSTORE_VIDEO_MAKE},
    {"camera", CLI_F_TEXT, VIDSTORE_VIDEO_MODEL},
    {"fast start", CLI_F_BOOL, VIDSTORE_VIDEO_FASTSTART},
    {"fragmented", CLI_F_BOOL, VIDSTORE_VIDEO_FRAGMENTED},
    {"encrypted", CLI_F_BOOL, VIDSTORE_VIDEO_ENCRYPTED},
    {"Video", 0},
    {"codec", CLI_F_TEXT, VIDSTORE_VIDEO_CODEC},
    {"profile", CLI_F_TEXT, VIDSTORE_VIDEO_PROFILE},
    {"level", CLI_F_NUMBER, VIDSTORE_VIDEO_LEVEL},
    {"resolution", CLI_F_TEXT, VIDSTORE_VIDEO_RESOLUTION},
    {"pixels", CLI_F_PIXELS, VIDSTORE_VIDEO_WIDTH, VIDSTORE_VIDEO_HEIGHT},
    {"shown as", CLI_F_PIXELS, VIDSTORE_VIDEO_DISPLAY_WIDTH, VIDSTORE_VIDEO_DISPLAY_HEIGHT},
    {"frame rate", CLI_F_RATE, VIDSTORE_VIDEO_FPS_NUM, VIDSTORE_VIDEO_FPS_DEN},
    {"frame rate mode", CLI_F_TEXT, VIDSTORE_VIDEO_RATE_MODE},
    {"pixel format", CLI_F_TEXT, VIDSTORE_VIDEO_PIX_FMT},
    {"bit depth", CLI_F_NUMBER, VIDSTORE_VIDEO_BIT_DEPTH},
    {"rotation", CLI_F_NUMBER, VIDSTORE_VIDEO_ROTATION},
    {"chroma", CLI_F_TEXT, VIDSTORE_VIDEO_CHROMA},
    {"dynamic range", CLI_F_TEXT, VIDSTORE_VIDEO_HDR},
    {"Dolby Vision", CLI_F_NUMBER, VIDSTORE_VIDEO_DV_PROFILE},
    {"primaries", CLI_F_TEXT, VIDSTORE_VIDEO_PRIMARIES},
    {"transfer", CLI_F_TEXT, VIDSTORE_VIDEO_TRANSFER},
    {"color range", CLI_F_TEXT, VIDSTORE_VIDEO_COLOR_RANGE},
    {"projection", CLI_F_TEXT, VIDSTORE_VIDEO_PROJECTION},
    {"stereo", CLI_F_TEXT, VIDSTORE_VIDEO_STEREO3D},
    {"closed captions", CLI_F_BOOL, VIDSTORE_VIDEO_CLOSED_CAPTIONS},
    {"scan", CLI_F_TEXT, VIDSTORE_VIDEO_SCAN},
    {"Audio", 0},
    {"codec", CLI_F_TEXT, VIDSTORE_VIDEO_AUDIO_CODEC},
    {"channels", CLI_F_NUMBER, VIDSTORE_VIDEO_AUDIO_CHANNELS},
    {"layout", CLI_F_TEXT, VIDSTORE_VIDEO_AUDIO_LAYOUT},
    {"sample rate", CLI_F_HERTZ, VIDSTORE_VIDEO_SAMPLE_RATE},
    {"bit rate", CLI_F_BIT_RATE, VIDSTORE_VIDEO_AUDIO_BIT_RATE},
    {"language", CLI_F_TEXT, VIDSTORE_VIDEO_LANGUAGE},
    {"streams", CLI_F_NUMBER, VIDSTORE_VIDEO_AUDIO_STREAMS},
    {"languages", CLI_F_TEXT, VIDSTORE_VIDEO_AUDIO_LANGUAGES},
    {"Subtitles", 0},
    {"streams", CLI_F_NUMBER, VIDSTORE_VIDEO_SUBTITLE_STREAMS},
    {"languages", CLI_F_TEXT, VIDSTORE_VIDEO_SUBTITLE_LANGUAGES},
    {"Download", 0},
    {"from", CLI_F_TEXT, VIDSTORE_VIDEO_URL},
    {"state", CLI_F_STATE, VIDSTORE_VIDEO_DOWNLOAD_STATE},
    {"bytes", CLI_F_BYTES_OF, VIDSTORE_VIDEO_DOWNLOAD_DONE, VIDSTORE_VIDEO_DOWNLOAD_TOTAL},
    {"started", CLI_F_TIME, VIDSTORE_VIDEO_DOWNLOAD_STARTED_US},
    {"completed", CLI_F_TIME, VIDSTORE_VIDEO_DOWNLOAD_COMPLETED_US},
    {"retries", CLI_F_NUMBER, VIDSTORE_VIDEO_DOWNLOAD_RETRIES},
    {"error", CLI_F_TEXT, VIDSTORE_VIDEO_DOWNLOAD_ERROR},
    {"sha256", CLI_F_TEXT, VIDSTORE_VIDEO_DOWNLOAD_CHECKSUM},
    {"sha256 demanded", CLI_F_TEXT, VIDSTORE_VIDEO_EXPECTED_SHA256},
    {"file", CLI_F_ID, VIDSTORE_VIDEO_SOURCE_FILE_ID},
    {"Processing", 0},
    {"state", CLI_F_STATE, VIDSTORE_VIDEO_PROCESSING_STATE},
    {"progress", CLI_F_PROGRESS, VIDSTORE_VIDEO_PROCESSING_DONE, VIDSTORE_VIDEO_PROCESSING_TOTAL},
    {"error", CLI_F_TEXT, VIDSTORE_VIDEO_PROCESSING_ERROR},
    {"file", CLI_F_ID, VIDSTORE_VIDEO_PROCESSED_FILE_ID},
    {"Probe", 0},
    {"status", CLI_F_STATE, VIDSTORE_VIDEO_PROBE_STATUS},
    {"probed", CLI_F_TIME, VIDSTORE_VIDEO_PROBED_US},
    {"by", CLI_F_TEXT, VIDSTORE_VIDEO_PROBER},
    {"Record", 0},
    {"id", CLI_F_ID, VIDSTORE_VIDEO_ID},
    {"owner", CLI_F_ID, VIDSTORE_VIDEO_USER_ID},
    {"job", CLI_F_ID, VIDSTORE_VIDEO_JOB_ID},
    {"external id", CLI_F_TEXT, VIDSTORE_VIDEO_EXTERNAL_ID},
    {"created", CLI_F_TIME, VIDSTORE_VIDEO_CREATED_US},
    {"updated", CLI_F_TIME, VIDSTORE_VIDEO_UPDATED_US},
    {"version", CLI_F_NUMBER, VIDSTORE_VIDEO_VERSION},
    {"removed", CLI_F_TIME, VIDSTORE_VIDEO_DELETED_US},
    {"metadata", CLI_F_TEXT, VIDSTORE_VIDEO_METADATA},
    {0},
};
const struct cli_noun cli_videos = {"video",
                                    "videos",
                                    .names = {{"title", VIDSTORE_VIDEO_TITLE}, {"file_name", VIDSTORE_VIDEO_FILE_NAME}},
                                    .searched = 1,
                                    CALLS(video),
                                    .list = vidstore_video_list,
                                    .count = vidstore_video_count,
                                    .remove = vidstore_video_remove,
                                    .restore = video_restore,
                                    .purge = vidstore_video_purge,
                                    .id_field = VIDSTORE_VIDEO_ID,
                                    .columns = video_columns,
                                    .sheet = video_sheet};

static const struct cli_field collection_columns[] = {
    {"ID", CLI_F_ID, VIDSTORE_COLLECTION_ID, 0, 0},
    {"NAME", CLI_F_TEXT, VIDSTORE_COLLECTION_NAME, 0, CLI_ELASTIC},
    {"DESCRIPTION", CLI_F_TEXT, VIDSTORE_COLLECTION_DESCRIPTION, 0, CLI_ELASTIC | CLI_OPTIONAL},
    {"OWNER", CLI_F_ID, VIDSTORE_COLLECTION_USER_ID, 0, CLI_OPTIONAL},
    {"UPDATED", CLI_F_TIME, VIDSTORE_COLLECTION_UPDATED_US, 0, 0},
    {0},
};
static const struct cli_field collection_sheet[] = {
    {"Collection", 0},
    {"name", CLI_F_TEXT, VIDSTORE_COLLECTION_NAME},
    {"description", CLI_F_TEXT, VIDSTORE_COLLECTION_DESCRIPTION},
    {"Record", 0},
    {"id", CLI_F_ID, VIDSTORE_COLLECTION_ID},
    {"owner", CLI_F_ID, VIDSTORE_COLLECTION_USER_ID},
    {"external id", CLI_F_TEXT, VIDSTORE_COLLECTION_EXTERNAL_ID},
    {"created", CLI_F_TIME, VIDSTORE_COLLECTION_CREATED_US},
    {"updated", CLI_F_TIME, VIDSTORE_COLLECTION_UPDATED_US},
    {"version", CLI_F_NUMBER, VIDSTORE_COLLECTION_VERSION},
    {"removed", CLI_F_TIME, VIDSTORE_COLLECTION_DELETED_US},
    {"metadata", CLI_F_TEXT, VIDSTORE_COLLECTION_METADATA},
    {0},
};
const struct cli_noun cli_collections = {"collection",
                                         "collections",
                                         .names = {{"name", VIDSTORE_COLLECTION_NAME}},
                                         CALLS(collection),
                                         .list = vidstore_collection_list,
                                         .count = vidstore_collection_count,
                                         .remove = vidstore_collection_remove,
                                         .restore = collection_restore,
                                         .purge = vidstore_collection_purge,
                                         .id_field = VIDSTORE_COLLECTION_ID,
                                         .columns = collection_columns,
                                         .sheet = collection_sheet};

static const struct cli_field file_columns[] = {
    {"ID", CLI_F_ID, VIDSTORE_FILE_ID, 0, 0},
    {"NAME", CLI_F_TEXT, VIDSTORE_FILE_NAME, 0, CLI_ELASTIC},
    {"SIZE", CLI_F_SIZE, VIDSTORE_FILE_SIZE, 0, CLI_RIGHT},
    {"CONTENT TYPE", CLI_F_TEXT, VIDSTORE_FILE_CONTENT_TYPE, 0, CLI_ELASTIC | CLI_OPTIONAL},
    {"CATEGORY", CLI_F_TEXT, VIDSTORE_FILE_CATEGORY, 0, CLI_OPTIONAL},
    {"ACCESS", CLI_F_TEXT, VIDSTORE_FILE_ACCESS, 0, CLI_OPTIONAL},
    {"CREATED", CLI_F_TIME, VIDSTORE_FILE_CREATED_US, 0, CLI_OPTIONAL},
    {"SHA-256", CLI_F_TEXT, VIDSTORE_FILE_SHA256, 0, CLI_ELASTIC | CLI_OPTIONAL},
    {0},
};
static const struct cli_field file_sheet[] = {
    {"File", 0},
    {"name", CLI_F_TEXT, VIDSTORE_FILE_NAME},
    {"original name", CLI_F_TEXT, VIDSTORE_FILE_ORIGINAL_NAME},
    {"size", CLI_F_SIZE, VIDSTORE_FILE_SIZE},
    {"bytes", CLI_F_NUMBER, VIDSTORE_FILE_SIZE},
    {"content type", CLI_F_TEXT, VIDSTORE_FILE_CONTENT_TYPE},
    {"type", CLI_F_TEXT, VIDSTORE_FILE_TYPE},
    {"sha256", CLI_F_TEXT, VIDSTORE_FILE_SHA256},
    {"md5", CLI_F_TEXT, VIDSTORE_FILE_MD5},
    {"verified", CLI_F_TIME, VIDSTORE_FILE_VERIFIED_US},
    {"access", CLI_F_TEXT, VIDSTORE_FILE_ACCESS},
    {"category", CLI_F_TEXT, VIDSTORE_FILE_CATEGORY},
    {"stage", CLI_F_TEXT, VIDSTORE_FILE_STAGE},
    {"expires", CLI_F_TIME, VIDSTORE_FILE_EXPIRES_US},
    {"Place", 0},
    {"backend", CLI_F_TEXT, VIDSTORE_FILE_BACKEND},
    {"bucket", CLI_F_TEXT, VIDSTORE_FILE_BUCKET},
    {"key", CLI_F_TEXT, VIDSTORE_FILE_STORAGE_KEY},
    {"blob", CLI_F_ID, VIDSTORE_FILE_BLOB_ID},
    {"encrypted", CLI_F_BOOL, VIDSTORE_FILE_ENCRYPTED},
    {"public URL", CLI_F_TEXT, VIDSTORE_FILE_PUBLIC_URL},
    {"Record", 0},
    {"id", CLI_F_ID, VIDSTORE_FILE_ID},
    {"owner", CLI_F_ID, VIDSTORE_FILE_USER_ID},
    {"job", CLI_F_ID, VIDSTORE_FILE_JOB_ID},
    {"video", CLI_F_ID, VIDSTORE_FILE_VIDEO_ID},
    {"external id", CLI_F_TEXT, VIDSTORE_FILE_EXTERNAL_ID},
    {"created", CLI_F_TIME, VIDSTORE_FILE_CREATED_US},
    {"updated", CLI_F_TIME, VIDSTORE_FILE_UPDATED_US},
    {"version", CLI_F_NUMBER, VIDSTORE_FILE_VERSION},
    {"removed", CLI_F_TIME, VIDSTORE_FILE_DELETED_US},
    {"metadata", CLI_F_TEXT, VIDSTORE_FILE_METADATA},
    {0},
};
const struct cli_noun cli_files = {"file",
                                   "files",
                                   .names = {{"name", VIDSTORE_FILE_NAME}},
                                   .searched = 1,
                                   CALLS(file),
                                   .list = vidstore_file_list,
                                   .count = vidstore_file_count,
                                   .remove = vidstore_file_remove,
                                   .restore = file_restore,
                                   .purge = vidstore_file_purge,
                                   .id_field = VIDSTORE_FILE_ID,
                                   .columns = file_columns,
                                   .sheet = file_sheet};

static const struct cli_field event_columns[] = {
    {"TIME", CLI_F_TIME, VIDSTORE_AUDIT_CREATED_US, 0, 0},
    {"ACTION", CLI_F_TEXT, VIDSTORE_AUDIT_ACTION, 0, 0},
    {"OUTCOME", CLI_F_OK, VIDSTORE_AUDIT_SUCCESS, VIDSTORE_AUDIT_ERROR, 0},
    {"ACTOR", CLI_F_EITHER, VIDSTORE_AUDIT_ACTOR_NAME, VIDSTORE_AUDIT_ACTOR, CLI_ELASTIC},
    {"NOUN", CLI_F_TEXT, VIDSTORE_AUDIT_NOUN, 0, CLI_OPTIONAL},
    {"OBJECT", CLI_F_ID, VIDSTORE_AUDIT_OBJECT_ID, 0, CLI_OPTIONAL},
    {"NAME", CLI_F_EITHER, VIDSTORE_AUDIT_OBJECT_NAME, VIDSTORE_AUDIT_DESCRIPTION, CLI_ELASTIC},
    {0},
};
static const struct cli_field event_sheet[] = {
    {"Event", 0},
    {"action", CLI_F_TEXT, VIDSTORE_AUDIT_ACTION},
    {"time", CLI_F_TIME, VIDSTORE_AUDIT_CREATED_US},
    {"outcome", CLI_F_OK, VIDSTORE_AUDIT_SUCCESS, VIDSTORE_AUDIT_ERROR},
    {"noun", CLI_F_TEXT, VIDSTORE_AUDIT_NOUN},
    {"object", CLI_F_ID, VIDSTORE_AUDIT_OBJECT_ID},
    {"object's name", CLI_F_TEXT, VIDSTORE_AUDIT_OBJECT_NAME},
    {"object's owner", CLI_F_ID, VIDSTORE_AUDIT_OWNER_ID},
    {"details", CLI_F_TEXT, VIDSTORE_AUDIT_DETAILS},
    {"description", CLI_F_TEXT, VIDSTORE_AUDIT_DESCRIPTION},
    {"Who", 0},
    {"actor", CLI_F_TEXT, VIDSTORE_AUDIT_ACTOR},
    {"name", CLI_F_TEXT, VIDSTORE_AUDIT_ACTOR_NAME},
    {"user", CLI_F_ID, VIDSTORE_AUDIT_USER_ID},
    {"address", CLI_F_TEXT, VIDSTORE_AUDIT_IP},
    {"program", CLI_F_TEXT, VIDSTORE_AUDIT_USER_AGENT},
    {"request", CLI_F_TEXT, VIDSTORE_AUDIT_REQUEST_ID},
    {"device", CLI_F_TEXT, VIDSTORE_AUDIT_DEVICE},
    {"id", CLI_F_ID, VIDSTORE_AUDIT_ID},
    {0},
};
const struct cli_noun cli_events = {"event",
                                    "audit",
                                    CALLS(event),
                                    .list = vidstore_audit_list,
                                    .count = vidstore_audit_count,
                                    .id_field = VIDSTORE_AUDIT_ID,
                                    .columns = event_columns,
                                    .sheet = event_sheet};

const struct cli_noun *const cli_nouns[] = {&cli_videos,      &cli_jobs,   &cli_files,  &cli_users,
                                            &cli_collections, &cli_keys,   &cli_logins, &cli_grants,
                                            &cli_links,       &cli_events, NULL};

const struct cli_noun *cli_noun_find(const char *name) {
    for (const struct cli_noun *const *noun = cli_nouns; *noun; noun++)
        if (!strcmp(name, (*noun)->name) || !strcmp(name, (*noun)->plural))
            return *noun;
    return NULL;
}
