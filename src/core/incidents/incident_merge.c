/* Two incidents that are one. The merged one's alerts, groups, services and people go over; its pages end, and go on as
 * the other's when nobody has that one and it pages nobody. It is closed, and a relation says of what it was a
 * duplicate. */
#include "core/incidents/internal.h"
#include "core/paging/paging.h"
#include "lang/json.h"

static const DbStmt MEMBERS = {"merge_members", "SELECT id, version FROM alert WHERE incident_id = $1", NULL};
static const DbStmt MOVE_ALERTS = {
    "merge_alerts", "UPDATE alert SET incident_id = $2, updated_at = $3, version = version + 1 WHERE incident_id = $1",
    NULL};
static const DbStmt MOVE_GROUPS = {"merge_groups", "UPDATE alert_group SET incident_id = $2 WHERE incident_id = $1",
                                   NULL};
static const DbStmt MOVE_PEOPLE = {
    "merge_people",
    "INSERT INTO incident_person (org_id, incident_id, user_id, since, joined_at) SELECT org_id, $2, user_id, since, "
    "joined_at FROM incident_person WHERE incident_id = $1 ON CONFLICT (incident_id, user_id) DO NOTHING",
    NULL};
static const DbStmt TAKE_OVER = {
    "merge_take_over",
    "UPDATE incident SET alert_count = alert_count + $2, open_alert_count = open_alert_count + $3, service_ids = $4, "
    "updated_at = $5, version = version + 1 WHERE id = $1",
    NULL};
static const DbStmt EMPTIED = {"merge_emptied",
                               "UPDATE incident SET alert_count = 0, open_alert_count = 0 WHERE id = $1", NULL};
static const DbStmt ACTIVE_POLICY = {
    "merge_active_policy", "SELECT policy_id FROM page WHERE subject_id = $1 AND status = 'active' ORDER BY id LIMIT 1",
    NULL};

typedef struct Telling {
  Cycle *cycle;
  i64 org_id;
} Telling;

static bool publish_member(const DbRow *row, void *ctx) {
  Telling *t = ctx;
  cycle_publish(t->cycle, t->org_id, "alert", db_row_int(row, 0), db_row_int(row, 1) + 1);
  return true;
}

static bool contains(const ValueVec *list, const Value *item) {
  for (size_t i = 0; i < list->count; i++)
    if (value_equal(&list->items[i], item)) return true;
  return false;
}

static Str both_services(Arena *arena, const Incident *a, const Incident *b) {
  const Value *lists[] = {&a->service_ids, &b->service_ids};
  ValueVec ids = {0};
  for (size_t k = 0; k < COUNT(lists); k++)
    for (size_t i = 0; value_is(lists[k], VALUE_LIST) && i < lists[k]->size; i++)
      if (!contains(&ids, value_at(lists[k], i))) *VEC_PUSH(arena, &ids) = *value_at(lists[k], i);
  Value list = list_done(&ids);
  return json_text(arena, &list);
}

static bool move_members(Cycle *cycle, const Incident *from, const Incident *into, Error *err) {
  Telling telling = {cycle, from->org_id};
  return db_query(cycle->db, &MEMBERS, DB_ARGS(db_int(from->id)), publish_member, &telling, err) &&
         db_run(cycle->db, &MOVE_ALERTS, err, db_int(from->id), db_int(into->id), db_int(cycle->now_ms)) &&
         db_run(cycle->db, &MOVE_GROUPS, err, db_int(from->id), db_int(into->id)) &&
         db_run(cycle->db, &MOVE_PEOPLE, err, db_int(from->id), db_int(into->id)) &&
         db_run(cycle->db, &TAKE_OVER, err, db_int(into->id), db_int(from->alert_count), db_int(from->open_alert_count),
                db_text(both_services(cycle->arena, into, from)), db_int(cycle->now_ms)) &&
         db_run(cycle->db, &EMPTIED, err, db_int(from->id));
}

static Str other_json(Arena *arena, const char *name, const Incident *other, i64 alerts) {
  Buf data = buf_new(arena, KIB(8));
  buf_format(&data, "{\"%s\":{\"id\":\"%.*s\",\"number\":\"INC-%lld\",\"title\":", name,
             STR_ARG(id_text(arena, "inc", other->id)), (long long)other->number);
  json_write_string(&data, other->title);
  buf_format(&data, "},\"alerts\":%lld}", (long long)alerts);
  return buf_str(&data);
}

static bool refuse(const Incident *from, const Incident *into, Error *err) {
  if (from->id == into->id)
    return fail_at(err, ERR_INVALID, "/into", "INC-%lld cannot be merged into itself", (long long)from->number);
  const Incident *closed = from->status == INCIDENT_CLOSED ? from : into->status == INCIDENT_CLOSED ? into : NULL;
  return !closed || fail(err, ERR_CONFLICT, "INC-%lld is closed: reopen it first", (long long)closed->number);
}

/* The page of the merged one is not lost: it rises the other's severity, or goes on when nobody has the other. */
static bool carry_page(Cycle *cycle, const Incident *from, i64 into_id, bool was_paging, i64 policy_id, const Who *who,
                       Error *err) {
  Incident into = {0};
  i64 running = 0, page_id = 0;
  bool raised = false, runs = false;
  if (!incident_raise_severity(cycle, into_id, from->severity, who, &raised, err) ||
      !incident_must_load(cycle, into_id, &into, err) ||
      !db_query_int(cycle->db, &ACTIVE_POLICY, DB_ARGS(db_int(into_id)), &running, &runs, err))
    return false;
  bool owed = was_paging && !runs && (raised || !into.acknowledged_ms) && !into.resolved_ms;
  return !owed || incident_page(cycle, &into, policy_id, S("an incident that paged was merged into it"), &page_id, err);
}

bool incident_merge(Cycle *cycle, i64 from_id, i64 into_id, const Who *who, Error *err) {
  Incident from = {0}, into = {0};
  i64 policy_id = 0;
  bool paging = false;
  if (!incident_must_load(cycle, from_id, &from, err) || !incident_must_load(cycle, into_id, &into, err) ||
      !refuse(&from, &into, err) ||
      !db_query_int(cycle->db, &ACTIVE_POLICY, DB_ARGS(db_int(from_id)), &policy_id, &paging, err))
    return false;
  return move_members(cycle, &from, &into, err) &&
         incident_relate(cycle, from.org_id, "duplicates", "incident", from_id, "incident", into_id, err) &&
         page_end(cycle, from_id, PAGE_END_CANCELLED, "merged", who, err) &&
         job_cancel(cycle, "incident.auto_resolve", from_id, err) &&
         job_cancel(cycle, "incident.auto_resolve", into_id, err) &&
         incident_tell(cycle, &from, "merged", who, other_json(cycle->arena, "into", &into, from.alert_count), true,
                       err) &&
         incident_tell(cycle, &into, "merged_from", who, other_json(cycle->arena, "from", &from, from.alert_count),
                       true, err) &&
         incident_close(cycle, from_id, who, err) && carry_page(cycle, &from, into_id, paging, policy_id, who, err);
}
