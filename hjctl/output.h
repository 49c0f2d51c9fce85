/* SPDX-License-Identifier: Apache-2.0
 *
 * What a reply looks like: a table for people, JSON or YAML for programs, ids alone with --quiet.
 */
#ifndef HJCTL_OUTPUT_H
#define HJCTL_OUTPUT_H

#include "command.h"

/* reply is one object, or an array of rows. */
void output_print(const struct invocation *in, const json_t *reply);

#endif
