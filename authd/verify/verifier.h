/* SPDX-License-Identifier: Apache-2.0
 *
 * A verifier from the inside, for tests that own the clock.
 */
#ifndef AUTHD_VERIFY_VERIFIER_H
#define AUTHD_VERIFY_VERIFIER_H

#include "authd/verify.h"

struct moment {
    int64_t wall_s; /* since 1970: what claims are held against */
    int64_t run_s;  /* only forward: what caches live by */
};

/* authd_verify at that moment; *error is set. */
struct authd_claims *authdv_verify_at(struct authd_verifier *v, const char *token, size_t length,
                                      struct moment now, enum authd_verify_error *error);

/* NULL, or what is wrong with the options. */
const char *authdv_options_complaint(const struct authd_verify_options *o);

#endif
