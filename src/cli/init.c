/* tocsin init: the first organization, its owner, a default policy that pages the owner, and the owner's API key. */
#include "cli/init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/api/hooks.h"

static const Option INIT_OPTIONS[] = {
    {"data", OPTION_TEXT, "DIR", "./tocsin-data", "the folder that holds everything"},
    {"db", OPTION_TEXT, "URL", NULL, "the database (default sqlite:DIR/tocsin.db)"},
    {"organization", OPTION_TEXT, "NAME", NULL, "name of the organization"},
    {"time-zone", OPTION_TEXT, "ZONE", "UTC", "its time zone, such as Europe/Berlin"},
    {"email", OPTION_TEXT, "ADDRESS", NULL, "e-mail of the owner"},
    {"name", OPTION_TEXT, "NAME", NULL, "name of the owner"},
    {"password-file", OPTION_TEXT, "FILE", NULL, "the owner's password for the web page"},
    {"help", OPTION_FLAG, NULL, NULL, "this list"},
};

static bool put_json(ResourceCtx *rc, const Resource *resource, Value body, Value *out, Error *err) {
  if (resource_create(rc, resource, &body, out, err)) return true;
  if (rc->errors.count) {
    FieldError *e = &rc->errors.items[0];
    return fail(err, ERR_INVALID, "%.*s: %.*s", STR_ARG(e->pointer), STR_ARG(e->message));
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

bool init_organization(Cycle *cycle, void *ctx, Error *err) {
  InitWork *w = ctx;
  App *app = cycle_app(cycle);
  if (setup_org_count(setup_current(app->setup)) > 0)
    return fail(err, ERR_CONFLICT, "this data folder has an organization already; init is for a new one");
  ApiCtx ctx_org = api_ctx_of(app, cycle, 0, (Actor){"system", STR_NONE, S("init")});
  MapBuilder org = map_builder(cycle->arena);
  map_put_c(&org, "name", text(w->organization));
  map_put_c(&org, "time_zone", text(w->time_zone));
  Value made = value_null();
  if (!put_json(&ctx_org.rc, &ORGANIZATION, map_done(&org), &made, err)) return false;
  i64 org_id = resource_ref_id(app->registry, value_get_c(&made, "id"));
  ApiCtx rest = api_ctx_of(app, cycle, org_id, (Actor){"system", STR_NONE, S("init")});
  w->org_id = org_id;
  return make_owner(w, &rest.rc, err) && make_policy(w, &rest.rc, err) && make_key(w, &rest.rc, err);
}

bool init_write_key(const char *folder, Str key, Error *err) {
  char path[4096];
  snprintf(path, sizeof path, "%s/admin.key", folder);
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  bool ok = fd >= 0 && write(fd, key.ptr, key.len) == (ssize_t)key.len && write(fd, "\n", 1) == 1;
  if (!ok) fail(err, ERR_INVALID, "cannot write %s: %s", path, strerror(errno));
  if (fd >= 0) close(fd);
  return ok;
}

static bool run(const ServeOptions *serve, InitWork *work, Error *err) {
  App *app = NULL;
  if (!app_open(serve, &app, err)) return false;
  engine_start(app->engine);
  bool ok = engine_run(app->engine, init_organization, work, err) && init_write_key(serve->data_folder, work->key, err);
  app_close(app);
  return ok;
}

int command_init(int argc, char **argv) {
  static const char *const NEEDED[] = {"organization", "email", "name"};
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Options *o = NULL;
  Error err = {0};
  bool ok = options_parse(arena, INIT_OPTIONS, COUNT(INIT_OPTIONS), argc, argv, 0, &o, &err);
  if (ok && options_flag(o, "help")) {
    Buf out = buf_new(arena, KIB(16));
    options_help(INIT_OPTIONS, COUNT(INIT_OPTIONS), &out);
    printf("tocsin init: the first organization and its owner\n\n%.*s", STR_ARG(buf_str(&out)));
    return EXIT_DONE;
  }
  for (size_t i = 0; ok && i < COUNT(NEEDED); i++)
    if (!options_get(o, NEEDED[i]))
      ok = fail(&err, ERR_INVALID, "--%s is missing; --help lists the options", NEEDED[i]);
  if (!ok) {
    fprintf(stderr, "tocsin init: %s\n", err.message);
    return EXIT_USAGE;
  }
  InitWork work = {.arena = arena,
                   .organization = options_get(o, "organization"),
                   .time_zone = options_get(o, "time-zone"),
                   .email = options_get(o, "email"),
                   .name = options_get(o, "name")};
  ServeOptions serve = {.data_folder = options_get(o, "data"), .db_url = options_get(o, "db")};
  log_setup(LOG_TEXT, LOG_WARN);
  if (!run(&serve, &work, &err)) {
    fprintf(stderr, "tocsin init: %s\n", err.message);
    return EXIT_FAILED;
  }
  printf("organization \"%s\" is ready; the owner's API key is in %s/admin.key\n", work.organization,
         serve.data_folder);
  return EXIT_DONE;
}
