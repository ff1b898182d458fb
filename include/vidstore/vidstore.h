/* SPDX-License-Identifier: MIT */
/**
 * @file vidstore.h
 * The whole library: include this.
 */
#ifndef VIDSTORE_H
#define VIDSTORE_H

#include <vidstore/app.h>
#include <vidstore/audit.h>
#include <vidstore/base.h>
#include <vidstore/collection.h>
#include <vidstore/error.h>
#include <vidstore/file.h>
#include <vidstore/grant.h>
#include <vidstore/job.h>
#include <vidstore/key.h>
#include <vidstore/link.h>
#include <vidstore/login.h>
#include <vidstore/once.h>
#include <vidstore/query.h>
#include <vidstore/queue.h>
#include <vidstore/quota.h>
#include <vidstore/session.h>
#include <vidstore/store.h>
#include <vidstore/upkeep.h>
#include <vidstore/user.h>
#include <vidstore/version.h>
#include <vidstore/video.h>
#include <vidstore/watch.h>

#endif
