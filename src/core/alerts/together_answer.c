/* What people say of a suggestion, how often they say yes, and the rule that would do it for them. */
#include "core/alerts/batch.h"
#include "core/alerts/together.h"
#include "lang/json.h"

/* A person's word ------------------------------------------------------------------------------------------------- */

static Str answer_data(Cycle *cycle, const Alert *other, const TogetherScore *score) {
  Buf data = buf_new(cycle->arena, KIB(4));
  buf_format(&data, "{\"alert_id\":\"%.*s\",\"number\":\"ALERT-%lld\",\"score\":%lld,\"title\":",
             STR_ARG(id_text(cycle->arena, "alr", other->id)), (long long)other->number,
             (long long)(score->score * 100 + 0.5));
  json_write_string(&data, utf8_cut(other->title, 300));
  buf_putc(&data, '}');
  return buf_str(&data);
}

static bool write_relation(Cycle *cycle, i64 org_id, i64 a, i64 b, bool accepted, Error *err) {
  static const DbStmt ADD = {"together_relation",
                             "INSERT INTO relation (org_id, kind, from_kind, from_id, to_kind, to_id, created_at) "
                             "VALUES ($1, 'correlates_with', 'alert', $2, 'alert', $3, $4) ON CONFLICT (from_id, kind, "
                             "to_id) DO NOTHING",
                             NULL};
  static const DbStmt REMOVE = {"together_unrelated",
                                "DELETE FROM relation WHERE from_id = $1 AND kind = 'correlates_with' AND to_id = $2",
                                NULL};
  return accepted ? db_run(cycle->db, &ADD, err, db_int(org_id), db_int(a), db_int(b), db_int(cycle->now_ms))
                  : db_run(cycle->db, &REMOVE, err, db_int(a), db_int(b));
}

bool together_answer(Cycle *cycle, i64 org_id, i64 first, i64 second, bool accepted, const Who *who, Error *err) {
  static const DbStmt PUT = {
      "together_answer",
      "INSERT INTO together_answer (org_id, a_id, b_id, accepted, score, answered_by, at) VALUES "
      "($1,$2,$3,$4,$5,$6,$7) "
      "ON CONFLICT (a_id, b_id) DO UPDATE SET accepted = excluded.accepted, score = excluded.score, answered_by = "
      "excluded.answered_by, at = excluded.at",
      NULL};
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  i64 a = MIN(first, second), b = MAX(first, second), ids[] = {a, b};
  Alert *both[2] = {NULL, NULL};
  TogetherScore score = {0};
  bool found = false;
  if (a == b) return fail_at(err, ERR_INVALID, "/other_id", "an alert belongs together with itself; name another one");
  if (!alert_load_each(cycle->db, cycle->arena, ids, 2, both, err) ||
      !together_of(cycle->db, cycle->arena, setup, org_id, a, b, &score, &found, err))
    return false;
  if (!found || !both[0] || !both[1]) return fail_at(err, ERR_NOT_FOUND, "/other_id", "there is no such alert");
  const char *kind = accepted ? "correlated" : "not_correlated";
  for (size_t i = 0; i < 2; i++) {
    if (!alert_timeline(cycle, both[i], kind, who, answer_data(cycle, both[1 - i], &score), err)) return false;
    cycle_publish(cycle, org_id, "alert", both[i]->id, both[i]->version);
  }
  return write_relation(cycle, org_id, a, b, accepted, err) &&
         db_run(cycle->db, &PUT, err, db_int(org_id), db_int(a), db_int(b), db_int(accepted), db_double(score.score),
                db_text(who_json(cycle->arena, who)), db_int(cycle->now_ms));
}

/* What people said ------------------------------------------------------------------------------------------------ */

typedef struct Listing {
  Arena *arena;
  ValueVec items;
} Listing;

static bool read_accepted(const DbRow *row, void *ctx) {
  Listing *l = ctx;
  Value by = value_null();
  Error ignored = {0};
  if (!json_parse(l->arena, db_row_text(row, 4, l->arena), NULL, &by, &ignored)) by = value_null();
  MapBuilder map = map_builder(l->arena);
  map_put_c(&map, "alert_id", value_string(id_text(l->arena, "alr", db_row_int(row, 0))));
  map_put_c(&map, "number", value_string(str_format(l->arena, "ALERT-%lld", (long long)db_row_int(row, 1))));
  map_put_c(&map, "title", value_string(db_row_text(row, 2, l->arena)));
  map_put_c(&map, "status", value_string(db_row_text(row, 3, l->arena)));
  map_put_c(&map, "by", by);
  map_put_c(&map, "at", value_string(time_text_ms(l->arena, db_row_int(row, 5))));
  *VEC_PUSH(l->arena, &l->items) = map_done(&map);
  return true;
}

bool together_accepted(Db *db, Arena *arena, i64 org_id, i64 alert_id, Value *out, Error *err) {
  static const DbStmt AFTER = {
      "together_accepted_after",
      "SELECT a.id, a.number, a.title, a.status, t.answered_by, t.at FROM together_answer AS t JOIN alert AS a ON a.id "
      "= t.b_id WHERE t.a_id = $1 AND t.org_id = $2 AND t.accepted = 1 ORDER BY a.id DESC LIMIT 100",
      NULL};
  static const DbStmt BEFORE = {
      "together_accepted_before",
      "SELECT a.id, a.number, a.title, a.status, t.answered_by, t.at FROM together_answer AS t JOIN alert AS a ON a.id "
      "= t.a_id WHERE t.b_id = $1 AND t.org_id = $2 AND t.accepted = 1 ORDER BY a.id DESC LIMIT 100",
      NULL};
  Listing l = {.arena = arena};
  DbValue args[] = {db_int(alert_id), db_int(org_id)};
  if (!db_query(db, &AFTER, COUNT(args), args, read_accepted, &l, err) ||
      !db_query(db, &BEFORE, COUNT(args), args, read_accepted, &l, err))
    return false;
  return *out = list_done(&l.items), true;
}

static bool read_counts(const DbRow *row, void *ctx) {
  i64 *counts = ctx;
  counts[db_row_int(row, 0) != 0] = db_row_int(row, 1);
  return true;
}

bool together_rate(Db *db, Arena *arena, i64 org_id, i64 now_ms, Value *out, Error *err) {
  static const DbStmt COUNTS = {
      "together_rate",
      "SELECT accepted, COUNT(*) FROM together_answer WHERE org_id = $1 AND at >= $2 GROUP BY accepted", NULL};
  i64 counts[2] = {0, 0}, all = 0;
  if (!db_query(db, &COUNTS, DB_ARGS(db_int(org_id), db_int(now_ms - TOGETHER_DAYS * DAY_MS)), read_counts, counts,
                err))
    return false;
  all = counts[0] + counts[1];
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "accepted", value_int(counts[1]));
  map_put_c(&map, "rejected", value_int(counts[0]));
  map_put_c(&map, "rate", all ? value_int(counts[1] * 100 / all) : value_null());
  return *out = map_done(&map), true;
}

/* The rule that would do it --------------------------------------------------------------------------------------- */

enum { GROUP_LABELS_MAX = 3 };

static Str cel_text(Arena *arena, Str text) {
  Buf out = buf_new(arena, text.len * 6 + 16);
  json_write_string(&out, text);
  return buf_str(&out);
}

/* labels["pod"]: what both have, and are equal in. */
static Value equal_labels(Arena *arena, const Alert *a, const Alert *b, Buf *names) {
  ValueVec list = {0};
  for (size_t i = 0; value_is(&a->labels, VALUE_MAP) && i < a->labels.size && list.count < GROUP_LABELS_MAX; i++) {
    const Member *m = &a->labels.members[i];
    const Value *other = value_get(&b->labels, value_text(&m->key));
    if (m->value.kind != VALUE_STRING || m->value.size == 0 || !other || !value_equal(other, &m->value)) continue;
    buf_format(names, "%s%.*s", list.count ? ", " : "", STR_ARG(value_text(&m->key)));
    *VEC_PUSH(arena, &list) =
        value_string(str_format(arena, "labels[%.*s]", STR_ARG(cel_text(arena, value_text(&m->key)))));
  }
  return list_done(&list);
}

/* Whose alerts: of these services when both have one, else of these titles. */
static Str condition(Arena *arena, const SetupService *a, const SetupService *b, const Alert *x, const Alert *y) {
  if (a && a == b) return str_format(arena, "service.slug == %.*s", STR_ARG(cel_text(arena, a->slug)));
  if (a && b)
    return str_format(arena, "service.slug in [%.*s, %.*s]", STR_ARG(cel_text(arena, a->slug)),
                      STR_ARG(cel_text(arena, b->slug)));
  if (str_equal(x->title, y->title))
    return str_format(arena, "alert.title == %.*s", STR_ARG(cel_text(arena, x->title)));
  return str_format(arena, "alert.title in [%.*s, %.*s]", STR_ARG(cel_text(arena, x->title)),
                    STR_ARG(cel_text(arena, y->title)));
}

static Value integrations_of(Arena *arena, const Alert *a, const Alert *b) {
  ValueVec list = {0};
  *VEC_PUSH(arena, &list) = value_string(id_text(arena, "int", a->integration_id));
  if (b->integration_id != a->integration_id)
    *VEC_PUSH(arena, &list) = value_string(id_text(arena, "int", b->integration_id));
  return list_done(&list);
}

bool together_rule(Db *db, Arena *arena, const Setup *setup, i64 org_id, i64 a_id, i64 b_id, Value *out, Error *err) {
  i64 ids[] = {a_id, b_id};
  Alert *both[2] = {NULL, NULL};
  Buf names = buf_new(arena, KIB(4));
  ValueVec actions = {0}, none = {0};
  if (!alert_load_each(db, arena, ids, 2, both, err)) return false;
  const Alert *a = both[0], *b = both[1];
  if (!a || !b || a->org_id != org_id || b->org_id != org_id || a_id == b_id)
    return fail_at(err, ERR_NOT_FOUND, "/other_id", "there is no such other alert");
  const SetupService *x = setup_service(setup, a->service_id), *y = setup_service(setup, b->service_id);
  Value group = equal_labels(arena, a, b, &names);
  if (group.size == 0) {
    *VEC_PUSH(arena, &none) = value_c("'together'");
    group = list_done(&none);
  }
  MapBuilder action = map_builder(arena), map = map_builder(arena);
  map_put_c(&action, "type", value_c("create_incident"));
  map_put_c(&action, "group_by", group);
  map_put_c(&action, "window_s", value_int(900));
  *VEC_PUSH(arena, &actions) = map_done(&action);
  Str of = x && y ? str_format(arena, "%.*s and %.*s", STR_ARG(x->name), STR_ARG(y->name)) : utf8_cut(a->title, 60);
  if (x && x == y) of = x->name;
  Str by = names.len ? str_format(arena, " by %.*s", STR_ARG(buf_str(&names))) : S("");
  map_put_c(&map, "name",
            value_string(utf8_cut(str_format(arena, "Together: %.*s%.*s", STR_ARG(of), STR_ARG(by)), 120)));
  map_put_c(&map, "enabled", value_bool(true));
  map_put_c(&map, "integration_ids", integrations_of(arena, a, b));
  map_put_c(&map, "when", value_string(condition(arena, x, y, a, b)));
  map_put_c(&map, "actions", list_done(&actions));
  return *out = map_done(&map), true;
}
