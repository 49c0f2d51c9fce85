/* SPDX-License-Identifier: Apache-2.0
 *
 * libsodium chooses its implementations for this processor once per process, before anything else
 * here is called.
 */
#include <sodium.h>

#include "base/log.h"
#include "crypto/seal.h"

enum err crypto_setup(void)
{
    if (sodium_init() >= 0)
        return ERR_OK;
    log_error("crypto_setup_failed", LOG_Z("library", "libsodium"));
    return ERR_internal_error;
}
