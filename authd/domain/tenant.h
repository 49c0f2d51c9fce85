/* SPDX-License-Identifier: Apache-2.0
 *
 * A tenant as the request path sees it: an immutable snapshot of everything the control plane
 * knows, built once per revision, shared by all loops, reference-counted. Plain data;
 * store/registry builds, finds and swaps it.
 */
#ifndef AUTHD_DOMAIN_TENANT_H
#define AUTHD_DOMAIN_TENANT_H

#include <stdatomic.h>

#include "base/id.h"
#include "domain/policy.h"

enum tenant_status {
    TENANT_UNKNOWN = 0,
    TENANT_PROVISIONING,
    TENANT_ACTIVE,
    TENANT_SUSPENDED,
    TENANT_DELETED
};
enum environment { ENV_LIVE, ENV_TEST, ENV_DEV };

enum { KEY_HASH_LEN = 32, KEY_HINT_LEN = 16 };
enum key_kind { KEY_NONE = 0, KEY_PUBLISHABLE, KEY_SECRET, KEY_OPERATOR };

/* One active key of a client. A revoked key is not in the snapshot; expires_at (ms, 0 = never) ends
 * a rolled one. */
struct client_key {
    struct id id;
    uint8_t hash[KEY_HASH_LEN];
    uint8_t kind;    /* enum key_kind */
    uint32_t client; /* index into tenant->clients */
    int64_t expires_at;
};

struct client {
    struct id id;
    struct str name;
    struct str audience; /* empty: the tenant's */
};

/* Lifecycle of a signing key by time: published at published_at, signs from signs_at on, no longer
 * signs once a newer one does, leaves the JWKS at leaves_at (0 = not yet known). Revoked keys are
 * not in the snapshot. */
struct signing_key {
    struct id kid;
    uint8_t public_key[32];
    const uint8_t *secret_key; /* 64 bytes in the keyring's guarded memory */
    int64_t published_at;
    int64_t signs_at;
    int64_t leaves_at;
    struct str jwt_header; /* base64url of {"alg":"EdDSA","typ":"at+jwt","kid":"…"} and the dot */
};

/* Keys derived from the tenant key, one per purpose; in the keyring's guarded memory. */
struct tenant_secrets {
    uint8_t refresh[32];    /* MAC of refresh tokens */
    uint8_t identifier[32]; /* HMAC of what was typed: attempts, rate buckets, audit */
    uint8_t cursor[32];     /* seals list cursors */
    uint8_t value[32];      /* seals values in the tenant's database */
};

/* How to reach a database: two login roles are used in turn so that credentials rotate without
 * downtime. */
struct db_route {
    const char *database;
    const char *role;
    struct str password; /* in guarded memory, NUL-terminated; empty for peer */
};

/* What an issuer publishes, body and strong ETag each, in an arena of its own. */
struct document {
    struct str body, etag;
};
struct tenant_documents {
    struct arena *arena;
    struct document jwks, oauth_metadata, openid_metadata;
};

struct tenant {
    atomic_uint refs;
    /* NULL until somebody asks for them (flow/discovery); from then on as immutable as the rest. */
    _Atomic(struct tenant_documents *) documents;
    struct arena *arena; /* everything below lives here */
    struct id id;
    struct str slug;
    struct str name;
    enum environment environment;
    enum tenant_status status;
    int64_t revision;
    uint64_t build; /* tells this snapshot from every other that this process has built: clients and
                       keys change without the tenant's own revision */
    struct str issuer;
    struct policy policy;
    struct client *clients;
    size_t client_count;
    struct client_key *keys;
    size_t key_count;
    struct signing_key *signing_keys; /* newest signs_at first */
    size_t signing_key_count;
    const struct tenant_secrets *secrets;
    struct db_route db;
    uint64_t shard; /* map_hash of the id: fairness key, pool lookup */
    /* Wall ms at which a signing key changes its part and this snapshot makes way for one without
     * documents; 0 = never. */
    int64_t fresh_until;
};

/* The key that signs at `now`, or NULL. */
const struct signing_key *tenant_signing_key(const struct tenant *t, int64_t now);
/* Whether the key is in the JWKS at `now`. */
bool signing_key_published(const struct signing_key *k, int64_t now);
/* Exact scheme, host and port; "null", wildcards and suffixes never match. The issuer's own origin
 * always does. */
bool tenant_allows_origin(const struct tenant *t, struct str origin);

/* Names and values from outside. Each returns false and adds a problem when p is not NULL. */
bool slug_valid(struct str s, struct problems *p, struct str field);
/* scheme://host[:port], http or https, lower-case host, no default port, no path: what a browser
 * sends. The canonical form is written to *out. */
bool origin_parse(struct arena *a, struct str text, struct str *out);
const char *environment_name(enum environment e);
bool environment_parse(struct str s, enum environment *out);
const char *tenant_status_name(enum tenant_status s);
bool tenant_status_parse(struct str s, enum tenant_status *out);

#endif
