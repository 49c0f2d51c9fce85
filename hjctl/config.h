/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the server is and which key to show it: options, then environment, then the current context
 * of the configuration file ($XDG_CONFIG_HOME/hjctl/config.json, mode 0600). A key is never taken
 * from the command line.
 */
#ifndef HJCTL_CONFIG_H
#define HJCTL_CONFIG_H

#include "command.h"

struct target {
    char *url; /* without a slash at the end */
    char *key;
};

/* Says what is missing and how to give it; EXIT_USAGE then. */
int config_target(const struct options *options, struct target *out);
void target_wipe(struct target *t);

#endif
