/* SPDX-License-Identifier: Apache-2.0
 *
 * Enumerations that are stored and sent as words: a table of words indexed by the enumeration. NULL
 * entries have no word and can be neither parsed nor meant.
 */
#ifndef AUTHD_DOMAIN_NAMES_H
#define AUTHD_DOMAIN_NAMES_H

#include "base/str.h"

/* Position of the word, or -1. */
static inline int name_find(const char *const *names, int n, struct str word)
{
    for (int i = 0; i < n; i++) {
        if (names[i] && str_eqz(word, names[i]))
            return i;
    }
    return -1;
}

/* The word, or "unknown". */
static inline const char *name_of(const char *const *names, int n, int value)
{
    if (value < 0 || value >= n || !names[value])
        return "unknown";
    return names[value];
}

#endif
