/* SPDX-License-Identifier: Apache-2.0
 *
 * What the sanitizers want to be told: which arena bytes are not handed out, and when the stack
 * changes. Every function is empty in a build without the sanitizer that asks for it.
 */
#ifndef AUTHD_BASE_SANITIZER_H
#define AUTHD_BASE_SANITIZER_H

#include <stdbool.h>
#include <stddef.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
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
#endif

#endif
