/* SPDX-License-Identifier: Apache-2.0
 *
 * What the sanitizers and valgrind want to be told: which arena bytes are not handed out, and when
 * the stack changes. Every function is empty in a build without the tool that asks for it.
 */
#ifndef AUTHD_BASE_SANITIZER_H
#define AUTHD_BASE_SANITIZER_H

#include <stddef.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

struct stack_bounds {
    const void *bottom;
    size_t size;
};

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
/* Unusable bytes after every arena allocation, so that running over its end is seen. */
enum { SANITIZER_GAP = 16 };
static inline void sanitizer_hide(const volatile void *p, size_t n)
{
    __asan_poison_memory_region(p, n);
}
static inline void sanitizer_show(const volatile void *p, size_t n)
{
    __asan_unpoison_memory_region(p, n);
}
static inline void asan_leave(void **fake_stack, const struct stack_bounds *to)
{
    __sanitizer_start_switch_fiber(fake_stack, to->bottom, to->size);
}
static inline void asan_arrive(void *fake_stack, struct stack_bounds *from)
{
    __sanitizer_finish_switch_fiber(fake_stack, &from->bottom, &from->size);
}
#else
enum { SANITIZER_GAP = 0 };
static inline void sanitizer_hide(const volatile void *p, size_t n)
{
    (void)p, (void)n;
}
static inline void sanitizer_show(const volatile void *p, size_t n)
{
    (void)p, (void)n;
}
static inline void asan_leave(void **fake_stack, const struct stack_bounds *to)
{
    (void)fake_stack, (void)to;
}
static inline void asan_arrive(void *fake_stack, struct stack_bounds *from)
{
    (void)fake_stack, (void)from;
}
#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
static inline void *tsan_current(void)
{
    return __tsan_get_current_fiber();
}
static inline void *tsan_create(void)
{
    return __tsan_create_fiber(0);
}
static inline void tsan_switch(void *fiber)
{
    __tsan_switch_to_fiber(fiber, 0);
}
static inline void tsan_destroy(void *fiber)
{
    __tsan_destroy_fiber(fiber);
}
#else
static inline void *tsan_current(void)
{
    return NULL;
}
static inline void *tsan_create(void)
{
    return NULL;
}
static inline void tsan_switch(void *fiber)
{
    (void)fiber;
}
static inline void tsan_destroy(void *fiber)
{
    (void)fiber;
}
#endif

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
/* Stacks that lie side by side look like one that grows. A few no-ops outside valgrind. */
static inline unsigned valgrind_add_stack(const void *bottom, size_t size)
{
    return (unsigned)VALGRIND_STACK_REGISTER(bottom, (const char *)bottom + size);
}
static inline void valgrind_remove_stack(unsigned stack)
{
    VALGRIND_STACK_DEREGISTER(stack);
}
#else
static inline unsigned valgrind_add_stack(const void *bottom, size_t size)
{
    (void)bottom, (void)size;
    return 0;
}
static inline void valgrind_remove_stack(unsigned stack)
{
    (void)stack;
}
#endif

#endif
