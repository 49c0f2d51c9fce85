/* SPDX-License-Identifier: Apache-2.0
 *
 * Handing the listening descriptors to a new binary without refusing a connection: the old process
 * starts the new one with its descriptors, goes on serving, and drains when the new one says that
 * it is ready. A new one that fails changes nothing.
 */
#ifndef AUTHD_SERVER_TAKEOVER_H
#define AUTHD_SERVER_TAKEOVER_H

#include "server/listen.h"

/* The pid of the new process, or 0 after logging why not. */
int takeover_start(const struct listen_set *set, const char *binary, char **argv);
/* In the new process, once it serves: the old one gets SIGTERM. Does nothing elsewhere. */
void takeover_finish(void);
/* Whether this process was started by takeover_start. */
bool takeover_successor(void);

#endif
