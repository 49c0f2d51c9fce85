/* SPDX-License-Identifier: Apache-2.0
 *
 * SipHash-2-4 under a key of the caller, apart from map_hash so that the published vectors can be
 * checked.
 */
#ifndef AUTHD_BASE_SIPHASH_H
#define AUTHD_BASE_SIPHASH_H

#include "base/str.h"

struct siphash_key {
    uint64_t k0;
    uint64_t k1;
};

uint64_t siphash(struct siphash_key key, struct str data);

#endif
