/* Whose task an alert is. It stops no page: only an acknowledgement says that somebody is there. */
#include "core/alerts/batch.h"
#include "lang/json.h"

static const DbStmt ASSIGNEE = {"alert_assignee", "SELECT assignee_id FROM alert WHERE id = $1", NULL};
static const DbStmt ASSIGN = {
    "alert_assign", "UPDATE alert SET assignee_id = $2, updated_at = $3, version = version + 1 WHERE id = $1", NULL};

static Value person(Arena *arena, const Setup *setup, i64 user_id) {
  const SetupUser *user = setup_user(setup, user_id);
  if (user_id == 0) return value_null();
  Who who = {.kind = "user", .id = id_text(arena, "usr", user_id), .name = user ? user->name : S("")};
  return who_value(arena, &who);
}

bool alert_assign(Cycle *cycle, i64 alert_id, i64 user_id, Str note, const Who *who, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  Alert *a = ARENA_NEW(cycle->arena, Alert);
  const SetupUser *user = setup_user(setup, user_id);
  i64 before = 0;
  bool found = false;
  if (!alert_load(cycle->db, cycle->arena, alert_id, a, &found, err)) return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "there is no such alert");
  if (user && str_equal_c(user->status, "deactivated"))
    return fail_at(err, ERR_INVALID, "/user_id", "%.*s is deactivated: nobody would look after it",
                   STR_ARG(user->name));
  if (user_id && a->status != ALERT_TRIGGERED && a->status != ALERT_ACKNOWLEDGED)
    return fail(err, ERR_CONFLICT, "ALERT-%lld is %s: there is nothing to do", (long long)a->number,
                alert_status_name(a->status));
  if (!db_query_int(cycle->db, &ASSIGNEE, DB_ARGS(db_int(alert_id)), &before, &found, err)) return false;
  if (before == user_id) return true;
  MapBuilder data = map_builder(cycle->arena);
  map_put_c(&data, "from", person(cycle->arena, setup, before));
  map_put_c(&data, "to", person(cycle->arena, setup, user_id));
  if (note.len) map_put_c(&data, "note", value_string(note));
  Value map = map_done(&data);
  if (!db_run(cycle->db, &ASSIGN, err, db_int(alert_id), db_id(user_id), db_int(cycle->now_ms)) ||
      !alert_timeline(cycle, a, "assigned", who, json_text(cycle->arena, &map), err))
    return false;
  cycle_publish(cycle, a->org_id, "alert", alert_id, a->version + 1);
  bool self = str_equal(who->id, id_text(cycle->arena, "usr", user_id));
  return user_id == 0 || self || page_notice(cycle, user_id, alert_id, a->incident_id, "assigned", err);
}
