/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether this build may define mmap itself: not under a sanitizer, which does so already, and only
 * where the system call takes a byte offset.
 */
#ifndef AUTHD_CRYPTO_HASH_ARENA_POSSIBLE_H
#define AUTHD_CRYPTO_HASH_ARENA_POSSIBLE_H

#ifndef __has_feature
#define __has_feature(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||       \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer) || !defined(__linux__) || !defined(__LP64__)
#define HASH_ARENA_POSSIBLE 0
#else
#define HASH_ARENA_POSSIBLE 1
#endif

#endif
