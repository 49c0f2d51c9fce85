/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a settings file: it is refused with a complaint, or what it yields prints to a file
 * that yields the same. No complaint ever spans lines.
 */
#include "fuzz.h"
#include "server/settings.h"

static char *const environment[] = {
    (char[]){"MULTI_TENANT_ENABLED=true"},    (char[]){"AUTHD_PUBLIC_URL=https://auth.example.com"},
    (char[]){"AUTHD_CONTROL_DATABASE_URL=x"}, (char[]){"AUTHD_PROVISIONER_URL=x"},
    (char[]){"AUTHD_ROOT_KEY_FILE=/k"},       NULL,
};

static void check_complaints(const struct complaints *c)
{
    struct str rest = buf_view(&c->text);
    struct str line;
    size_t n = 0;
    while (str_split(&rest, '\n', &line) && line.len > 0)
        n++;
    assert(n >= c->n);
}

/* Beyond ASCII, YAML folds some characters and forbids others. */
static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] > '~')
            return false;
    return true;
}

static void check_round_trip(struct arena *a, const struct settings *s)
{
    struct settings again;
    struct complaints c;
    struct buf b;
    complaints_init(&c, a);
    buf_init(&b, a, 4096);
    settings_print(&b, s);
    if (!is_ascii(buf_view(&b)))
        return;
    bool ok = settings_parse(a, "printed", buf_view(&b), environment, &again, &c);
    assert(ok);
    for (size_t i = 0; i < setting_row_count; i++)
        assert(setting_equal(&setting_rows[i], s, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_create(4096);
    struct settings s;
    struct complaints c;
    complaints_init(&c, a);
    bool ok =
        settings_parse(a, "fuzz", (struct str){(const char *)data, size}, environment, &s, &c);
    assert(ok == (c.n == 0));
    check_complaints(&c);
    if (ok)
        check_round_trip(a, &s);
    arena_destroy(a);
    return 0;
}
