/* SPDX-License-Identifier: Apache-2.0
 *
 * Talking to the issuer with libcurl: no redirect, no other protocol, no more than is sensible.
 * Handles keep their connections and are lent out one to a thread. What libcurl has of its own for
 * the whole process is set up once and left, because other parts of the program may use it.
 */
#include "verify/exchange.h"

#include <curl/curl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { IDLE_MAX = 8 };

struct exchanger {
    pthread_mutex_t lock;
    size_t idle_n;
    CURL *idle[IDLE_MAX];
    struct curl_slist *key_header; /* NULL without a secret key; wiped */
    char *ca_file;
    long timeout_ms;
};

static void set_up_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void wipe_list(struct curl_slist *list)
{
    for (struct curl_slist *l = list; l; l = l->next)
        sodium_memzero(l->data, strlen(l->data));
    curl_slist_free_all(list);
}

/* curl_slist_append frees nothing when it fails. */
static struct curl_slist *headers_with_key(const char *key)
{
    char line[256];
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
    snprintf(line, sizeof(line), "X-Client-Id: %s", key);
    struct curl_slist *whole = list ? curl_slist_append(list, line) : NULL;
    sodium_memzero(line, sizeof(line));
    if (!whole)
        curl_slist_free_all(list);
    return whole;
}

struct exchanger *authdv_exchanger_new(const struct authd_verify_options *o)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up_curl);
    struct exchanger *x = calloc(1, sizeof(*x));
    if (!x)
        return NULL;
    pthread_mutex_init(&x->lock, NULL);
    x->timeout_ms = o->timeout_ms;
    x->ca_file = o->ca_file ? strdup(o->ca_file) : NULL;
    x->key_header = o->secret_key ? headers_with_key(o->secret_key) : NULL;
    if ((!o->ca_file || x->ca_file) && (!o->secret_key || x->key_header))
        return x;
    authdv_exchanger_free(x);
    return NULL;
}

void authdv_exchanger_free(struct exchanger *x)
{
    if (!x)
        return;
    while (x->idle_n > 0)
        curl_easy_cleanup(x->idle[--x->idle_n]);
    wipe_list(x->key_header);
    pthread_mutex_destroy(&x->lock);
    free(x->ca_file);
    free(x);
}

static CURL *borrow(struct exchanger *x)
{
    CURL *handle = NULL;
    pthread_mutex_lock(&x->lock);
    if (x->idle_n > 0)
        handle = x->idle[--x->idle_n];
    pthread_mutex_unlock(&x->lock);
    return handle ? handle : curl_easy_init();
}

/* Options are forgotten, connections kept. */
static void give_back(struct exchanger *x, CURL *handle)
{
    curl_easy_reset(handle);
    pthread_mutex_lock(&x->lock);
    if (x->idle_n < IDLE_MAX) {
        x->idle[x->idle_n++] = handle;
        handle = NULL;
    }
    pthread_mutex_unlock(&x->lock);
    curl_easy_cleanup(handle);
}

static size_t collect(char *data, size_t size, size_t n, void *arg)
{
    struct answer *a = arg;
    size_t more = size * n;
    if (more > ANSWER_MAX - a->len)
        return 0;
    char *grown = realloc(a->body, a->len + more + 1);
    if (!grown)
        return 0;
    memcpy(grown + a->len, data, more);
    a->body = grown;
    a->len += more;
    return more;
}

/* A proxy of the environment never sees plain http: what is not encrypted stays on this machine, or
 * in the network that allow_http is about. */
static void set_transport(CURL *h, const struct exchanger *x, const char *url)
{
    bool plain = strncmp(url, "http:", 5) == 0;
    curl_easy_setopt(h, CURLOPT_URL, url);
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https");
    curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, x->timeout_ms);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, x->timeout_ms);
    curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(h, CURLOPT_USERAGENT, "libauthd-verify/" AUTHD_VERSION);
    curl_easy_setopt(h, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    if (plain)
        curl_easy_setopt(h, CURLOPT_PROXY, "");
    if (x->ca_file)
        curl_easy_setopt(h, CURLOPT_CAINFO, x->ca_file);
}

static void set_answer(CURL *h, struct answer *out)
{
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, out);
    curl_easy_setopt(h, CURLOPT_MAXFILESIZE, (long)ANSWER_MAX);
}

static void set_body(CURL *h, const struct exchanger *x, struct slice json)
{
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, x->key_header);
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, (long)json.len);
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, json.ptr);
}

/* NULL when the answer has no such header. */
static const char *header(CURL *h, const char *name)
{
    struct curl_header *found;
    return curl_easy_header(h, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value
                                                                               : NULL;
}

static bool is_word_end(char c)
{
    return c == '\0' || c == ',' || c == ' ' || c == '\t' || c == ';' || c == '=';
}

/* Where the directive starts in the list, or NULL. */
static const char *directive(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = list; *at; at += strcspn(at, ",")) {
        at += strspn(at, ", \t");
        if (authdv_same_word((struct slice){at, strnlen(at, n)}, (struct slice){name, n}) &&
            is_word_end(at[n]))
            return at;
    }
    return NULL;
}

/* Digits, at most so many as cannot overflow; -1 for anything else. */
static int64_t seconds(const char *digits)
{
    char *end;
    if (*digits < '0' || *digits > '9')
        return -1;
    long long n = strtoll(digits, &end, 10);
    return is_word_end(*end) ? (int64_t)n : -1;
}

int64_t authdv_max_age(const char *cache_control)
{
    if (directive(cache_control, "no-store") || directive(cache_control, "no-cache"))
        return 0;
    const char *max_age = directive(cache_control, "max-age");
    return max_age && max_age[7] == '=' ? seconds(max_age + 8) : -1;
}

/* RFC 9111 section 4.2: what a cache on the way has used up is gone. */
static int64_t freshness(CURL *h)
{
    const char *cache_control = header(h, "cache-control");
    const char *age_text = header(h, "age");
    int64_t max_age = cache_control ? authdv_max_age(cache_control) : -1;
    int64_t age = age_text ? seconds(age_text) : 0;
    if (max_age < 0 || age <= 0)
        return max_age;
    return age < max_age ? max_age - age : 0;
}

static const char *perform(CURL *h, struct answer *out)
{
    CURLcode code = curl_easy_perform(h);
    if (code != CURLE_OK) {
        authdv_answer_free(out);
        return curl_easy_strerror(code);
    }
    curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &out->status);
    out->fresh_s = freshness(h);
    return NULL;
}

static const char *exchange(struct exchanger *x, const char *url, const struct slice *json,
                            struct answer *out)
{
    *out = (struct answer){.fresh_s = -1};
    CURL *h = borrow(x);
    if (!h)
        return "out of memory";
    set_transport(h, x, url);
    set_answer(h, out);
    if (json)
        set_body(h, x, *json);
    const char *complaint = perform(h, out);
    give_back(x, h);
    return complaint;
}

const char *authdv_get(struct exchanger *x, const char *url, struct answer *out)
{
    return exchange(x, url, NULL, out);
}

const char *authdv_post(struct exchanger *x, const char *url, struct slice json, struct answer *out)
{
    return exchange(x, url, &json, out);
}

void authdv_answer_free(struct answer *a)
{
    if (a->body)
        sodium_memzero(a->body, a->len);
    free(a->body);
    *a = (struct answer){.fresh_s = -1};
}
