/* Silences under /am/{key}/api/v2, for amtool and for the pages that people know. The key is a sender's, so what is
 * made here holds the alerts of its integration only, and only that is changed here; those of the whole organization
 * are listed, too. An edit of what is matched, or of the start of one that is active, ends it and makes a new one, as
 * Alertmanager does. */
#include "compat/alertmanager.h"
#include "core/api/api.h"
#include "core/quiet/silence.h"
#include "core/resources.h"
#include "core/server/inbound.h"
#include "lang/json.h"

enum { LIST_MAX = 10000 };

#define FOR_EVER "9999-12-31T23:59:59.000Z"

static const DbStmt SILENCES = {
    "am_silences",
    "SELECT id, state, matchers, \"when\", starts_at, ends_at, comment, created_by, updated_at, integration_id FROM "
    "silence WHERE org_id = $1 AND (integration_id IS NULL OR integration_id = $2) AND (id = $3 OR $3 = 0) ORDER BY "
    "id DESC LIMIT $4",
    NULL};

typedef struct Wanted {
  App *app;
  HttpRequest *request;
  const SetupIntegration *integration;
  i64 id; /* 0: all of them */
  Matcher *filters;
  size_t filter_count;
  ValueVec items;
} Wanted;

static Value parsed(Arena *arena, Str text) {
  Value value = value_null();
  Error ignored = {0};
  if (text.len && !json_parse(arena, text, NULL, &value, &ignored)) value = value_null();
  return value;
}

/* Listing --------------------------------------------------------------------------------------------------------- */

static Value matcher_value(Arena *arena, Str name, Str value, MatcherOp op) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "name", value_string(name));
  map_put_c(&map, "value", value_string(value));
  map_put_c(&map, "isRegex", value_bool(op == MATCHER_REGEX || op == MATCHER_NOT_REGEX));
  map_put_c(&map, "isEqual", value_bool(op == MATCHER_EQUAL || op == MATCHER_REGEX));
  return map_done(&map);
}

/* One by expression has no matchers: what it says is shown as one. */
static Value matchers_value(Arena *arena, const Value *list, Str when) {
  ValueVec items = {0};
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size; i++) {
    const Value *m = value_at(list, i);
    MatcherOp op = MATCHER_EQUAL;
    if (!matcher_op_parse(value_text_or(value_get_c(m, "op"), S("=")), &op)) continue;
    *VEC_PUSH(arena, &items) = matcher_value(arena, value_text_or(value_get_c(m, "name"), S("")),
                                             value_text_or(value_get_c(m, "value"), S("")), op);
  }
  if (when.len) *VEC_PUSH(arena, &items) = matcher_value(arena, S("when"), when, MATCHER_EQUAL);
  return list_done(&items);
}

static Str own_value(const Value *list, Str name) {
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size; i++)
    if (str_equal(value_text_or(value_get_c(value_at(list, i), "name"), STR_NONE), name))
      return value_text_or(value_get_c(value_at(list, i), "value"), S(""));
  return S("");
}

/* Alertmanager's filter looks at the silence's own matchers as if they were labels. */
static bool is_wanted(const Wanted *w, const Value *matchers) {
  for (size_t i = 0; i < w->filter_count; i++)
    if (!matcher_holds(&w->filters[i], own_value(matchers, w->filters[i].name))) return false;
  return true;
}

static const char *state_name(Str state) {
  return str_equal_c(state, "ended") ? "expired" : str_equal_c(state, "pending") ? "pending" : "active";
}

static bool read_silence(const DbRow *row, void *ctx) {
  Wanted *w = ctx;
  Arena *arena = w->request->arena;
  Value matchers = parsed(arena, db_row_text(row, 2, arena)), who = parsed(arena, db_row_text(row, 7, arena));
  if (!is_wanted(w, &matchers)) return true;
  MapBuilder map = map_builder(arena), status = map_builder(arena);
  map_put_c(&status, "state", value_c(state_name(db_row_peek(row, 1))));
  map_put_c(&map, "id", value_string(id_text(arena, "sil", db_row_int(row, 0))));
  map_put_c(&map, "status", map_done(&status));
  map_put_c(&map, "matchers", matchers_value(arena, &matchers, db_row_text(row, 3, arena)));
  map_put_c(&map, "startsAt", value_string(time_text_ms(arena, db_row_int(row, 4))));
  map_put_c(&map, "endsAt",
            db_row_is_null(row, 5) ? value_c(FOR_EVER) : value_string(time_text_ms(arena, db_row_int(row, 5))));
  map_put_c(&map, "comment", value_string(db_row_text(row, 6, arena)));
  map_put_c(&map, "createdBy", value_string(value_text_or(value_get_c(&who, "name"), S(""))));
  map_put_c(&map, "updatedAt", value_string(time_text_ms(arena, db_row_int(row, 8))));
  *VEC_PUSH(arena, &w->items) = map_done(&map);
  return true;
}

/* Alertmanager's errors are a JSON text. */
static void refuse(App *app, HttpRequest *request, int status, Str sentence) {
  Value body = value_string(sentence);
  respond_json(app, request, status, &body);
}

static void refuse_for(App *app, HttpRequest *request, const Error *err) {
  refuse(app, request, error_http_status(err->code), str_copy(request->arena, str_from_c(err->message)));
}

static void list(void *ctx) {
  Wanted *w = ctx;
  Db *db = NULL;
  Error err = {0};
  DbValue args[] = {db_int(w->integration->org_id), db_int(w->integration->id), db_int(w->id), db_int(LIST_MAX)};
  bool ok =
      db_pool_take(w->app->readers, &db, &err) && db_query(db, &SILENCES, COUNT(args), args, read_silence, w, &err);
  db_pool_give(w->app->readers, db);
  if (!ok) {
    refuse_for(w->app, w->request, &err);
    return;
  }
  if (w->id && w->items.count == 0) {
    refuse(w->app, w->request, 404, S("there is no such silence"));
    return;
  }
  Value items = list_done(&w->items);
  respond_json(w->app, w->request, 200, w->id ? &items.items[0] : &items);
}

static bool read_filters(Wanted *w, Error *err) {
  Arena *arena = w->request->arena;
  w->filters = ARENA_ARRAY(arena, Matcher, MATCHERS_MAX);
  for (size_t i = 0; w->filter_count < MATCHERS_MAX; i++) {
    Str text = http_query(w->request, "filter", i);
    if (!text.ptr) return true;
    Matcher *m = &w->filters[w->filter_count++];
    if (!matcher_parse_one(arena, text, MATCHER_EITHER, m, err) || !matcher_compile(arena, m, err)) return false;
  }
  return true;
}

void alertmanager_silences(App *app, HttpRequest *request, Str id) {
  Wanted *w = ARENA_NEW(request->arena, Wanted);
  Error err = {0};
  *w = (Wanted){.app = app, .request = request, .integration = inbound_of(request)};
  if (id.len && !id_parse("sil", id, &w->id))
    refuse(app, request, 404, S("there is no such silence"));
  else if (!read_filters(w, &err))
    refuse_for(app, request, &err);
  else if (!workers_do(app->workers, list, w))
    respond_text(app, request, 503, NULL, STR_NONE);
}

/* Writing --------------------------------------------------------------------------------------------------------- */

typedef struct Writing {
  Command command;
  App *app;
  HttpRequest *request;
  i64 org_id, integration_id;
  Str integration;
  i64 id;    /* to end, or to edit; 0: a new one */
  bool ends; /* DELETE */
  Value posted;
  Str made; /* id of what it is now */
} Writing;

static Str text_of(const Value *map, const char *name) {
  return value_text_or(value_get_c(map, name), S(""));
}

static Value our_matchers(Arena *arena, const Value *list) {
  ValueVec items = {0};
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size; i++) {
    const Value *m = value_at(list, i);
    bool regex = value_bool_or(value_get_c(m, "isRegex"), false),
         equal = value_bool_or(value_get_c(m, "isEqual"), true);
    MapBuilder map = map_builder(arena);
    map_put_c(&map, "name", value_string(text_of(m, "name")));
    map_put_c(&map, "op",
              value_c(matcher_op_text(regex ? (equal ? MATCHER_REGEX : MATCHER_NOT_REGEX)
                                            : (equal ? MATCHER_EQUAL : MATCHER_NOT_EQUAL))));
    map_put_c(&map, "value", value_string(text_of(m, "value")));
    *VEC_PUSH(arena, &items) = map_done(&map);
  }
  return list_done(&items);
}

/* A start in the past is now, as there: amtool's clock is not ours. */
static Value our_form(const Writing *w, i64 now_ms) {
  Arena *arena = w->request->arena;
  i64 starts = 0;
  MapBuilder map = map_builder(arena);
  if (!time_parse_ms(text_of(&w->posted, "startsAt"), &starts) || starts < now_ms) starts = now_ms;
  map_put_c(&map, "matchers", our_matchers(arena, value_get_c(&w->posted, "matchers")));
  map_put_c(&map, "starts_at", value_string(time_text_ms(arena, starts)));
  map_put_c(&map, "ends_at", value_string(text_of(&w->posted, "endsAt")));
  map_put_c(&map, "comment", value_string(text_of(&w->posted, "comment")));
  map_put_c(&map, "integration_id", value_string(id_text(arena, "int", w->integration_id)));
  return map_done(&map);
}

static ApiCtx context(Writing *w, Cycle *cycle) {
  Str who = text_of(&w->posted, "createdBy");
  Actor actor = {"source", id_text(cycle->arena, "int", w->integration_id), who.len ? who : w->integration};
  ApiCtx ctx = api_ctx_of(w->app, cycle, w->org_id, actor);
  ctx.rc.administrator = false;
  ctx.rc.address = w->request->client;
  return ctx;
}

static bool only_theirs(const Writing *w, const Value *row, Error *err) {
  i64 of = resource_ref_id(w->app->registry, value_get_c(row, "integration_id"));
  return of == w->integration_id ||
         fail(
             err, ERR_FORBIDDEN,
             "this silence holds alerts of other integrations, too: end or edit it in Tocsin (tocsin silence end %.*s)",
             STR_ARG(text_of(row, "id")));
}

static bool edits_in_place(const Value *was, const Value *fresh, i64 now_ms) {
  i64 before = 0, after = 0;
  bool begun = time_parse_ms(text_of(was, "starts_at"), &before) && before <= now_ms;
  if (!time_parse_ms(text_of(fresh, "starts_at"), &after)) after = 0;
  if (str_equal_c(text_of(was, "state"), "ended")) return false;
  if (!value_equal(value_get_c(was, "matchers"), value_get_c(fresh, "matchers"))) return false;
  return !begun || after <= now_ms || after == before;
}

static bool write_one(Writing *w, Cycle *cycle, ApiCtx *ctx, Error *err) {
  Value fresh = our_form(w, cycle->now_ms), was = value_null(), made = value_null();
  bool found = false, changed = false;
  if (w->id && !resource_load(&ctx->rc, &SILENCE, w->id, &was, &found, err)) return false;
  if (w->id && !found) return fail(err, ERR_NOT_FOUND, "there is no such silence");
  if (w->id && !only_theirs(w, &was, err)) return false;
  bool in_place = w->id && edits_in_place(&was, &fresh, cycle->now_ms);
  if (in_place) resource_put(&ctx->rc, &fresh, "starts_at", *value_get_c(&was, "starts_at"));
  Who who = {ctx->rc.actor.kind, ctx->rc.actor.id, ctx->rc.actor.name};
  if (w->id && !in_place && !silence_end(cycle, w->org_id, w->id, &who, "by hand", &changed, err)) return false;
  if (!(in_place ? resource_update(&ctx->rc, &SILENCE, w->id, &fresh, 0, &made, err)
                 : resource_create(&ctx->rc, &SILENCE, &fresh, &made, err)))
    return false;
  w->made = str_copy(w->request->arena, text_of(&made, "id"));
  return true;
}

static bool end_one(Writing *w, Cycle *cycle, ApiCtx *ctx, Error *err) {
  Value was = value_null(), now = value_null();
  bool found = false, changed = false;
  Who who = {ctx->rc.actor.kind, ctx->rc.actor.id, ctx->rc.actor.name};
  if (!resource_load(&ctx->rc, &SILENCE, w->id, &was, &found, err)) return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "there is no such silence");
  return only_theirs(w, &was, err) && silence_end(cycle, w->org_id, w->id, &who, "by hand", &changed, err) &&
         resource_load(&ctx->rc, &SILENCE, w->id, &now, &found, err) &&
         resource_audit(&ctx->rc, &SILENCE, w->id, "end", &was, &now, err);
}

static bool run(Command *command, Cycle *cycle, Error *err) {
  Writing *w = (Writing *)command;
  ApiCtx ctx = context(w, cycle);
  return w->ends ? end_one(w, cycle, &ctx, err) : write_one(w, cycle, &ctx, err);
}

static void done(Command *command, bool ok, const Error *err) {
  Writing *w = (Writing *)command;
  if (!ok) {
    refuse_for(w->app, w->request, err);
    return;
  }
  MapBuilder map = map_builder(w->request->arena);
  if (!w->ends) map_put_c(&map, "silenceID", value_string(w->made));
  Value body = map_done(&map);
  respond_json(w->app, w->request, 200, &body);
}

static Writing *writing_of(App *app, HttpRequest *request) {
  const SetupIntegration *integration = inbound_of(request);
  Writing *w = ARENA_NEW(request->arena, Writing);
  *w = (Writing){.command = {.run = run, .done = done},
                 .app = app,
                 .request = request,
                 .org_id = integration->org_id,
                 .integration_id = integration->id,
                 .integration = str_copy(request->arena, integration->name)};
  return w;
}

void alertmanager_silence_post(App *app, HttpRequest *request) {
  Writing *w = writing_of(app, request);
  Error err = {0};
  if (!json_parse(request->arena, request->body, NULL, &w->posted, &err) || w->posted.kind != VALUE_MAP) {
    refuse(app, request, 400, S("the body must be a silence as Alertmanager's API has it"));
    return;
  }
  Str id = text_of(&w->posted, "id");
  if (id.len && !id_parse("sil", id, &w->id))
    refuse(app, request, 404, S("there is no such silence"));
  else if (!engine_submit(app->engine, &w->command))
    respond_text(app, request, 503, NULL, STR_NONE);
}

void alertmanager_silence_delete(App *app, HttpRequest *request, Str id) {
  Writing *w = writing_of(app, request);
  w->ends = true;
  if (!id_parse("sil", id, &w->id))
    refuse(app, request, 404, S("there is no such silence"));
  else if (!engine_submit(app->engine, &w->command))
    respond_text(app, request, 503, NULL, STR_NONE);
}
