/* SPDX-License-Identifier: Apache-2.0
 *
 * The operators' API: fields and routes. {tenant} is a slug or an id everywhere. A secret is in the
 * reply that makes it and in no other.
 */
#include "flow/audit.h"
#include "flow/clients.h"
#include "flow/operators.h"
#include "flow/signing_keys.h"
#include "flow/tenants.h"
#include "http/routes_parts.h"

/* clang-format off */
#define ROWS(a) (a), sizeof(a) / sizeof((a)[0])
#define AT(type, member) .offset = offsetof(struct type, member)
/* Offset 0 means "not wanted": a struct that begins with such a member does not compile. */
#define SENT(type, member) .present = offsetof(struct type, member) + 0 * sizeof(char[offsetof(struct type, member) ? 1 : -1])

#define ENVIRONMENTS "live|test|dev"
#define TENANT_STATUSES "provisioning|active|suspended"
#define CLIENT_TYPES "web|spa|native|machine"
#define KEY_KINDS "publishable|secret"
#define ROLES "admin|reader"

enum { TITLE_MAX = 200, REF_MAX = 64, POLICY_MAX = 16384, AUDIENCE_MAX = 256 };

_Static_assert(sizeof(((struct page_out *)0)->data) == sizeof(struct field_list), "a page is a list");

/* Rows that many inputs share. */
#define TENANT_REF(in) \
    {.name = "tenant", .place = IN_PATH, .type = FIELD_TEXT, AT(in, tenant), .min = 1, .max = REF_MAX, .flags = FIELD_REQUIRED, .doc = "Slug or id of the tenant."}
#define CLIENT_REF(in) \
    {.name = "client_id", .place = IN_PATH, .type = FIELD_ID, AT(in, client_id), .choices = "cli_", .flags = FIELD_REQUIRED, .doc = "The client."}
#define KEY_REF(in) \
    {.name = "key_id", .place = IN_PATH, .type = FIELD_ID, AT(in, key_id), .choices = "key_", .flags = FIELD_REQUIRED, .doc = "The key's id, not the key."}
#define OPERATOR_REF(in) \
    {.name = "id", .place = IN_PATH, .type = FIELD_ID, AT(in, id), .choices = "adm_", .flags = FIELD_REQUIRED, .doc = "The operator."}
#define PAGE_ROWS(in) \
    {.name = "limit", .place = IN_QUERY, .type = FIELD_INT, AT(in, page.limit), .min = 1, .max = PAGE_LIMIT_MAX, .doc = "Items per page, 20 unless given."}, \
    {.name = "cursor", .place = IN_QUERY, .type = FIELD_TEXT, AT(in, page.cursor), .min = 1, .max = CURSOR_TEXT_MAX, .doc = "next_cursor of the page before."}

/* A list's reply: `item` are its rows, `title` its schema. */
#define LIST_FIELDS(list, item, title) \
    static const struct field list##_rows[] = { \
        {.name = "data", .type = FIELD_LIST, AT(page_out, data), .sub = &item, .doc = "The page, newest first."}, \
        {.name = "has_more", .type = FIELD_BOOL, AT(page_out, has_more), .doc = "Whether there is another page."}, \
        {.name = "next_cursor", .type = FIELD_TEXT, AT(page_out, next_cursor), .flags = FIELD_NULLABLE, .doc = "Send as `cursor` for the next page."}, \
    }; \
    static const struct fields list##_fields = {title, sizeof(struct page_out), ROWS(list##_rows)}

/* ---- tenants: out ---- */

#define TENANT_ROWS \
    {.name = "id", .type = FIELD_ID, AT(tenant_record, id), .choices = "tnt_", .doc = "The tenant; `tenant` of its tokens."}, \
    {.name = "slug", .type = FIELD_TEXT, AT(tenant_record, slug), .doc = "Its name in issuer and command line; never changes, never used again."}, \
    {.name = "name", .type = FIELD_TEXT, AT(tenant_record, name), .doc = "For people."}, \
    {.name = "environment", .type = FIELD_CHOICE, AT(tenant_record, environment), .choices = ENVIRONMENTS, .doc = "Prefix of its keys."}, \
    {.name = "status", .type = FIELD_CHOICE, AT(tenant_record, status), .choices = TENANT_STATUSES, .doc = "provisioning: its database is being made."}, \
    {.name = "issuer", .type = FIELD_TEXT, AT(tenant_record, issuer), .doc = "`iss` of its tokens."}, \
    {.name = "policy", .type = FIELD_JSON, AT(tenant_record, policy), .doc = "What it decides for itself; defaults included."}, \
    {.name = "revision", .type = FIELD_INT, AT(tenant_record, revision), .doc = "Of its last change; the ETag."}, \
    {.name = "created_at", .type = FIELD_TIME, AT(tenant_record, created_at), .doc = "When it was created."}, \
    {.name = "updated_at", .type = FIELD_TIME, AT(tenant_record, updated_at), .doc = "When it last changed."}

static const struct field tenant_rows[] = {TENANT_ROWS};
static const struct fields tenant_fields = {"Tenant", sizeof(struct tenant_record), ROWS(tenant_rows)};
LIST_FIELDS(tenant_list_out, tenant_fields, "TenantList");

static const struct field first_client_rows[] = {
    {.name = "id", .type = FIELD_ID, AT(first_client, id), .choices = "cli_", .doc = "The client."},
    {.name = "publishable_key", .type = FIELD_SECRET, AT(first_client, publishable_key), .flags = FIELD_ONCE, .doc = "For browsers and apps."},
    {.name = "secret_key", .type = FIELD_SECRET, AT(first_client, secret_key), .flags = FIELD_ONCE, .doc = "For the tenant's own servers."},
};
static const struct fields first_client_fields = {"FirstClient", sizeof(struct first_client), ROWS(first_client_rows)};

_Static_assert(offsetof(struct tenant_created, record) == 0, "the rows of a record serve here too");
static const struct field tenant_created_rows[] = {
    TENANT_ROWS,
    {.name = "client", .type = FIELD_OBJECT, AT(tenant_created, client), .sub = &first_client_fields, .doc = "Its first client, named Default, and that client's keys."},
};
static const struct fields tenant_created_fields = {"TenantCreated", sizeof(struct tenant_created), ROWS(tenant_created_rows)};

/* ---- tenants: in ---- */

static const struct field tenant_create_rows[] = {
    {.name = "slug", .type = FIELD_TEXT, AT(tenant_create_in, slug), .min = 1, .max = REF_MAX, .flags = FIELD_REQUIRED, .doc = "A letter, then up to 31 of a-z, 0-9 and -."},
    {.name = "name", .type = FIELD_TEXT, AT(tenant_create_in, name), .min = 1, .max = TITLE_MAX, .doc = "For people; the slug unless given."},
    {.name = "environment", .type = FIELD_CHOICE, AT(tenant_create_in, environment), .choices = ENVIRONMENTS, .doc = "live unless given; never changes."},
    {.name = "policy", .type = FIELD_JSON, AT(tenant_create_in, policy), .max = POLICY_MAX, .doc = "What differs from the defaults."},
};
static const struct fields tenant_create_fields = {"TenantCreate", sizeof(struct tenant_create_in), ROWS(tenant_create_rows)};

static const struct field tenant_list_rows[] = {
    PAGE_ROWS(tenant_list_in),
    {.name = "status", .place = IN_QUERY, .type = FIELD_CHOICE, AT(tenant_list_in, status), .choices = TENANT_STATUSES, .doc = "Only these."},
};
static const struct fields tenant_list_fields = {"TenantListQuery", sizeof(struct tenant_list_in), ROWS(tenant_list_rows)};

static const struct field tenant_ref_rows[] = {TENANT_REF(tenant_ref_in)};
static const struct fields tenant_ref_fields = {"TenantRef", sizeof(struct tenant_ref_in), ROWS(tenant_ref_rows)};

static const struct field tenant_update_rows[] = {
    TENANT_REF(tenant_update_in),
    {.name = "name", .type = FIELD_TEXT, AT(tenant_update_in, name), .min = 1, .max = TITLE_MAX, .doc = "For people."},
    {.name = "policy", .type = FIELD_JSON, AT(tenant_update_in, policy), .max = POLICY_MAX, .doc = "Members to set; null puts one back to its default, what is left out stays."},
};
static const struct fields tenant_update_fields = {"TenantUpdate", sizeof(struct tenant_update_in), ROWS(tenant_update_rows)};

static const struct field tenant_delete_rows[] = {
    TENANT_REF(tenant_delete_in),
    {.name = "keep_database", .place = IN_QUERY, .type = FIELD_BOOL, AT(tenant_delete_in, keep_database), .doc = "Leave its database where it is."},
};
static const struct fields tenant_delete_fields = {"TenantDelete", sizeof(struct tenant_delete_in), ROWS(tenant_delete_rows)};

/* ---- signing keys ---- */

static const struct field signing_key_rows[] = {
    {.name = "id", .type = FIELD_ID, AT(signing_key_out, row.kid), .choices = "key_", .doc = "`kid` of its tokens and in the JWKS."},
    {.name = "algorithm", .type = FIELD_TEXT, AT(signing_key_out, row.algorithm), .doc = "EdDSA."},
    {.name = "status", .type = FIELD_CHOICE, AT(signing_key_out, status), .choices = "pending|signing|verifying|retired|revoked", .doc = "pending: published, does not sign yet; verifying: published, signs no longer; retired and revoked: out of the JWKS."},
    {.name = "published_at", .type = FIELD_TIME, AT(signing_key_out, row.published_at), .doc = "In the JWKS since."},
    {.name = "signs_at", .type = FIELD_TIME, AT(signing_key_out, row.signs_at), .doc = "Signs from."},
    {.name = "leaves_at", .type = FIELD_TIME, AT(signing_key_out, row.leaves_at), .doc = "Leaves the JWKS, once a successor is known."},
    {.name = "revoked_at", .type = FIELD_TIME, AT(signing_key_out, row.revoked_at), .doc = "Dropped at once."},
};
static const struct fields signing_key_fields = {"SigningKey", sizeof(struct signing_key_out), ROWS(signing_key_rows)};
LIST_FIELDS(signing_key_list_out, signing_key_fields, "SigningKeyList");

static const struct field signing_key_list_rows[] = {TENANT_REF(signing_key_list_in), PAGE_ROWS(signing_key_list_in)};
static const struct fields signing_key_list_fields = {"SigningKeyListQuery", sizeof(struct signing_key_list_in), ROWS(signing_key_list_rows)};

static const struct field rotate_rows[] = {
    TENANT_REF(signing_key_rotate_in),
    {.name = "revoke", .type = FIELD_BOOL, AT(signing_key_rotate_in, revoke), .doc = "A key has leaked: drop all present ones from the JWKS now; tokens they signed verify nowhere."},
};
static const struct fields rotate_fields = {"KeyRotation", sizeof(struct signing_key_rotate_in), ROWS(rotate_rows)};

/* ---- clients ---- */

#define CLIENT_ROWS \
    {.name = "id", .type = FIELD_ID, AT(client_record, id), .choices = "cli_", .doc = "The client; `client_id` of its tokens."}, \
    {.name = "name", .type = FIELD_TEXT, AT(client_record, name), .doc = "For people."}, \
    {.name = "type", .type = FIELD_CHOICE, AT(client_record, type), .choices = CLIENT_TYPES, .doc = "Which kinds of key it may have: web both, spa and native publishable, machine secret."}, \
    {.name = "audience", .type = FIELD_TEXT, AT(client_record, audience), .flags = FIELD_NULLABLE, .doc = "`aud` of its tokens; null = the tenant's."}, \
    {.name = "revision", .type = FIELD_INT, AT(client_record, revision), .doc = "Of its last change; the ETag."}, \
    {.name = "created_at", .type = FIELD_TIME, AT(client_record, created_at), .doc = "When it was created."}, \
    {.name = "updated_at", .type = FIELD_TIME, AT(client_record, updated_at), .doc = "When it last changed."}

static const struct field client_rows[] = {CLIENT_ROWS};
static const struct fields client_fields = {"Client", sizeof(struct client_record), ROWS(client_rows)};
LIST_FIELDS(client_list_out, client_fields, "ClientList");

_Static_assert(offsetof(struct client_created, record) == 0, "the rows of a record serve here too");
static const struct field client_created_rows[] = {
    CLIENT_ROWS,
    {.name = "publishable_key", .type = FIELD_SECRET, AT(client_created, publishable_key), .flags = FIELD_ONCE | FIELD_OMIT_EMPTY, .doc = "Unless its type has none."},
    {.name = "secret_key", .type = FIELD_SECRET, AT(client_created, secret_key), .flags = FIELD_ONCE | FIELD_OMIT_EMPTY, .doc = "Unless its type has none."},
};
static const struct fields client_created_fields = {"ClientCreated", sizeof(struct client_created), ROWS(client_created_rows)};

static const struct field client_create_rows[] = {
    TENANT_REF(client_create_in),
    {.name = "name", .type = FIELD_TEXT, AT(client_create_in, name), .min = 1, .max = TITLE_MAX, .flags = FIELD_REQUIRED, .doc = "For people."},
    {.name = "type", .type = FIELD_CHOICE, AT(client_create_in, type), .choices = CLIENT_TYPES, .doc = "web unless given; never changes."},
    {.name = "audience", .type = FIELD_TEXT, AT(client_create_in, audience), .min = 1, .max = AUDIENCE_MAX, .flags = FIELD_NULLABLE, .doc = "`aud` of its tokens; the tenant's unless given."},
};
static const struct fields client_create_fields = {"ClientCreate", sizeof(struct client_create_in), ROWS(client_create_rows)};

static const struct field client_list_rows[] = {TENANT_REF(client_list_in), PAGE_ROWS(client_list_in)};
static const struct fields client_list_fields = {"ClientListQuery", sizeof(struct client_list_in), ROWS(client_list_rows)};

static const struct field client_ref_rows[] = {TENANT_REF(client_ref_in), CLIENT_REF(client_ref_in)};
static const struct fields client_ref_fields = {"ClientRef", sizeof(struct client_ref_in), ROWS(client_ref_rows)};

static const struct field client_update_rows[] = {
    TENANT_REF(client_update_in),
    CLIENT_REF(client_update_in),
    {.name = "name", .type = FIELD_TEXT, AT(client_update_in, name), .min = 1, .max = TITLE_MAX, .doc = "For people."},
    {.name = "audience", .type = FIELD_TEXT, AT(client_update_in, audience), SENT(client_update_in, has_audience), .min = 1, .max = AUDIENCE_MAX, .flags = FIELD_NULLABLE, .doc = "null: the tenant's again."},
};
static const struct fields client_update_fields = {"ClientUpdate", sizeof(struct client_update_in), ROWS(client_update_rows)};

/* ---- keys of clients and operators ---- */

#define KEY_ROWS \
    {.name = "id", .type = FIELD_ID, AT(key_out, row.id), .choices = "key_", .doc = "Names the key; it is not the key."}, \
    {.name = "kind", .type = FIELD_CHOICE, AT(key_out, row.kind), .choices = KEY_KINDS, .flags = FIELD_OMIT_EMPTY, .doc = "Of a client's key."}, \
    {.name = "hint", .type = FIELD_TEXT, AT(key_out, row.hint), .doc = "Its prefix and last four characters."}, \
    {.name = "created_at", .type = FIELD_TIME, AT(key_out, row.created_at), .doc = "When it was made."}, \
    {.name = "expires_at", .type = FIELD_TIME, AT(key_out, row.expires_at), .doc = "When it ends, where it was rolled."}, \
    {.name = "revoked_at", .type = FIELD_TIME, AT(key_out, row.revoked_at), .doc = "When it was revoked."}, \
    {.name = "last_used_at", .type = FIELD_TIME, AT(key_out, row.last_used_at), .doc = "Roughly: it is written in batches."}

static const struct field key_rows[] = {KEY_ROWS};
static const struct fields key_item_fields = {"Key", sizeof(struct key_row), ROWS(key_rows)};
_Static_assert(offsetof(struct key_out, row) == 0, "the rows of a key serve here too");
LIST_FIELDS(key_list_out, key_item_fields, "KeyList");

static const struct field key_created_rows[] = {
    KEY_ROWS,
    {.name = "key", .type = FIELD_SECRET, AT(key_out, key), .flags = FIELD_ONCE, .doc = "The key itself, here and never again."},
};
static const struct fields key_created_fields = {"KeyCreated", sizeof(struct key_out), ROWS(key_created_rows)};

static const struct field key_list_rows[] = {TENANT_REF(key_list_in), CLIENT_REF(key_list_in), PAGE_ROWS(key_list_in)};
static const struct fields key_list_fields = {"KeyListQuery", sizeof(struct key_list_in), ROWS(key_list_rows)};

static const struct field key_create_rows[] = {
    TENANT_REF(key_create_in),
    CLIENT_REF(key_create_in),
    {.name = "kind", .type = FIELD_CHOICE, AT(key_create_in, kind), .choices = KEY_KINDS, .flags = FIELD_REQUIRED, .doc = "One that the client's type may have."},
};
static const struct fields key_create_fields = {"KeyCreate", sizeof(struct key_create_in), ROWS(key_create_rows)};

static const struct field key_roll_rows[] = {
    TENANT_REF(key_roll_in),
    CLIENT_REF(key_roll_in),
    KEY_REF(key_roll_in),
    {.name = "overlap", .type = FIELD_DURATION, AT(key_roll_in, overlap_s), SENT(key_roll_in, has_overlap), .min = 0, .max = KEY_OVERLAP_MAX_S, .doc = "How long the old key goes on; 1d unless given, 0 ends it now."},
};
static const struct fields key_roll_fields = {"KeyRoll", sizeof(struct key_roll_in), ROWS(key_roll_rows)};

static const struct field key_ref_rows[] = {TENANT_REF(key_ref_in), CLIENT_REF(key_ref_in), KEY_REF(key_ref_in)};
static const struct fields key_ref_fields = {"KeyRef", sizeof(struct key_ref_in), ROWS(key_ref_rows)};

/* ---- operators ---- */

#define OPERATOR_ROWS \
    {.name = "id", .type = FIELD_ID, AT(operator_record, id), .choices = "adm_", .doc = "The operator."}, \
    {.name = "name", .type = FIELD_TEXT, AT(operator_record, name), .doc = "For people."}, \
    {.name = "role", .type = FIELD_CHOICE, AT(operator_record, role), .choices = ROLES, .doc = "admin may write, reader only reads."}, \
    {.name = "created_at", .type = FIELD_TIME, AT(operator_record, created_at), .doc = "When it was created."}, \
    {.name = "updated_at", .type = FIELD_TIME, AT(operator_record, updated_at), .doc = "When it last changed."}

static const struct field operator_rows[] = {OPERATOR_ROWS};
static const struct fields operator_fields = {"Operator", sizeof(struct operator_record), ROWS(operator_rows)};
LIST_FIELDS(operator_list_out, operator_fields, "OperatorList");

_Static_assert(offsetof(struct operator_created, record) == 0, "the rows of a record serve here too");
static const struct field operator_created_rows[] = {
    OPERATOR_ROWS,
    {.name = "key", .type = FIELD_SECRET, AT(operator_created, key), .flags = FIELD_ONCE, .doc = "Its first key, here and never again."},
};
static const struct fields operator_created_fields = {"OperatorCreated", sizeof(struct operator_created), ROWS(operator_created_rows)};

static const struct field operator_create_rows[] = {
    {.name = "name", .type = FIELD_TEXT, AT(operator_create_in, name), .min = 1, .max = TITLE_MAX, .flags = FIELD_REQUIRED, .doc = "For people."},
    {.name = "role", .type = FIELD_CHOICE, AT(operator_create_in, role), .choices = ROLES, .flags = FIELD_REQUIRED, .doc = "admin may write, reader only reads."},
};
static const struct fields operator_create_fields = {"OperatorCreate", sizeof(struct operator_create_in), ROWS(operator_create_rows)};

static const struct field operator_list_rows[] = {PAGE_ROWS(operator_list_in)};
static const struct fields operator_list_fields = {"OperatorListQuery", sizeof(struct operator_list_in), ROWS(operator_list_rows)};

static const struct field operator_ref_rows[] = {OPERATOR_REF(operator_ref_in)};
static const struct fields operator_ref_fields = {"OperatorRef", sizeof(struct operator_ref_in), ROWS(operator_ref_rows)};

static const struct field operator_update_rows[] = {
    OPERATOR_REF(operator_update_in),
    {.name = "name", .type = FIELD_TEXT, AT(operator_update_in, name), .min = 1, .max = TITLE_MAX, .doc = "For people."},
    {.name = "role", .type = FIELD_CHOICE, AT(operator_update_in, role), .choices = ROLES, .doc = "The last admin stays one."},
};
static const struct fields operator_update_fields = {"OperatorUpdate", sizeof(struct operator_update_in), ROWS(operator_update_rows)};

static const struct field operator_key_list_rows[] = {OPERATOR_REF(operator_key_list_in), PAGE_ROWS(operator_key_list_in)};
static const struct fields operator_key_list_fields = {"OperatorKeyListQuery", sizeof(struct operator_key_list_in), ROWS(operator_key_list_rows)};

static const struct field operator_key_ref_rows[] = {OPERATOR_REF(operator_key_ref_in), KEY_REF(operator_key_ref_in)};
static const struct fields operator_key_ref_fields = {"OperatorKeyRef", sizeof(struct operator_key_ref_in), ROWS(operator_key_ref_rows)};

/* ---- audit ---- */

static const struct field audit_rows[] = {
    {.name = "id", .type = FIELD_ID, AT(audit_record, id), .choices = "evt_", .doc = "The entry."},
    {.name = "at", .type = FIELD_TIME, AT(audit_record, at), .doc = "When."},
    {.name = "event", .type = FIELD_TEXT, AT(audit_record, event), .doc = "What was done."},
    {.name = "actor_type", .type = FIELD_CHOICE, AT(audit_record, actor_type), .choices = "operator|system", .doc = "Who: an operator, or authd itself."},
    {.name = "actor_id", .type = FIELD_TEXT, AT(audit_record, actor_id), .flags = FIELD_NULLABLE, .doc = "Which operator."},
    {.name = "tenant_id", .type = FIELD_TEXT, AT(audit_record, tenant_id), .flags = FIELD_NULLABLE, .doc = "To which tenant."},
    {.name = "target_id", .type = FIELD_TEXT, AT(audit_record, target_id), .flags = FIELD_NULLABLE, .doc = "To what."},
    {.name = "before", .type = FIELD_JSON, AT(audit_record, before), .flags = FIELD_NULLABLE, .doc = "What it was; never a secret."},
    {.name = "after", .type = FIELD_JSON, AT(audit_record, after), .flags = FIELD_NULLABLE, .doc = "What it became; never a secret."},
    {.name = "address", .type = FIELD_TEXT, AT(audit_record, address), .flags = FIELD_NULLABLE, .doc = "From where."},
    {.name = "request_id", .type = FIELD_TEXT, AT(audit_record, request_id), .flags = FIELD_NULLABLE, .doc = "By which request."},
};
static const struct fields audit_fields = {"AuditEntry", sizeof(struct audit_record), ROWS(audit_rows)};
LIST_FIELDS(audit_list_out, audit_fields, "AuditList");

static const struct field audit_list_rows[] = {
    PAGE_ROWS(audit_list_in),
    {.name = "tenant", .place = IN_QUERY, .type = FIELD_TEXT, AT(audit_list_in, filter.tenant), .min = 1, .max = REF_MAX, .doc = "Slug or id, of a deleted tenant, too."},
    {.name = "event", .place = IN_QUERY, .type = FIELD_TEXT, AT(audit_list_in, filter.event), .min = 1, .max = REF_MAX, .doc = "Only this event."},
    {.name = "since", .place = IN_QUERY, .type = FIELD_TIME, AT(audit_list_in, filter.since), .doc = "Not before."},
    {.name = "until", .place = IN_QUERY, .type = FIELD_TIME, AT(audit_list_in, filter.until), .doc = "Before."},
};
static const struct fields audit_list_fields = {"AuditListQuery", sizeof(struct audit_list_in), ROWS(audit_list_rows)};

/* ---- routes ---- */

#define TENANT "/v1/tenants/{tenant}"
#define CLIENT TENANT "/clients/{client_id}"
#define OPERATOR "/v1/operators/{id}"

const struct route routes_control[] = {
    {METHOD_POST, "/v1/tenants", NEED_OPERATOR_WRITE, RATE_CHEAP, 201, &tenant_create_fields, &tenant_created_fields, tenant_create_flow,
     .tag = "Tenants", .doc = "Create a tenant with its own database, a first client and keys.", .errors = "slug_taken"},
    {METHOD_GET, "/v1/tenants", NEED_OPERATOR, RATE_CHEAP, 200, &tenant_list_fields, &tenant_list_out_fields, tenant_list_flow,
     .tag = "Tenants", .doc = "All tenants that are not deleted."},
    {METHOD_GET, TENANT, NEED_OPERATOR, RATE_CHEAP, 200, &tenant_ref_fields, &tenant_fields, tenant_get_flow,
     .tag = "Tenants", .doc = "One tenant.", .errors = "not_found"},
    {METHOD_PATCH, TENANT, NEED_OPERATOR_WRITE, RATE_CHEAP, 200, &tenant_update_fields, &tenant_fields, tenant_update_flow,
     .tag = "Tenants", .doc = "Change name or policy; every node applies it within a second.", .errors = "not_found|precondition_failed"},
    {METHOD_DELETE, TENANT, NEED_OPERATOR_WRITE, RATE_CHEAP, 204, &tenant_delete_fields, NULL, tenant_delete_flow,
     .tag = "Tenants", .doc = "Delete a tenant; its database is dropped shortly after. Its slug is never given again.", .errors = "not_found"},
    {METHOD_POST, TENANT "/suspend", NEED_OPERATOR_WRITE, RATE_CHEAP, 200, &tenant_ref_fields, &tenant_fields, tenant_suspend_flow,
     .tag = "Tenants", .doc = "Answer tenant_suspended to its keys and users; nothing else changes.", .errors = "not_found|conflict"},
    {METHOD_POST, TENANT "/reactivate", NEED_OPERATOR_WRITE, RATE_CHEAP, 200, &tenant_ref_fields, &tenant_fields, tenant_reactivate_flow,
     .tag = "Tenants", .doc = "Undo a suspension.", .errors = "not_found|conflict"},
    {METHOD_POST, TENANT "/keys/rotate", NEED_OPERATOR_WRITE, RATE_CHEAP, 200, &rotate_fields, &signing_key_fields, signing_key_rotate_flow,
     .tag = "Signing keys", .doc = "Publish a new signing key. It signs once every cached JWKS can know it, at once with revoke.", .errors = "not_found"},
    {METHOD_GET, TENANT "/keys", NEED_OPERATOR, RATE_CHEAP, 200, &signing_key_list_fields, &signing_key_list_out_fields, signing_key_list_flow,
     .tag = "Signing keys", .doc = "The tenant's signing keys.", .errors = "not_found"},

    {METHOD_POST, TENANT "/clients", NEED_OPERATOR_WRITE, RATE_CHEAP, 201, &client_create_fields, &client_created_fields, client_create_flow,
     .tag = "Clients", .doc = "Create a client with the keys that its type has.", .errors = "not_found"},
    {METHOD_GET, TENANT "/clients", NEED_OPERATOR, RATE_CHEAP, 200, &client_list_fields, &client_list_out_fields, client_list_flow,
     .tag = "Clients", .doc = "The tenant's clients.", .errors = "not_found"},
    {METHOD_GET, CLIENT, NEED_OPERATOR, RATE_CHEAP, 200, &client_ref_fields, &client_fields, client_get_flow,
     .tag = "Clients", .doc = "One client.", .errors = "not_found"},
    {METHOD_PATCH, CLIENT, NEED_OPERATOR_WRITE, RATE_CHEAP, 200, &client_update_fields, &client_fields, client_update_flow,
     .tag = "Clients", .doc = "Change name or audience.", .errors = "not_found|precondition_failed"},
    {METHOD_DELETE, CLIENT, NEED_OPERATOR_WRITE, RATE_CHEAP, 204, &client_ref_fields, NULL, client_delete_flow,
     .tag = "Clients", .doc = "Delete a client and revoke its keys.", .errors = "not_found"},
    {METHOD_POST, CLIENT "/keys", NEED_OPERATOR_WRITE, RATE_CHEAP, 201, &key_create_fields, &key_created_fields, key_create_flow,
     .tag = "Clients", .doc = "Make another key.", .errors = "not_found"},
    {METHOD_GET, CLIENT "/keys", NEED_OPERATOR, RATE_CHEAP, 200, &key_list_fields, &key_list_out_fields, key_list_flow,
     .tag = "Clients", .doc = "The client's keys, without the keys themselves.", .errors = "not_found"},
    {METHOD_POST, CLIENT "/keys/{key_id}/roll", NEED_OPERATOR_WRITE, RATE_CHEAP, 201, &key_roll_fields, &key_created_fields, key_roll_flow,
     .tag = "Clients", .doc = "Replace a key by a new one of its kind; the old one goes on for the overlap. One that was rolled or has ended is a conflict.", .errors = "not_found|conflict"},
    {METHOD_DELETE, CLIENT "/keys/{key_id}", NEED_OPERATOR_WRITE, RATE_CHEAP, 204, &key_ref_fields, NULL, key_revoke_flow,
     .tag = "Clients", .doc = "Revoke a key at once.", .errors = "not_found"},

    {METHOD_POST, "/v1/operators", NEED_OPERATOR_WRITE, RATE_CHEAP, 201, &operator_create_fields, &operator_created_fields, operator_create_flow,
     .tag = "Operators", .doc = "Create an operator with a first key."},
    {METHOD_GET, "/v1/operators", NEED_OPERATOR, RATE_CHEAP, 200, &operator_list_fields, &operator_list_out_fields, operator_list_flow,
     .tag = "Operators", .doc = "All operators."},
    {METHOD_GET, "/v1/operators/me", NEED_OPERATOR, RATE_CHEAP, 200, NULL, &operator_fields, operator_me_flow,
     .tag = "Operators", .doc = "Whose key this is."},
    {METHOD_GET, OPERATOR, NEED_OPERATOR, RATE_CHEAP, 200, &operator_ref_fields, &operator_fields, operator_get_flow,
     .tag = "Operators", .doc = "One operator.", .errors = "not_found"},
    {METHOD_PATCH, OPERATOR, NEED_OPERATOR_WRITE, RATE_CHEAP, 200, &operator_update_fields, &operator_fields, operator_update_flow,
     .tag = "Operators", .doc = "Change name or role.", .errors = "not_found|conflict"},
    {METHOD_DELETE, OPERATOR, NEED_OPERATOR_WRITE, RATE_CHEAP, 204, &operator_ref_fields, NULL, operator_delete_flow,
     .tag = "Operators", .doc = "Delete an operator and revoke its keys; never the last admin.", .errors = "not_found|conflict"},
    {METHOD_POST, OPERATOR "/keys", NEED_OPERATOR_WRITE, RATE_CHEAP, 201, &operator_ref_fields, &key_created_fields, operator_key_create_flow,
     .tag = "Operators", .doc = "Make another key.", .errors = "not_found"},
    {METHOD_GET, OPERATOR "/keys", NEED_OPERATOR, RATE_CHEAP, 200, &operator_key_list_fields, &key_list_out_fields, operator_key_list_flow,
     .tag = "Operators", .doc = "The operator's keys, without the keys themselves.", .errors = "not_found"},
    {METHOD_DELETE, OPERATOR "/keys/{key_id}", NEED_OPERATOR_WRITE, RATE_CHEAP, 204, &operator_key_ref_fields, NULL, operator_key_revoke_flow,
     .tag = "Operators", .doc = "Revoke a key at once; never the last one of an admin.", .errors = "not_found|conflict"},

    {METHOD_GET, "/v1/audit", NEED_OPERATOR, RATE_CHEAP, 200, &audit_list_fields, &audit_list_out_fields, audit_list_flow,
     .tag = "Audit", .doc = "What operators and authd itself did to the control plane."},
};
const size_t routes_control_count = sizeof(routes_control) / sizeof(routes_control[0]);
/* clang-format on */
