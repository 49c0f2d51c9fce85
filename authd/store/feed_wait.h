/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the feed thread and those who wait for a revision (registry_wait).
 */
#ifndef AUTHD_STORE_FEED_WAIT_H
#define AUTHD_STORE_FEED_WAIT_H

#include <stdint.h>

#include "base/err.h"

/* On the feed thread: everything up to `revision` is visible; its waiters go on. */
void feed_wait_reached(int64_t revision);
/* Everybody fails, now and from now on until feed_wait_open. */
void feed_wait_close(void);
void feed_wait_open(void);
/* Wakes the feed thread; in feed.c. */
void feed_wake(void);

#endif
