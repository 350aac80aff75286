/* /setup: makes the first organization and its owner in a browser, without a script. The link that the server prints
 * holds a token made from the link secret, so it stays the same over restarts and on every node, and dies with the
 * first organization. Order of a POST: the form is checked here, the password is hashed on the passwords' pool, one
 * command writes everything, the key file and the answer follow on a worker. */
#include "core/server/first_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/embedded.h"
#include "core/identity/password.h"
#include "core/identity/session.h"
#include "core/server/first_organization.h"
#include "lang/mustache/mustache.h"

extern const EmbeddedFile CATALOG_FILES[];
extern const size_t CATALOG_FILES_COUNT;

enum { FORM_BYTES_MAX = 16 * 1024, PAGE_BYTES_MAX = 64 * 1024, ZONES_BYTES_MAX = 64 * 1024, TOKEN_CHARS = 32 };

typedef struct First {
  Command command;
  App *app;
  HttpRequest *request;
  Arena *arena;
  Str organization, zone, name, email, password, again;
  InitWork work;
  Str session;           /* the owner's, so that nobody types a password twice */
  VEC(HttpHeader) wrong; /* name of the field, and the sentence */
  bool ok;
  Error err;
} First;

#define SET_UP                                                                                                         \
  "This server has an organization. Sign in with the owner's e-mail address and password; the owner's API key is in "  \
  "the file admin.key of the data folder."

static const HttpHeader FIRST_HEADERS[] = {
    {STR("Cache-Control"), STR("no-store")},
    {STR("Referrer-Policy"), STR("no-referrer")},
    {STR("X-Content-Type-Options"), STR("nosniff")},
    {STR("Content-Security-Policy"),
     STR("default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")},
};

bool first_page_wanted(App *app) {
  const Setup *setup = setup_take(app->setup);
  bool none = setup_org_count(setup) == 0;
  setup_give(setup);
  return none;
}

static Str token(App *app, Arena *arena) {
  Str raw = hmac_sha256_raw(arena, app->link_secret, S("set-up page"));
  return str_slice(hex_encode(arena, raw.ptr, raw.len), 0, TOKEN_CHARS);
}

Str first_page_url(App *app, Arena *arena) {
  return str_format(arena, "%s/setup/%.*s", app->public_url, STR_ARG(token(app, arena)));
}

/* Rendering -------------------------------------------------------------------------------------------------------- */

static Str template_source(void) {
  for (size_t i = 0; i < CATALOG_FILES_COUNT; i++)
    if (str_ends_with(str_from_c(CATALOG_FILES[i].path), S("pages/setup.html.mustache")))
      return (Str){CATALOG_FILES[i].data, CATALOG_FILES[i].bytes};
  return S("{{headline}}");
}

static void render(First *first, int status, const Value *context) {
  MustacheOptions options = {.context = MUSTACHE_HTML};
  const Mustache *template = NULL;
  Error err = {0};
  Buf out = buf_new(first->arena, PAGE_BYTES_MAX);
  CelRun run = {0};
  if (!mustache_compile(first->arena, template_source(), &options, &template, &err) ||
      !mustache_render(template, first->arena, context, &run, &out, &err)) {
    log_error("server", "the set-up page cannot be rendered: %s", err.message);
    status = 500;
  }
  HttpResponse response = {.status = status,
                           .content_type = "text/html; charset=utf-8",
                           .headers = FIRST_HEADERS,
                           .header_count = COUNT(FIRST_HEADERS),
                           .body = buf_str(&out)};
  http_respond(first->app->http, first->request, &response);
}

static void render_words(First *first, int status, const char *headline, const char *text) {
  MapBuilder map = map_builder(first->arena);
  map_put_c(&map, "headline", value_c(headline));
  map_put_c(&map, "text", value_string(str_copy(first->arena, str_from_c(text))));
  map_put_c(&map, "door", value_bool(page_built() && !first_page_wanted(first->app)));
  Value context = map_done(&map);
  render(first, status, &context);
}

/* The names of the zone database, for the field's suggestions; without its list there are none. */
static Value zones(Arena *arena) {
  static const char *const LISTS[] = {"/usr/share/zoneinfo/zone1970.tab", "/usr/share/zoneinfo/zone.tab"};
  ValueVec out = {0};
  *VEC_PUSH(arena, &out) = value_c("UTC");
  FILE *file = NULL;
  for (size_t i = 0; !file && i < COUNT(LISTS); i++) file = fopen(LISTS[i], "re");
  if (!file) return list_done(&out);
  char *text = arena_alloc(arena, ZONES_BYTES_MAX);
  Str rest = {text, fread(text, 1, ZONES_BYTES_MAX, file)}, line;
  fclose(file);
  while (rest.len) {
    Str word = STR_NONE;
    if (!str_cut(rest, '\n', &line, &rest)) rest = STR_NONE;
    if (line.len == 0 || line.ptr[0] == '#') continue;
    for (int column = 0; column < 3; column++) (void)str_cut(line, '\t', &word, &line);
    if (word.len) *VEC_PUSH(arena, &out) = value_string(word);
  }
  return list_done(&out);
}

/* What the machine is set to is a better guess than UTC. */
static Str own_zone(App *app, Arena *arena) {
  char target[256];
  ssize_t len = readlink("/etc/localtime", target, sizeof target);
  const Zone *zone = NULL;
  Error ignored = {0};
  Str path = {target, len > 0 ? (size_t)len : 0};
  size_t at = str_find(path, S("zoneinfo/"), 0);
  Str name = at == SIZE_MAX ? STR_NONE : str_slice(path, at + 9, path.len);
  return name.len && !str_equal_c(name, "Etc/UTC") && zone_find(app->zones, name, &zone, &ignored)
             ? str_copy(arena, name)
             : S("UTC");
}

static void put_field(First *first, MapBuilder *map, const char *name, Str value) {
  MapBuilder field = map_builder(first->arena);
  map_put_c(&field, "value", value_string(value));
  for (size_t i = 0; i < first->wrong.count; i++)
    if (str_equal_c(first->wrong.items[i].name, name))
      map_put_c(&field, "wrong", value_string(first->wrong.items[i].value));
  map_put_c(map, name, map_done(&field));
}

static void render_form(First *first, int status) {
  MapBuilder map = map_builder(first->arena);
  map_put_c(&map, "form", value_bool(true));
  map_put_c(&map, "headline", value_c("Set up Tocsin"));
  if (first->err.code) map_put_c(&map, "trouble", value_c(first->err.message));
  if (first->wrong.count) map_put_c(&map, "wrong_count", value_int((i64)first->wrong.count));
  put_field(first, &map, "organization", first->organization);
  put_field(first, &map, "time_zone", first->zone);
  put_field(first, &map, "name", first->name);
  put_field(first, &map, "email", first->email);
  put_field(first, &map, "password", STR_NONE);
  put_field(first, &map, "again", STR_NONE);
  map_put_c(&map, "zones", zones(first->arena));
  map_put_c(&map, "password_chars_min", value_int(PASSWORD_CHARS_MIN));
  Value context = map_done(&map);
  render(first, status, &context);
}

static void show_form(void *ctx) {
  First *first = ctx;
  first->zone = own_zone(first->app, first->arena);
  render_form(first, 200);
}

/* Checking --------------------------------------------------------------------------------------------------------- */

/* Errors begin small, because words are put before them; beside a field they stand alone. */
static void wrong(First *first, const char *field, Str sentence) {
  char *text = str_to_c(first->arena, sentence);
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = (char)(text[0] - 'a' + 'A');
  *VEC_PUSH(first->arena, &first->wrong) = (HttpHeader){str_from_c(field), str_from_c(text)};
}

static void check_text(First *first, const char *field, Str value, const char *what) {
  if (value.len == 0)
    wrong(first, field, str_format(first->arena, "Give %s.", what));
  else if (utf8_count(value) > 120)
    wrong(first, field, str_format(first->arena, "At most 120 characters; this has %zu.", utf8_count(value)));
}

static bool looks_like_address(Str email) {
  Str local = STR_NONE, domain = STR_NONE;
  return str_cut(email, '@', &local, &domain) && local.len && domain.len && str_find_char(email, ' ', 0) == SIZE_MAX &&
         str_find_char(domain, '@', 0) == SIZE_MAX;
}

static void check_form(First *first) {
  const Zone *zone = NULL;
  Error err = {0};
  check_text(first, "organization", first->organization, "the organization's name");
  check_text(first, "name", first->name, "your name");
  if (!zone_find(first->app->zones, first->zone, &zone, &err))
    wrong(first, "time_zone",
          str_format(first->arena, "\"%.*s\" is not a time zone; use a name such as Europe/Berlin.",
                     STR_ARG(utf8_cut(first->zone, 60))));
  if (!looks_like_address(first->email))
    wrong(first, "email",
          S("Give an e-mail address such as ann@example.com; you sign in with it and are paged by it."));
  if (!password_check(first->password, first->email, first->name, &err))
    wrong(first, "password", str_from_c(err.message));
  else if (!str_equal(first->password, first->again))
    wrong(first, "again", S("The two passwords differ."));
}

/* Making ----------------------------------------------------------------------------------------------------------- */

static bool make_first(Command *command, Cycle *cycle, Error *err) {
  static const DbStmt ORGANIZATIONS = {"first_organizations", "SELECT count(*) FROM organization", NULL};
  First *first = (First *)command;
  i64 count = 0;
  bool found = false;
  if (!db_query_int(cycle->db, &ORGANIZATIONS, 0, NULL, &count, &found, err)) return false;
  if (count > 0) return fail(err, ERR_CONFLICT, "somebody was quicker: this server has an organization now");
  if (!init_organization(cycle, &first->work, err)) return false;
  SessionNew session = {.org_id = first->work.org_id,
                        .address = first->request->client,
                        .agent = http_header(first->request, "User-Agent")};
  Str token = STR_NONE, user = value_text_or(value_get_c(&first->work.user, "id"), STR_NONE);
  if (!id_parse("usr", user, &session.user_id))
    return fail(err, ERR_INTERNAL, "the new owner's id \"%.*s\" is none", STR_ARG(user));
  if (!session_add(cycle, &session, &token, err)) return false;
  first->session = str_copy(first->arena, token);
  return true;
}

static void answer(void *ctx) {
  First *first = ctx;
  Error err = {0};
  if (!first->ok && first->err.code == ERR_CONFLICT) {
    render_words(first, 409, "Already set up", first->err.message);
  } else if (!first->ok) {
    render_form(first, first->err.code == ERR_INVALID ? 422 : 503);
  } else {
    if (!init_write_key(first->app->data_folder, first->work.key, &err))
      log_warn("server", "the owner's API key was not kept: %s", err.message);
    log_info("server", "organization \"%s\" was set up; its owner is %s", first->work.organization, first->work.email);
    HttpHeader headers[] = {{S("Location"), page_built() ? S("/") : S("/setup")},
                            {S("Set-Cookie"), session_cookie_header(first->app, first->request, first->session)},
                            {S("Cache-Control"), S("no-store")}};
    HttpResponse response = {.status = 303, .headers = headers, .header_count = COUNT(headers)};
    http_respond(first->app->http, first->request, &response);
  }
}

static void made(Command *command, bool ok, const Error *err) {
  First *first = (First *)command;
  first->ok = ok;
  if (!ok) first->err = *err;
  if (!workers_do(first->app->workers, answer, first)) answer(first);
}

static void hash_and_make(void *ctx) {
  First *first = ctx;
  bool ok = password_hash(first->arena, first->password, &first->work.password_hash, &first->err);
  first->command = (Command){.run = make_first, .done = made};
  if (ok && engine_submit(first->app->engine, &first->command)) return;
  if (ok) fail(&first->err, ERR_UNAVAILABLE, "the server is busy or stopping; send it again");
  render_form(first, 503);
}

static void take_form(void *ctx) {
  First *first = ctx;
  check_form(first);
  if (first->wrong.count) {
    render_form(first, 422);
    return;
  }
  first->work = (InitWork){.arena = first->arena,
                           .organization = str_to_c(first->arena, first->organization),
                           .time_zone = str_to_c(first->arena, first->zone),
                           .email = str_to_c(first->arena, first->email),
                           .name = str_to_c(first->arena, first->name)};
  if (password_pool_do(first->app->passwords, hash_and_make, first)) return;
  fail(&first->err, ERR_UNAVAILABLE, "the server is busy; send it again");
  render_form(first, 503);
}

/* Requests --------------------------------------------------------------------------------------------------------- */

static void first_head(App *app, HttpRequest *request, HttpHeadVerdict *verdict) {
  (void)app;
  verdict->body_bytes_max = FORM_BYTES_MAX;
  if (request->method == HTTP_GET || request->method == HTTP_HEAD || request->method == HTTP_POST) return;
  verdict->respond = true;
  verdict->response = (HttpResponse){.status = 405};
}

static void first_request(App *app, HttpRequest *request) {
  First *first = ARENA_NEW(request->arena, First);
  Str given = str_starts_with(request->path, S("/setup/")) ? str_slice(request->path, 7, request->path.len) : STR_NONE;
  *first = (First){.app = app, .request = request, .arena = request->arena};
  if (!first_page_wanted(app)) {
    bool mail = app->relay.url != NULL;
    render_words(first, given.len ? 410 : 200, "Tocsin is set up",
                 mail ? SET_UP
                      : SET_UP " Nobody can be paged yet: start the server with --smtp-url for e-mail, or give "
                               "yourself an ntfy or webhook contact method.");
    return;
  }
  if (!str_equal_secret(given, token(app, first->arena))) {
    render_words(first, given.len ? 404 : 200, "Not set up yet",
                 "Open the set-up link. It is in the server's log and the second line of its output, and begins with "
                 "the server's address and /setup/.");
    return;
  }
  if (request->method == HTTP_POST) {
    first->organization = str_trim(http_form_value(first->arena, request->body, "organization"));
    first->zone = str_trim(http_form_value(first->arena, request->body, "time_zone"));
    first->name = str_trim(http_form_value(first->arena, request->body, "name"));
    first->email = str_lower(first->arena, str_trim(http_form_value(first->arena, request->body, "email")));
    first->password = http_form_value(first->arena, request->body, "password");
    first->again = http_form_value(first->arena, request->body, "again");
  }
  if (!workers_do(app->workers, request->method == HTTP_POST ? take_form : show_form, first))
    render_words(first, 503, "Not available", "The server is busy; try again in a few seconds.");
}

const Door FIRST_DOORS[] = {
    {.prefix = "/setup", .head = first_head, .request = first_request},
    {.prefix = "/setup/", .head = first_head, .request = first_request},
    {.prefix = NULL},
};
