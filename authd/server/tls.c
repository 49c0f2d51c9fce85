/* SPDX-License-Identifier: Apache-2.0
 *
 * The TLS context and the ticket keys. A ticket key encrypts for TICKET_KEY_S and then opens
 * tickets for as long again, so that a stolen key opens little. HTTP/2 is not offered: h2o 2.2.5
 * cannot be defended against its header bombs.
 */
#include "server/tls.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"

enum { TICKET_KEY_S = 3600, TICKET_KEYS = 2, TICKET_NAME = 16 };

struct ticket_key {
    unsigned char name[TICKET_NAME];
    unsigned char cipher[32];
    unsigned char mac[32];
    int64_t made_ms; /* 0 = no key */
};

/* Newest first. */
static struct ticket_key keys[TICKET_KEYS];
static pthread_mutex_t keys_lock = PTHREAD_MUTEX_INITIALIZER;

static void rotate_when_due(int64_t now_ms)
{
    if (keys[0].made_ms && now_ms - keys[0].made_ms < TICKET_KEY_S * 1000)
        return;
    keys[1] = keys[0];
    random_bytes(&keys[0], sizeof(keys[0]));
    keys[0].made_ms = now_ms;
}

/* A copy of the newest key, or of the one called name. */
static bool find_key(const unsigned char *name, struct ticket_key *out, bool *newest)
{
    bool found = false;
    int64_t now = clock_mono_ms();
    pthread_mutex_lock(&keys_lock);
    rotate_when_due(now);
    for (size_t i = 0; i < TICKET_KEYS && !found; i++) {
        bool alive = keys[i].made_ms && now - keys[i].made_ms < 2 * TICKET_KEY_S * 1000;
        found = alive && (!name || bytes_equal_secret(keys[i].name, name, TICKET_NAME));
        *newest = i == 0;
        *out = keys[i];
    }
    pthread_mutex_unlock(&keys_lock);
    return found;
}

static bool set_up(const struct ticket_key *key, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                   EVP_MAC_CTX *mac, int encrypt)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)key->mac,
                                          sizeof(key->mac)),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher, iv, encrypt) == 1 &&
           EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* OpenSSL's protocol: -1 error, 0 unknown ticket, 1 fine, 2 fine but give a new ticket. */
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int encrypt)
{
    struct ticket_key key;
    bool newest = true;
    (void)ssl;
    if (!find_key(encrypt ? NULL : name, &key, &newest))
        return 0;
    if (encrypt) {
        memcpy(name, key.name, TICKET_NAME);
        random_bytes(iv, EVP_MAX_IV_LENGTH);
    }
    bool ok = set_up(&key, iv, cipher, mac, encrypt);
    bytes_wipe(&key, sizeof(key));
    return !ok ? -1 : newest ? 1 : 2;
}

static bool refuse(const char *what, const char *file)
{
    char why[256] = "";
    ERR_error_string_n(ERR_peek_last_error(), why, sizeof(why));
    ERR_clear_error();
    log_error("tls_refused", LOG_Z("what", what), LOG_Z("file", file), LOG_Z("why", why),
              LOG_Z("remedy", "a PEM chain, leaf first, and its key, readable by authd"));
    return false;
}

static bool load(SSL_CTX *ctx, const struct settings *s)
{
    if (SSL_CTX_use_certificate_chain_file(ctx, s->tls_certificate) != 1)
        return refuse("tls_certificate", s->tls_certificate);
    if (SSL_CTX_use_PrivateKey_file(ctx, s->tls_private_key, SSL_FILETYPE_PEM) != 1)
        return refuse("tls_private_key", s->tls_private_key);
    if (SSL_CTX_check_private_key(ctx) != 1)
        return refuse("tls_private_key does not fit tls_certificate", s->tls_private_key);
    return true;
}

SSL_CTX *tls_create(const struct settings *s)
{
    static const unsigned char context[] = "authd";
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        abort();
    (void)SSL_CTX_set_min_proto_version(ctx, s->tls_min_version == TLS_MIN_1_3 ? TLS1_3_VERSION
                                                                               : TLS1_2_VERSION);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                       SSL_OP_CIPHER_SERVER_PREFERENCE);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_session_id_context(ctx, context, sizeof(context) - 1);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_timeout(ctx, TICKET_KEY_S);
    (void)SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
    if (load(ctx, s))
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}
