/* SPDX-License-Identifier: MIT */
/* Passwords that everybody tries first. */
#ifndef VS_ACCESS_BLOCKLIST_H
#define VS_ACCESS_BLOCKLIST_H

/* 1 when a password is one of the list, whatever its case, or one with digits and marks after it; or the name of its
 * user (NULL: not known), forwards, backwards or with something after it. */
int vs_blocklist_has(const char *password, const char *name);

#endif
