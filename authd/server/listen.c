/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening, inheriting and naming listening descriptors. An inherited one is used for the address it
 * is bound to; those that systemd opened are served whatever `listen` says.
 */
#include "server/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

enum { FIRST_INHERITED = 3, USER_TIMEOUT_MS = 30000 };

/* Options that accepted connections inherit: small replies leave at once, and a peer that no longer
 * acknowledges is dropped. */
static void set_options(int fd)
{
    int on = 1;
    unsigned timeout = USER_TIMEOUT_MS;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void add(struct listen_set *set, int fd, bool admin, bool activated)
{
    set_options(fd);
    set->items[set->n++] = (struct listen_fd){fd, admin, activated};
}

/* What LISTEN_FDS brought; the variables end here, so that no child takes them for its own. */
static void inherit(struct listen_set *out)
{
    const char *pid = getenv("LISTEN_PID");
    const char *count = getenv("LISTEN_FDS");
    struct str names = str_of(getenv("LISTEN_FDNAMES"));
    struct str name;
    int64_t n = 0;
    bool ours = pid && count && strtol(pid, NULL, 10) == getpid() &&
                str_to_int(str_of(count), 0, LISTEN_MAX, &n);
    for (int i = 0; ours && i < n; i++) {
        if (!str_split(&names, ':', &name))
            name = STR("");
        bool admin = str_eq(name, STR("admin"));
        add(out, FIRST_INHERITED + i, admin, !admin && !str_eq(name, STR("api")));
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}

static in_port_t *port_of(struct sockaddr_storage *a)
{
    return a->ss_family == AF_INET6 ? &((struct sockaddr_in6 *)a)->sin6_port
                                    : &((struct sockaddr_in *)a)->sin_port;
}

static bool bound_to(int fd, const struct addrinfo *want)
{
    struct sockaddr_storage have = {0};
    struct sockaddr_storage wanted = {0};
    socklen_t len = sizeof(have);
    if (getsockname(fd, (struct sockaddr *)&have, &len) != 0 || len != want->ai_addrlen)
        return false;
    memcpy(&wanted, want->ai_addr, want->ai_addrlen);
    if (*port_of(&wanted) == 0)
        *port_of(&wanted) = *port_of(&have);
    return memcmp(&have, &wanted, len) == 0;
}

static int take_inherited(struct listen_set *inherited, const struct addrinfo *want, bool admin)
{
    for (size_t i = 0; i < inherited->n; i++) {
        struct listen_fd *item = &inherited->items[i];
        int fd = item->fd;
        if (fd < 0 || item->activated || item->admin != admin || !bound_to(fd, want))
            continue;
        item->fd = -1;
        return fd;
    }
    return -1;
}

static int bind_new(const struct addrinfo *want)
{
    int on = 1;
    int fd = socket(want->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (want->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, want->ai_addr, want->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static bool refuse(const struct listen_address *a, const char *why)
{
    log_error("listen_failed", LOG_Z("host", a->host), LOG_Z("port", a->port), LOG_Z("why", why),
              LOG_Z("remedy", "free the address, or change listen or admin_listen"));
    return false;
}

static bool open_one(const struct listen_address *a, bool admin, struct listen_set *inherited,
                     struct listen_set *out)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int failed = getaddrinfo(*a->host ? a->host : NULL, a->port, &hints, &found);
    if (failed)
        return refuse(a, gai_strerror(failed));
    bool ok = true;
    for (struct addrinfo *i = found; ok && i && out->n < LISTEN_MAX; i = i->ai_next) {
        int fd = take_inherited(inherited, i, admin);
        if (fd < 0)
            fd = bind_new(i);
        ok = fd >= 0                                           ? true
             : errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL ? i->ai_next || out->n
                                                               : refuse(a, strerror(errno));
        if (fd >= 0)
            add(out, fd, admin, false);
    }
    freeaddrinfo(found);
    return ok;
}

static bool open_list(const struct listen_list *list, bool admin, struct listen_set *inherited,
                      struct listen_set *out)
{
    for (size_t i = 0; i < list->n; i++)
        if (!open_one(&list->items[i], admin, inherited, out))
            return false;
    return true;
}

static size_t take_activated(struct listen_set *inherited, struct listen_set *out)
{
    for (size_t i = 0; i < inherited->n; i++) {
        if (!inherited->items[i].activated)
            continue;
        out->items[out->n++] = inherited->items[i];
        inherited->items[i].fd = -1;
    }
    return out->n;
}

bool listen_open(const struct settings *s, struct listen_set *out)
{
    struct listen_set inherited = {.n = 0};
    out->n = 0;
    inherit(&inherited);
    bool ok = take_activated(&inherited, out) > 0 || open_list(&s->listen, false, &inherited, out);
    ok = ok && open_list(&s->admin_listen, true, &inherited, out);
    listen_close(&inherited);
    if (!ok)
        listen_close(out);
    return ok;
}

void listen_close(struct listen_set *set)
{
    for (size_t i = 0; i < set->n; i++)
        if (set->items[i].fd >= 0)
            close(set->items[i].fd);
    set->n = 0;
}

void listen_name(int fd, char *out, size_t size)
{
    struct sockaddr_storage a = {0};
    socklen_t len = sizeof(a);
    char host[NI_MAXHOST] = "?";
    char port[NI_MAXSERV] = "?";
    if (getsockname(fd, (struct sockaddr *)&a, &len) == 0)
        (void)getnameinfo((struct sockaddr *)&a, len, host, sizeof(host), port, sizeof(port),
                          NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(out, size, a.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

void listen_names(const struct listen_set *set, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < set->n && len < size; i++) {
        const struct listen_fd *f = &set->items[i];
        len += (size_t)snprintf(out + len, size - len, "%s%s", i ? ":" : "",
                                f->admin       ? "admin"
                                : f->activated ? "activated"
                                               : "api");
    }
}
