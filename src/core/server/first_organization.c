/* The first organization: its owner, a default policy that pages the owner, and the owner's API key. `init`, `demo` and
 * the set-up page all make it here, through the registry, as the API does. */
#include "core/server/first_organization.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/api/hooks.h"
#include "core/identity/password.h"

static bool put_json(ResourceCtx *rc, const Resource *resource, Value body, Value *out, Error *err) {
  if (resource_create(rc, resource, &body, out, err)) return true;
  if (rc->errors.count) {
    FieldError *e = &rc->errors.items[0];
    return fail_at(err, ERR_INVALID, str_to_c(rc->arena, utf8_cut(e->pointer, 190)), "%.*s", STR_ARG(e->message));
  }
  return false;
}

static Value text(const char *t) {
  return value_c(t ? t : "");
}

static bool make_owner(InitWork *w, ResourceCtx *rc, Error *err) {
  MapBuilder user = map_builder(rc->arena);
  map_put_c(&user, "name", text(w->name));
  map_put_c(&user, "email", text(w->email));
  map_put_c(&user, "role", value_string(S("owner")));
  return put_json(rc, &USER, map_done(&user), &w->user, err);
}

static bool keep_password(InitWork *w, Cycle *cycle, Error *err) {
  i64 user_id = resource_ref_id(cycle_app(cycle)->registry, value_get_c(&w->user, "id"));
  return w->password_hash.len == 0 ||
         password_store(cycle->db, w->org_id, user_id, w->password_hash, cycle->now_ms, err);
}

static bool make_policy(InitWork *w, ResourceCtx *rc, Error *err) {
  Arena *arena = rc->arena;
  MapBuilder target = map_builder(arena), level = map_builder(arena), policy = map_builder(arena),
             patch = map_builder(arena);
  map_put_c(&target, "kind", value_string(S("user")));
  map_put_c(&target, "id", *value_get_c(&w->user, "id"));
  Value targets = map_done(&target);
  map_put_c(&level, "targets", list_of(arena, &targets, 1));
  Value levels = map_done(&level), made = value_null(), changed = value_null();
  map_put_c(&policy, "name", value_string(S("Default")));
  map_put_c(&policy, "levels", list_of(arena, &levels, 1));
  if (!put_json(rc, &ESCALATION_POLICY, map_done(&policy), &made, err)) return false;
  map_put_c(&patch, "policy_id", *value_get_c(&made, "id"));
  Value body = map_done(&patch);
  return resource_update(rc, &ORGANIZATION, rc->org_id, &body, 0, &changed, err);
}

static bool make_key(InitWork *w, ResourceCtx *rc, Error *err) {
  MapBuilder key = map_builder(rc->arena);
  Value made = value_null();
  map_put_c(&key, "name", value_string(S("admin.key")));
  map_put_c(&key, "user_id", *value_get_c(&w->user, "id"));
  if (!put_json(rc, &API_KEY, map_done(&key), &made, err)) return false;
  Str shown = value_text_or(value_get_c(&made, "key"), STR_NONE);
  if (shown.len == 0) shown = value_text_or(value_get_c(&rc->once, "key"), STR_NONE);
  w->key = str_copy(w->arena, shown);
  return w->key.len > 0 || fail(err, ERR_INTERNAL, "the API key was not shown");
}

/* The first one, or one more of another name. */
static bool may_make(const InitWork *w, const Setup *setup, Error *err) {
  if (setup_org_count(setup) > 0 && !w->further)
    return fail(err, ERR_CONFLICT, "there is an organization already; `tocsin init` makes a further one");
  for (size_t i = 0; i < setup_org_count(setup); i++)
    if (str_equal_nocase(setup_org_at(setup, i)->name, str_from_c(w->organization)))
      return fail(err, ERR_CONFLICT,
                  "there is an organization \"%s\" already; give another --organization to make a further one",
                  w->organization);
  return true;
}

bool init_organization(Cycle *cycle, void *ctx, Error *err) {
  InitWork *w = ctx;
  App *app = cycle_app(cycle);
  const Setup *setup = setup_current(app->setup);
  bool first = setup_org_count(setup) == 0;
  if (!may_make(w, setup, err)) return false;
  ApiCtx ctx_org = api_ctx_of(app, cycle, 0, (Actor){"system", STR_NONE, S("init")});
  MapBuilder org = map_builder(cycle->arena);
  map_put_c(&org, "name", text(w->organization));
  map_put_c(&org, "time_zone", text(w->time_zone));
  Value made = value_null();
  if (!put_json(&ctx_org.rc, &ORGANIZATION, map_done(&org), &made, err)) return false;
  i64 org_id = resource_ref_id(app->registry, value_get_c(&made, "id"));
  ApiCtx rest = api_ctx_of(app, cycle, org_id, (Actor){"system", STR_NONE, S("init")});
  w->org_id = org_id;
  if (!first) w->slug = str_copy(w->arena, value_text_or(value_get_c(&made, "slug"), STR_NONE));
  return make_owner(w, &rest.rc, err) && keep_password(w, cycle, err) && make_policy(w, &rest.rc, err) &&
         make_key(w, &rest.rc, err);
}

Str init_key_path(Arena *arena, const char *folder, Str slug) {
  return str_format(arena, "%s/admin%s%.*s.key", folder, slug.len ? "-" : "", STR_ARG(slug));
}

bool init_write_key(const char *folder, Str key, Error *err) {
  char path[4096];
  snprintf(path, sizeof path, "%s/admin.key", folder);
  return init_write_key_file(path, key, err);
}

bool init_write_key_file(const char *path, Str key, Error *err) {
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  bool ok = fd >= 0 && write(fd, key.ptr, key.len) == (ssize_t)key.len && write(fd, "\n", 1) == 1;
  if (!ok) fail(err, ERR_INVALID, "cannot write %s: %s", path, strerror(errno));
  if (fd >= 0) close(fd);
  return ok;
}
