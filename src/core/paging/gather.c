/* What one end releases is one page per policy: the first stands alone until a second one comes; then both become
 * members of one page that speaks for all, as in a storm. All of it in the transaction of the release, so nobody has
 * been told of the first yet. */
#include "core/paging/internal.h"

static PageGathered *gathered_of(PageGather *gather, i64 policy_id, bool high) {
  for (size_t i = 0; i < gather->count; i++)
    if (gather->items[i].policy_id == policy_id && gather->items[i].high == high) return &gather->items[i];
  if (gather->count == PAGE_GATHERED_MAX) return NULL;
  PageGathered *item = &gather->items[gather->count++];
  *item = (PageGathered){.policy_id = policy_id, .high = high};
  return item;
}

bool page_gather_join(Cycle *cycle, const PageStart *s, Str urgency, Str snapshot, i64 *out_storm, Error *err) {
  static const DbStmt JOIN = {"page_gather_join",
                              "UPDATE page SET storm_page_id = $2, next_escalation_at = NULL WHERE id = $1", NULL};
  PageGathered *item = s->gather ? gathered_of(s->gather, s->policy_id, str_equal_c(urgency, "high")) : NULL;
  *out_storm = 0;
  if (!item || (item->first_id == 0 && item->storm_id == 0)) return true;
  if (item->storm_id == 0) {
    if (!page_storm_start(cycle, s, urgency, snapshot, &item->storm_id, err) ||
        !db_run(cycle->db, &JOIN, err, db_int(item->first_id), db_int(item->storm_id)) ||
        !job_cancel(cycle, "page.level", item->first_id, err))
      return false;
  }
  return *out_storm = item->storm_id, true;
}

void page_gather_note(const PageStart *s, Str urgency, i64 page_id) {
  PageGathered *item = s->gather ? gathered_of(s->gather, s->policy_id, str_equal_c(urgency, "high")) : NULL;
  if (item && item->first_id == 0) item->first_id = page_id;
}

/* Only what speaks for many goes on to the next slice: somebody may have been told of a first one by then. */
void page_gather_write(const PageGather *gather, Buf *out) {
  bool first = true;
  buf_putc(out, '[');
  for (size_t i = 0; i < gather->count; i++) {
    const PageGathered *item = &gather->items[i];
    if (item->storm_id == 0) continue;
    buf_format(out, "%s[%lld,%d,%lld]", first ? "" : ",", (long long)item->policy_id, item->high,
               (long long)item->storm_id);
    first = false;
  }
  buf_putc(out, ']');
}

void page_gather_read(const Value *list, PageGather *out) {
  *out = (PageGather){0};
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size && out->count < PAGE_GATHERED_MAX; i++) {
    const Value *item = value_at(list, i);
    out->items[out->count++] = (PageGathered){.policy_id = value_int_or(value_at(item, 0), 0),
                                              .high = value_int_or(value_at(item, 1), 0) != 0,
                                              .storm_id = value_int_or(value_at(item, 2), 0)};
  }
}
