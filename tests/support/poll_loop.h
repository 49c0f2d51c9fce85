/* SPDX-License-Identifier: Apache-2.0
 *
 * A loop on poll(2), so that the tests of every floor can run coroutines without h2o.
 */
#ifndef TESTS_SUPPORT_POLL_LOOP_H
#define TESTS_SUPPORT_POLL_LOOP_H

#include "base/loop.h"

/* Becomes loop_current of the calling thread, to which it belongs. */
struct loop *poll_loop_create(unsigned index);
/* Runs until until(arg) is true; NULL: until no coroutine is alive on this thread. */
void poll_loop_run(struct loop *l, bool (*until)(void *), void *arg);
/* Also frees the stacks of the thread. No coroutine and no io may be left. */
void poll_loop_destroy(struct loop *l);

#endif
