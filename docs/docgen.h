/* SPDX-License-Identifier: Apache-2.0
 *
 * The sections that are generated into the documents, each from its table.
 */
#ifndef DOCS_DOCGEN_H
#define DOCS_DOCGEN_H

#include "base/arena.h"
#include "base/str.h"

void section_endpoints(struct buf *b);        /* api.md: every route */
void section_schemas(struct buf *b);          /* api.md: every object that routes take or give */
void section_settings(struct buf *b);         /* settings.md */
void section_settings_mdoc(struct buf *b);    /* authd.conf.5 */
void section_environment_mdoc(struct buf *b); /* authd.8 */
void section_errors(struct buf *b);           /* errors.md */
void section_policy(struct buf *b);           /* policy.md */
void section_events(struct buf *b);           /* audit-events.md */
void section_openapi(struct buf *b);          /* openapi.json */

/* Appends s for a cell of a Markdown table: '|' escaped. */
void add_cell(struct buf *b, const char *s);
/* "session_duration" as "session-duration". */
void add_dashed(struct buf *b, const char *s);

#endif
