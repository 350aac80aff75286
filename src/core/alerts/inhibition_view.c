/* Who mutes whom now, for people: the open alerts that some inhibition rule connects, and the rule of each connection.
 * What would be muted but is the loud one of a circle is shown as such (`muted` is false although it has a source). */
#include "core/alerts/batch.h"
#include "core/alerts/quiet_report.h"
#include "lang/json.h"

typedef struct Edge {
  const InhibitionRule *rule;
  i64 source_id, target_id;
} Edge;

typedef struct Viewing {
  Arena *arena;
  const Setup *setup;
  VEC(const InhibitionRule *) rules;
  VEC(Edge) edges;
  VEC(i64) ids; /* of the alerts, each once */
  Map *known;
  ValueVec alerts;
  bool full;
} Viewing;

static void note_alert(Viewing *v, i64 id) {
  void **slot = map_slot(v->known, str_format(v->arena, "%lld", (long long)id));
  if (*slot) return;
  *slot = v;
  *VEC_PUSH(v->arena, &v->ids) = id;
}

static void bind_rule(size_t i, DbValue *args, void *ctx) {
  args[0] = db_int(((const Viewing *)ctx)->rules.items[i]->id);
  args[1] = db_int(QUIET_VIEW_EDGES + 1);
}

static bool read_edge(size_t i, const DbRow *row, void *ctx) {
  Viewing *v = ctx;
  if (v->edges.count == QUIET_VIEW_EDGES) return v->full = true, false;
  Edge edge = {v->rules.items[i], db_row_int(row, 0), db_row_int(row, 1)};
  *VEC_PUSH(v->arena, &v->edges) = edge;
  note_alert(v, edge.source_id);
  note_alert(v, edge.target_id);
  return true;
}

static void bind_id(size_t i, DbValue *args, void *ctx) {
  args[0] = db_int(((const Viewing *)ctx)->ids.items[i]);
}

static bool is_muted(Arena *arena, Str hold_list) {
  Value holds = value_null();
  Error ignored = {0};
  if (!json_parse(arena, hold_list, NULL, &holds, &ignored)) return false;
  for (size_t i = 0; value_is(&holds, VALUE_LIST) && i < holds.size; i++)
    if (str_equal_c(value_text_or(value_get_c(value_at(&holds, i), "reason"), STR_NONE), "inhibition")) return true;
  return false;
}

static bool read_alert(size_t i, const DbRow *row, void *ctx) {
  Viewing *v = ctx;
  Arena *arena = v->arena;
  i64 priority = db_row_int(row, 3);
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "id", value_string(id_text(arena, "alr", v->ids.items[i])));
  map_put_c(&map, "number", value_string(str_format(arena, "ALERT-%lld", (long long)db_row_int(row, 0))));
  map_put_c(&map, "title", value_string(db_row_text(row, 1, arena)));
  map_put_c(&map, "status", value_string(db_row_text(row, 2, arena)));
  map_put_c(&map, "priority", priority ? value_string(priority_text((i32)priority)) : value_null());
  map_put_c(&map, "muted", value_bool(is_muted(arena, db_row_text(row, 4, arena))));
  *VEC_PUSH(arena, &v->alerts) = map_done(&map);
  return false;
}

static Value edges_value(const Viewing *v) {
  ValueVec list = {0};
  for (size_t i = 0; i < v->edges.count; i++) {
    const Edge *e = &v->edges.items[i];
    MapBuilder map = map_builder(v->arena);
    map_put_c(&map, "rule_id", value_string(id_text(v->arena, "inh", e->rule->id)));
    map_put_c(&map, "rule_name", value_string(e->rule->name));
    map_put_c(&map, "source_id", value_string(id_text(v->arena, "alr", e->source_id)));
    map_put_c(&map, "target_id", value_string(id_text(v->arena, "alr", e->target_id)));
    *VEC_PUSH(v->arena, &list) = map_done(&map);
  }
  return list_done(&list);
}

bool inhibition_view(Db *db, Arena *arena, const Setup *setup, i64 org_id, Value *out, Error *err) {
  static const DbStmt EDGES = {
      "inhibition_view_edges",
      "SELECT s.alert_id, t.alert_id FROM inhibition_member AS t JOIN inhibition_member AS s ON s.rule_id = t.rule_id "
      "AND s.value = t.value WHERE t.rule_id = $1 AND t.target = 1 AND s.source = 1 AND s.live = 1 AND s.alert_id <> "
      "t.alert_id AND NOT (t.source = 1 AND s.target = 1) ORDER BY t.alert_id, s.alert_id LIMIT $2",
      NULL};
  static const DbStmt ALERT = {"inhibition_view_alert",
                               "SELECT number, title, status, priority, hold_list FROM alert WHERE id = $1", NULL};
  Viewing v = {.arena = arena, .setup = setup, .known = map_new(arena)};
  quiet_rules_of(setup_quiet(setup), org_id, QUIET_VIEW_RULES, arena, &v.rules.items, &v.rules.count);
  if (!db_query_each(db, &EDGES, 2, v.rules.count, bind_rule, read_edge, &v, err) ||
      !db_query_each(db, &ALERT, 1, v.ids.count, bind_id, read_alert, &v, err))
    return false;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "alerts", list_done(&v.alerts));
  map_put_c(&map, "edges", edges_value(&v));
  map_put_c(&map, "more", value_bool(v.full || v.rules.count == QUIET_VIEW_RULES));
  return *out = map_done(&map), true;
}

Value inhibition_view_edges(Arena *arena, const Value *alerts, const Value *edges) {
  Map *seen = map_new(arena);
  ValueVec list = {0};
  for (size_t i = 0; value_is(alerts, VALUE_LIST) && i < alerts->size; i++)
    *map_slot(seen, value_text_or(value_get_c(value_at(alerts, i), "id"), S("-"))) = seen;
  for (size_t i = 0; value_is(edges, VALUE_LIST) && i < edges->size; i++) {
    const Value *edge = value_at(edges, i);
    if (map_get(seen, value_text_or(value_get_c(edge, "source_id"), S("-"))) &&
        map_get(seen, value_text_or(value_get_c(edge, "target_id"), S("-"))))
      *VEC_PUSH(arena, &list) = *edge;
  }
  return list_done(&list);
}
