/* SPDX-License-Identifier: Apache-2.0
 *
 * Collecting what is wrong with an input. Everything lands in the request's arena, so a caller may
 * pass text that it reuses afterwards.
 */
#include "domain/problem.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"

static struct str format_message(struct arena *a, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

static struct str format_message(struct arena *a, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, fmt, args);
    size_t len = need > 0 ? (size_t)need : 0;
    char *text = arena_alloc(a, len + 1);
    vsnprintf(text, len + 1, fmt, again);
    va_end(again);
    return (struct str){text, len};
}

void problem_add(struct problems *p, struct str field, const char *code, const char *fmt, ...)
{
    if (!p || p->n == PROBLEMS_MAX)
        return;
    va_list args;
    va_start(args, fmt);
    struct problem *problem = &p->list[p->n++];
    problem->field = str_copy(p->arena, field);
    problem->code = code;
    problem->message = format_message(p->arena, fmt, args);
    va_end(args);
}
