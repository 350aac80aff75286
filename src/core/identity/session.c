/* Sessions: cookie, origin, rows. */
#include "core/identity/session.h"

#include "lang/time.h"

enum { TOKEN_CHARS = 52, AGENT_BYTES_MAX = 300 };
static const Str COOKIE = STR("tocsin_session");

/* The cookie ------------------------------------------------------------------------------------------------------ */

static Str cookie_value(const HttpRequest *request) {
  Str rest = http_header(request, "Cookie"), part;
  while (rest.len) {
    Str name, value = STR_NONE;
    (void)str_cut(rest, ';', &part, &rest);
    if (str_cut(str_trim(part), '=', &name, &value) && str_equal(name, COOKIE)) return value;
  }
  return STR_NONE;
}

const SetupKey *session_find(const App *app, const Setup *setup, const HttpRequest *request) {
  Str token = cookie_value(request);
  if (token.len == 0) return NULL;
  const SetupKey *key = setup_key_by_hash(setup, sha256_hex(request->arena, token));
  return key && key->session && key->expires_ms > clock_now(&app->clock) ? key : NULL;
}

Str session_cookie_header(const App *app, const HttpRequest *request, Str token) {
  bool secure = request->https || str_starts_with(str_from_c(app->public_url), S("https://"));
  return str_format(request->arena, "%.*s=%.*s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s", STR_ARG(COOKIE),
                    STR_ARG(token), token.len ? SESSION_DAYS * 86400 : 0, secure ? "; Secure" : "");
}

/* Origin ---------------------------------------------------------------------------------------------------------- */

static Str without_scheme(Str url) {
  size_t at = str_find(url, S("://"), 0);
  return at == SIZE_MAX ? url : str_slice(url, at + 3, url.len);
}

static Str authority(Str url) {
  Str rest = without_scheme(url), host, path;
  (void)str_cut(rest, '/', &host, &path);
  return host;
}

bool session_origin_ok(const App *app, const HttpRequest *request, Error *err) {
  if (request->method == HTTP_GET || request->method == HTTP_HEAD) return true;
  Str origin = http_header(request, "Origin"), host = http_header(request, "Host");
  if (origin.len == 0) {
    if (str_equal_c(http_header(request, "Sec-Fetch-Site"), "same-origin")) return true;
    return fail(err, ERR_FORBIDDEN, "a write with the session cookie needs an Origin header; programs use an API key");
  }
  if (str_equal_nocase(authority(origin), authority(str_from_c(app->public_url)))) return true;
  if (host.len && str_equal_nocase(authority(origin), host)) return true;
  return fail(err, ERR_FORBIDDEN,
              "this write came from a page of %.*s, not from Tocsin's own; if that is where people "
              "open Tocsin, set --public-url to it",
              STR_ARG(str_slice(origin, 0, origin.len < 200 ? origin.len : 200)));
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

static const DbStmt ADD = {"session_add",
                           "INSERT INTO session (id, org_id, user_id, hash, address, agent, created_at, expires_at) "
                           "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                           NULL};
static const DbStmt TRIM = {
    "session_trim",
    "DELETE FROM session WHERE org_id = $1 AND user_id = $2 AND id NOT IN (SELECT id FROM session "
    "WHERE org_id = $1 AND user_id = $2 ORDER BY id DESC LIMIT $3)",
    NULL};

bool session_add(Cycle *cycle, const SessionNew *s, Str *out_token, Error *err) {
  App *app = cycle_app(cycle);
  Str token = random_token(cycle->arena, TOKEN_CHARS);
  DbValue row[] = {db_int(id_next(cycle->ids)), db_int(s->org_id),
                   db_int(s->user_id),          db_text(sha256_hex(cycle->arena, token)),
                   db_text(s->address),         db_text(utf8_clean(cycle->arena, utf8_cut(s->agent, AGENT_BYTES_MAX))),
                   db_int(cycle->now_ms),       db_int(cycle->now_ms + SESSION_DAYS * DAY_MS)};
  if (!db_exec(cycle->db, &ADD, COUNT(row), row, NULL, err) ||
      !db_run(cycle->db, &TRIM, err, db_int(s->org_id), db_int(s->user_id), db_int(SESSIONS_PER_USER_MAX)))
    return false;
  setup_changed(app->setup);
  *out_token = token;
  return true;
}

bool session_end(Cycle *cycle, i64 org_id, i64 user_id, i64 session_id, Error *err) {
  static const DbStmt END = {"session_end", "DELETE FROM session WHERE org_id = $1 AND user_id = $2 AND id = $3", NULL};
  DbValue args[] = {db_int(org_id), db_int(user_id), db_int(session_id)};
  i64 gone = 0;
  if (!db_exec(cycle->db, &END, COUNT(args), args, &gone, err)) return false;
  setup_changed(cycle_app(cycle)->setup);
  return gone > 0 || fail(err, ERR_NOT_FOUND, "there is no such session of yours; it may have ended already");
}

bool session_end_all(Cycle *cycle, i64 org_id, i64 user_id, i64 but_id, Error *err) {
  static const DbStmt END = {"session_end_all", "DELETE FROM session WHERE org_id = $1 AND user_id = $2 AND id <> $3",
                             NULL};
  setup_changed(cycle_app(cycle)->setup);
  return db_run(cycle->db, &END, err, db_int(org_id), db_int(user_id), db_int(but_id));
}

typedef struct Listing {
  Arena *arena;
  i64 current_id;
  ValueVec items;
} Listing;

static bool read_session(const DbRow *row, void *ctx) {
  Listing *list = ctx;
  Arena *arena = list->arena;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "id", value_string(id_text(arena, "ses", db_row_int(row, 0))));
  map_put_c(&map, "address", value_string(db_row_text(row, 1, arena)));
  map_put_c(&map, "agent", value_string(db_row_text(row, 2, arena)));
  map_put_c(&map, "created_at", value_string(time_text_ms(arena, db_row_int(row, 3))));
  map_put_c(&map, "expires_at", value_string(time_text_ms(arena, db_row_int(row, 4))));
  map_put_c(&map, "current", value_bool(db_row_int(row, 0) == list->current_id));
  *VEC_PUSH(arena, &list->items) = map_done(&map);
  return true;
}

bool session_list(Db *db, Arena *arena, i64 org_id, i64 user_id, i64 current_id, i64 now_ms, Value *out, Error *err) {
  static const DbStmt LIST = {"session_list",
                              "SELECT id, address, agent, created_at, expires_at FROM session WHERE org_id = $1 AND "
                              "user_id = $2 AND expires_at > $3 ORDER BY id DESC",
                              NULL};
  Listing list = {.arena = arena, .current_id = current_id};
  if (!db_query(db, &LIST, DB_ARGS(db_int(org_id), db_int(user_id), db_int(now_ms)), read_session, &list, err))
    return false;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "items", list_done(&list.items));
  map_put_c(&map, "next_cursor", value_null());
  *out = map_done(&map);
  return true;
}
