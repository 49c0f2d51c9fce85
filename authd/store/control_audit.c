/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of the audit log out.
 */
#include "store/control_audit.h"

static void audit_read(const struct db_rows *r, size_t row, struct audit_record *out)
{
    *out = (struct audit_record){
        .id = db_get_id(r, row, 0),
        .at = db_get_time(r, row, 1),
        .actor_type = db_get_text(r, row, 2),
        .actor_id = db_get_text(r, row, 3),
        .event = db_get_text(r, row, 4),
        .tenant_id = db_get_text(r, row, 5),
        .target_id = db_get_text(r, row, 6),
        .before = db_get_text(r, row, 7),
        .after = db_get_text(r, row, 8),
        .address = db_get_text(r, row, 9),
        .request_id = db_get_text(r, row, 10),
    };
}

enum err control_audit_list(struct arena *a, const struct audit_filter *filter,
                            const struct page_query *page, struct audit_record **items, size_t *n)
{
    const struct db_rows *rows;
    struct db_query q = {.sql = SQL_CONTROL_AUDIT_LIST,
                         .params = {db_text(filter->tenant), db_text(filter->event),
                                    db_time(filter->since), db_time(filter->until),
                                    db_text(page->after), db_int(page->limit)}};
    enum err e = control_read(a, &q, &rows);
    if (e != ERR_OK)
        return e;
    *n = db_count(rows);
    *items = arena_new_array(a, *n, struct audit_record);
    for (size_t i = 0; i < *n; i++)
        audit_read(rows, i, &(*items)[i]);
    return ERR_OK;
}
