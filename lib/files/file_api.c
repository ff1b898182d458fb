/* SPDX-License-Identifier: MIT */
/* Public calls on files: records, params, and what every noun has. */
#include "files/files.h"
#include "record/record_api.h"
#include "store/crud_api.h"
#include "util/alloc.h"
#include "vidstore/query.h"

VS_RECORD_API(file, file)
VS_PARAMS_API(file)
VS_CRUD_READ_API(file)
VS_CRUD_RESTORE_API(file)
VS_GETTER_TEXT(file, id, VIDSTORE_FILE_ID)
VS_GETTER_TEXT(file, user_id, VIDSTORE_FILE_USER_ID)
VS_GETTER_TEXT(file, name, VIDSTORE_FILE_NAME)
VS_GETTER_INT64(file, size, VIDSTORE_FILE_SIZE)
VS_GETTER_TEXT(file, sha256, VIDSTORE_FILE_SHA256)
VS_GETTER_TEXT(file, content_type, VIDSTORE_FILE_CONTENT_TYPE)
VS_GETTER_ENUM(file, access, VIDSTORE_FILE_ACCESS)
VS_GETTER_INT64(file, created_us, VIDSTORE_FILE_CREATED_US)
VS_GETTER_INT64(file, version, VIDSTORE_FILE_VERSION)
