/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules that look at more than one setting, and what a reload may change. What is unsafe or cannot
 * work refuses to start here, with the remedy, instead of failing later.
 */
#include "base/log.h"
#include "server/settings.h"

struct check {
    struct arena *arena;
    const struct settings *s;
    struct complaints *complaints;
};

static void missing(const struct check *c, const char *name, const char *remedy)
{
    complain(c->complaints, STR("settings"), name, "%s", remedy);
}

static void check_mode(const struct check *c)
{
    if (!c->s->multi_tenant_enabled)
        missing(c, "multi_tenant_enabled",
                "must be true: single-tenant mode does not exist yet; set "
                "MULTI_TENANT_ENABLED=true or multi_tenant_enabled: true");
}

/* The host of a URL without port, brackets kept. */
static struct str url_host(struct str after_scheme)
{
    size_t end = str_find(after_scheme, '/');
    struct str host = str_slice(after_scheme, 0, end);
    if (host.len && host.ptr[0] == '[')
        return str_slice(host, 0, str_find(host, ']') + 1);
    return str_slice(host, 0, str_find(host, ':'));
}

static bool host_is_loopback(struct str host)
{
    return str_ieq(host, STR("localhost")) || str_eq(host, STR("[::1]")) ||
           (str_starts(host, STR("127.")) && strspn(host.ptr, "0123456789.") >= host.len);
}

/* Issuers are made from it, so it must be exactly what clients see: no blanks, query, trailing
 * slash or user part. */
static bool url_is_clean(struct str url)
{
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] <= ' ' || url.ptr[i] > '~' || strchr("?#@\\\"<>", url.ptr[i]))
            return false;
    return url.len > 0 && url.ptr[url.len - 1] != '/';
}

static void check_public_url(const struct check *c)
{
    struct str url = str_of(c->s->public_url);
    bool https = str_starts(url, STR("https://"));
    bool http = str_starts(url, STR("http://"));
    struct str host = url_host(str_slice(url, https ? 8 : 7, url.len));
    if (url.len == 0)
        missing(c, "public_url",
                "is required: where clients reach this instance, such as "
                "https://auth.example.com");
    else if ((!https && !http) || host.len == 0 || !url_is_clean(url))
        missing(c, "public_url",
                "must be http(s)://host[:port][/path] without a slash at the "
                "end");
    else if (http && !host_is_loopback(host))
        missing(c, "public_url",
                "must be https:// unless its host is loopback; put TLS in front "
                "and name that address");
}

static void check_required(const struct check *c)
{
    if (!*c->s->control_database_url)
        missing(c, "control_database_url",
                "is required: the connection string of the control "
                "database");
    if (!*c->s->root_key_file)
        missing(c, "root_key_file", "is required: authd init makes the file");
    if (c->s->listen.n == 0)
        missing(c, "listen", "needs at least one host:port");
}

static void check_tls(const struct check *c)
{
    bool certificate = *c->s->tls_certificate;
    bool key = *c->s->tls_private_key;
    if (certificate && !key)
        missing(c, "tls_private_key", "is required with tls_certificate");
    if (key && !certificate)
        missing(c, "tls_certificate", "is required with tls_private_key");
}

bool settings_check(struct arena *a, const struct settings *s, struct complaints *complaints)
{
    struct check c = {.arena = a, .s = s, .complaints = complaints};
    check_mode(&c);
    check_public_url(&c);
    check_required(&c);
    check_tls(&c);
    return complaints->n == 0;
}

static size_t type_size(enum setting_type type)
{
    static const size_t sizes[] = {
        [SETTING_text] = sizeof(SETTING_C_text),
        [SETTING_number] = sizeof(SETTING_C_number),
        [SETTING_seconds] = sizeof(SETTING_C_seconds),
        [SETTING_flag] = sizeof(SETTING_C_flag),
        [SETTING_choice] = sizeof(SETTING_C_choice),
        [SETTING_addresses] = sizeof(SETTING_C_addresses),
        [SETTING_networks] = sizeof(SETTING_C_networks),
        [SETTING_path] = sizeof(SETTING_C_path),
    };
    return sizes[type];
}

void settings_apply_reload(struct settings *current, const struct settings *fresh)
{
    for (size_t i = 0; i < setting_row_count; i++) {
        const struct setting_row *row = &setting_rows[i];
        if (row->reload)
            memcpy((char *)current + row->offset, (const char *)fresh + row->offset,
                   type_size(row->type));
        else if (!setting_equal(row, current, fresh))
            log_warn("setting_needs_restart", LOG_Z("setting", row->name));
    }
}
