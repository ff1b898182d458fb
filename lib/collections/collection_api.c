/* SPDX-License-Identifier: MIT */
/* Public calls on collections that every noun has. */
#include "collections/collections.h"
#include "record/record_api.h"
#include "store/crud_api.h"

VS_RECORD_API(collection, collection)
VS_PARAMS_API(collection)
VS_CRUD_API(collection, create)
VS_CRUD_BULK_CREATE_API(collection)
VS_CRUD_RESTORE_API(collection)
VS_GETTER_TEXT(collection, id, VIDSTORE_COLLECTION_ID)
VS_GETTER_TEXT(collection, user_id, VIDSTORE_COLLECTION_USER_ID)
VS_GETTER_TEXT(collection, name, VIDSTORE_COLLECTION_NAME)
VS_GETTER_INT64(collection, created_us, VIDSTORE_COLLECTION_CREATED_US)
VS_GETTER_INT64(collection, version, VIDSTORE_COLLECTION_VERSION)
