/* The store: holds the present picture, swaps it, counts who still reads an old one. */
#include <stdlib.h>
#include <string.h>

#include "core/alerts/rule.h"
#include "core/quiet/quiet.h"
#include "core/setup/internal.h"

static void base_give(SetupBase *base) {
  if (atomic_fetch_sub(&base->users, 1) != 1) return;
  arena_free(base->arena);
  free(base);
}

static void setup_destroy(Setup *setup) {
  quiet_give(setup->quiet);
  setup_blocks_give(setup);
  base_give(setup->base);
  free(setup);
}

const Setup *setup_take(SetupStore *store) {
  pthread_mutex_lock(&store->lock);
  Setup *setup = store->present;
  atomic_fetch_add(&setup->users, 1);
  pthread_mutex_unlock(&store->lock);
  return setup;
}

void setup_give(const Setup *setup) {
  Setup *owned = (Setup *)(uintptr_t)setup;
  if (owned && atomic_fetch_sub(&owned->users, 1) == 1) setup_destroy(owned);
}

const Setup *setup_current(SetupStore *store) {
  return store->present;
}

bool setup_store_new(App *app, SetupStore **out, Error *err) {
  (void)err;
  SetupStore *store = xcalloc(1, sizeof *store);
  store->app = app;
  store->next_version = 1;
  pthread_mutex_init(&store->lock, NULL);
  atomic_store(&store->stale, true);
  *out = store;
  return true;
}

void setup_store_free(SetupStore *store) {
  if (!store) return;
  setup_give(store->present);
  pthread_mutex_destroy(&store->lock);
  free(store);
}

void setup_changed(SetupStore *store) {
  atomic_store(&store->stale, true);
}

void setup_doubted(SetupStore *store) {
  atomic_store(&store->doubted, true);
}

void setup_row_changed(SetupStore *store, const char *resource, i64 id) {
  /* changed by everyday verbs, and in no picture */
  static const char *const ELSEWHERE[] = {"alert",
                                          "incident",
                                          "page",
                                          "notification",
                                          "change",
                                          "request",
                                          "schedule_override",
                                          "heartbeat",
                                          "absence",
                                          "calendar_feed",
                                          "cover_request",
                                          "schedule_block",
                                          "holiday_calendar"};
  Str kind = str_from_c(resource);
  for (size_t i = 0; i < COUNT(ELSEWHERE); i++)
    if (str_equal_c(kind, ELSEWHERE[i])) return;
  for (size_t i = 0; i < store->row_count; i++)
    if (store->rows[i].id == id && str_equal(store->rows[i].kind, kind)) return;
  if (store->row_count == SETUP_ROWS_MAX) {
    setup_changed(store);
    return;
  }
  store->rows[store->row_count++] = (SetupRow){kind, id};
}

static Setup *setup_new(SetupStore *store) {
  Setup *setup = xcalloc(1, sizeof *setup);
  setup->base = xcalloc(1, sizeof *setup->base);
  setup->base->arena = arena_new();
  atomic_store(&setup->base->users, 1);
  atomic_store(&setup->users, 1);
  setup->version = store->next_version++;
  return setup;
}

/* The same rows as the present one. */
static Setup *setup_copy(SetupStore *store) {
  Setup *setup = xmalloc(sizeof *setup);
  memcpy(setup, store->present, sizeof *setup);
  atomic_store(&setup->users, 1);
  atomic_fetch_add(&setup->base->users, 1);
  setup_blocks_take(setup);
  setup->quiet = NULL;
  setup->version = store->next_version++;
  return setup;
}

static void swap_in(SetupStore *store, Setup *setup) {
  pthread_mutex_lock(&store->lock);
  Setup *old = store->present;
  store->present = setup;
  pthread_mutex_unlock(&store->lock);
  setup_give(old);
}

static bool build_and_swap(SetupStore *store, Db *db, Error *err) {
  const Quiet *before = store->present ? store->present->quiet : NULL;
  Setup *setup = setup_new(store);
  if (!quiet_load(store->app, db, before, &setup->quiet, err) || !setup_build(store->app, db, setup, err)) {
    setup_give(setup);
    return false;
  }
  swap_in(store, setup);
  return true;
}

/* What a patch replaces stays in the base: when that is as much as half of the rows, all is built anew. */
static bool has_room(const Setup *present) {
  enum { PATCHES_MIN = 256 };
  size_t rows = present->services.count + present->users_list.count + present->integrations.count +
                present->schedules.count + present->policies.count + present->teams.count + present->keys.count;
  return present->base->patches < PATCHES_MIN + rows / 2;
}

static bool patch_rows(SetupStore *store, Db *db, Setup *setup, bool *out_done, Error *err) {
  *out_done = true;
  for (size_t i = 0; i < store->row_count && *out_done; i++)
    if (!setup_patch(store->app, db, setup, &store->rows[i], out_done, err)) return false;
  return true;
}

static bool patch_and_swap(SetupStore *store, Db *db, bool *out_done, Error *err) {
  *out_done = false;
  if (!store->present || !has_room(store->present)) return true;
  Setup *setup = setup_copy(store);
  if (!quiet_load(store->app, db, store->present->quiet, &setup->quiet, err) ||
      !patch_rows(store, db, setup, out_done, err)) {
    setup_give(setup);
    return false;
  }
  if (*out_done)
    swap_in(store, setup);
  else
    setup_give(setup);
  return true;
}

bool setup_load(App *app, Db *db, Error *err) {
  return build_and_swap(app->setup, db, err);
}

static bool refresh(SetupStore *store, Db *db, bool all, Error *err) {
  bool done = false;
  if (!all && !patch_and_swap(store, db, &done, err)) return false;
  return done || build_and_swap(store, db, err);
}

/* A row is read as it is at that moment: one whose write was undone is as it was. When the round fails later, whoever
 * undoes it says so (setup_doubted), and all is built anew. */
bool setup_refresh(Cycle *cycle, Error *err) {
  SetupStore *store = cycle_app(cycle)->setup;
  bool changed = atomic_exchange(&store->stale, false), doubted = atomic_exchange(&store->doubted, false);
  bool written = changed || store->row_count > 0;
  if (!written && !doubted) return true;
  if (refresh(store, cycle->db, changed || doubted, err) && (!written || cycle_config_changed(cycle, err))) {
    store->row_count = 0;
    return true;
  }
  store->row_count = 0;
  atomic_store(&store->stale, written);
  atomic_store(&store->doubted, doubted);
  return false;
}

const Quiet *setup_quiet(const Setup *setup) {
  return setup->quiet;
}

u64 setup_version(const Setup *setup) {
  return setup->version;
}

/* Every SORTED list starts its items with the id. */
static const void *find_by_id(const void *items, size_t count, size_t item_bytes, i64 id) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    const char *item = (const char *)items + middle * item_bytes;
    i64 here = *(const i64 *)(const void *)item;
    if (here == id) return item;
    if (here < id)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

#define LOOKUP(name, T, list)                                                                                          \
  const T *name(const Setup *setup, i64 id) {                                                                          \
    return id > 0 ? find_by_id(setup->list.items, setup->list.count, sizeof(T), id) : NULL;                            \
  }
LOOKUP(setup_org, SetupOrg, orgs)
LOOKUP(setup_integration, SetupIntegration, integrations)
LOOKUP(setup_key, SetupKey, keys)
LOOKUP(setup_user, SetupUser, users_list)
LOOKUP(setup_team, SetupTeam, teams)
LOOKUP(setup_service, SetupService, services)
LOOKUP(setup_policy, SetupPolicy, policies)
LOOKUP(setup_schedule, SetupSchedule, schedules)
LOOKUP(setup_connector, SetupConnector, connectors)

const SetupIntegration *setup_integration_by_key(const Setup *setup, Str key) {
  size_t count = 0;
  const SetupName *name =
      setup_index_find(setup->integration_keys.items, setup->integration_keys.count, hash_keyed(key), &count);
  for (size_t i = 0; i < count; i++) {
    const SetupIntegration *in = setup_integration(setup, name[i].id);
    if (in && str_equal(in->key, key)) return in;
  }
  return NULL;
}

const SetupKey *setup_key_by_hash(const Setup *setup, Str sha256_hex_text) {
  size_t count = 0;
  const SetupName *name =
      setup_index_find(setup->key_hashes.items, setup->key_hashes.count, hash_keyed(sha256_hex_text), &count);
  for (size_t i = 0; i < count; i++) {
    const SetupKey *key = setup_key(setup, name[i].id);
    if (key && str_equal(key->hash, sha256_hex_text)) return key;
  }
  return NULL;
}

/* Cost: one look at everybody; for what is rare. */
const SetupUser *setup_user_by_email(const Setup *setup, i64 org_id, Str lower_case) {
  for (size_t i = 0; i < setup->users_list.count; i++) {
    const SetupUser *user = &setup->users_list.items[i];
    if (user->org_id == org_id && str_equal(user->email, lower_case)) return user;
  }
  return NULL;
}

size_t setup_org_count(const Setup *setup) {
  return setup->orgs.count;
}
const SetupOrg *setup_org_at(const Setup *setup, size_t i) {
  return &setup->orgs.items[i];
}
size_t setup_connector_count(const Setup *setup) {
  return setup->connectors.count;
}
const SetupConnector *setup_connector_at(const Setup *setup, size_t i) {
  return &setup->connectors.items[i];
}
size_t setup_user_count(const Setup *setup) {
  return setup->users_list.count;
}

const SetupUser *setup_user_at(const Setup *setup, size_t i) {
  return &setup->users_list.items[i];
}

size_t setup_schedule_count(const Setup *setup) {
  return setup->schedules.count;
}
const SetupSchedule *setup_schedule_at(const Setup *setup, size_t i) {
  return &setup->schedules.items[i];
}

static bool same_name(Str a, Str b, bool exactly) {
  return exactly ? str_equal(a, b) : str_equal_nocase(a, b);
}

static bool answers_to(const SetupService *service, Str name, bool exactly) {
  bool does = same_name(service->name, name, exactly) || same_name(service->slug, name, exactly);
  for (size_t i = 0; !does && value_is(&service->aliases, VALUE_LIST) && i < service->aliases.size; i++)
    does = same_name(value_text_or(value_at(&service->aliases, i), STR_NONE), name, exactly);
  return does;
}

/* Among the entries of one hash: who answers to the name. Two of them: *out_ambiguous. */
static const SetupService *named(const Setup *setup, const SetupName *names, size_t count, i64 org_id, Str name,
                                 bool exactly, bool *out_ambiguous) {
  const SetupService *found = NULL;
  for (size_t i = 0; i < count; i++) {
    const SetupService *service = setup_service(setup, names[i].id);
    if (!service || service == found || service->org_id != org_id || !answers_to(service, name, exactly)) continue;
    *out_ambiguous = found != NULL;
    if (found) return NULL;
    found = service;
  }
  return found;
}

const SetupService *setup_service_named(const Setup *setup, i64 org_id, Str name, bool *out_ambiguous) {
  *out_ambiguous = false;
  if (name.len == 0 || name.len > 512) return NULL;
  i64 id = 0;
  if (id_parse("svc", name, &id)) {
    const SetupService *service = setup_service(setup, id);
    if (service && service->org_id == org_id) return service;
  }
  size_t count = 0;
  const SetupName *names = setup_index_find(setup->service_names.items, setup->service_names.count,
                                            setup_service_hash(org_id, name), &count);
  const SetupService *found = named(setup, names, count, org_id, name, true, out_ambiguous);
  if (found || *out_ambiguous) return found;
  return named(setup, names, count, org_id, name, false, out_ambiguous);
}

/* What ifs -------------------------------------------------------------------------------------------------------- */

/* The organization's rules first, then each team's; by position, then age. */
static bool comes_before(const Rule *a, const Rule *b) {
  if ((a->team_id == 0) != (b->team_id == 0)) return a->team_id == 0;
  if (a->team_id != b->team_id) return a->team_id < b->team_id;
  return a->position != b->position ? a->position < b->position : a->id < b->id;
}

void setup_rules_with(Arena *arena, SetupOrg *org, i64 replaced_id, const Rule *rule) {
  const Rule **rules = ARENA_ARRAY(arena, const Rule *, org->rule_count + 1);
  size_t count = 0;
  bool placed = rule == NULL;
  for (size_t k = 0; k < org->rule_count; k++) {
    if (org->rules[k]->id == replaced_id) continue;
    if (!placed && comes_before(rule, org->rules[k])) rules[count++] = rule, placed = true;
    rules[count++] = org->rules[k];
  }
  if (!placed) rules[count++] = rule;
  org->rules = rules;
  org->rule_count = count;
}

const Setup *setup_with_rule(Arena *arena, const Setup *setup, i64 org_id, i64 replaced_id, const Rule *rule) {
  Setup *view = ARENA_NEW(arena, Setup);
  memcpy(view, setup, sizeof *view);
  view->orgs.items = ARENA_ARRAY(arena, SetupOrg, setup->orgs.count + 1);
  for (size_t i = 0; i < setup->orgs.count; i++) {
    view->orgs.items[i] = setup->orgs.items[i];
    if (view->orgs.items[i].id == org_id) setup_rules_with(arena, &view->orgs.items[i], replaced_id, rule);
  }
  return view;
}
