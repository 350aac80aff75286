/* Writes timeline entries. Nothing changes one afterwards. */
#include "core/incidents/timeline.h"

#include "core/paging/paging.h"
#include "lang/json.h"

static const DbStmt TIMELINE_INSERT = {
    "timeline_insert",
    "INSERT INTO timeline (id, org_id, subject_kind, subject_id, at, kind, actor, data, key_event) "
    "VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
    NULL};

bool timeline_add(Cycle *cycle, const TimelineEntry *entry, Error *err) {
  if (str_equal_c(str_from_c(entry->who->kind), "user") && !page_touched(cycle, entry->subject_id, err)) return false;
  return db_run_gathered(cycle->db, &TIMELINE_INSERT, 1, err, db_int(id_next(cycle->ids)), db_int(entry->org_id),
                         db_text(str_from_c(entry->subject_kind)), db_int(entry->subject_id), db_int(cycle->now_ms),
                         db_text(str_from_c(entry->kind)), db_text(who_json(cycle->arena, entry->who)),
                         db_text(entry->data.ptr ? entry->data : S("{}")), db_int(entry->key_event));
}

Str timeline_change(Arena *arena, Str from, Str to) {
  Buf buf = buf_new(arena, KIB(256));
  buf_puts(&buf, "{\"from\":");
  json_write_string(&buf, from);
  buf_puts(&buf, ",\"to\":");
  json_write_string(&buf, to);
  buf_putc(&buf, '}');
  return buf_str(&buf);
}
