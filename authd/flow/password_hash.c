/* SPDX-License-Identifier: Apache-2.0
 *
 * The jobs that flows hand to the hash workers. A job is a struct on the coroutine's stack: the
 * worker touches nothing else, and the coroutine waits for it.
 */
#include "flow/password_hash.h"

#include "crypto/pwhash.h"
#include "crypto/strength.h"
#include "domain/decide.h"

enum { CONTEXT_WORDS = 5 };

enum err call_problem(struct call *c, struct str field, const char *code, const char *sentence)
{
    problem_add(&c->problems, field, code, "%s", sentence);
    return ERR_validation_failed;
}

static enum err too_long(struct call *c, struct str field)
{
    return call_problem(c, field, "too_long", "A password has at most 256 bytes.");
}

enum err password_read(struct call *c, struct str field, struct str typed, struct str *normalised)
{
    if (!password_normalise(c->arena, typed, normalised))
        return call_problem(c, field, "malformed", "A password is UTF-8 without NUL.");
    return normalised->len > PASSWORD_MAX ? too_long(c, field) : ERR_OK;
}

enum err password_capacity(const struct call *c)
{
    return worker_admits(flow_config.hashers, c->tenant->shard) ? ERR_OK : ERR_overloaded;
}

static enum err on_worker(const struct call *c, void (*fn)(void *), void *job)
{
    return worker_run(flow_config.hashers, c->tenant->shard, fn, job);
}

/* ---- comparing ---- */

static const enum pwhash_algorithm algorithm_of[] = {
    [PASSWORD_HASH_ARGON2ID] = PWHASH_ARGON2ID,
    [PASSWORD_HASH_SCRYPT] = PWHASH_SCRYPT,
};

struct compare_job {
    const struct policy *policy;
    struct str hash;
    struct str password;
    bool matches;
    enum err error;
    char better[PWHASH_TEXT_MAX]; /* empty: keep */
};

static struct hash_facts hash_facts_of(struct str hash)
{
    struct hash_facts f = {0};
    enum pwhash_algorithm a = pwhash_inspect(hash, &f.parameters_current);
    f.algorithm = a == PWHASH_SCRYPT ? PASSWORD_HASH_SCRYPT : PASSWORD_HASH_ARGON2ID;
    return f;
}

static void compare(void *arg)
{
    struct compare_job *job = arg;
    job->error = pwhash_verify(job->hash, job->password, &job->matches);
    if (job->error != ERR_OK || !job->matches)
        return;
    struct hash_facts facts = hash_facts_of(job->hash);
    if (decide_rehash(job->policy, &facts))
        job->error =
            pwhash_create(algorithm_of[job->policy->password_hash], job->password, job->better);
}

enum err password_compare(struct call *c, struct str hash, struct str password,
                          struct password_match *out)
{
    bool real = str_is_set(hash);
    const struct policy *policy = &c->tenant->policy;
    struct compare_job job = {.policy = policy,
                              .hash =
                                  real ? hash : pwhash_decoy(algorithm_of[policy->password_hash]),
                              .password = password};
    *out = (struct password_match){0};
    enum err e = on_worker(c, compare, &job);
    if (e == ERR_OK)
        e = job.error;
    if (e != ERR_OK)
        return e;
    out->matches = job.matches && real;
    if (out->matches && job.better[0])
        out->better_hash = str_copy(c->arena, str_of(job.better));
    return ERR_OK;
}

/* ---- choosing ---- */

struct judge_job {
    struct str password;
    struct str words[CONTEXT_WORDS];
    size_t n;
    bool common;
};

static void judge(void *arg)
{
    struct judge_job *job = arg;
    job->common = password_is_common(job->password, job->words, job->n);
}

static void add_word(struct judge_job *job, struct str word)
{
    if (word.len > 0)
        job->words[job->n++] = word;
}

/* The list is looked up only where a rule asks for it and the password could still pass. */
static enum err look_up(struct call *c, struct str password, const struct password_context *context,
                        bool *common)
{
    struct judge_job job = {.password = password};
    add_word(&job, context->email);
    add_word(&job, str_slice(context->email, 0, str_find(context->email, '@')));
    add_word(&job, context->name);
    add_word(&job, c->tenant->slug);
    add_word(&job, c->tenant->name);
    enum err e = on_worker(c, judge, &job);
    *common = job.common;
    return e;
}

static enum err password_error(struct call *c, struct str field, enum password_decision d)
{
    switch (d) {
    case PASSWORD_ACCEPT:
        return ERR_OK;
    case PASSWORD_TOO_SHORT:
        return ERR_password_too_short;
    case PASSWORD_TOO_COMMON:
        return ERR_password_too_common;
    case PASSWORD_TOO_LONG:
        return too_long(c, field);
    case PASSWORD_DENY:
        break;
    }
    return call_problem(c, field, "malformed", "This cannot be a password.");
}

enum err password_judge(struct call *c, struct str field, struct str password,
                        const struct password_context *context)
{
    const struct policy *policy = &c->tenant->policy;
    struct password_facts facts = {.password = password};
    enum password_decision d = decide_password(policy, &facts);
    if (d == PASSWORD_ACCEPT && policy->password_blocklist != BLOCKLIST_OFF) {
        enum err e = look_up(c, password, context, &facts.common);
        if (e != ERR_OK)
            return e;
        d = decide_password(policy, &facts);
    }
    return password_error(c, field, d);
}

struct create_job {
    enum pwhash_algorithm algorithm;
    struct str password;
    enum err error;
    char hash[PWHASH_TEXT_MAX];
};

static void create(void *arg)
{
    struct create_job *job = arg;
    job->error = pwhash_create(job->algorithm, job->password, job->hash);
}

enum err password_hash(struct call *c, struct str password, struct str *hash)
{
    struct create_job job = {.algorithm = algorithm_of[c->tenant->policy.password_hash],
                             .password = password};
    enum err e = on_worker(c, create, &job);
    if (e == ERR_OK)
        e = job.error;
    if (e == ERR_OK)
        *hash = str_copy(c->arena, str_of(job.hash));
    return e;
}
