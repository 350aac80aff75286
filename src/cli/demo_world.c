/* The demo's organization: a list of what to make, through the same functions as the API. */
#include <string.h>

#include "base/embedded.h"
#include "cli/demo.h"
#include "core/api/hooks.h"
#include "lang/yaml.h"

extern const EmbeddedFile CATALOG_FILES[];
extern const size_t CATALOG_FILES_COUNT;

bool demo_file(Arena *arena, const char *name, Value *out, Error *err) {
  Str ending = str_format(arena, "demo/%s", name);
  for (size_t i = 0; i < CATALOG_FILES_COUNT; i++)
    if (str_ends_with(str_from_c(CATALOG_FILES[i].path), ending))
      return yaml_parse(arena, (Str){CATALOG_FILES[i].data, CATALOG_FILES[i].bytes}, out, err) ||
             error_prefix(err, "%s: ", name);
  return fail(err, ERR_INTERNAL, "%s is not in this program", name);
}

typedef struct World {
  InitWork *work;
  const char *phones_url;
  Value list;
} World;

static bool tell_first(const ResourceCtx *rc, Error *err) {
  if (rc->errors.count == 0) return false;
  const FieldError *e = &rc->errors.items[0];
  return fail(err, ERR_INVALID, "%.*s: %.*s", STR_ARG(e->pointer), STR_ARG(e->message));
}

static bool make(ResourceCtx *rc, const Resource *resource, const Value *body, Value *out, Error *err) {
  return resource_create(rc, resource, body, out, err) || tell_first(rc, err);
}

/* Phones -------------------------------------------------------------------------------------------------------------
 */

static bool make_phone(World *w, ResourceCtx *rc, const Value *user, Value *out, Error *err) {
  MapBuilder method = map_builder(rc->arena);
  Str email = value_text_or(value_get_c(user, "email"), STR_NONE), name = email, domain;
  (void)str_cut(email, '@', &name, &domain);
  map_put_c(&method, "user_id", *value_get_c(user, "id"));
  map_put_c(&method, "kind", value_c("webhook"));
  map_put_c(&method, "address", value_string(str_format(rc->arena, "%s/phone/%.*s", w->phones_url, STR_ARG(name))));
  map_put_c(&method, "label", value_c("Demo phone"));
  map_put_c(&method, "verified", value_bool(true));
  Value body = map_done(&method);
  return make(rc, &CONTACT_METHOD, &body, out, err);
}

/* The phone alone: there is no mail relay in the demo, and an e-mail step would only fail. */
static Value phone_steps(Arena *arena, const Value *phone) {
  MapBuilder first = map_builder(arena);
  map_put_c(&first, "delay_s", value_int(0));
  map_put_c(&first, "contact_method_ids", list_of(arena, value_get_c(phone, "id"), 1));
  Value step = map_done(&first);
  return list_of(arena, &step, 1);
}

static bool phone_comes_first(ResourceCtx *rc, const Value *user, const Value *phone, Error *err) {
  Str id = value_text_or(value_get_c(user, "id"), STR_NONE);
  ListFilter whose = {S("user_id"), &id, 1};
  ListQuery query = {.filters = &whose, .filter_count = 1};
  ResourceList rules = {0};
  if (!resource_list(rc, &NOTIFICATION_RULE, &query, &rules, err)) return false;
  for (size_t i = 0; i < rules.items.size; i++) {
    const Value *rule = value_at(&rules.items, i);
    MapBuilder patch = map_builder(rc->arena);
    Value changed = value_null();
    map_put_c(&patch, "steps", phone_steps(rc->arena, phone));
    Value body = map_done(&patch);
    i64 rule_id = resource_ref_id(rc->registry, value_get_c(rule, "id"));
    if (!resource_update(rc, &NOTIFICATION_RULE, rule_id, &body, 0, &changed, err)) return tell_first(rc, err);
  }
  return true;
}

static bool give_phone(World *w, ResourceCtx *rc, const Value *user, Error *err) {
  Value phone = value_null();
  return make_phone(w, rc, user, &phone, err) && phone_comes_first(rc, user, &phone, err);
}

/* The list -----------------------------------------------------------------------------------------------------------
 */

static bool run_make(World *w, ResourceCtx *rc, const Resource *resource, const Value *with, Error *err) {
  Value made = value_null();
  return make(rc, resource, with, &made, err) && (resource != &USER || give_phone(w, rc, &made, err));
}

static bool run_change(ResourceCtx *rc, const Resource *resource, Str name, const Value *with, Error *err) {
  i64 id = 0;
  Value changed = value_null();
  if (!resource_resolve(rc, resource, name, &id, err)) return false;
  return resource_update(rc, resource, id, with, 0, &changed, err) || tell_first(rc, err);
}

static bool run_item(World *w, ResourceCtx *rc, const Value *item, Error *err) {
  Str makes = value_text_or(value_get_c(item, "make"), STR_NONE),
      changes = value_text_or(value_get_c(item, "change"), STR_NONE);
  const Value *with = value_get_c(item, "with");
  const Resource *resource = registry_find(rc->registry, makes.len ? makes : changes);
  if (!resource || !with) return fail(err, ERR_INTERNAL, "neither make nor change of a resource");
  if (makes.len) return run_make(w, rc, resource, with, err);
  return run_change(rc, resource, value_text_or(value_get_c(item, "id"), STR_NONE), with, err);
}

static bool make_all(Cycle *cycle, void *ctx, Error *err) {
  World *w = ctx;
  if (!init_organization(cycle, w->work, err)) return false;
  ApiCtx api = api_ctx_of(cycle_app(cycle), cycle, w->work->org_id, (Actor){"system", STR_NONE, S("demo")});
  api.rc.administrator = true;
  if (!give_phone(w, &api.rc, &w->work->user, err)) return false;
  for (size_t i = 0; i < w->list.size; i++)
    if (!run_item(w, &api.rc, value_at(&w->list, i), err))
      return error_prefix(err, "demo/world.yaml, item %zu: ", i + 1);
  return true;
}

bool demo_world_make(App *app, InitWork *work, const char *phones_url, Error *err) {
  World world = {.work = work, .phones_url = phones_url};
  return demo_file(work->arena, "world.yaml", &world.list, err) && engine_run(app->engine, make_all, &world, err);
}
