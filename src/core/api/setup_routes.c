/* What belongs to one thing, the catalog, the stream, who I am. */
#include "core/api/internal.h"

/* What belongs to one thing --------------------------------------------------------------------------------------- */

/* The list of a resource, limited to rows whose `filter` names the thing in the path; everything else a list takes
 * holds here, too. */
static bool list_of_ids(Call *c, Db *db, const char *resource, const char *filter, const Str *ids, size_t id_count,
                        Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  const Resource *what = registry_find(c->app->registry, str_from_c(resource));
  QueryPairs pairs = {0};
  ListQuery query = {0};
  ResourceList list = {0};
  if (!api_read_query(c, &pairs, err)) return false;
  for (size_t i = 0; i < id_count; i++) {
    *VEC_PUSH(c->arena, &pairs.names) = str_from_c(filter);
    *VEC_PUSH(c->arena, &pairs.values) = ids[i];
  }
  if (!resource_query_read(c->arena, pairs.names.items, pairs.values.items, pairs.names.count, &query, err) ||
      !resource_list(&ctx.rc, what, &query, &list, err))
    return false;
  c->answer = resource_list_value(&ctx.rc, &list);
  return true;
}

static bool list_of_subject(Call *c, Db *db, const char *subject, const char *resource, const char *filter,
                            Error *err) {
  ApiCtx ctx = api_ctx(c, db, NULL);
  i64 id = 0;
  if (!api_resolve(c, db, subject, 0, &id, err)) return false;
  Str text = resource_id_text(&ctx.rc, registry_find(c->app->registry, str_from_c(subject)), id);
  return list_of_ids(c, db, resource, filter, &text, 1, err);
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
/* Of a page that another speaks for, also what that one sent: those are the people who know of it. */
static bool page_notifications(Call *c, Db *db, Error *err) {
  static const DbStmt SPEAKER = {"page_speaker", "SELECT COALESCE(storm_page_id, 0) FROM page WHERE id = $1", NULL};
  i64 id = 0, speaker = 0;
  bool found = false;
  if (!api_resolve(c, db, "page", 0, &id, err) ||
      !db_query_int(db, &SPEAKER, DB_ARGS(db_int(id)), &speaker, &found, err))
    return false;
  Str ids[] = {id_text(c->arena, "pag", id), id_text(c->arena, "pag", speaker)};
  return list_of_ids(c, db, "notification", "page_id", ids, speaker ? 2 : 1, err);
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
  Value items = list_done(&rows.items); /* what is not for the caller's eyes is no relation either */
  if (!api_keep_seen(c, db, "from_id", &items, err) || !api_keep_seen(c, db, "to_id", &items, err)) return false;
  MapBuilder map = map_builder(c->arena);
  map_put_c(&map, "items", items);
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

/* Read before anything else of the answer: who loads a page's lists after it and follows from here misses no change. */
static bool tell_position(Call *c, Db *db, Error *err) {
  static const DbStmt POSITION = {"live_position", "SELECT COALESCE(MAX(sequence), 0) FROM live_event", NULL};
  i64 position = 0;
  bool found = false;
  if (!db_query_int(db, &POSITION, 0, NULL, &position, &found, err)) return false;
  http_answer_with(c->request, "X-Stream-Position", str_format(c->arena, "%lld", (long long)position));
  return true;
}

static bool me(Call *c, Db *db, Error *err) {
  if (!tell_position(c, db, err)) return false;
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
  live_subscribe(c->app, c->request,
                 (Audience){.org_id = c->org_id,
                            .user_id = c->user ? c->user->id : 0,
                            .key_id = c->key_id ? c->key_id : c->session_id},
                 id);
}

#define LIST(resource) .query_is_free = true, .answers_list = resource

static const Field RELATION_FIELDS[] = {
    {.name = "kind", .kind = F_TEXT, .required = true, .doc = "causes, duplicates, follows, correlates with, ..."},
    {.name = "from_id", .kind = F_TEXT, .required = true, .doc = "An incident, alert or change."},
    {.name = "to_id", .kind = F_TEXT, .required = true, .doc = "An incident, alert or change."},
    {.name = "created_at", .kind = F_TIME, .required = true, .doc = "Since when."}};
static const Field RELATION_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(RELATION_FIELDS), .doc = "One relation."};
static const Field RELATIONS[] = {
    {.name = "items", .kind = F_LIST, .of = &RELATION_ITEM, .required = true, .doc = "In both directions."},
    {.name = "next_cursor", .kind = F_TEXT, .doc = "Always null: all are here."}};
static const Field TEMPLATE_FIELDS[] = {
    {.name = "name", .kind = F_TEXT, .required = true, .doc = "For `template` of an integration."},
    {.name = "title", .kind = F_TEXT, .required = true, .doc = "What the vendor calls it."},
    {.name = "guide", .kind = F_TEXT, .required = true, .doc = "How to set it up, in Markdown."}};
static const Field TEMPLATE_ITEM = {
    .kind = F_OBJECT, .required = true, FIELDS(TEMPLATE_FIELDS), .doc = "One template."};
static const Field TEMPLATES[] = {
    {.name = "items", .kind = F_LIST, .of = &TEMPLATE_ITEM, .required = true, .doc = "All of them."},
    {.name = "next_cursor", .kind = F_TEXT, .doc = "Always null: all are here."}};
static const Field STREAM_QUERY[] = {
    {.name = "last_event_id", .kind = F_INT, .min = 0, .max = INT64_MAX, .doc = "Instead of Last-Event-ID."}};

const Route SETUP_ROUTES[] = {
    {HTTP_GET, "alerts/{id}/timeline", "alerts:read", .read = alert_timeline_of, LIST("timeline_entry"),
     .doc = "What happened to it."},
    {HTTP_GET, "incidents/{id}/timeline", "incidents:read", .read = incident_timeline, LIST("timeline_entry"),
     .doc = "What happened."},
    {HTTP_GET, "incidents/{id}/relations", "incidents:read", .read = incident_relations, WHOLE_LIST, ANSWER(RELATIONS),
     .doc = "What it follows, what follows it."},
    {HTTP_GET, "incidents/{id}/alerts", "incidents:read", .read = incident_alerts, LIST("alert"), .doc = "Its alerts."},
    {HTTP_GET, "pages/{id}/notifications", "pages:read", .read = page_notifications, LIST("notification"),
     .doc = "Who was told, and how; of a page that another speaks for (storm_page_id), by that one."},
    {HTTP_GET, "templates", "integrations:read", .read = templates, WHOLE_LIST, ANSWER(TEMPLATES),
     .doc = "The catalog of integrations."},
    {HTTP_GET, "me", "users:read", .read = me,
     .doc = "Who this key speaks for. X-Stream-Position is where the stream stood before: its last_event_id."},
    {HTTP_GET, "stream", "stream:read", .direct = stream, QUERY(STREAM_QUERY), .answers_text = "text/event-stream",
     .doc = "Server-sent events; resume by Last-Event-ID."},
    {.path = NULL},
};
