/* SPDX-License-Identifier: Apache-2.0
 *
 * Coroutines on ucontext. One mapping holds the guard page, the stack and, at its upper end, the
 * coroutine itself, so that a coroutine which uses little stack touches one page. Resuming nests:
 * whoever resumes gets control back when the coroutine suspends or returns, be it the thread or
 * another coroutine.
 */
#include "base/coro.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "base/sanitizer.h"

enum { GUARD_SIZE = 4096, MAPPING_SIZE = GUARD_SIZE + CORO_STACK_SIZE, FREE_MAX = 1024 };

/* A place where control can be: a coroutine, or the thread itself. */
struct context {
    ucontext_t registers;
    struct stack_bounds stack;
    void *tsan_fiber;
};

struct coro {
    struct context context;
    struct context *resumer;
    struct coro *resumed_from; /* current before the resume; the next one in the free list */
    const void *home;          /* the thread that owns it */
    void (*fn)(void *);
    void *arg;
    int64_t deadline_ms;
    bool running; /* on the chain of those that resumed each other */
    bool finished;
};

static _Thread_local struct {
    struct context context; /* of the thread itself */
    struct context *left;   /* who switched last */
    struct coro *current;
    struct coro *free;
    unsigned free_count;
    unsigned alive;
} thread;

static void arrive(void *fake_stack)
{
    asan_arrive(fake_stack, &thread.left->stack);
}

/* A context that leaves for good gives no fake_stack, which tells ASan to drop its frames. */
static void switch_context(struct context *from, struct context *to, bool for_good)
{
    void *fake_stack = NULL;
    thread.left = from;
    asan_leave(for_good ? NULL : &fake_stack, &to->stack);
    tsan_switch(to->tsan_fiber);
    if (swapcontext(&from->registers, &to->registers) != 0)
        abort();
    arrive(fake_stack);
}

static void coro_main(void)
{
    arrive(NULL);
    struct coro *co = thread.current;
    co->fn(co->arg);
    co->finished = true;
    switch_context(&co->context, co->resumer, true);
    abort();
}

static char *mapping_of(struct coro *co)
{
    return (char *)co + sizeof(*co) - MAPPING_SIZE;
}

static struct coro *map_stack(void)
{
    char *mapping = mmap(NULL, MAPPING_SIZE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (mapping == MAP_FAILED || mprotect(mapping, GUARD_SIZE, PROT_NONE) != 0)
        abort();
    return (struct coro *)(void *)(mapping + MAPPING_SIZE - sizeof(struct coro));
}

static struct coro *take_stack(void)
{
    struct coro *co = thread.free;
    if (!co)
        return map_stack();
    thread.free = co->resumed_from;
    thread.free_count--;
    return co;
}

static void release_stack(struct coro *co)
{
    char *mapping = mapping_of(co);
    sanitizer_show(mapping + GUARD_SIZE, CORO_STACK_SIZE);
    tsan_destroy(co->context.tsan_fiber);
    if (thread.free_count >= FREE_MAX) {
        munmap(mapping, MAPPING_SIZE);
        return;
    }
    co->resumed_from = thread.free;
    thread.free = co;
    thread.free_count++;
}

static void prepare(struct coro *co)
{
    char *bottom = mapping_of(co) + GUARD_SIZE;
    size_t size = (size_t)((char *)co - bottom);
    if (getcontext(&co->context.registers) != 0)
        abort();
    co->context.registers.uc_stack.ss_sp = bottom;
    co->context.registers.uc_stack.ss_size = size;
    co->context.registers.uc_link = NULL;
    co->context.stack = (struct stack_bounds){bottom, size};
    co->context.tsan_fiber = tsan_create();
    makecontext(&co->context.registers, coro_main, 0);
}

static void run(struct coro *co)
{
    thread.context.tsan_fiber = thread.current ? thread.context.tsan_fiber : tsan_current();
    co->resumer = thread.current ? &thread.current->context : &thread.context;
    co->resumed_from = thread.current;
    co->running = true;
    thread.current = co;
    switch_context(co->resumer, &co->context, false);
    thread.current = co->resumed_from;
    co->running = false;
    if (!co->finished)
        return;
    thread.alive--;
    release_stack(co);
}

void coro_spawn(void (*fn)(void *), void *arg, int64_t deadline_ms)
{
    struct coro *co = take_stack();
    co->home = &thread;
    co->fn = fn;
    co->arg = arg;
    co->deadline_ms = deadline_ms;
    co->finished = false;
    prepare(co);
    thread.alive++;
    run(co);
}

struct coro *coro_current(void)
{
    return thread.current;
}

int64_t coro_deadline(void)
{
    return thread.current ? thread.current->deadline_ms : 0;
}

void coro_suspend(void)
{
    struct coro *co = thread.current;
    assert(co);
    switch_context(&co->context, co->resumer, false);
}

void coro_resume(struct coro *co)
{
    assert(co->home == &thread && !co->running && !co->finished);
    run(co);
}

unsigned coro_alive(void)
{
    return thread.alive;
}

void coro_thread_cleanup(void)
{
    while (thread.free)
        munmap(mapping_of(take_stack()), MAPPING_SIZE);
}
