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
    unsigned valgrind_stack;
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

/* A coroutine that has returned stays in this loop for the next function, which makes a cached
 * stack ready to run; no function means that the stack is to be freed. */
static void coro_main(void)
{
    struct coro *co = thread.current;
    arrive(NULL);
    while (co->fn) {
        co->fn(co->arg);
        co->finished = true;
        switch_context(&co->context, co->resumer, false);
    }
    switch_context(&co->context, co->resumer, true);
    abort();
}

static char *mapping_of(struct coro *co)
{
    return (char *)co + sizeof(*co) - MAPPING_SIZE;
}

static struct coro *coro_create(void)
{
    char *mapping = mmap(NULL, MAPPING_SIZE, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (mapping == MAP_FAILED || mprotect(mapping, GUARD_SIZE, PROT_NONE) != 0)
        abort();
    char *bottom = mapping + GUARD_SIZE;
    struct coro *co = (struct coro *)(void *)(mapping + MAPPING_SIZE - sizeof(struct coro));
    co->context.stack = (struct stack_bounds){bottom, (size_t)((char *)co - bottom)};
    co->context.tsan_fiber = tsan_create();
    co->valgrind_stack = valgrind_add_stack(bottom, co->context.stack.size);
    co->home = &thread;
    if (getcontext(&co->context.registers) != 0)
        abort();
    co->context.registers.uc_stack.ss_sp = bottom;
    co->context.registers.uc_stack.ss_size = co->context.stack.size;
    makecontext(&co->context.registers, coro_main, 0);
    return co;
}

/* Gives control to the coroutine until it suspends, returns or ends. */
static void enter(struct coro *co)
{
    if (!thread.current)
        thread.context.tsan_fiber = tsan_current();
    co->resumer = thread.current ? &thread.current->context : &thread.context;
    co->resumed_from = thread.current;
    co->running = true;
    thread.current = co;
    switch_context(co->resumer, &co->context, false);
    thread.current = co->resumed_from;
    co->running = false;
}

static void coro_destroy(struct coro *co)
{
    co->fn = NULL;
    enter(co);
    tsan_destroy(co->context.tsan_fiber);
    valgrind_remove_stack(co->valgrind_stack);
    sanitizer_show(co->context.stack.bottom, co->context.stack.size);
    munmap(mapping_of(co), MAPPING_SIZE);
}

static struct coro *take_free(void)
{
    struct coro *co = thread.free;
    thread.free = co->resumed_from;
    thread.free_count--;
    return co;
}

static void put_free(struct coro *co)
{
    co->resumed_from = thread.free;
    thread.free = co;
    thread.free_count++;
}

static void run(struct coro *co)
{
    enter(co);
    if (!co->finished)
        return;
    thread.alive--;
    if (thread.free_count < FREE_MAX)
        put_free(co);
    else
        coro_destroy(co);
}

void coro_spawn(void (*fn)(void *), void *arg, int64_t deadline_ms)
{
    struct coro *co = thread.free ? take_free() : coro_create();
    co->fn = fn;
    co->arg = arg;
    co->deadline_ms = deadline_ms;
    co->finished = false;
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
        coro_destroy(take_free());
}
