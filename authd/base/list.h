/* SPDX-License-Identifier: Apache-2.0
 *
 * Intrusive doubly linked list. State is membership in one list; moving an element is the state
 * change.
 */
#ifndef AUTHD_BASE_LIST_H
#define AUTHD_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next;
    struct list *prev;
};

#define LIST_INIT(name)  \
    {                    \
        &(name), &(name) \
    }
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_insert(struct list *prev, struct list *item)
{
    item->prev = prev;
    item->next = prev->next;
    prev->next->prev = item;
    prev->next = item;
}

static inline void list_push_back(struct list *head, struct list *item)
{
    list_insert(head->prev, item);
}

static inline void list_push_front(struct list *head, struct list *item)
{
    list_insert(head, item);
}

/* Safe to call again on an element that was removed or only initialised. */
static inline void list_remove(struct list *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    list_init(item);
}

static inline struct list *list_pop_front(struct list *head)
{
    struct list *item = head->next;
    if (item == head)
        return NULL;
    list_remove(item);
    return item;
}

#define list_for_each(pos, head) \
    for (struct list *pos = (head)->next; pos != (head); pos = pos->next)
#define list_for_each_safe(pos, head)                                             \
    for (struct list *pos = (head)->next, *pos##_next = pos->next; pos != (head); \
         pos = pos##_next, pos##_next = pos->next)

#endif
