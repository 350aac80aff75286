/* What a message says: the subject of the page as the templates of channels and the acknowledgement page see it. */
#include "core/paging/message.h"
#include "lang/json.h"

static const DbStmt ALERT_FACTS = {"message_alert",
                                   "SELECT number, title, description, priority, status, service_id, source, labels, "
                                   "links, starts_at, first_seen_at, team_id, "
                                   "count FROM alert WHERE id = $1",
                                   NULL};
static const DbStmt INCIDENT_FACTS = {"message_incident",
                                      "SELECT number, title, summary, severity, status, service_ids, alert_count, "
                                      "team_id, declared_at FROM incident WHERE id = $1",
                                      NULL};
static const DbStmt ALSO_TOLD = {
    "message_also_told",
    "SELECT DISTINCT user_name, kind, status FROM notification WHERE page_id = $1 AND id <> $2 AND status IN "
    "('sent', 'delivered', 'sending', 'unconfirmed') ORDER BY user_name LIMIT 20",
    NULL};
static const DbStmt STORM_TITLES = {
    "message_storm", "SELECT title FROM page WHERE storm_page_id = $1 AND status = 'active' ORDER BY id DESC LIMIT 10",
    NULL};
static const DbStmt STORM_COUNT = {"message_storm_count",
                                   "SELECT COUNT(*) FROM page WHERE storm_page_id = $1 AND status = 'active'", NULL};
static const DbStmt FIRST_ALERT = {"message_first_alert",
                                   "SELECT id FROM alert WHERE incident_id = $1 ORDER BY id LIMIT 1", NULL};

typedef struct Making {
  Db *db;
  Arena *arena;
  const Setup *setup;
  MapBuilder map;
  i64 service_id, team_id, since_ms;
  Str links;
  ValueVec list;
} Making;

static void put(Making *m, const char *name, Str text) {
  map_put_c(&m->map, name, value_string(text.ptr ? text : S("")));
}

static Value parse(Arena *arena, Str text) {
  Value value = value_null();
  Error ignored = {0};
  if (text.len && !json_parse(arena, text, NULL, &value, &ignored)) value = value_null();
  return value;
}

static const char *const PRIORITIES[] = {"", "p1", "p2", "p3", "p4"};

static bool read_alert(const DbRow *row, void *ctx) {
  Making *m = ctx;
  MapBuilder alert = map_builder(m->arena);
  i64 priority = db_row_int(row, 3);
  Str number = str_format(m->arena, "ALERT-%lld", (long long)db_row_int(row, 0));
  Value labels = parse(m->arena, db_row_text(row, 7, m->arena)), links = parse(m->arena, db_row_text(row, 8, m->arena));
  map_put_c(&alert, "number", value_string(number));
  map_put_c(&alert, "title", value_string(db_row_text(row, 1, m->arena)));
  map_put_c(&alert, "description", value_string(db_row_is_null(row, 2) ? S("") : db_row_text(row, 2, m->arena)));
  map_put_c(&alert, "priority", value_c(PRIORITIES[priority >= 1 && priority <= 4 ? priority : 0]));
  map_put_c(&alert, "status", value_string(db_row_text(row, 4, m->arena)));
  map_put_c(&alert, "source", value_string(db_row_is_null(row, 6) ? S("") : db_row_text(row, 6, m->arena)));
  map_put_c(&alert, "labels", labels);
  map_put_c(&alert, "count", value_int(db_row_int(row, 12)));
  ValueVec pairs = {0};
  for (size_t i = 0; labels.kind == VALUE_MAP && i < labels.size && i < 30; i++) {
    MapBuilder pair = map_builder(m->arena);
    map_put_c(&pair, "name", labels.members[i].key);
    map_put_c(&pair, "value", labels.members[i].value);
    *VEC_PUSH(m->arena, &pairs) = map_done(&pair);
  }
  map_put_c(&alert, "label_list", list_done(&pairs));
  m->service_id = db_row_int(row, 5);
  m->team_id = db_row_int(row, 11);
  m->since_ms = db_row_int(row, 9) ? db_row_int(row, 9) : db_row_int(row, 10);
  map_put_c(&m->map, "alert", map_done(&alert));
  map_put_c(&m->map, "priority", value_c(PRIORITIES[priority >= 1 && priority <= 4 ? priority : 0]));
  put(m, "text", db_row_is_null(row, 2) ? S("") : db_row_text(row, 2, m->arena));
  put(m, "status", db_row_text(row, 4, m->arena));
  map_put_c(&m->map, "links", links.kind == VALUE_LIST ? links : (Value){.kind = VALUE_LIST});
  return true;
}

static bool read_incident(const DbRow *row, void *ctx) {
  Making *m = ctx;
  MapBuilder incident = map_builder(m->arena);
  Value services = parse(m->arena, db_row_text(row, 5, m->arena));
  i64 service_id = 0;
  Str number = str_format(m->arena, "INC-%lld", (long long)db_row_int(row, 0));
  map_put_c(&incident, "number", value_string(number));
  map_put_c(&incident, "title", value_string(db_row_text(row, 1, m->arena)));
  map_put_c(&incident, "summary", value_string(db_row_is_null(row, 2) ? S("") : db_row_text(row, 2, m->arena)));
  map_put_c(&incident, "severity", value_int(db_row_int(row, 3)));
  map_put_c(&incident, "status", value_string(db_row_text(row, 4, m->arena)));
  map_put_c(&incident, "alert_count", value_int(db_row_int(row, 6)));
  map_put_c(&m->map, "incident", map_done(&incident));
  put(m, "status", db_row_text(row, 4, m->arena));
  put(m, "severity", str_format(m->arena, "SEV%lld", (long long)db_row_int(row, 3)));
  if (value_is(&services, VALUE_LIST) && id_parse("svc", value_text_or(value_at(&services, 0), STR_NONE), &service_id))
    m->service_id = service_id;
  if (db_row_int(row, 7)) m->team_id = db_row_int(row, 7);
  if (!m->since_ms) m->since_ms = db_row_int(row, 8);
  return true;
}

static bool read_also(const DbRow *row, void *ctx) {
  Making *m = ctx;
  MapBuilder told = map_builder(m->arena);
  map_put_c(&told, "name", value_string(db_row_text(row, 0, m->arena)));
  map_put_c(&told, "kind", value_string(db_row_text(row, 1, m->arena)));
  map_put_c(&told, "status", value_string(db_row_text(row, 2, m->arena)));
  *VEC_PUSH(m->arena, &m->list) = map_done(&told);
  return true;
}

static bool read_title(const DbRow *row, void *ctx) {
  Making *m = ctx;
  MapBuilder item = map_builder(m->arena);
  map_put_c(&item, "title", value_string(db_row_text(row, 0, m->arena)));
  *VEC_PUSH(m->arena, &m->list) = map_done(&item);
  return true;
}

static Value take_list(Making *m) {
  Value list = list_done(&m->list);
  m->list = (ValueVec){0};
  return list;
}

static bool storm_facts(Making *m, const Page *page, Str *title, Error *err) {
  i64 count = 0;
  bool found = false;
  if (!db_query(m->db, &STORM_TITLES, DB_ARGS(db_int(page->id)), read_title, m, err) ||
      !db_query_int(m->db, &STORM_COUNT, DB_ARGS(db_int(page->id)), &count, &found, err))
    return false;
  map_put_c(&m->map, "storm", take_list(m));
  map_put_c(&m->map, "storm_count", value_int(count));
  Str words = str_format(m->arena, "%lld problem%s", (long long)count, count == 1 ? "" : "s");
  map_put_c(&m->map, "storm_words", value_string(words));
  map_put_c(&m->map, "storm_many", value_bool(count > 1));
  *title = str_format(m->arena, "%.*s: %.*s", STR_ARG(page->title), STR_ARG(words));
  return true;
}

static bool subject_facts(Making *m, const Page *page, Str *title, Error *err) {
  bool found = false;
  i64 alert_id = page->alert_id;
  if (str_equal_c(page->subject_kind, "news")) return true;
  if (page->subject_id == 0) return storm_facts(m, page, title, err);
  if (!alert_id && !db_query_int(m->db, &FIRST_ALERT, DB_ARGS(db_int(page->incident_id)), &alert_id, &found, err))
    return false;
  if (alert_id && !db_query_one(m->db, &ALERT_FACTS, DB_ARGS(db_int(alert_id)), read_alert, m, &found, err))
    return false;
  return page->incident_id == 0 ||
         db_query_one(m->db, &INCIDENT_FACTS, DB_ARGS(db_int(page->incident_id)), read_incident, m, &found, err);
}

bool message_facts(App *app, Db *db, Arena *arena, const Setup *setup, const Notification *n, const Page *page,
                   Value *out, Error *err) {
  Making m = {.db = db, .arena = arena, .setup = setup, .map = map_builder(arena)};
  Str title = page->title;
  Value bundle = {.kind = VALUE_LIST};
  i64 bundled = 0;
  if (page->id && !subject_facts(&m, page, &title, err)) return false;
  if (n->title.len) title = n->title;
  if (n->text.len) put(&m, "text", n->text);
  if (!bundle_titles(db, arena, n->id, &bundle, &bundled, err)) return false;
  if (bundled > 1) title = str_format(arena, "%lld pages: %.*s", (long long)bundled, STR_ARG(title));
  map_put_c(&m.map, "bundle", bundle);
  if (!db_query(db, &ALSO_TOLD, DB_ARGS(db_int(page->id), db_int(n->id)), read_also, &m, err)) return false;
  map_put_c(&m.map, "also_told", take_list(&m));
  const SetupService *service = setup_service(setup, m.service_id);
  const SetupTeam *team = setup_team(setup, m.team_id);
  const SetupUser *user = setup_user(setup, n->user_id);
  const SetupOrg *org = setup_org(setup, n->org_id);
  const Zone *zone = user && user->zone ? user->zone : org ? org->zone : zone_utc();
  i64 since = m.since_ms ? m.since_ms : page->created_ms;
  bool links = page->id != 0; /* what is about no page has nothing to acknowledge */
  bool exhausted = str_equal_c(n->purpose, "exhausted");
  put(&m, "title", title);
  bool expires = str_equal_c(n->purpose, "ack_expires");
  bool flaps = str_equal_c(n->purpose, "flapping");
  put(&m, "headline",
      flaps ? str_format(arena, "It opens and resolves again and again, and pages no more until it is steady: %.*s",
                         STR_ARG(title))
      : exhausted ? str_format(arena, "NOBODY ANSWERED: %.*s", STR_ARG(title))
      : expires   ? str_format(arena, "Still on it? Your acknowledgement is about to end: %.*s", STR_ARG(title))
                  : title);
  put(&m, "address", n->address);
  put(&m, "urgency", page->urgency);
  put(&m, "purpose", n->purpose);
  put(&m, "service", service ? service->name : S(""));
  put(&m, "team", team ? team->name : S(""));
  if (since)
    put(&m, "since",
        str_format(arena, "%.*s (%.*s)", STR_ARG(zone_text_ms(arena, zone, since)),
                   STR_ARG(time_text_ms(arena, since / MINUTE_MS * MINUTE_MS))));
  map_put_c(&m.map, "since_ms", value_int(since));
  if (links)
    put(&m, "ack_url", str_format(arena, "%s/ack/%.*s", app->public_url, STR_ARG(ack_token(app, arena, n->id))));
  map_put_c(&m.map, "repeated", value_bool(n->repeated));
  MapBuilder small = map_builder(arena);
  map_put_c(&small, "id", value_string(id_text(arena, "ntf", n->id)));
  map_put_c(&m.map, "notification", map_done(&small));
  small = map_builder(arena);
  map_put_c(&small, "id", value_string(id_text(arena, "pag", page->id)));
  map_put_c(&small, "level", value_int(page->level));
  map_put_c(&small, "round", value_int(page->round));
  map_put_c(&m.map, "page", map_done(&small));
  small = map_builder(arena);
  map_put_c(&small, "name", value_string(n->user_name));
  map_put_c(&m.map, "user", map_done(&small));
  *out = map_done(&m.map);
  return true;
}

bool message_context(Cycle *cycle, const Notification *n, const Page *page, Value *out, Error *err) {
  App *app = cycle_app(cycle);
  return message_facts(app, cycle->db, cycle->arena, setup_current(app->setup), n, page, out, err);
}
