/* SPDX-License-Identifier: Apache-2.0
 *
 * The way to the server: URL and operator key from the options, JSON both ways, errors turned into
 * a sentence, a remedy and an exit code. The key travels only in a header that libcurl holds and is
 * wiped afterwards.
 */
#include "api.h"
#include "config.h"

#include "base/err.h"
#include "base/str.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REPLY_MAX = 16 << 20 };

struct body {
    char *ptr;
    size_t len;
};

static size_t collect(char *data, size_t size, size_t n, void *arg)
{
    struct body *b = arg;
    size_t more = size * n;
    if (b->len + more > REPLY_MAX)
        return 0;
    char *grown = realloc(b->ptr, b->len + more + 1);
    if (!grown)
        return 0;
    memcpy(grown + b->len, data, more);
    b->ptr = grown;
    b->len += more;
    b->ptr[b->len] = '\0';
    return more;
}

/* A line on the terminal for anything that takes longer than a second. */
static int progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    CURL *curl = arg;
    double seconds = 0;
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME, &seconds);
    if (seconds >= 1 && isatty(STDERR_FILENO))
        fprintf(stderr, "\rwaiting for the server … %.0f s ", seconds);
    return 0;
}

static int exit_code_of(long status)
{
    switch (status) {
    case 401:
    case 403:
        return EXIT_DENIED;
    case 404:
        return EXIT_NOT_FOUND;
    case 409:
    case 412:
        return EXIT_CONFLICT;
    case 400:
    case 413:
    case 415:
    case 422:
        return EXIT_INVALID;
    case 503:
        return EXIT_UNREACHABLE;
    default:
        return EXIT_FAILED;
    }
}

static void print_field_errors(const json_t *errors)
{
    size_t i;
    json_t *e;
    json_array_foreach(errors, i, e)
    {
        const char *field = json_string_value(json_object_get(e, "field"));
        const char *message = json_string_value(json_object_get(e, "message"));
        fprintf(stderr, "  %s: %s\n", field ? field : "?", message ? message : "not valid");
    }
}

static int report(const struct api_reply *reply)
{
    const json_t *error = json_object_get(reply->json, "error");
    const char *code = json_string_value(json_object_get(error, "code"));
    const char *message = json_string_value(json_object_get(error, "message"));
    const char *id = json_string_value(json_object_get(error, "request_id"));
    if (!code) {
        fprintf(stderr,
                "hjctl: the server answered %ld, and not as authd does; check the address\n",
                reply->status);
        return exit_code_of(reply->status);
    }
    fprintf(stderr, "hjctl: %s (%s)\n", message ? message : "refused", code);
    print_field_errors(json_object_get(error, "errors"));
    enum err known = err_from_code(code);
    if (known != ERR_OK)
        fprintf(stderr, "  what to do: %s\n", err_rows[known].remedy);
    if (id)
        fprintf(stderr, "  request %s; more: hjctl explain %s\n", id, code);
    return exit_code_of(reply->status);
}

static struct curl_slist *headers_of(const char *key, const char *if_match, bool with_body)
{
    char line[512];
    struct curl_slist *list = curl_slist_append(NULL, "Accept: application/json");
    snprintf(line, sizeof line, "Authorization: Bearer %s", key);
    list = curl_slist_append(list, line);
    bytes_wipe(line, sizeof line);
    if (with_body)
        list = curl_slist_append(list, "Content-Type: application/json");
    if (if_match) {
        snprintf(line, sizeof line, "If-Match: \"%s\"", if_match);
        list = curl_slist_append(list, line);
    }
    return list;
}

static void headers_wipe(struct curl_slist *list)
{
    for (struct curl_slist *l = list; l; l = l->next)
        bytes_wipe(l->data, strlen(l->data));
    curl_slist_free_all(list);
}

static int transfer(CURL *curl, const char *url, struct api_reply *out)
{
    struct body body = {0};
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    CURLcode code = curl_easy_perform(curl);
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    if (code != CURLE_OK) {
        fprintf(stderr,
                "hjctl: cannot reach %s: %s\n  what to do: check --url, and that authd serve runs "
                "there\n",
                url, curl_easy_strerror(code));
        free(body.ptr);
        return EXIT_UNREACHABLE;
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out->status);
    if (body.len)
        out->json = json_loadb(body.ptr, body.len, JSON_REJECT_DUPLICATES, NULL);
    if (body.ptr)
        bytes_wipe(body.ptr, body.len); /* replies may carry one-time secrets */
    free(body.ptr);
    return out->status >= 200 && out->status < 300 ? EXIT_OK : report(out);
}

static void setup(CURL *curl, const struct options *options, const char *method)
{
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, options->timeout_s);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "hjctl/" AUTHD_VERSION);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, curl);
}

int api_call(const struct options *options, const char *method, const char *path,
             const json_t *body, const char *if_match, struct api_reply *out)
{
    *out = (struct api_reply){0};
    struct target target;
    int code = config_target(options, &target);
    if (code != EXIT_OK)
        return code;
    CURL *curl = curl_easy_init();
    if (!curl) {
        target_wipe(&target);
        return EXIT_FAILED;
    }
    char *url = NULL;
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    if (asprintf(&url, "%s%s", target.url, path) < 0)
        abort();
    struct curl_slist *headers = headers_of(target.key, if_match, text != NULL);
    setup(curl, options, method);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (text)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text);
    code = transfer(curl, target.url, out);
    curl_easy_cleanup(curl);
    headers_wipe(headers);
    target_wipe(&target);
    free(text);
    free(url);
    return code;
}

char *api_escape(const char *text)
{
    char *escaped = curl_easy_escape(NULL, text, 0);
    char *copy = escaped ? strdup(escaped) : NULL;
    curl_free(escaped);
    if (!copy)
        abort();
    return copy;
}
