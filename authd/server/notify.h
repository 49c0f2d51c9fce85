/* SPDX-License-Identifier: Apache-2.0
 *
 * What the service manager is told (sd_notify's protocol): a datagram to $NOTIFY_SOCKET.
 */
#ifndef AUTHD_SERVER_NOTIFY_H
#define AUTHD_SERVER_NOTIFY_H

#include <stdint.h>

/* "READY=1", several lines allowed. Nothing happens where nobody listens. */
void notify_send(const char *state);
void notify_main_pid(int pid);
/* How often WATCHDOG=1 is expected, in ms; 0 = not. */
int64_t notify_watchdog_ms(void);

#endif
