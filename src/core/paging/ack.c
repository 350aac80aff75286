/* /ack/{token}: one page for one notification. A GET never changes anything, because mail scanners follow links; a POST
 * with the token acts as the person who was told. Server-rendered, no script; the template is
 * catalog/pages/ack.html.mustache. */
#include "base/embedded.h"
#include "core/alerts/alerts.h"
#include "core/api/api.h"
#include "core/incidents/incidents.h"
#include "core/paging/message.h"
#include "core/server/server.h"
#include "lang/json.h"
#include "lang/mustache/mustache.h"

extern const EmbeddedFile CATALOG_FILES[];
extern const size_t CATALOG_FILES_COUNT;

enum { TOKEN_DAYS = 7, PAGE_BYTES_MAX = 48 * 1024, FORM_BYTES_MAX = 16 * 1024 };

typedef struct Ack {
  Command command;
  App *app;
  HttpRequest *request;
  Arena *arena;
  i64 notification_id;
  i64 org_id;    /* of the connector that it came by; 0: of whatever the token says */
  i64 sender_id; /* who pressed, when that is known to be another one than was told */
  Str token, action, said, first;
  PageIds done; /* which pages it acknowledged, escalated, ... now */
  bool wants_json, expired;
} Ack;

static const HttpHeader PAGE_HEADERS[] = {
    {STR("Cache-Control"), STR("no-store")},
    {STR("Referrer-Policy"), STR("no-referrer")},
    {STR("Content-Security-Policy"),
     STR("default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")},
};

/* Rendering ------------------------------------------------------------------------------------------------------- */

static Str template_source(void) {
  for (size_t i = 0; i < CATALOG_FILES_COUNT; i++)
    if (str_ends_with(str_from_c(CATALOG_FILES[i].path), S("pages/ack.html.mustache")))
      return (Str){CATALOG_FILES[i].data, CATALOG_FILES[i].bytes};
  return S("{{title}}");
}

static void respond_html(Ack *ack, int status, Str html) {
  HttpResponse response = {.status = status,
                           .content_type = "text/html; charset=utf-8",
                           .headers = PAGE_HEADERS,
                           .header_count = COUNT(PAGE_HEADERS),
                           .body = html};
  http_respond(ack->app->http, ack->request, &response);
}

/* A page has 48 KiB. What is too large for it is told with less, never not at all: the buttons matter most. */
typedef struct Room {
  size_t text_bytes, items, item_bytes;
} Room;
static const Room ROOMS[] = {{16384, 100, 1000}, {4000, 30, 200}, {400, 0, 0}};

static Value cut_text(Arena *arena, const Value *v, size_t bytes) {
  if (v->kind != VALUE_STRING || v->size <= bytes) return *v;
  return value_string(str_format(arena, "%.*s\xe2\x80\xa6", STR_ARG(utf8_cut(value_text(v), bytes))));
}

/* Half a link is worse than none. */
static bool keeps_link(const Value *item, const Room *room) {
  return value_text_or(value_get_c(item, "href"), STR_NONE).len <= room->item_bytes;
}

static Value cut_list(Arena *arena, const Value *list, const Room *room) {
  ValueVec out = {0};
  for (size_t i = 0; i < list->size && out.count < room->items; i++) {
    const Value *item = value_at(list, i);
    if (item->kind != VALUE_MAP || !keeps_link(item, room)) continue;
    MapBuilder map = map_builder(arena);
    for (size_t m = 0; m < item->size; m++)
      map_put(&map, value_text(&item->members[m].key), cut_text(arena, &item->members[m].value, room->item_bytes));
    *VEC_PUSH(arena, &out) = map_done(&map);
  }
  return list_done(&out);
}

/* Of the page's facts and, one level deeper, of the alert's. */
static Value fit_room(Arena *arena, const Value *facts, const Room *room, bool deeper) {
  MapBuilder map = map_builder(arena);
  for (size_t i = 0; i < facts->size; i++) {
    const Value *v = &facts->members[i].value;
    Value less = v->kind == VALUE_LIST            ? cut_list(arena, v, room)
                 : v->kind == VALUE_MAP && deeper ? fit_room(arena, v, room, false)
                                                  : cut_text(arena, v, room->text_bytes);
    map_put(&map, value_text(&facts->members[i].key), less);
  }
  return map_done(&map);
}

static void render_page(Ack *ack, int status, const Value *context) {
  MustacheOptions options = {.context = MUSTACHE_HTML};
  const Mustache *template = NULL;
  Error err = {0};
  bool ok = mustache_compile(ack->arena, template_source(), &options, &template, &err);
  for (size_t i = 0; ok && i < COUNT(ROOMS); i++) {
    Buf out = buf_new(ack->arena, PAGE_BYTES_MAX);
    CelRun run = {0};
    Value facts = fit_room(ack->arena, context, &ROOMS[i], true);
    if (!mustache_render(template, ack->arena, &facts, &run, &out, &err) || out.overflow) continue;
    respond_html(ack, status, buf_str(&out));
    return;
  }
  log_error("paging", "the acknowledgement page cannot be rendered: %s", err.message);
  respond_html(ack, 500, S("<!doctype html><title>Tocsin</title><p>This page cannot be shown."));
}

static void render_problem(Ack *ack, int status, const char *title, const char *text) {
  MapBuilder map = map_builder(ack->arena);
  map_put_c(&map, "problem", value_bool(true));
  map_put_c(&map, "headline", value_c(title));
  map_put_c(&map, "text", value_c(text));
  Value context = map_done(&map);
  if (!ack->wants_json) {
    render_page(ack, status, &context);
    return;
  }
  MapBuilder json = map_builder(ack->arena);
  map_put_c(&json, "type", value_c("about:blank"));
  map_put_c(&json, "status", value_int(status));
  map_put_c(&json, "detail", value_c(text));
  Value body = map_done(&json);
  respond_json(ack->app, ack->request, status, &body);
}

/* Facts ----------------------------------------------------------------------------------------------------------- */

static Str ago(Arena *arena, i64 ms) {
  i64 minutes = MAX(0, ms / MINUTE_MS);
  if (minutes < 1) return S("less than a minute");
  if (minutes < 120) return str_format(arena, "%lld min", (long long)minutes);
  if (minutes < 48 * 60) return str_format(arena, "%lld h", (long long)minutes / 60);
  return str_format(arena, "%lld days", (long long)minutes / 1440);
}

static const char *said_text(Str said) {
  if (str_equal_c(said, "acknowledged")) return "You acknowledged it. Paging has stopped.";
  if (str_equal_c(said, "escalated")) return "The next level is being paged now.";
  if (str_equal_c(said, "extended")) return "Your acknowledgement holds on.";
  if (str_equal_c(said, "resolved")) return "You resolved it.";
  if (str_equal_c(said, "already")) return "It had been acknowledged already.";
  return NULL;
}

static bool read_at(const DbRow *row, void *ctx) {
  *(i64 *)ctx = db_row_int(row, 0);
  return true;
}

/* "Already acknowledged by Ann at 03:12.", by the reader's clock; with the date when that is a day ago. */
static Str said_already(const Ack *ack, Db *db, Arena *arena, const Setup *setup, const Notification *n, Str first) {
  static const DbStmt AT = {"page_acknowledged_at", "SELECT COALESCE(acknowledged_at, 0) FROM page WHERE id = $1",
                            NULL};
  const SetupUser *user = setup_user(setup, n->user_id);
  const SetupOrg *org = setup_org(setup, n->org_id);
  const Zone *zone = user && user->zone ? user->zone : org ? org->zone : zone_utc();
  i64 at_ms = 0;
  bool found = false;
  Error ignored = {0};
  if (!db_query_one(db, &AT, DB_ARGS(db_int(n->page_id)), read_at, &at_ms, &found, &ignored) || at_ms == 0)
    return str_format(arena, "Already acknowledged by %.*s.", STR_ARG(first));
  Civil c = zone_to_local(zone, at_ms / 1000);
  if (clock_now(&ack->app->clock) - at_ms < DAY_MS)
    return str_format(arena, "Already acknowledged by %.*s at %02d:%02d.", STR_ARG(first), c.hour, c.minute);
  return str_format(arena, "Already acknowledged by %.*s on %.*s.", STR_ARG(first),
                    STR_ARG(zone_text_ms(arena, zone, at_ms)));
}

static bool facts(Ack *ack, Db *db, const Setup *setup, Value *out, Error *err) {
  Notification n = {0};
  Page page = {0};
  Value base = value_null(), by = value_null();
  Str first = STR_NONE;
  Error ignored = {0};
  bool found = false;
  if (!notification_load(db, ack->arena, ack->notification_id, &n, &found, err)) return false;
  if (!found || !page_load(db, ack->arena, n.page_id, &page, &found, err) || !found)
    return fail(err, ERR_NOT_FOUND, "gone");
  if (!message_facts(ack->app, db, ack->arena, setup, &n, &page, &base, err)) return false;
  MapBuilder map = map_builder(ack->arena);
  for (size_t i = 0; i < base.size; i++) map_put(&map, value_text(&base.members[i].key), base.members[i].value);
  if (page.acknowledged_by.len && json_parse(ack->arena, page.acknowledged_by, NULL, &by, &ignored))
    map_put_c(&map, "acknowledged_by", value_string(first = value_text_or(value_get_c(&by, "name"), STR_NONE)));
  bool open = page.status == PAGE_ACTIVE || page.status == PAGE_EXHAUSTED;
  i64 since = value_int_or(value_get_c(&base, "since_ms"), page.created_ms);
  map_put_c(&map, "page_status", value_c(page_status_name(page.status)));
  map_put_c(&map, "can_acknowledge", value_bool(open));
  Snapshot snapshot = {0};
  bool extends = page.status == PAGE_ACKNOWLEDGED && snapshot_read(ack->arena, page.policy, &snapshot, &ignored) &&
                 snapshot.ack_timeout_s > 0;
  map_put_c(&map, "can_extend", value_bool(extends));
  map_put_c(&map, "can_escalate", value_bool(page.status == PAGE_ACTIVE));
  map_put_c(&map, "can_resolve",
            value_bool(page.subject_id > 0 && page.status != PAGE_RESOLVED && page.status != PAGE_CANCELLED));
  map_put_c(&map, "for_how_long", value_string(ago(ack->arena, clock_now(&ack->app->clock) - since)));
  const char *said = said_text(ack->said);
  if (said && str_equal_c(ack->said, "already") && first.len)
    map_put_c(&map, "said", value_string(said_already(ack, db, ack->arena, setup, &n, first)));
  else if (said)
    map_put_c(&map, "said", value_c(said));
  *out = map_done(&map);
  return true;
}

/* By the clock that due times follow: what the message says of its own age, not the id's. Links of somebody who has
 * left end with them, as if they had never been. */
static bool check_age(Ack *ack, Db *db, Error *err) {
  static const DbStmt QUEUED = {
      "ack_queued_at",
      "SELECT n.queued_at FROM notification AS n WHERE n.id = $1 AND NOT EXISTS (SELECT 1 FROM "
      "account AS a WHERE a.id = n.user_id AND a.status = 'deactivated')",
      NULL};
  DbValue id = db_int(ack->notification_id);
  i64 queued_ms = 0;
  bool found = false;
  if (!db_query_int(db, &QUEUED, 1, &id, &queued_ms, &found, err)) return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "there is no such message, or its person has left");
  ack->expired = clock_now(&ack->app->clock) - queued_ms > TOKEN_DAYS * DAY_MS;
  return !ack->expired || fail(err, ERR_NOT_FOUND, "expired");
}

static void render_expired(Ack *ack) {
  render_problem(ack, 410, "This link has expired",
                 "Links in messages are good for 7 days. Open the incident in Tocsin instead.");
}

static void show(void *ctx) {
  Ack *ack = ctx;
  const Setup *setup = setup_take(ack->app->setup);
  Db *db = NULL;
  Error err = {0};
  Value context = value_null();
  bool ok =
      db_pool_take(ack->app->readers, &db, &err) && check_age(ack, db, &err) && facts(ack, db, setup, &context, &err);
  db_pool_give(ack->app->readers, db);
  if (ok)
    render_page(ack, 200, &context);
  else if (ack->expired)
    render_expired(ack);
  else if (err.code == ERR_NOT_FOUND)
    render_problem(ack, 404, "Unknown link", "This link does not belong to a message of this server.");
  else
    render_problem(ack, 503, "Not available", "The page cannot be read at the moment; try again in a few seconds.");
  setup_give(setup);
}

/* Acting ---------------------------------------------------------------------------------------------------------- */

static bool resolve_subject(Cycle *cycle, const Page *page, const Who *who, Error *err) {
  bool changed = false;
  AlertAct act = {.verb = ALERT_VERB_RESOLVE, .who = who};
  if (page->incident_id) return incident_resolve(cycle, page->incident_id, who, STR_NONE, err);
  if (page->alert_id) return alert_act(cycle, page->alert_id, &act, &changed, err);
  return fail(err, ERR_CONFLICT, "a storm is resolved alert by alert");
}

static bool carry_out(Ack *ack, Cycle *cycle, const Page *page, const Who *who, Error *err) {
  Str first = STR_NONE;
  if (str_equal_c(ack->action, "acknowledge")) {
    ack->said = page->status == PAGE_ACKNOWLEDGED ? S("already") : S("acknowledged");
    if (!page_acknowledge(cycle, page->id, who, &first, err)) return false;
    ack->first = first;
    if (page->status != PAGE_ACKNOWLEDGED) *VEC_PUSH(cycle->arena, &ack->done.items) = page->id;
    return true;
  }
  if (str_equal_c(ack->action, "escalate")) return ack->said = S("escalated"), page_escalate(cycle, page->id, who, err);
  if (str_equal_c(ack->action, "resolve")) return ack->said = S("resolved"), resolve_subject(cycle, page, who, err);
  if (str_equal_c(ack->action, "extend")) return ack->said = S("extended"), page_extend(cycle, page->id, who, err);
  return fail(err, ERR_INVALID, "the action must be acknowledge, extend, escalate or resolve");
}

/* What the message carried for others is acknowledged with it: no more than it listed. */
static bool act_on_bundle(Ack *ack, Cycle *cycle, const Who *who, Error *err) {
  static const DbStmt CARRIED = {
      "ack_bundle",
      "SELECT p.id FROM notification AS n JOIN page AS p ON p.id = n.page_id WHERE n.bundle_id = $1 AND n.id <> $1 AND "
      "p.status IN ('active', 'exhausted') ORDER BY n.id LIMIT 200",
      NULL};
  PageIds pages = {.arena = cycle->arena};
  if (!str_equal_c(ack->action, "acknowledge")) return true;
  if (!db_query(cycle->db, &CARRIED, DB_ARGS(db_int(ack->notification_id)), page_read_id, &pages, err)) return false;
  for (size_t i = 0; i < pages.items.count; i++) {
    Str first = STR_NONE;
    if (!page_acknowledge(cycle, pages.items.items[i], who, &first, err)) return false;
    *VEC_PUSH(cycle->arena, &ack->done.items) = pages.items.items[i];
  }
  return true;
}

/* Like a verb of the API: the page before and after, by the notification whose link it was. */
static bool act_audited(Ack *ack, Cycle *cycle, const Page *page, const Who *who, Error *err) {
  ApiCtx ctx = api_ctx_of(ack->app, cycle, page->org_id, (Actor){who->kind, who->id, who->name});
  const Resource *of = registry_find(ack->app->registry, S("page"));
  Value before = value_null(), after = value_null();
  bool found = false;
  if (ack->request) ctx.rc.address = ack->request->client;
  ctx.rc.via = id_text(cycle->arena, "ntf", ack->notification_id);
  return resource_load(&ctx.rc, of, page->id, &before, &found, err) && carry_out(ack, cycle, page, who, err) &&
         act_on_bundle(ack, cycle, who, err) && resource_load(&ctx.rc, of, page->id, &after, &found, err) &&
         resource_audit(&ctx.rc, of, page->id, str_to_c(cycle->arena, ack->action), &before, &after, err);
}

static bool act(Command *command, Cycle *cycle, Error *err) {
  Ack *ack = (Ack *)command;
  Notification n = {0};
  Page page = {0};
  bool found = false;
  ack->done = (PageIds){.arena = cycle->arena};
  if (!check_age(ack, cycle->db, err)) return false;
  if (!notification_load(cycle->db, cycle->arena, ack->notification_id, &n, &found, err)) return false;
  if (found && !page_load(cycle->db, cycle->arena, n.page_id, &page, &found, err)) return false;
  if (!found || (ack->org_id && ack->org_id != n.org_id))
    return fail(err, ERR_NOT_FOUND, "the message or its page is gone");
  const SetupUser *sender = ack->sender_id ? setup_user(setup_current(ack->app->setup), ack->sender_id) : NULL;
  if (!sender && !n.user_id)
    return fail(err, ERR_CONFLICT,
                "nobody here has your account as a verified contact method: add it in Tocsin, or open the alert there");
  Who who = {"user", id_text(cycle->arena, "usr", sender ? sender->id : n.user_id),
             sender ? sender->name : n.user_name};
  return act_audited(ack, cycle, &page, &who, err);
}

/* Names what it was about: who reads it by text sees nothing else. */
static bool say_what(const Ack *ack, Cycle *cycle, i64 page_id, Str *out_which, Str *out, Error *err) {
  Arena *arena = cycle->arena;
  PageIds own = {.arena = arena};
  Str all = STR_NONE, one = STR_NONE;
  *VEC_PUSH(arena, &own.items) = page_id;
  if (!said_of_pages(cycle->db, arena, &ack->done, "acknowledged", &all, err) ||
      !said_of_pages(cycle->db, arena, &own, "active", &one, err))
    return false;
  *out_which = one;
  if (str_equal_c(ack->said, "escalated"))
    *out = str_format(arena, "Escalated %.*s. The next level is being paged now.", STR_ARG(one));
  else if (str_equal_c(ack->said, "resolved"))
    *out = str_format(arena, "Resolved %.*s.", STR_ARG(one));
  else if (str_equal_c(ack->said, "extended"))
    *out = str_format(arena, "%.*s: your acknowledgement holds on.", STR_ARG(one));
  else if (ack->done.items.count)
    *out = str_format(arena, "Acknowledged %.*s. Paging has stopped.", STR_ARG(all));
  return true;
}

/* For callbacks: the same act, said in a sentence. */
bool ack_by_callback(App *app, HttpRequest *request, Cycle *cycle, const AckReply *reply, Str *out_said, Error *err) {
  Ack ack = {.app = app,
             .request = request,
             .arena = cycle->arena,
             .notification_id = reply->notification_id,
             .org_id = reply->org_id,
             .sender_id = reply->sender_id,
             .action = reply->action,
             .said = STR_NONE};
  if (!act(&ack.command, cycle, err)) return false;
  Notification n = {0};
  bool found = false;
  Str what = STR_NONE, already = STR_NONE, which = STR_NONE;
  if (!notification_load(cycle->db, cycle->arena, reply->notification_id, &n, &found, err) ||
      !say_what(&ack, cycle, n.page_id, &which, &what, err))
    return false;
  if (str_equal_c(ack.said, "already") && ack.first.len) {
    const Setup *setup = setup_take(app->setup);
    already = said_already(&ack, cycle->db, cycle->arena, setup, &n, ack.first);
    setup_give(setup);
    already = str_format(cycle->arena, "%.*s: %.*s", (int)(already.len - 1), already.ptr, STR_ARG(which));
  }
  *out_said =
      str_format(cycle->arena, "%.*s%s%.*s", STR_ARG(what), what.len && already.len ? " " : "", STR_ARG(already));
  return true;
}

/* Browsers go back to the page by 303, so that reloading does not act again; programs get JSON. */
static void acted(Command *command, bool ok, const Error *err) {
  Ack *ack = (Ack *)command;
  if (!ok && ack->expired) {
    render_expired(ack);
    return;
  }
  if (!ok) {
    render_problem(ack, error_http_status(err->code), "That did not work",
                   str_to_c(ack->arena, str_copy(ack->arena, str_from_c(err->message))));
    return;
  }
  if (ack->wants_json) {
    MapBuilder map = map_builder(ack->arena);
    map_put_c(&map, "status", value_string(ack->said));
    Value body = map_done(&map);
    respond_json(ack->app, ack->request, 200, &body);
    return;
  }
  HttpHeader headers[] = {
      {S("Location"), str_format(ack->arena, "/ack/%.*s?said=%.*s", STR_ARG(ack->token), STR_ARG(ack->said))},
      {S("Cache-Control"), S("no-store")}};
  HttpResponse response = {.status = 303, .headers = headers, .header_count = COUNT(headers)};
  http_respond(ack->app->http, ack->request, &response);
}

/* Requests -------------------------------------------------------------------------------------------------------- */

static void ack_head(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  (void)app;
  verdict->body_bytes_max = FORM_BYTES_MAX;
  if (request->method == HTTP_GET || request->method == HTTP_HEAD || request->method == HTTP_POST) return;
  verdict->respond = true;
  verdict->response = (HttpResponse){.status = 405};
}

/* Answers by itself when the link is not good. */
static Ack *ack_begin(App *app, HttpRequest *request, Str token) {
  Ack *ack = ARENA_NEW(request->arena, Ack);
  Str accept = http_header(request, "Accept");
  *ack = (Ack){.app = app,
               .request = request,
               .arena = request->arena,
               .token = token,
               .said = http_query(request, "said", 0),
               .wants_json = str_find(accept, S("application/json"), 0) != SIZE_MAX ||
                             str_find(accept, S("text/html"), 0) == SIZE_MAX};
  if (request->method != HTTP_POST) ack->wants_json = false;
  if (!ack_token_check(app, request->arena, token, &ack->notification_id)) {
    render_problem(ack, 404, "Unknown link", "This link does not belong to a message of this server.");
    return NULL;
  }
  return ack;
}

void ack_page_get(App *app, HttpRequest *request, Str token) {
  Ack *ack = ack_begin(app, request, token);
  if (ack && !workers_do(app->workers, show, ack))
    render_problem(ack, 503, "Not available", "The server is busy; try again in a few seconds.");
}

void ack_page_post(App *app, HttpRequest *request, Str token) {
  Ack *ack = ack_begin(app, request, token);
  if (!ack) return;
  ack->action = http_form_value(request->arena, request->body, "action");
  ack->command = (Command){.run = act, .done = acted};
  if (!engine_submit(app->engine, &ack->command))
    render_problem(ack, 503, "Not available", "The server is stopping; try again in a few seconds.");
}

static void ack_request(App *app, HttpRequest *request) {
  Str token = str_slice(request->path, 5, request->path.len);
  if (str_find_char(token, '/', 0) != SIZE_MAX) {
    callback_request(app, request, token);
    return;
  }
  if (request->method == HTTP_POST)
    ack_page_post(app, request, token);
  else
    ack_page_get(app, request, token);
}

const Door ACK_DOORS[] = {
    {.prefix = "/ack/", .head = ack_head, .request = ack_request},
    {.prefix = NULL},
};
