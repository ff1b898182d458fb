/* SPDX-License-Identifier: MIT */
#include "vidstore/version.h"
#include "vidstore/store.h"

const char *vidstore_version(void) {
    return VIDSTORE_VERSION;
}

int32_t vidstore_version_number(void) {
    return VIDSTORE_VERSION_NUMBER;
}

int32_t vidstore_feature_supported(int32_t feature) {
    return feature == VIDSTORE_FEATURE_SQLITE || feature == VIDSTORE_FEATURE_PROBE || feature == VIDSTORE_FEATURE_FETCH;
}
