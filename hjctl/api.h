/* SPDX-License-Identifier: Apache-2.0
 *
 * One call of authd's API over libcurl.
 */
#ifndef HJCTL_API_H
#define HJCTL_API_H

#include "command.h"

struct api_reply {
    long status;
    json_t *json; /* NULL without a body; the caller releases it */
};

/* Sends and decodes; prints what went wrong with its remedy. EXIT_OK means a 2xx. if_match may be
 * NULL. */
int api_call(const struct options *options, const char *method, const char *path,
             const json_t *body, const char *if_match, struct api_reply *out);
/* Percent-encodes one path segment or query value; the caller frees. */
char *api_escape(const char *text);

#endif
