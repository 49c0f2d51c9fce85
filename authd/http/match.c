/* SPDX-License-Identifier: Apache-2.0
 *
 * The router. The server library decodes and normalises a path before it routes, so that
 * /t/a%2f..%2fb reaches b: ours cuts the raw path first, refuses what could be read in two ways,
 * and then walks a tree of segments that was made from the route table once. A look-up compares a
 * handful of short strings and allocates nothing.
 */
#include "http/match.h"

#include <assert.h>

#include "base/arena.h"
#include "http/percent.h"

/* One segment of the tree. Children hang in a list: the widest node has about a dozen. */
struct node {
    struct str name;
    struct node *sibling;
    struct node *children;
    struct node *parameter; /* the child that takes any segment */
    struct endpoint *endpoint;
};

static struct node root;
static struct arena *tree; /* lives as long as the process */

static const char *const method_names[METHOD_COUNT] = {
    [METHOD_GET] = "GET",        [METHOD_HEAD] = "HEAD",   [METHOD_POST] = "POST",
    [METHOD_PUT] = "PUT",        [METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE",
    [METHOD_OPTIONS] = "OPTIONS"};

static bool is_dots(struct str s)
{
    return str_eq(s, STR(".")) || str_eq(s, STR(".."));
}

enum err path_split(struct arena *a, struct str raw, struct path_segments *out)
{
    out->n = 0;
    if (raw.len == 0 || raw.ptr[0] != '/')
        return ERR_bad_request;
    if (raw.len == 1)
        return ERR_OK;
    struct str rest = str_slice(raw, 1, raw.len);
    struct str piece;
    while (str_split(&rest, '/', &piece)) {
        struct str segment;
        if (piece.len == 0 || !percent_decode(a, piece, PERCENT_PATH, &segment) || is_dots(segment))
            return ERR_bad_request;
        if (out->n == PATH_SEGMENTS_MAX)
            return ERR_not_found;
        out->items[out->n++] = segment;
    }
    return ERR_OK;
}

/* ---- looking up ---- */

static const struct endpoint *walk(const struct node *node, const struct path_segments *path,
                                   size_t depth)
{
    if (depth == path->n)
        return node->endpoint;
    struct str segment = path->items[depth];
    for (const struct node *child = node->children; child; child = child->sibling) {
        if (!str_eq(child->name, segment))
            continue;
        const struct endpoint *found = walk(child, path, depth + 1);
        if (found)
            return found;
    }
    return node->parameter ? walk(node->parameter, path, depth + 1) : NULL;
}

const struct endpoint *match_path(const struct path_segments *path, struct field_values *values)
{
    const struct endpoint *found = walk(&root, path, 0);
    values->n = 0;
    for (size_t i = 0; found && i < path->n; i++) {
        if (!found->params[i].ptr)
            continue;
        values->names[values->n] = found->params[i];
        values->values[values->n++] = path->items[i];
    }
    return found;
}

/* ---- compiling ---- */

static bool is_parameter(struct str segment)
{
    return segment.len > 2 && segment.ptr[0] == '{';
}

static struct node *node_below(struct node *node, struct str segment)
{
    if (is_parameter(segment)) {
        if (!node->parameter)
            node->parameter = arena_new(tree, struct node);
        return node->parameter;
    }
    struct node **link = &node->children;
    while (*link && !str_eq((*link)->name, segment))
        link = &(*link)->sibling;
    if (!*link) {
        *link = arena_new(tree, struct node);
        (*link)->name = segment;
    }
    return *link;
}

/* Two rows of one path must name its parameters alike. */
static void name_parameters(struct endpoint *endpoint, const struct path_segments *path)
{
    for (size_t i = 0; i < path->n; i++) {
        if (!is_parameter(path->items[i]))
            continue;
        struct str name = str_slice(path->items[i], 1, path->items[i].len - 1);
        assert(!endpoint->params[i].ptr || str_eq(endpoint->params[i], name));
        endpoint->params[i] = name;
    }
}

static void split_pattern(const char *pattern, struct path_segments *out)
{
    struct str rest = str_slice(str_of(pattern), 1, strlen(pattern));
    struct str piece;
    out->n = 0;
    while (str_split(&rest, '/', &piece)) {
        assert(piece.len > 0 && out->n < PATH_SEGMENTS_MAX);
        out->items[out->n++] = piece;
    }
}

static void add_route(const struct route *route)
{
    struct path_segments path;
    split_pattern(route->path, &path);
    struct node *node = &root;
    for (size_t i = 0; i < path.n; i++)
        node = node_below(node, path.items[i]);
    if (!node->endpoint)
        node->endpoint = arena_new(tree, struct endpoint);
    struct endpoint *endpoint = node->endpoint;
    name_parameters(endpoint, &path);
    assert(!endpoint->by_method[route->method]);
    assert(!endpoint->any || endpoint->any->need == route->need ||
           (endpoint->any->need != NEED_NOTHING && route->need != NEED_NOTHING));
    endpoint->by_method[route->method] = route;
    if (route->method == METHOD_GET)
        endpoint->by_method[METHOD_HEAD] = route;
    endpoint->any = route;
}

static void list_methods(struct endpoint *endpoint)
{
    struct buf b;
    buf_init(&b, tree, 48);
    for (int method = METHOD_GET; method < METHOD_OPTIONS; method++) {
        if (endpoint->by_method[method])
            buf_printf(&b, "%s, ", method_names[method]);
    }
    buf_lit(&b, "OPTIONS");
    endpoint->allow = buf_view(&b);
}

static void list_methods_below(struct node *node)
{
    if (node->endpoint)
        list_methods(node->endpoint);
    for (struct node *child = node->children; child; child = child->sibling)
        list_methods_below(child);
    if (node->parameter)
        list_methods_below(node->parameter);
}

void match_setup(void)
{
    if (tree)
        arena_destroy(tree);
    tree = arena_create(16384);
    root = (struct node){0};
    for (size_t i = 0; i < route_count; i++)
        add_route(&routes[i]);
    list_methods_below(&root);
}
