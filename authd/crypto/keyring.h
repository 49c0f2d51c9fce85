/* SPDX-License-Identifier: Apache-2.0
 *
 * Guarded memory for secrets that live as long as a tenant snapshot: slabs of sodium_malloc pages,
 * read-only between fills, wiped when given back. Slots are fixed-size cells; thread-safe.
 */
#ifndef AUTHD_CRYPTO_KEYRING_H
#define AUTHD_CRYPTO_KEYRING_H

#include <stddef.h>
#include <stdint.h>

enum { KEYRING_CELL = 128 };

/* Copies len (at most KEYRING_CELL) bytes in; the source is the caller's to wipe. */
const void *keyring_put(const void *secret, size_t len);
/* Wipes and frees the cell; NULL is ignored. */
void keyring_drop(const void *cell);

/* Between these, on any thread, slabs that are written to stay writable: filling thousands of cells
 * one by one would cost two system calls each. Fills may overlap. */
void keyring_fill_begin(void);
void keyring_fill_end(void);

#endif
