/* SPDX-License-Identifier: Apache-2.0
 *
 * Every command of hjctl as a row.
 */
#include "command.h"

#include "domain/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const struct flag global_flags[] = {
    {"url",      "URL",   FLAG_TEXT,   TO_COMMAND, NULL, false, "authd's address; also HJCTL_URL"},
    {"key-file", "FILE",  FLAG_TEXT,   TO_COMMAND, NULL, false, "file with the operator key, - for standard input; also HJCTL_KEY_FILE, or the key in HJCTL_KEY"},
    {"context",  "NAME",  FLAG_TEXT,   TO_COMMAND, NULL, false, "context of the configuration file; also HJCTL_CONTEXT"},
    {"output",   "FORM",  FLAG_TEXT,   TO_COMMAND, NULL, false, "table, json or yaml (-o); also HJCTL_OUTPUT"},
    {"quiet",    NULL,    FLAG_SWITCH, TO_COMMAND, NULL, false, "print nothing but ids (-q)"},
    {"timeout",  "SECONDS", FLAG_NUMBER, TO_COMMAND, NULL, false, "give up after this long; default 60"},
    {"help",     NULL,    FLAG_SWITCH, TO_COMMAND, NULL, false, "how to use the command (-h)"},
    {0}};

const struct flag destroy_flags[] = {
    {"dry-run", NULL, FLAG_SWITCH, TO_COMMAND, NULL, false, "say what would be done and change nothing"},
    {"yes",     NULL, FLAG_SWITCH, TO_COMMAND, NULL, false, "do not ask; required when standard input is no terminal"},
    {0}};

const struct flag list_flags[] = {
    {"limit", "N", FLAG_NUMBER, TO_COMMAND, NULL, false, "at most this many rows; default all"},
    {0}};

static const struct flag no_flags[] = {{0}};

static const struct flag tenant_create_flags[] = {
    {"name",        "TEXT", FLAG_TEXT, TO_BODY, NULL, false, "display name; default the slug"},
    {"environment", "ENV",  FLAG_TEXT, TO_BODY, NULL, false, "live, test or dev: the prefix of its keys; default live"},
    {0}};
static const struct flag tenant_update_flags[] = {
    {"name",     "TEXT",     FLAG_TEXT, TO_BODY,    NULL, false, "display name"},
    {"reset",    "POLICIES", FLAG_TEXT, TO_COMMAND, NULL, false, "comma-separated policies that go back to their default"},
    {"if-match", "ETAG",     FLAG_TEXT, TO_COMMAND, NULL, false, "only if the tenant's revision is still this one"},
    {0}};
static const struct flag tenant_list_flags[] = {
    {"status", "STATUS", FLAG_TEXT, TO_QUERY, NULL, false, "only active, suspended or deleted ones"},
    {0}};
static const struct flag tenant_delete_flags[] = {
    {"keep-database", NULL, FLAG_SWITCH, TO_QUERY, NULL, false, "leave its database in place; otherwise it is dropped"},
    {0}};
static const struct flag rotate_flags[] = {
    {"revoke", NULL, FLAG_SWITCH, TO_BODY, NULL, false, "drop the old keys at once: every token they signed stops verifying"},
    {0}};
static const struct flag client_create_flags[] = {
    {"name",     "TEXT", FLAG_TEXT, TO_BODY, NULL, true,  "display name"},
    {"type",     "TYPE", FLAG_TEXT, TO_BODY, NULL, false, "web, spa, native or machine; default web"},
    {"audience", "TEXT", FLAG_TEXT, TO_BODY, NULL, false, "aud of its access tokens; default the tenant's"},
    {0}};
static const struct flag client_update_flags[] = {
    {"name",     "TEXT", FLAG_TEXT, TO_BODY, NULL, false, "display name"},
    {"audience", "TEXT", FLAG_TEXT, TO_BODY, NULL, false, "aud of its access tokens; empty = the tenant's"},
    {0}};
static const struct flag key_create_flags[] = {
    {"kind", "KIND", FLAG_TEXT, TO_BODY, NULL, true, "publishable or secret"},
    {0}};
static const struct flag key_roll_flags[] = {
    {"overlap", "DURATION", FLAG_TEXT, TO_BODY, NULL, false, "how long the old key keeps working; default 24h"},
    {0}};
static const struct flag operator_create_flags[] = {
    {"name", "TEXT", FLAG_TEXT, TO_BODY, NULL, true,  "who this is"},
    {"role", "ROLE", FLAG_TEXT, TO_BODY, NULL, false, "admin or reader; default reader"},
    {0}};
static const struct flag operator_update_flags[] = {
    {"name", "TEXT", FLAG_TEXT, TO_BODY, NULL, false, "who this is"},
    {"role", "ROLE", FLAG_TEXT, TO_BODY, NULL, false, "admin or reader"},
    {0}};
static const struct flag audit_flags[] = {
    {"tenant", "TENANT", FLAG_TEXT, TO_QUERY, NULL, false, "only what concerns this tenant (slug or id)"},
    {"event",  "EVENT",  FLAG_TEXT, TO_QUERY, NULL, false, "only this event, e.g. tenant.updated"},
    {"since",  "TIME",   FLAG_TEXT, TO_QUERY, NULL, false, "from this RFC 3339 time on"},
    {"until",  "TIME",   FLAG_TEXT, TO_QUERY, NULL, false, "before this RFC 3339 time"},
    {0}};
static const struct flag config_flags[] = {
    {"key-stdin", NULL, FLAG_SWITCH, TO_COMMAND, NULL, false, "read the operator key from standard input and keep it in the file"},
    {0}};

static const struct column tenant_columns[] = {{"SLUG", "slug"}, {"ID", "id"}, {"NAME", "name"}, {"ENVIRONMENT", "environment"}, {"STATUS", "status"}, {"CREATED", "created_at"}, {0}};
static const struct column client_columns[] = {{"ID", "id"}, {"NAME", "name"}, {"TYPE", "type"}, {"AUDIENCE", "audience"}, {"CREATED", "created_at"}, {0}};
static const struct column key_columns[] = {{"ID", "id"}, {"KIND", "kind"}, {"KEY", "hint"}, {"CREATED", "created_at"}, {"EXPIRES", "expires_at"}, {"REVOKED", "revoked_at"}, {"LAST USED", "last_used_at"}, {0}};
static const struct column operator_columns[] = {{"ID", "id"}, {"NAME", "name"}, {"ROLE", "role"}, {"CREATED", "created_at"}, {0}};
static const struct column operator_key_columns[] = {{"ID", "id"}, {"KEY", "hint"}, {"CREATED", "created_at"}, {"REVOKED", "revoked_at"}, {"LAST USED", "last_used_at"}, {0}};
static const struct column signing_key_columns[] = {{"KID", "kid"}, {"ALG", "algorithm"}, {"PUBLISHED", "published_at"}, {"SIGNS FROM", "signs_at"}, {"LEAVES", "leaves_at"}, {0}};
static const struct column audit_columns[] = {{"TIME", "at"}, {"EVENT", "event"}, {"ACTOR", "actor_id"}, {"TENANT", "tenant_id"}, {"TARGET", "target_id"}, {"ADDRESS", "address"}, {0}};

#define T "/v1/tenants/{TENANT}"
const struct command commands[] = {
    {"tenant", "create", "SLUG", "POST", "/v1/tenants", tenant_create_flags, NULL, TRAIT_POLICY | TRAIT_SECRET, NULL, "Create a tenant with its database, signing key and first client"},
    {"tenant", "list", "", "GET", "/v1/tenants", tenant_list_flags, tenant_columns, TRAIT_LIST, NULL, "List tenants"},
    {"tenant", "get", "TENANT", "GET", T, no_flags, NULL, 0, NULL, "Show a tenant and its policy"},
    {"tenant", "update", "TENANT", "PATCH", T, tenant_update_flags, NULL, TRAIT_POLICY, NULL, "Change a tenant's name or policy; bites on the next request on every node within a second"},
    {"tenant", "suspend", "TENANT", "POST", T "/suspend", no_flags, NULL, TRAIT_DESTROYS, NULL, "Refuse every sign-in, refresh and token of a tenant until it is reactivated"},
    {"tenant", "reactivate", "TENANT", "POST", T "/reactivate", no_flags, NULL, 0, NULL, "End a suspension"},
    {"tenant", "delete", "TENANT", "DELETE", T, tenant_delete_flags, NULL, TRAIT_DESTROYS, NULL, "Delete a tenant for ever; its slug is never used again"},
    {"tenant", "rotate-keys", "TENANT", "POST", T "/keys/rotate", rotate_flags, NULL, 0, NULL, "Publish a new signing key; it signs once caches know it"},
    {"tenant", "signing-keys", "TENANT", "GET", T "/keys", no_flags, signing_key_columns, TRAIT_LIST, NULL, "List a tenant's signing keys"},
    {"client", "create", "TENANT", "POST", T "/clients", client_create_flags, NULL, TRAIT_SECRET, NULL, "Create a client with a publishable and a secret key"},
    {"client", "list", "TENANT", "GET", T "/clients", no_flags, client_columns, TRAIT_LIST, NULL, "List a tenant's clients"},
    {"client", "get", "TENANT CLIENT", "GET", T "/clients/{CLIENT}", no_flags, NULL, 0, NULL, "Show a client"},
    {"client", "update", "TENANT CLIENT", "PATCH", T "/clients/{CLIENT}", client_update_flags, NULL, 0, NULL, "Change a client"},
    {"client", "delete", "TENANT CLIENT", "DELETE", T "/clients/{CLIENT}", no_flags, NULL, TRAIT_DESTROYS, NULL, "Delete a client and its keys; its sessions cannot be refreshed any more"},
    {"key", "create", "TENANT CLIENT", "POST", T "/clients/{CLIENT}/keys", key_create_flags, NULL, TRAIT_SECRET, NULL, "Create another key of a client"},
    {"key", "list", "TENANT CLIENT", "GET", T "/clients/{CLIENT}/keys", no_flags, key_columns, TRAIT_LIST, NULL, "List a client's keys, by prefix and last four characters"},
    {"key", "roll", "TENANT CLIENT KEY", "POST", T "/clients/{CLIENT}/keys/{KEY}/roll", key_roll_flags, NULL, TRAIT_SECRET, NULL, "Make a new key and let the old one end after an overlap"},
    {"key", "revoke", "TENANT CLIENT KEY", "DELETE", T "/clients/{CLIENT}/keys/{KEY}", no_flags, NULL, TRAIT_DESTROYS, NULL, "Refuse a key at once"},
    {"operator", "create", "", "POST", "/v1/operators", operator_create_flags, NULL, TRAIT_SECRET, NULL, "Create an operator and a key"},
    {"operator", "list", "", "GET", "/v1/operators", no_flags, operator_columns, TRAIT_LIST, NULL, "List operators"},
    {"operator", "get", "OPERATOR", "GET", "/v1/operators/{OPERATOR}", no_flags, NULL, 0, NULL, "Show an operator"},
    {"operator", "update", "OPERATOR", "PATCH", "/v1/operators/{OPERATOR}", operator_update_flags, NULL, 0, NULL, "Change an operator"},
    {"operator", "delete", "OPERATOR", "DELETE", "/v1/operators/{OPERATOR}", no_flags, NULL, TRAIT_DESTROYS, NULL, "Delete an operator and its keys"},
    {"operator", "create-key", "OPERATOR", "POST", "/v1/operators/{OPERATOR}/keys", no_flags, NULL, TRAIT_SECRET, NULL, "Create another key of an operator"},
    {"operator", "list-keys", "OPERATOR", "GET", "/v1/operators/{OPERATOR}/keys", no_flags, operator_key_columns, TRAIT_LIST, NULL, "List an operator's keys"},
    {"operator", "revoke-key", "OPERATOR KEY", "DELETE", "/v1/operators/{OPERATOR}/keys/{KEY}", no_flags, NULL, TRAIT_DESTROYS, NULL, "Refuse an operator key at once"},
    {"operator", "whoami", "", "GET", "/v1/operators/me", no_flags, NULL, 0, NULL, "Show who the key in use belongs to"},
    {"audit", "list", "", "GET", "/v1/audit", audit_flags, audit_columns, TRAIT_LIST, NULL, "Read the audit log of the control plane, newest first"},
    {"config", "set-context", "NAME", NULL, NULL, config_flags, NULL, 0, command_config_set, "Remember an address (--url) and a key (--key-file or --key-stdin) under a name"},
    {"config", "use-context", "NAME", NULL, NULL, no_flags, NULL, 0, command_config_use, "Make a context the default"},
    {"config", "list-contexts", "", NULL, NULL, no_flags, NULL, 0, command_config_list, "List contexts"},
    {"config", "delete-context", "NAME", NULL, NULL, no_flags, NULL, 0, command_config_delete, "Forget a context"},
    {"explain", "", "CODE", NULL, NULL, no_flags, NULL, 0, command_explain, "Say what an error code means and what to do"},
    {"completion", "", "SHELL", NULL, NULL, no_flags, NULL, 0, command_completion, "Print the completion script for bash, zsh or fish"},
    {"version", "", "", NULL, NULL, no_flags, NULL, 0, command_version, "Print the version"},
    {"help", "", "", NULL, NULL, no_flags, NULL, 0, command_help, "Print all commands"},
    {"man", "", "", NULL, NULL, no_flags, NULL, TRAIT_HIDDEN, command_man, "Print the manual page"},
};
#undef T
/* clang-format on */
const size_t command_count = sizeof commands / sizeof commands[0];

static char *dashed(const char *name)
{
    char *out = strdup(name);
    for (char *c = out; c && *c; c++)
        if (*c == '_')
            *c = '-';
    return out;
}

static const char *policy_value_name(enum policy_type type)
{
    static const char *const names[] = {
        [POLICY_duration] = "DURATION", [POLICY_number] = "N",     [POLICY_choice] = "CHOICE",
        [POLICY_text] = "TEXT",         [POLICY_origins] = "LIST", [POLICY_names] = "LIST"};
    return names[type];
}

const struct flag *policy_flags(void)
{
    static struct flag *made;
    if (made)
        return made;
    made = calloc(policy_row_count + 1, sizeof *made);
    if (!made)
        abort();
    for (size_t i = 0; i < policy_row_count; i++)
        made[i] = (struct flag){.name = dashed(policy_rows[i].name),
                                .value = policy_value_name(policy_rows[i].type),
                                .type = FLAG_TEXT,
                                .place = TO_POLICY,
                                .member = policy_rows[i].name,
                                .doc = policy_rows[i].doc};
    return made;
}
