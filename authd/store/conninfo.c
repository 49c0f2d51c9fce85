/* SPDX-License-Identifier: Apache-2.0
 *
 * Conninfo strings made of the configured URL: its server, and how to reach it, for other databases
 * and roles.
 */
#include <libpq-fe.h>

#include "base/log.h"
#include "store/control_init.h"
#include "store/db_sync.h"

/* What belongs to the configured role or session and not to the server. */
static const char *const not_inherited[] = {
    "dbname",     "user",    "password",         "passfile",
    "options",    "service", "application_name", "fallback_application_name",
    "sslcert",    "sslkey",  "sslpassword",      "connect_timeout",
    "replication"};

static bool is_inherited(const PQconninfoOption *o)
{
    if (!o->val || !o->val[0])
        return false;
    for (size_t i = 0; i < sizeof(not_inherited) / sizeof(*not_inherited); i++) {
        if (strcmp(o->keyword, not_inherited[i]) == 0)
            return false;
    }
    return true;
}

/* keyword='value' with the two escapes that libpq knows. */
static void add_pair(struct buf *b, const char *keyword, struct str value)
{
    if (b->len)
        buf_char(b, ' ');
    buf_str(b, str_of(keyword));
    buf_lit(b, "='");
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '\'' || value.ptr[i] == '\\')
            buf_char(b, '\\');
        buf_char(b, value.ptr[i]);
    }
    buf_char(b, '\'');
}

static PQconninfoOption *conninfo_parse(const char *url)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &why);
    PQfreemem(why);
    if (!options)
        log_error("conninfo_malformed", LOG_Z("remedy", "see control_database_url in authd.yaml"));
    return options;
}

struct str conninfo_of_server(struct arena *a, const char *url)
{
    PQconninfoOption *options = conninfo_parse(url);
    if (!options)
        return STR_NONE;
    struct buf b;
    buf_init(&b, a, 128);
    for (const PQconninfoOption *o = options; o->keyword; o++) {
        if (is_inherited(o))
            add_pair(&b, o->keyword, str_of(o->val));
    }
    PQconninfoFree(options);
    return buf_view(&b);
}

struct str control_database_name(struct arena *a, const char *url)
{
    struct str name = STR_NONE;
    PQconninfoOption *options = conninfo_parse(url);
    for (const PQconninfoOption *o = options; o && o->keyword; o++)
        if (strcmp(o->keyword, "dbname") == 0 && o->val && o->val[0])
            name = str_copy(a, str_of(o->val));
    PQconninfoFree(options);
    return name;
}

struct str control_admin_conninfo(struct arena *a, const char *url)
{
    struct buf b;
    PQconninfoOption *options = conninfo_parse(url);
    if (!options)
        return STR_NONE;
    buf_init(&b, a, 128);
    for (const PQconninfoOption *o = options; o->keyword; o++)
        if (o->val && o->val[0] && strcmp(o->keyword, "dbname") != 0)
            add_pair(&b, o->keyword, str_of(o->val));
    PQconninfoFree(options);
    add_pair(&b, "dbname", STR("postgres"));
    return buf_view(&b);
}
