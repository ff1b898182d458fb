/* SPDX-License-Identifier: MIT */
/* Makes the n-th allocation from now on fail, once. Only for programs that link the internals. */
#ifndef TESTS_FAULT_H
#define TESTS_FAULT_H

void fault_arm(long nth);
/* Everything works again. 1 when the allocation that was to fail came to pass. */
int fault_disarm(void);

#endif
