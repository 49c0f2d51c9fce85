/* SPDX-License-Identifier: Apache-2.0
 *
 * Coroutines: straight-line C on a small stack of its own (64 KiB and a guard page; a free list per
 * thread). A coroutine belongs to the thread that spawned it. No lock is held across coro_suspend,
 * and nothing thread-local is trusted after it.
 */
#ifndef AUTHD_BASE_CORO_H
#define AUTHD_BASE_CORO_H

#include <stdbool.h>
#include <stdint.h>

struct coro;

enum { CORO_STACK_SIZE = 64 * 1024 };

/* Runs fn(arg) until it first suspends or returns. deadline_ms (monotonic, 0 = none) bounds every
 * wait inside. */
void coro_spawn(void (*fn)(void *), void *arg, int64_t deadline_ms);
/* NULL outside a coroutine. */
struct coro *coro_current(void);
int64_t coro_deadline(void);
/* Gives control back to whoever resumed; returns when somebody calls coro_resume. */
void coro_suspend(void);
void coro_resume(struct coro *co);
/* Coroutines alive on this thread. */
unsigned coro_alive(void);
/* Frees the cached stacks of this thread. */
void coro_thread_cleanup(void);

#endif
