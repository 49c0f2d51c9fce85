/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client's type means here.
 */
#ifndef AUTHD_FLOW_CLIENT_TYPE_H
#define AUTHD_FLOW_CLIENT_TYPE_H

#include "base/str.h"

/* Whether a client of this type may have keys of this kind ("publishable", "secret"). */
bool client_type_has(struct str type, struct str kind);

#endif
