/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a development PostgreSQL lives and who runs it: its programs are found in Debian's
 * versioned directories, its user is ours unless we are root (it refuses to be root), and its
 * directory is the state directory's unless that user cannot reach it there or the socket's path
 * would be longer than the kernel allows.
 */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "crypto/token.h"
#include "server/dev.h"

#define VERSIONS "/usr/lib/postgresql"

static bool has_programs(const char *bin)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/initdb", bin);
    return access(path, X_OK) == 0;
}

/* The version's directory that fits the data, or the newest. */
static const char *scan_versions(struct dev *d, int64_t wanted)
{
    DIR *dir = opendir(VERSIONS);
    struct dirent *entry;
    const char *found = NULL;
    int64_t newest = 0;
    int64_t version;
    while (dir && (entry = readdir(dir))) {
        const char *bin = dev_text(d, VERSIONS "/%s/bin", entry->d_name);
        if (!str_to_int(str_of(entry->d_name), 1, 999, &version) || !has_programs(bin))
            continue;
        if (version == wanted || (!wanted && version > newest)) {
            newest = version;
            found = bin;
        }
    }
    if (dir)
        closedir(dir);
    return found;
}

static const char *ask_pg_config(struct dev *d)
{
    char line[512] = "";
    FILE *f = popen("pg_config --bindir 2>/dev/null",
                    "re"); /* NOLINT(cert-env33-c): a developer's own PATH */
    if (!f)
        return NULL;
    bool got = fgets(line, sizeof(line), f) != NULL;
    pclose(f);
    line[strcspn(line, "\n")] = '\0';
    return got && has_programs(line) ? dev_text(d, "%s", line) : NULL;
}

static bool find_user(struct dev *d)
{
    struct dev_postgres *p = &d->postgres;
    struct passwd *who = geteuid() != 0 ? getpwuid(geteuid()) : getpwnam("postgres");
    if (!who && geteuid() == 0)
        who = getpwnam("nobody");
    if (!who)
        return dev_refuse("run as a user that /etc/passwd knows", "there is no user to run "
                                                                  "PostgreSQL as");
    p->user = dev_text(d, "%s", who->pw_name);
    p->uid = who->pw_uid;
    p->gid = who->pw_gid;
    return true;
}

/* Whether the user may pass through every directory of the path. */
static bool reachable(struct dev *d, const char *path)
{
    char *copy = xstrndup(path, strlen(path));
    bool ok = true;
    for (char *slash = strchr(copy + 1, '/'); ok; slash = strchr(slash + 1, '/')) {
        struct stat st;
        if (slash)
            *slash = '\0';
        ok = stat(copy, &st) == 0 &&
             (st.st_mode & (st.st_uid == d->postgres.uid ? S_IXUSR : S_IXOTH)) != 0;
        if (!slash)
            break;
        *slash = '/';
    }
    free(copy);
    return ok;
}

static bool socket_fits(struct dev *d, const char *base)
{
    struct sockaddr_un a;
    return strlen(dev_text(d, "%s/run/.s.PGSQL.5432", base)) < sizeof(a.sun_path);
}

static const char *elsewhere(struct dev *d)
{
    uint8_t hash[TOKEN_HASH_LEN];
    char name[17] = "";
    plain_hash(str_of(d->state), hash);
    hex_encode(name, hash, 8);
    return dev_text(d, "%s/authd-%s", access("/var/tmp", W_OK) == 0 ? "/var/tmp" : "/tmp", name);
}

static void choose_base(struct dev *d)
{
    struct dev_postgres *p = &d->postgres;
    p->base = dev_path(d, "postgres");
    if (!socket_fits(d, p->base) || !reachable(d, d->state)) {
        const char *why = socket_fits(d, p->base) ? "is out of reach for PostgreSQL's user"
                                                  : "has too long a path for a socket";
        p->base = elsewhere(d);
        fprintf(stderr, "authd dev: %s %s; the database is in %s\n", d->state, why, p->base);
    }
    p->data = dev_text(d, "%s/data", p->base);
    p->socket = dev_text(d, "%s/run", p->base);
    p->log = dev_text(d, "%s/log", p->base);
}

/* Ours, private and no link: anybody may make directories in /var/tmp. */
static bool make_private(struct dev *d, const char *path)
{
    struct dev_postgres *p = &d->postgres;
    struct stat st;
    if (mkdir(path, 0700) == 0 && lchown(path, p->uid, p->gid) != 0)
        return dev_refuse("choose another state directory", "%s: %s", path, strerror(errno));
    if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != p->uid ||
        (st.st_mode & 077) != 0)
        return dev_refuse("remove it, or choose another state directory",
                          "%s is not a private directory of %s", path, p->user);
    return true;
}

bool dev_postgres_find(struct dev *d)
{
    int64_t version = 0;
    if (!find_user(d))
        return false;
    choose_base(d);
    const char *has = dev_read(d, dev_text(d, "%s/PG_VERSION", d->postgres.data));
    if (has && !str_to_int(str_trim(str_of(has)), 1, 999, &version))
        return dev_refuse("choose another state directory", "%s/PG_VERSION is not a version",
                          d->postgres.data);
    d->postgres.bin = scan_versions(d, version);
    if (!d->postgres.bin && !version)
        d->postgres.bin = ask_pg_config(d);
    if (!d->postgres.bin && version)
        return dev_refuse("install that version, or choose another state directory",
                          "%s was made by PostgreSQL %d, which is not installed", d->postgres.data,
                          (int)version);
    if (!d->postgres.bin)
        return dev_refuse("apt install postgresql-15", "PostgreSQL is not installed");
    return make_private(d, d->postgres.base) && make_private(d, d->postgres.socket);
}

void dev_postgres_become(const struct dev_postgres *p)
{
    bool root = geteuid() == 0;
    if (root && (initgroups(p->user, p->gid) != 0 || setgid(p->gid) != 0 || setuid(p->uid) != 0))
        _exit(126);
    if (chdir("/") != 0)
        _exit(126);
}

const char *dev_postgres_command(struct dev *d, const char *arguments)
{
    const struct dev_postgres *p = &d->postgres;
    const char *as = geteuid() == 0 ? dev_text(d, "runuser -u %s -- ", p->user) : "";
    return dev_text(d, "%s%s/pg_ctl -D %s %s", as, p->bin, dev_quote(d, p->data), arguments);
}
