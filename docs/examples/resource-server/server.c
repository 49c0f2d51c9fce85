/* SPDX-License-Identifier: Apache-2.0
 *
 * A resource server: tells whoever sends a good access token which tenant and organization it is
 * for. One connection at a time, the same answer on every path; what counts is handle().
 */
#include <arpa/inet.h>
#include <authd/verify.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The value of the request's one Authorization header; none when there are two. */
static void read_head(FILE *client, char value[], size_t size)
{
    char line[16384];
    int found = 0;
    while (fgets(line, sizeof(line), client) && line[strcspn(line, "\r\n")] && line[0] > '\r') {
        if (strncasecmp(line, "Authorization: ", 15) == 0 && ++found)
            snprintf(value, size, "%.*s", (int)strcspn(line + 15, "\r\n"), line + 15);
    }
    if (found != 1)
        value[0] = '\0';
}

static void handle(struct authd_verifier *verifier, FILE *client)
{
    char header[16384];
    size_t length;
    enum authd_verify_error error;
    read_head(client, header, sizeof(header));
    const char *token = authd_bearer_token(header, &length);
    struct authd_claims *who = authd_verify(verifier, token, length, &error);
    if (!who)
        dprintf(fileno(client), "HTTP/1.0 %d No\r\nWWW-Authenticate: Bearer\r\n\r\n%s\n",
                authd_verify_error_status(error), authd_verify_error_code(error));
    else
        dprintf(fileno(client), "HTTP/1.0 200 OK\r\n\r\ntenant %s\norganization %s\n",
                who->tenant_id, who->org_id ? who->org_id : "none");
    authd_claims_free(who);
}

static void say(void *arg, const char *line)
{
    fprintf(arg, "%s\n", line);
}

int main(int argc, char **argv)
{
    const char *why = "usage: server PORT ISSUER";
    struct authd_verify_options options = AUTHD_VERIFY_OPTIONS;
    options.issuer = argc == 3 ? argv[2] : NULL;
    options.secret_key = getenv("AUTHD_SECRET_KEY"); /* where set: sessions are asked about */
    options.leeway_s = 2;
    options.log = say;
    options.log_arg = stderr;
    struct authd_verifier *verifier = argc == 3 ? authd_verifier_new(&options, &why) : NULL;
    if (!verifier)
        return fprintf(stderr, "%s\n", why), 2;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 5};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    here.sin_port = htons((uint16_t)strtol(argv[1], NULL, 10));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)); /* inherited */
    if (bind(listener, (struct sockaddr *)&here, sizeof(here)) || listen(listener, 64))
        return perror("listen"), 1;
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        FILE *client = fd < 0 ? NULL : fdopen(fd, "r");
        if (!client)
            continue;
        handle(verifier, client);
        fclose(client);
    }
}
