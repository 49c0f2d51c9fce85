/* SPDX-License-Identifier: Apache-2.0
 *
 * The policy table at work: defaults, the stored document, and changes to it. A document holds only
 * what a tenant set, so a better default reaches everybody who never chose. A member that no row
 * knows is refused when read, too: a policy written by a newer version could not be enforced, and
 * serving without it would fail open.
 */
#include "domain/policy.h"

#include <assert.h>
#include <pthread.h>

#include "base/arena.h"
#include "domain/policy_kind.h"

/* clang-format off */
#define RANGE_duration(low, high) .min = (low), .max = (high)
#define RANGE_number(low, high)   .min = (low), .max = (high)
#define RANGE_choice(words, none) .choices = (words)
#define RANGE_text(low, high)     .min = (low), .max = (high)
#define RANGE_origins(low, high)  .min = (low), .max = (high)
#define RANGE_names(low, high)    .min = (low), .max = (high)

const struct policy_row policy_rows[] = {
#define POLICY(name_, type_, preset_, min_, max_, doc_)                                            \
    {.name = #name_, .type = POLICY_##type_, .preset = (preset_), RANGE_##type_(min_, max_),       \
     .doc = (doc_), .offset = offsetof(struct policy, name_)},
#include "authd/policy.def"
#undef POLICY
};
/* clang-format on */
const size_t policy_row_count = sizeof(policy_rows) / sizeof(*policy_rows);

static void *member_of(struct policy *policy, const struct policy_row *row)
{
    return (char *)policy + row->offset;
}

static const struct policy_row *row_find(struct str name)
{
    for (size_t i = 0; i < policy_row_count; i++) {
        if (str_eqz(name, policy_rows[i].name))
            return &policy_rows[i];
    }
    return NULL;
}

/* The defaults go through the checks that everybody's values do; they live as long as the process.
 */
static struct policy defaults;
static struct arena *defaults_memory;
static pthread_once_t defaults_once = PTHREAD_ONCE_INIT;

static void defaults_make(void)
{
    defaults_memory = arena_create(1024);
    for (size_t i = 0; i < policy_row_count; i++) {
        const struct policy_row *row = &policy_rows[i];
        const struct policy_kind *kind = &policy_kinds[row->type];
        json_t *value = kind->from_text(row, str_of(row->preset));
        bool good =
            value && kind->read(defaults_memory, row, value, member_of(&defaults, row), NULL);
        assert(good);
        json_decref(value);
    }
}

void policy_defaults(struct policy *out)
{
    int failed = pthread_once(&defaults_once, defaults_make);
    assert(!failed);
    *out = defaults;
}

static void refuse_unknown(struct problems *p, const char *name)
{
    policy_problem(p, str_of(name), "unknown_field", "there is no such policy");
}

/* What the command line should have said. */
static void refuse_text(const struct policy_row *row, struct problems *p)
{
    static const char *const forms[] = {
        [POLICY_duration] = "a duration such as 30s, 15m, 8h or 30d",
        [POLICY_number] = "a whole number",
        [POLICY_text] = "UTF-8 text",
        [POLICY_origins] = "a comma-separated list of origins",
        [POLICY_names] = "a comma-separated list of claim names",
    };
    if (row->choices)
        policy_problem(p, str_of(row->name), "malformed", "must be one of %s", row->choices);
    else
        policy_problem(p, str_of(row->name), "malformed", "must be %s", forms[row->type]);
}

static bool check_object(const json_t *document, struct problems *p)
{
    if (json_is_object(document))
        return true;
    problem_add(p, STR("policy"), "wrong_type", "must be an object");
    return false;
}

/* jansson's iterators want a writable object but change nothing. */
static json_t *iterable(const json_t *object)
{
    return (json_t *)(uintptr_t)object;
}

static bool read_member(struct arena *a, const char *name, const json_t *value, struct policy *out,
                        struct problems *p)
{
    const struct policy_row *row = row_find(str_of(name));
    if (!row) {
        refuse_unknown(p, name);
        return false;
    }
    return policy_kinds[row->type].read(a, row, value, member_of(out, row), p);
}

bool policy_from_json(struct arena *a, const json_t *document, struct policy *out,
                      struct problems *p)
{
    const char *name;
    json_t *value;
    bool good = true;
    policy_defaults(out);
    if (!document)
        return true;
    if (!check_object(document, p))
        return false;
    json_object_foreach(iterable(document), name, value) good =
        read_member(a, name, value, out, p) && good;
    return good;
}

/* One member of a patch into the document: null takes it out. */
static bool patch_member(json_t *document, const char *name, json_t *value, struct problems *p)
{
    if (!row_find(str_of(name))) {
        refuse_unknown(p, name);
        return false;
    }
    if (!json_is_null(value))
        return json_object_set(document, name, value) == 0;
    json_object_del(document, name);
    return true;
}

json_t *policy_patch(struct arena *a, const json_t *document, const json_t *patch,
                     struct problems *p)
{
    const char *name;
    json_t *value;
    struct policy judged;
    if (!check_object(patch, p) || (document && !check_object(document, p)))
        return NULL;
    json_t *result = document ? json_deep_copy(document) : json_object();
    bool good = result != NULL;
    json_object_foreach(iterable(patch), name, value) good =
        good && patch_member(result, name, value, p);
    if (good && policy_from_json(a, result, &judged, p))
        return result;
    json_decref(result);
    return NULL;
}

void policy_write_value(struct json_writer *w, const struct policy *policy,
                        const struct policy_row *row)
{
    policy_kinds[row->type].write(w, row, (const char *)policy + row->offset);
}

json_t *policy_value_from_text(const struct policy_row *row, struct str text, struct problems *p)
{
    json_t *value = policy_kinds[row->type].from_text(row, text);
    if (!value)
        refuse_text(row, p);
    return value;
}
