/* Verbs of incidents, pages, schedules, and what the setting-up needs. */
#include "core/alerts/alerts.h"
#include "core/api/api.h"
#include "core/incidents/incidents.h"
#include "core/oncall/oncall.h"
#include "core/paging/internal.h"
#include "lang/json.h"

/* Incidents ------------------------------------------------------------------------------------------------------- */

static bool incident_of(Call *call, Cycle *cycle, i64 *out, Error *err) {
  return api_resolve(call, cycle->db, "incident", 0, out, err);
}

static bool inc_acknowledge(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return incident_of(c, cycle, &id, err) && incident_acknowledge(cycle, id, &c->who, err) &&
         api_answer_with(c, cycle->db, "incident", id, err);
}
static bool inc_resolve(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return incident_of(c, cycle, &id, err) && incident_resolve(cycle, id, &c->who, api_text(c, "reason"), err) &&
         api_answer_with(c, cycle->db, "incident", id, err);
}
static bool inc_close(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return incident_of(c, cycle, &id, err) && incident_close(cycle, id, &c->who, err) &&
         api_answer_with(c, cycle->db, "incident", id, err);
}
static bool inc_reopen(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return incident_of(c, cycle, &id, err) && incident_reopen(cycle, id, &c->who, err) &&
         api_answer_with(c, cycle->db, "incident", id, err);
}

static bool status_update(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  Str text = api_text(c, "text"), status = api_text(c, "status");
  IncidentStatus to = INCIDENT_NEW;
  if (str_is_blank(text) && status.len == 0)
    return fail_at(err, ERR_INVALID, "/text", "a status update says something: text, status or both");
  if (status.len && !incident_status_parse(status, &to))
    return fail_at(err, ERR_INVALID, "/status",
                   "\"%.*s\" is not a status; use new, investigating, fixing, monitoring or closed", STR_ARG(status));
  if (!incident_of(c, cycle, &id, err)) return false;
  if (status.len && !incident_set_status(cycle, id, to, &c->who, err)) return false;
  Buf data = buf_new(c->arena, KIB(128));
  buf_puts(&data, "{\"text\":");
  json_write_string(&data, text.ptr ? text : S(""));
  buf_putc(&data, '}');
  TimelineEntry entry = {.org_id = c->org_id,
                         .subject_kind = "incident",
                         .subject_id = id,
                         .kind = "status_update",
                         .who = &c->who,
                         .data = buf_str(&data),
                         .key_event = true};
  return timeline_add(cycle, &entry, err) && api_answer_with(c, cycle->db, "incident", id, err);
}

static bool inc_page(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0, policy_id = 0;
  Incident incident = {0};
  bool found = false;
  PageOutcome outcome = {0};
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  Str policy = api_text(c, "policy_id");
  if (!incident_of(c, cycle, &id, err) || !incident_load(cycle, id, &incident, &found, err)) return false;
  if (policy.len &&
      !resource_resolve(&ctx.rc, registry_find(c->app->registry, S("escalation_policy")), policy, &policy_id, err))
    return false;
  const SetupOrg *org = setup_org(setup_current(c->app->setup), c->org_id);
  PageStart start = {.org_id = c->org_id,
                     .subject_kind = "incident",
                     .subject_id = id,
                     .incident_id = id,
                     .episode = incident.episode,
                     .start = incident.page_start,
                     .policy_id = policy_id            ? policy_id
                                  : incident.policy_id ? incident.policy_id
                                                       : org->policy_id,
                     .urgent = true,
                     .severity = incident.severity,
                     .team_id = incident.team_id,
                     .why = S("paged by hand"),
                     .title =
                         str_format(c->arena, "INC-%lld %.*s", (long long)incident.number, STR_ARG(incident.title))};
  if (!start.policy_id) start.owners = true;
  if (!page_start(cycle, &start, &outcome, err)) return false;
  c->status = 201;
  return api_answer_with(c, cycle->db, "page", outcome.page_id, err);
}

const Route INCIDENT_ROUTES[] = {
    {HTTP_POST, "incidents/{id}/acknowledge", "incidents:write", .write = inc_acknowledge,
     .doc = "New to investigating; acknowledges its alerts."},
    {HTTP_POST, "incidents/{id}/resolve", "incidents:write", .write = inc_resolve,
     .doc = "Ends its pages; leaves its alerts as they are."},
    {HTTP_POST, "incidents/{id}/close", "incidents:write", .write = inc_close, .doc = "Closes it."},
    {HTTP_POST, "incidents/{id}/reopen", "incidents:write", .write = inc_reopen,
     .doc = "Back to investigating, a new episode."},
    {HTTP_POST, "incidents/{id}/status-updates", "incidents:write", .write = status_update,
     .doc = "Says how it stands; may move the status."},
    {HTTP_POST, "incidents/{id}/page", "incidents:write", .write = inc_page, .doc = "Pages a policy for it."},
    {.path = NULL},
};

/* Pages ----------------------------------------------------------------------------------------------------------- */

static bool page_ack(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  Str first = STR_NONE;
  return api_resolve(c, cycle->db, "page", 0, &id, err) && page_acknowledge(cycle, id, &c->who, &first, err) &&
         api_answer_with(c, cycle->db, "page", id, err);
}

static bool page_next(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return api_resolve(c, cycle->db, "page", 0, &id, err) && page_escalate(cycle, id, &c->who, err) &&
         api_answer_with(c, cycle->db, "page", id, err);
}

/* Targets of a page by hand become a policy of its own, kept in the page's snapshot only. */
static bool hand_targets(Call *c, Cycle *cycle, SetupTarget *out, size_t *count, Error *err) {
  static const struct {
    const char *kind, *resource;
    TargetKind target;
  } KINDS[] = {{"user", "user", TARGET_USER}, {"schedule", "schedule", TARGET_SCHEDULE}, {"team", "team", TARGET_TEAM}};
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  const Value *list = value_get_c(&c->body, "targets");
  if (!value_is(list, VALUE_LIST) || list->size == 0 || list->size > 20)
    return fail_at(err, ERR_INVALID, "/targets",
                   "say whom to page: 1 to 20 targets such as {\"kind\": \"user\", \"id\": \"ann@example.org\"}");
  for (size_t i = 0; i < list->size; i++) {
    Str kind = value_text_or(value_get_c(value_at(list, i), "kind"), STR_NONE),
        id = value_text_or(value_get_c(value_at(list, i), "id"), STR_NONE);
    size_t k = 0;
    while (k < COUNT(KINDS) && !str_equal_c(kind, KINDS[k].kind)) k++;
    if (k == COUNT(KINDS))
      return fail_at(err, ERR_INVALID, "/targets", "\"%.*s\" is no kind of target; use user, schedule or team",
                     STR_ARG(kind));
    out[*count].kind = KINDS[k].target;
    if (!resource_resolve(&ctx.rc, registry_find(c->app->registry, str_from_c(KINDS[k].resource)), id, &out[*count].id,
                          err))
      return false;
    (*count)++;
  }
  return true;
}

static bool page_by_hand(Call *c, Cycle *cycle, Error *err) {
  SetupTarget targets[20];
  size_t count = 0;
  i64 alert_id = 0;
  Str message = api_text(c, "message"), urgency = api_text(c, "urgency");
  if (str_is_blank(message)) return fail_at(err, ERR_INVALID, "/message", "say what it is about: message");
  if (urgency.len && !str_equal_c(urgency, "high") && !str_equal_c(urgency, "low"))
    return fail_at(err, ERR_INVALID, "/urgency", "urgency is high or low, not \"%.*s\"", STR_ARG(urgency));
  if (!hand_targets(c, cycle, targets, &count, err)) return false;
  Str key = str_format(c->arena, "manual/%lld", (long long)id_next(cycle->ids));
  AlertOwn own = {.org_id = c->org_id,
                  .dedup_key = key,
                  .title = message,
                  .priority = str_equal_c(urgency, "low") ? 3 : 1,
                  .no_page = true};
  PageOutcome outcome = {0};
  if (!alert_own(cycle, &own, &alert_id, err)) return false;
  PageStart start = {.org_id = c->org_id,
                     .subject_kind = "alert",
                     .subject_id = alert_id,
                     .alert_id = alert_id,
                     .episode = 1,
                     .start = 1,
                     .urgent = !str_equal_c(urgency, "low"),
                     .severity = -1,
                     .title = message,
                     .targets = targets,
                     .target_count = count,
                     .why = str_format(c->arena, "by hand, %.*s", STR_ARG(c->who.name))};
  if (!page_start(cycle, &start, &outcome, err)) return false;
  c->status = 201;
  return api_answer_with(c, cycle->db, "page", outcome.page_id, err);
}

const Route PAGING_ROUTES[] = {
    {HTTP_POST, "pages", "pages:write", .write = page_by_hand,
     .doc = "Pages people by hand; opens an alert of source manual."},
    {HTTP_POST, "pages/{id}/acknowledge", "pages:write", .write = page_ack,
     .doc = "Acknowledges what the page is about."},
    {HTTP_POST, "pages/{id}/escalate", "pages:write", .write = page_next, .doc = "Next level now."},
    {.path = NULL},
};

/* On call --------------------------------------------------------------------------------------------------------- */

static bool query_time(Call *c, const char *name, i64 otherwise, i64 *out, Error *err) {
  Str text = api_query(c, name);
  *out = otherwise;
  if (text.len == 0 || time_parse_ms(text, out) || str_to_i64(text, 0, INT64_MAX, out)) return true;
  return fail(err, ERR_INVALID, "%s: \"%.*s\" is not a time such as 2026-01-05T09:00:00Z", name, STR_ARG(text));
}

static bool shifts(Call *c, Db *db, Error *err) {
  i64 id = 0, from = 0, to = 0, now = clock_now(&c->app->clock);
  if (!api_resolve(c, db, "schedule", 0, &id, err) || !query_time(c, "from", now, &from, err) ||
      !query_time(c, "to", from + 14 * DAY_MS, &to, err))
    return false;
  const SetupSchedule *schedule = setup_schedule(c->setup, id);
  if (!schedule) return fail(err, ERR_NOT_FOUND, "there is no such schedule");
  return oncall_shifts_json(db, c->arena, c->app, schedule, from, to, &c->answer, err);
}

static bool query_ref(Call *c, Db *db, const char *name, const char *resource, i64 *out, Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  Str text = api_query(c, name);
  *out = 0;
  return text.len == 0 ||
         resource_resolve(&ctx.rc, registry_find(c->app->registry, str_from_c(resource)), text, out, err);
}

static bool on_call(Call *c, Db *db, Error *err) {
  i64 at = 0, schedule = 0, user = 0, service = 0, policy = 0, team = 0;
  if (!query_time(c, "at", clock_now(&c->app->clock), &at, err) ||
      !query_ref(c, db, "schedule_id", "schedule", &schedule, err) ||
      !query_ref(c, db, "user_id", "user", &user, err) || !query_ref(c, db, "service_id", "service", &service, err) ||
      !query_ref(c, db, "policy_id", "escalation_policy", &policy, err) ||
      !query_ref(c, db, "team_id", "team", &team, err))
    return false;
  return oncall_who_json(db, c->arena, c->app, c->setup, c->org_id, at, schedule, user, service, policy, team,
                         &c->answer, err);
}

const Route ONCALL_ROUTES[] = {
    {HTTP_GET, "schedules/{id}/shifts", "schedules:read", .read = shifts,
     .doc = "Who, from when, until when: final, layers, overrides, gaps."},
    {HTTP_GET, "on-call", "schedules:read", .read = on_call,
     .doc = "Who is on call at an instant, from which source, until when, who is next."},
    {.path = NULL},
};

/* What belongs to one thing --------------------------------------------------------------------------------------- */

/* The list of a resource, limited to rows whose `filter` names the thing in the path. */
static bool list_of_subject(Call *c, Db *db, const char *subject, const char *resource, const char *filter,
                            Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  i64 id = 0, limit = 0;
  ResourceList list = {0};
  if (!api_resolve(c, db, subject, 0, &id, err)) return false;
  const Resource *of = registry_find(c->app->registry, str_from_c(subject));
  Str value = resource_id_text(&ctx.rc, of, id);
  ListFilter only = {.name = str_from_c(filter), .values = &value, .count = 1};
  ListQuery query = {
      .cursor = api_query(c, "cursor"), .sort = api_query(c, "sort"), .filters = &only, .filter_count = 1};
  if (str_to_i64(api_query(c, "limit"), 1, LIST_LIMIT_MAX, &limit)) query.limit = limit;
  if (!resource_list(&ctx.rc, registry_find(c->app->registry, str_from_c(resource)), &query, &list, err)) return false;
  c->answer = resource_list_value(&ctx.rc, &list);
  return true;
}

static bool alert_timeline_of(Call *c, Db *db, Error *err) {
  return list_of_subject(c, db, "alert", "timeline_entry", "subject_id", err);
}
static bool incident_timeline(Call *c, Db *db, Error *err) {
  return list_of_subject(c, db, "incident", "timeline_entry", "subject_id", err);
}
static bool incident_alerts(Call *c, Db *db, Error *err) {
  return list_of_subject(c, db, "incident", "alert", "incident_id", err);
}
static bool page_notifications(Call *c, Db *db, Error *err) {
  return list_of_subject(c, db, "page", "notification", "page_id", err);
}

typedef struct RelationRows {
  Arena *arena;
  i64 id;
  ValueVec items;
} RelationRows;

static Str relation_id(Arena *arena, Str kind, i64 id) {
  return id_text(arena, str_equal_c(kind, "alert") ? "alr" : str_equal_c(kind, "change") ? "chg" : "inc", id);
}

static bool read_relation(const DbRow *row, void *ctx) {
  RelationRows *rows = ctx;
  Arena *arena = rows->arena;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "kind", value_string(db_row_text(row, 0, arena)));
  map_put_c(&map, "from_id", value_string(relation_id(arena, db_row_peek(row, 1), db_row_int(row, 2))));
  map_put_c(&map, "to_id", value_string(relation_id(arena, db_row_peek(row, 3), db_row_int(row, 4))));
  map_put_c(&map, "created_at", value_string(time_text_ms(arena, db_row_int(row, 5))));
  *VEC_PUSH(arena, &rows->items) = map_done(&map);
  return true;
}

/* Both directions: what it follows and what follows it. */
static bool incident_relations(Call *c, Db *db, Error *err) {
  static const DbStmt LIST = {
      "relations_of",
      "SELECT kind, from_kind, from_id, to_kind, to_id, created_at FROM relation WHERE from_id = $1 "
      "UNION ALL SELECT kind, from_kind, from_id, to_kind, to_id, created_at FROM relation "
      "WHERE to_id = $1 ORDER BY 6",
      NULL};
  RelationRows rows = {.arena = c->arena};
  if (!api_resolve(c, db, "incident", 0, &rows.id, err) ||
      !db_query(db, &LIST, DB_ARGS(db_int(rows.id)), read_relation, &rows, err))
    return false;
  MapBuilder map = map_builder(c->arena);
  map_put_c(&map, "items", list_done(&rows.items));
  map_put_c(&map, "next_cursor", value_null());
  c->answer = map_done(&map);
  return true;
}

/* Setting up ------------------------------------------------------------------------------------------------------ */

static bool templates(Call *c, Db *db, Error *err) {
  (void)db;
  (void)err;
  ValueVec items = {0};
  for (size_t i = 0; i < catalog_count(c->app->catalog); i++) {
    const Spec *spec = catalog_at(c->app->catalog, i);
    MapBuilder map = map_builder(c->arena);
    map_put_c(&map, "name", value_string(spec_name(spec)));
    map_put_c(&map, "title", value_string(spec_title(spec)));
    map_put_c(&map, "guide", value_string(spec_guide(spec)));
    *VEC_PUSH(c->arena, &items) = map_done(&map);
  }
  MapBuilder map = map_builder(c->arena);
  map_put_c(&map, "items", list_done(&items));
  map_put_c(&map, "next_cursor", value_null());
  c->answer = map_done(&map);
  return true;
}

static bool me(Call *c, Db *db, Error *err) {
  if (c->user) return api_answer_with(c, db, "user", c->user->id, err);
  MapBuilder map = map_builder(c->arena);
  map_put_c(&map, "kind", value_string(S("key")));
  map_put_c(&map, "name", value_string(c->actor.name));
  c->answer = map_done(&map);
  return true;
}

static void stream(Call *c) {
  Str last = http_header(c->request, "Last-Event-ID");
  i64 id = -1;
  if (last.len == 0) last = api_query(c, "last_event_id");
  if (!str_to_i64(last, 0, INT64_MAX, &id)) id = -1;
  live_subscribe(c->app, c->request, c->org_id, id);
}

const Route SETUP_ROUTES[] = {
    {HTTP_GET, "alerts/{id}/timeline", "alerts:read", .read = alert_timeline_of, .doc = "What happened to it."},
    {HTTP_GET, "incidents/{id}/timeline", "incidents:read", .read = incident_timeline, .doc = "What happened."},
    {HTTP_GET, "incidents/{id}/relations", "incidents:read", .read = incident_relations,
     .doc = "What it follows, what follows it."},
    {HTTP_GET, "incidents/{id}/alerts", "incidents:read", .read = incident_alerts, .doc = "Its alerts."},
    {HTTP_GET, "pages/{id}/notifications", "pages:read", .read = page_notifications, .doc = "Who was told, and how."},
    {HTTP_GET, "templates", "integrations:read", .read = templates, .doc = "The catalog of integrations."},
    {HTTP_GET, "me", "users:read", .read = me, .doc = "Who this key speaks for."},
    {HTTP_GET, "stream", "stream:read", .direct = stream, .doc = "Server-sent events; resume by Last-Event-ID."},
    {.path = NULL},
};
