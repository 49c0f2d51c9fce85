/* SPDX-License-Identifier: Apache-2.0
 *
 * authd-docgen TEMPLATE: the template on standard output, with each line that is a placeholder
 * (@ENDPOINTS@) replaced by the section of that name. Prose is written by people in docs/templates;
 * everything that is a fact of the program comes from its tables, so a document cannot disagree
 * with the program: a test compares what is committed with what this writes.
 */
#include "docgen.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "crypto/seal.h"
#include "http/http.h"

/* clang-format off */
static const struct section {
    const char *placeholder;
    void (*write)(struct buf *);
} sections[] = {
    {"@ENDPOINTS@",        section_endpoints},
    {"@SCHEMAS@",          section_schemas},
    {"@SETTINGS@",         section_settings},
    {"@SETTINGS_MDOC@",    section_settings_mdoc},
    {"@ENVIRONMENT_MDOC@", section_environment_mdoc},
    {"@ERRORS@",           section_errors},
    {"@POLICY@",           section_policy},
    {"@EVENTS@",           section_events},
    {"@OPENAPI@",          section_openapi},
};
/* clang-format on */

void add_cell(struct buf *b, const char *s)
{
    for (; *s; s++) {
        if (*s == '|')
            buf_char(b, '\\');
        buf_char(b, *s);
    }
}

void add_dashed(struct buf *b, const char *s)
{
    for (; *s; s++)
        buf_char(b, *s == '_' ? '-' : *s);
}

void section_openapi(struct buf *b)
{
    json_t *document;
    if (json_read(openapi_document(), &document) != ERR_OK)
        abort();
    char *text = json_dumps(document, JSON_INDENT(1));
    buf_printf(b, "%s\n", text);
    free(text);
    json_decref(document);
}

static const struct section *find_section(struct str line)
{
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        if (str_eqz(line, sections[i].placeholder))
            return &sections[i];
    }
    return NULL;
}

static bool fill(struct buf *b, struct str template_text)
{
    struct str rest = template_text;
    struct str line;
    while (rest.len > 0 && str_split(&rest, '\n', &line)) {
        const struct section *section = find_section(line);
        if (section) {
            section->write(b);
            continue;
        }
        if (str_starts(line, STR("@")) && str_ends(line, STR("@"))) {
            fprintf(stderr, "authd-docgen: no section %.*s\n", STR_FMT(line));
            return false;
        }
        buf_str(b, line);
        buf_char(b, '\n');
    }
    return true;
}

static bool read_file(struct arena *a, const char *path, struct str *out)
{
    struct buf b;
    FILE *f = fopen(path, "rb");
    size_t n;
    if (!f)
        return false;
    buf_init(&b, a, 65536);
    while ((n = fread(buf_reserve(&b, 4096), 1, 4096, f)) > 0)
        b.len += n;
    fclose(f);
    *out = buf_view(&b);
    return true;
}

int main(int argc, char **argv)
{
    const struct http_config config = {.public_url = "https://auth.example.com"};
    struct arena *a = arena_create(1 << 20);
    struct str template_text;
    struct buf b;
    json_setup();
    buf_init(&b, a, 1 << 19);
    if (argc != 2 || crypto_setup() != ERR_OK || http_setup(&config) != ERR_OK)
        return 2;
    if (!read_file(a, argv[1], &template_text)) {
        perror(argv[1]);
        return 1;
    }
    bool ok = fill(&b, template_text) && fwrite(b.ptr, 1, b.len, stdout) == b.len;
    arena_destroy(a);
    return ok && fflush(stdout) == 0 ? 0 : 1;
}
