/* SPDX-License-Identifier: Apache-2.0
 *
 * Ports of authd dev. One that was served before is kept, because issuers contain it; otherwise the
 * usual one, or when somebody else has it a free one below the ephemeral range, so that any number
 * of development servers run side by side.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/id.h"
#include "server/dev.h"

enum { RANGE_FROM = 10000, RANGE_PORTS = 20000, TRIES = 200 };

static bool is_free(int64_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    /* As the listener does, or a port that served a minute ago would look taken. */
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    bool free = bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 1) == 0;
    close(fd);
    return free;
}

static int64_t port_served_before(const struct dev *d, const char *name)
{
    int64_t port = 0;
    struct str url = str_of(dev_env_get(&d->old, name));
    struct str piece = STR("");
    while (str_is_set(url) && str_split(&url, ':', &piece))
        ;
    return str_to_int(piece, 1, 65535, &port) ? port : 0;
}

int64_t dev_port_choose(const struct dev *d, int64_t asked, const char *name, int64_t usual)
{
    if (asked)
        return asked;
    int64_t before = port_served_before(d, name);
    if (before)
        return before;
    for (int tries = 0; tries < TRIES && !is_free(usual); tries++)
        usual = RANGE_FROM + random_below(RANGE_PORTS);
    return usual;
}
