/* What the registry needs to know inside a call, and the small readers that verbs share. */
#include "core/api/hooks.h"
#include "core/api/internal.h"
#include "core/identity/access.h"

static void changed(ResourceCtx *rc, const Resource *resource, i64 id, i64 version) {
  ApiCtx *ctx = (ApiCtx *)(void *)rc;
  if (!ctx->cycle) return;
  cycle_publish(ctx->cycle, rc->org_id, resource->name, id, version);
  setup_row_changed(cycle_app(ctx->cycle)->setup, resource->name, id);
}

static ApiCtx make_ctx(App *app, Arena *arena, Db *db, Cycle *cycle, i64 org_id, Actor actor) {
  return (ApiCtx){.rc = {.db = db,
                         .arena = arena,
                         .org_id = org_id,
                         .now_ms = cycle ? cycle->now_ms : clock_now(&app->clock),
                         .ids = &app->ids,
                         .zones = app->zones,
                         .actor = actor,
                         .registry = app->registry,
                         .sealer = app->sealer,
                         .app = app,
                         .hooks = &API_HOOKS,
                         .public_url = app->public_url,
                         .check_cel = api_check_cel,
                         .changed = changed},
                  .cycle = cycle};
}

ApiCtx api_ctx(Call *call, Db *db, Cycle *cycle) {
  ApiCtx ctx = make_ctx(call->app, call->arena, db, cycle, call->org_id, call->actor);
  ctx.call = call;
  ctx.rc.sight = call->sight;
  ctx.rc.address = call->request->client;
  ctx.rc.via = call->via;
  ctx.rc.administrator = grants_scope(call->grants, S("users"), S("update")) == ROWS_ALL;
  return ctx;
}

ApiCtx api_ctx_of(App *app, Cycle *cycle, i64 org_id, Actor actor) {
  ApiCtx ctx = make_ctx(app, cycle->arena, cycle->db, cycle, org_id, actor);
  ctx.rc.administrator = true;
  return ctx;
}

bool api_resolve(Call *call, Db *db, const char *resource, size_t param, i64 *out_id, Error *err) {
  ApiCtx ctx = api_ctx(call, db, NULL);
  const Resource *of = registry_find(call->app->registry, str_from_c(resource));
  if (!resource_resolve(&ctx.rc, of, call->params[param], out_id, err)) return false;
  return !call->route->write ||
         (api_may_change(call, db, of, *out_id, err) && api_audit_before(call, &ctx.rc, of, *out_id, err));
}

bool api_answer_with(Call *call, Db *db, const char *resource, i64 id, Error *err) {
  ApiCtx ctx = api_ctx(call, db, NULL);
  if (!resource_get(&ctx.rc, registry_find(call->app->registry, str_from_c(resource)), id, &call->answer, err))
    return false;
  call->answer_version = value_int_or(value_get_c(&call->answer, "version"), 0);
  return true;
}

bool api_keep_seen(Call *call, Db *db, const char *member, Value *list, Error *err) {
  ApiCtx ctx = api_ctx(call, db, NULL);
  ValueVec out = {0};
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size; i++) {
    const Value *id = value_get_c(&list->items[i], member);
    const Resource *of = registry_prefix(call->app->registry, value_text_or(id, STR_NONE));
    bool seen = true;
    if (of && !resource_seen(&ctx.rc, of, resource_ref_id(call->app->registry, id), &seen, err)) return false;
    if (seen) *VEC_PUSH(call->arena, &out) = list->items[i];
  }
  return *list = list_done(&out), true;
}

bool api_only_seen(Call *call, Db *db, const char *member, Error *err) {
  ApiCtx ctx = api_ctx(call, db, NULL);
  const Value *items = value_get_c(&call->answer, "items");
  Value kept = items ? *items : value_null();
  if (!api_keep_seen(call, db, member, &kept, err)) return false;
  resource_put(&ctx.rc, &call->answer, "items", kept);
  return true;
}

Str api_text(const Call *call, const char *name) {
  return value_text_or(value_get_c(&call->body, name), STR_NONE);
}
Str api_query(const Call *call, const char *name) {
  return http_query(call->request, name, 0);
}

bool api_time(const Call *call, const char *name, i64 *out_ms, Error *err) {
  const Value *v = value_get_c(&call->body, name);
  char pointer[64] = "/";
  for (size_t i = 0; name[i] && i < sizeof pointer - 2; i++) pointer[i + 1] = name[i];
  if (value_is(v, VALUE_INT)) return *out_ms = v->i, true;
  if (time_parse_ms(value_text_or(v, STR_NONE), out_ms)) return true;
  return fail_at(err, ERR_INVALID, pointer, "%s is a time such as 2026-01-05T09:00:00Z", name);
}

bool api_if_match(const Call *call, i64 *out_version, Error *err) {
  Str text = str_trim(http_header(call->request, "If-Match"));
  *out_version = 0;
  if (text.len == 0 || str_equal_c(text, "*")) return true;
  Str number =
      text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"' ? str_slice(text, 1, text.len - 1) : text;
  return str_to_i64(number, 1, INT64_MAX, out_version) ||
         fail(err, ERR_PRECONDITION, "If-Match is the version as ETag gives it, such as \"3\", not %.*s",
              STR_ARG(utf8_cut(text, 60)));
}
