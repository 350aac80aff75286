/* What was held and later turned out to be an incident: of the newest incidents, their alerts that some hold kept quiet
 * before the incident was opened. What holds them still stands in their row, what did is in their timeline. Cost: the
 * incidents of the range, their alerts, and the timelines of those. */
#include "core/alerts/quiet_report.h"

#include <stdlib.h>

#include "core/alerts/batch.h"
#include "core/incidents/incidents.h"
#include "core/quiet/owner.h"
#include "lang/json.h"

typedef struct Past {
  QuietCause cause;
  Value id; /* as the API has it */
  i64 since_ms, ended_ms;
} Past;

typedef struct Missed {
  i64 alert_id, incident_id, opened_ms, first_seen_ms, team_id, integration_id;
  MapBuilder item;
  VEC(Past) holds;
  i64 earliest_ms; /* since when the first of them held it */
} Missed;

typedef struct Reporting {
  Arena *arena;
  const Setup *setup;
  i64 org_id;
  VEC(Missed) all;
  VEC(i64) silences; /* that have ended: their names are not in the picture */
  Map *names;        /* of those: id -> Str */
} Reporting;

static i64 time_of(const Value *map, const char *name) {
  i64 ms = 0;
  return time_parse_ms(value_text_or(value_get_c(map, name), STR_NONE), &ms) ? ms : 0;
}

/* One hold that was there before the incident. `ended_ms` 0: it holds still. */
static void add_hold(Reporting *r, Missed *m, const char *member, const Value *hold, i64 ended_ms) {
  Arena *arena = r->arena;
  QuietCause cause = {.org_id = r->org_id,
                      .reason = value_text_or(value_get_c(hold, member), STR_NONE),
                      .id = setup_ref(value_get_c(hold, "id")),
                      .team_id = m->team_id,
                      .integration_id = m->integration_id};
  i64 since = time_of(hold, "since");
  const Value *id = value_get_c(hold, "id");
  if (since == 0) since = m->first_seen_ms;
  if (since > m->opened_ms || cause.reason.len == 0) return;
  Past past = {.cause = cause, .id = id ? *id : value_null(), .since_ms = since, .ended_ms = ended_ms};
  *VEC_PUSH(arena, &m->holds) = past;
  if (str_equal_c(cause.reason, "silence") && !quiet_silence(setup_quiet(r->setup), cause.id))
    *VEC_PUSH(arena, &r->silences) = cause.id;
  m->earliest_ms = m->earliest_ms ? MIN(m->earliest_ms, since) : since;
}

static bool read_member(const DbRow *row, void *ctx) {
  Reporting *r = ctx;
  Arena *arena = r->arena;
  Value holds = value_null();
  Error ignored = {0};
  i64 priority = db_row_int(row, 9);
  Missed m = {.incident_id = db_row_int(row, 0),
              .opened_ms = db_row_int(row, 4),
              .alert_id = db_row_int(row, 5),
              .first_seen_ms = db_row_int(row, 8),
              .team_id = db_row_int(row, 11),
              .integration_id = db_row_int(row, 12),
              .item = map_builder(arena)};
  map_put_c(&m.item, "incident_id", value_string(id_text(arena, "inc", m.incident_id)));
  map_put_c(&m.item, "incident_number", value_string(str_format(arena, "INC-%lld", (long long)db_row_int(row, 1))));
  map_put_c(&m.item, "incident_title", value_string(db_row_text(row, 2, arena)));
  map_put_c(&m.item, "severity", value_int(db_row_int(row, 3)));
  map_put_c(&m.item, "incident_at", value_string(time_text_ms(arena, m.opened_ms)));
  map_put_c(&m.item, "alert_id", value_string(id_text(arena, "alr", m.alert_id)));
  map_put_c(&m.item, "alert_number", value_string(str_format(arena, "ALERT-%lld", (long long)db_row_int(row, 6))));
  map_put_c(&m.item, "alert_title", value_string(db_row_text(row, 7, arena)));
  map_put_c(&m.item, "priority", priority ? value_string(priority_text((i32)priority)) : value_null());
  if (json_parse(arena, db_row_text(row, 10, arena), NULL, &holds, &ignored) && value_is(&holds, VALUE_LIST))
    for (size_t i = 0; i < holds.size; i++) add_hold(r, &m, "reason", value_at(&holds, i), 0);
  *VEC_PUSH(arena, &r->all) = m;
  return true;
}

static void bind_alert(size_t i, DbValue *args, void *ctx) {
  args[0] = db_int(((const Reporting *)ctx)->all.items[i].alert_id);
}

static bool read_ended(size_t i, const DbRow *row, void *ctx) {
  Reporting *r = ctx;
  Value data = value_null();
  Error ignored = {0};
  if (json_parse(r->arena, db_row_text(row, 1, r->arena), NULL, &data, &ignored))
    add_hold(r, &r->all.items[i], "hold", &data, db_row_int(row, 0));
  return r->all.items[i].holds.count < 50;
}

static void bind_silence(size_t i, DbValue *args, void *ctx) {
  args[0] = db_int(((const Reporting *)ctx)->silences.items[i]);
}

static bool read_comment(size_t i, const DbRow *row, void *ctx) {
  Reporting *r = ctx;
  Str *name = ARENA_NEW(r->arena, Str);
  *name = str_format(r->arena, "Silence \"%.*s\"", STR_ARG(db_row_peek(row, 0)));
  *map_slot(r->names, str_format(r->arena, "%lld", (long long)r->silences.items[i])) = name;
  return false;
}

/* NULL when it has no name: a snooze, a pause of no rule. */
static Value name_of(const Reporting *r, const QuietCause *cause) {
  const Str *known = map_get(r->names, str_format(r->arena, "%lld", (long long)cause->id));
  if (known) return value_string(*known);
  if (cause->id == 0 && !str_equal_c(cause->reason, "quiet")) return value_null();
  return value_string(quiet_cause_name(r->arena, r->setup, cause));
}

static Value hold_value(const Reporting *r, const Past *past) {
  MapBuilder map = map_builder(r->arena);
  map_put_c(&map, "reason", value_string(past->cause.reason));
  map_put_c(&map, "id", past->id);
  map_put_c(&map, "name", name_of(r, &past->cause));
  map_put_c(&map, "since", value_string(time_text_ms(r->arena, past->since_ms)));
  map_put_c(&map, "ended_at", past->ended_ms ? value_string(time_text_ms(r->arena, past->ended_ms)) : value_null());
  return map_done(&map);
}

static Value item_of(const Reporting *r, Missed *m) {
  ValueVec holds = {0};
  for (size_t i = 0; i < m->holds.count; i++) *VEC_PUSH(r->arena, &holds) = hold_value(r, &m->holds.items[i]);
  map_put_c(&m->item, "holds", list_done(&holds));
  map_put_c(&m->item, "late_s", value_int((m->opened_ms - m->earliest_ms) / 1000));
  return map_done(&m->item);
}

bool quiet_report(Db *db, Arena *arena, const Setup *setup, i64 org_id, i64 since_ms, Value *out, Error *err) {
  static const DbStmt MEMBERS = {
      "quiet_report_members",
      "SELECT i.id, i.number, i.title, i.severity, i.created_at, a.id, a.number, a.title, a.first_seen_at, a.priority, "
      "a.hold_list, a.team_id, a.integration_id FROM (SELECT id, number, title, severity, created_at FROM incident "
      "WHERE org_id = $1 AND created_at >= $2 AND kind = 'normal' ORDER BY id DESC LIMIT $3) AS i JOIN alert AS a ON "
      "a.incident_id = i.id ORDER BY i.id DESC, a.id LIMIT $4",
      NULL};
  static const DbStmt ENDED = {
      "quiet_report_ended", "SELECT at, data FROM timeline WHERE subject_id = $1 AND kind = 'hold_ended' ORDER BY id",
      NULL};
  static const DbStmt COMMENT = {"quiet_report_comment", "SELECT comment FROM silence WHERE id = $1 AND comment <> ''",
                                 NULL};
  Reporting r = {.arena = arena, .setup = setup, .org_id = org_id, .names = map_new(arena)};
  DbValue args[] = {db_int(org_id), db_int(since_ms), db_int(QUIET_REPORT_INCIDENTS), db_int(QUIET_REPORT_ALERTS + 1)};
  ValueVec items = {0};
  if (!db_query(db, &MEMBERS, COUNT(args), args, read_member, &r, err)) return false;
  bool more = r.all.count > QUIET_REPORT_ALERTS;
  if (!db_query_each(db, &ENDED, 1, r.all.count, bind_alert, read_ended, &r, err) ||
      !db_query_each(db, &COMMENT, 1, r.silences.count, bind_silence, read_comment, &r, err))
    return false;
  for (size_t i = 0; i < MIN(r.all.count, (size_t)QUIET_REPORT_ALERTS); i++)
    if (r.all.items[i].holds.count) *VEC_PUSH(arena, &items) = item_of(&r, &r.all.items[i]);
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "items", list_done(&items));
  map_put_c(&map, "more", value_bool(more));
  return *out = map_done(&map), true;
}

/* By cause -------------------------------------------------------------------------------------------------------- */

typedef struct Cause {
  const Value *hold;
  i64 alerts, late_s;
} Cause;

typedef struct Causes {
  Arena *arena;
  VEC(Cause) items;
} Causes;

static void count_cause(Causes *all, const Value *hold, i64 late_s) {
  const Value *reason = value_get_c(hold, "reason"), *id = value_get_c(hold, "id");
  for (size_t i = 0; i < all->items.count; i++) {
    Cause *c = &all->items.items[i];
    if (!value_equal(value_get_c(c->hold, "reason"), reason) || !value_equal(value_get_c(c->hold, "id"), id)) continue;
    c->alerts++;
    c->late_s = MAX(c->late_s, late_s);
    return;
  }
  *VEC_PUSH(all->arena, &all->items) = (Cause){hold, 1, late_s};
}

static int more_alerts(const void *a, const void *b) {
  const Cause *x = a, *y = b;
  return x->alerts != y->alerts ? (x->alerts < y->alerts) - (x->alerts > y->alerts)
                                : (x->late_s < y->late_s) - (x->late_s > y->late_s);
}

Value quiet_report_causes(Arena *arena, const Value *items) {
  Causes all = {.arena = arena};
  ValueVec list = {0};
  for (size_t i = 0; value_is(items, VALUE_LIST) && i < items->size; i++) {
    const Value *holds = value_get_c(value_at(items, i), "holds");
    i64 late = value_int_or(value_get_c(value_at(items, i), "late_s"), 0);
    for (size_t k = 0; holds && k < holds->size; k++) count_cause(&all, value_at(holds, k), late);
  }
  if (all.items.count) qsort(all.items.items, all.items.count, sizeof(Cause), more_alerts);
  for (size_t i = 0; i < all.items.count; i++) {
    const Cause *c = &all.items.items[i];
    MapBuilder map = map_builder(arena);
    map_put_c(&map, "reason", *value_get_c(c->hold, "reason"));
    map_put_c(&map, "id", *value_get_c(c->hold, "id"));
    map_put_c(&map, "name", *value_get_c(c->hold, "name"));
    map_put_c(&map, "alerts", value_int(c->alerts));
    map_put_c(&map, "late_s_max", value_int(c->late_s));
    *VEC_PUSH(arena, &list) = map_done(&map);
  }
  return list_done(&list);
}
