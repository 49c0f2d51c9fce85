/* SPDX-License-Identifier: Apache-2.0
 *
 * authd healthcheck: asks the admin listener of the same settings for /healthz, for containers
 * whose image has no other client.
 */
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "server/command.h"

enum { TIMEOUT_S = 3 };

/* A server that listens everywhere answers on loopback too. */
static const char *reachable(const char *host)
{
    if (!*host || strcmp(host, "0.0.0.0") == 0)
        return "127.0.0.1";
    return strcmp(host, "::") == 0 ? "::1" : host;
}

static int connect_to(const struct listen_address *a)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    struct timeval timeout = {.tv_sec = TIMEOUT_S};
    if (getaddrinfo(reachable(a->host), a->port, &hints, &found) != 0)
        return -1;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
        if (connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

static bool ask(int fd)
{
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    static const char wanted[] = "HTTP/1.1 200 ";
    char reply[sizeof(wanted)] = "";
    if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != sizeof(request) - 1)
        return false;
    ssize_t n = recv(fd, reply, sizeof(wanted) - 1, MSG_WAITALL);
    return n == sizeof(wanted) - 1 && memcmp(reply, wanted, sizeof(wanted) - 1) == 0;
}

int command_healthcheck(struct invocation *in)
{
    struct settings s;
    if (!command_settings(in, &s))
        return EXIT_FAILED;
    if (s.admin_listen.n == 0) {
        fprintf(stderr, "authd: there is no admin_listen to ask\n");
        return EXIT_FAILED;
    }
    int fd = connect_to(&s.admin_listen.items[0]);
    bool healthy = fd >= 0 && ask(fd);
    if (fd >= 0)
        close(fd);
    if (!healthy)
        fprintf(stderr, "authd: %s:%s does not answer\n", s.admin_listen.items[0].host,
                s.admin_listen.items[0].port);
    return healthy ? EXIT_DONE : EXIT_FAILED;
}
