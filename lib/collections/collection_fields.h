/* SPDX-License-Identifier: MIT */
/* The fields of a collection: see record/field.h. */
VS_FIELD(ID, 12001, UUID, id, "id", VS_ONCE | VS_FILTER | VS_INDEX, 36, NULL)
VS_FIELD(USER_ID, 12002, UUID, user_id, "user_id", VS_ONCE | VS_FILTER | VS_INDEX | VS_ADMIN, 36, NULL)
VS_FIELD(CREATED_US, 12003, TIME, created_us, "created", VS_FILTER | VS_QUIET, 0, NULL)
VS_FIELD(UPDATED_US, 12004, TIME, updated_us, "updated", VS_FILTER | VS_QUIET, 0, NULL)
VS_FIELD(VERSION, 12005, INT, version, "version", VS_QUIET, 0, NULL)
VS_FIELD(EXTERNAL_ID, 12006, TEXT, external_id, "external_id", VS_FREE | VS_INDEX, 255, NULL)
VS_FIELD(METADATA, 12007, JSON, metadata, "metadata", VS_SET | VS_NULL | VS_MEMBERS, 65536, NULL)
VS_FIELD(DELETED_US, 12008, TIME, deleted_us, "deleted", VS_FILTER | VS_QUIET, 0, NULL)
VS_FIELD(REMOVAL_ID, 12009, UUID, removal_id, "removal_id", VS_FILTER | VS_QUIET, 36, NULL)
VS_FIELD(NAME, 12010, TEXT, name, "name", VS_SET | VS_FILTER | VS_INDEX | VS_LINE, 255, NULL)
VS_FIELD(DESCRIPTION, 12011, TEXT, description, "description", VS_FREE, 4096, NULL)
