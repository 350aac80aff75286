/* People put a timeline right: what matters is marked, a text or a time is corrected. What stood there before is kept,
 * with who changed it and why. */
#include "core/incidents/timeline.h"
#include "lang/json.h"
#include "lang/time.h"

typedef struct Entry {
  Arena *arena;
  i64 org_id, at_ms;
  Str data;
  bool key_event;
} Entry;

static bool read_entry(const DbRow *row, void *ctx) {
  Entry *e = ctx;
  e->org_id = db_row_int(row, 0);
  e->at_ms = db_row_int(row, 1);
  e->data = db_row_text(row, 2, e->arena);
  e->key_event = db_row_int(row, 3) != 0;
  return true;
}

static bool load(Cycle *cycle, i64 id, Entry *out, Error *err) {
  static const DbStmt LOAD = {"timeline_entry", "SELECT org_id, at, data, key_event FROM timeline WHERE id = $1", NULL};
  bool found = false;
  *out = (Entry){.arena = cycle->arena};
  if (!db_query_one(cycle->db, &LOAD, DB_ARGS(db_int(id)), read_entry, out, &found, err)) return false;
  return found || fail(err, ERR_NOT_FOUND, "there is no such timeline entry");
}

static bool keep_version(Cycle *cycle, i64 id, const Entry *was, Str reason, const Who *who, Error *err) {
  static const DbStmt KEEP = {"timeline_edit_insert",
                              "INSERT INTO timeline_edit (id, org_id, entry_id, edited_at, actor, reason, at, data, "
                              "key_event) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
                              NULL};
  return db_run(cycle->db, &KEEP, err, db_int(id_next(cycle->ids)), db_int(was->org_id), db_int(id),
                db_int(cycle->now_ms), db_text(who_json(cycle->arena, who)), db_text_or_null(reason),
                db_int(was->at_ms), db_text(was->data), db_int(was->key_event));
}

bool timeline_mark(Cycle *cycle, i64 id, bool key_event, const Who *who, Error *err) {
  static const DbStmt MARK = {"timeline_mark", "UPDATE timeline SET key_event = $2 WHERE id = $1", NULL};
  Entry was = {0};
  if (!load(cycle, id, &was, err)) return false;
  if (was.key_event == key_event) return true;
  cycle_publish(cycle, was.org_id, "timeline_entry", id, 0);
  return keep_version(cycle, id, &was, STR_NONE, who, err) &&
         db_run(cycle->db, &MARK, err, db_int(id), db_int(key_event));
}

/* The data with another text; the member is the one that the entry has. */
static bool with_text(Arena *arena, Str data, Str text, Str *out, Error *err) {
  Value was = value_null(), fresh = value_string(text);
  MapBuilder map = map_builder(arena);
  bool there = false;
  if (!json_parse(arena, data, NULL, &was, err)) return false;
  for (size_t i = 0; was.kind == VALUE_MAP && i < was.size; i++) {
    Str name = value_text(&was.members[i].key);
    bool it = str_equal_c(name, "text") || str_equal_c(name, "note");
    there = there || it;
    map_put(&map, name, it ? fresh : was.members[i].value);
  }
  if (!there)
    return fail_at(err, ERR_UNPROCESSABLE, "/text",
                   "this entry has no text: it tells what a machine did; its time can be put right");
  Value done = map_done(&map);
  *out = json_text(arena, &done);
  return true;
}

bool timeline_correct(Cycle *cycle, i64 id, const TimelineCorrection *to, const Who *who, Error *err) {
  static const DbStmt CORRECT = {"timeline_correct",
                                 "UPDATE timeline SET at = $2, data = $3, edited_at = $4 WHERE id = $1", NULL};
  Entry was = {0};
  if (!load(cycle, id, &was, err)) return false;
  Str data = was.data;
  i64 at_ms = to->at_ms ? to->at_ms : was.at_ms;
  if (to->text.len && !with_text(cycle->arena, was.data, to->text, &data, err)) return false;
  if (at_ms > cycle->now_ms)
    return fail_at(err, ERR_UNPROCESSABLE, "/at", "what happened did not happen later than now");
  if (str_equal(data, was.data) && at_ms == was.at_ms) return true;
  cycle_publish(cycle, was.org_id, "timeline_entry", id, 0);
  return keep_version(cycle, id, &was, to->reason, who, err) &&
         db_run(cycle->db, &CORRECT, err, db_int(id), db_int(at_ms), db_text(data), db_int(cycle->now_ms));
}

/* What stood there ------------------------------------------------------------------------------------------------ */

typedef struct Versions {
  Arena *arena;
  ValueVec items;
} Versions;

static Value parsed(Arena *arena, Str text) {
  Value value = value_null();
  Error ignored = {0};
  if (!json_parse(arena, text, NULL, &value, &ignored)) value = value_null();
  return value;
}

static bool read_version(const DbRow *row, void *ctx) {
  Versions *v = ctx;
  MapBuilder map = map_builder(v->arena);
  map_put_c(&map, "edited_at", value_string(time_text_ms(v->arena, db_row_int(row, 0))));
  map_put_c(&map, "actor", parsed(v->arena, db_row_text(row, 1, v->arena)));
  map_put_c(&map, "reason", db_row_is_null(row, 2) ? value_null() : value_string(db_row_text(row, 2, v->arena)));
  map_put_c(&map, "at", value_string(time_text_ms(v->arena, db_row_int(row, 3))));
  map_put_c(&map, "data", parsed(v->arena, db_row_text(row, 4, v->arena)));
  map_put_c(&map, "key_event", value_bool(db_row_int(row, 5) != 0));
  *VEC_PUSH(v->arena, &v->items) = map_done(&map);
  return true;
}

bool timeline_history(Db *db, Arena *arena, i64 id, Value *out, Error *err) {
  static const DbStmt LIST = {"timeline_history",
                              "SELECT edited_at, actor, reason, at, data, key_event FROM timeline_edit WHERE "
                              "entry_id = $1 ORDER BY id DESC LIMIT 200",
                              NULL};
  Versions versions = {.arena = arena};
  if (!db_query(db, &LIST, DB_ARGS(db_int(id)), read_version, &versions, err)) return false;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "items", list_done(&versions.items));
  map_put_c(&map, "next_cursor", value_null());
  *out = map_done(&map);
  return true;
}
