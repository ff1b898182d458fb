/* SPDX-License-Identifier: MIT */
/* Checks of the bytes that belong to the records. */
#ifndef VS_UPKEEP_DOCTOR_BYTES_H
#define VS_UPKEEP_DOCTOR_BYTES_H

#include "upkeep/doctor.h"

/* Bytes and database carry the same mark. */
int vs_exam_marker(struct vs_exam *x, vidstore_error **e);
/* In full: every blob is there with its size and the right bytes, and none that no record knows. Else a sample. */
int vs_exam_bytes(struct vs_exam *x, vidstore_error **e);

#endif
