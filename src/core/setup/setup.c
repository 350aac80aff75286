/* The store: holds the present picture, swaps it, counts who still reads an old one. */
#include <stdlib.h>

#include "core/alerts/rule.h"
#include "core/quiet/quiet.h"
#include "core/setup/internal.h"

static void setup_destroy(Setup *setup) {
  quiet_give(setup->quiet);
  arena_free(setup->arena);
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

static bool build_and_swap(SetupStore *store, Db *db, Error *err) {
  Arena *arena = arena_new();
  Setup *setup = ARENA_NEW(arena, Setup);
  setup->arena = arena;
  setup->version = store->next_version++;
  atomic_store(&setup->users, 1);
  const Quiet *before = store->present ? store->present->quiet : NULL;
  if (!quiet_load(store->app, db, before, &setup->quiet, err) || !setup_build(store->app, db, setup, err)) {
    quiet_give(setup->quiet);
    arena_free(arena);
    return false;
  }
  pthread_mutex_lock(&store->lock);
  Setup *old = store->present;
  store->present = setup;
  pthread_mutex_unlock(&store->lock);
  setup_give(old);
  return true;
}

bool setup_load(App *app, Db *db, Error *err) {
  return build_and_swap(app->setup, db, err);
}

/* A write that is undone later in the round leaves a picture of what never was for the rest of it; the flag is
 * therefore set again by the round's failure (setup_changed is called by whoever undoes), and a stale flag costs one
 * rebuild. */
bool setup_refresh(Cycle *cycle, Error *err) {
  SetupStore *store = cycle_app(cycle)->setup;
  bool changed = atomic_exchange(&store->stale, false), doubted = atomic_exchange(&store->doubted, false);
  if (!changed && !doubted) return true;
  if (build_and_swap(store, cycle->db, err) && (!changed || cycle_config_changed(cycle, err))) return true;
  atomic_store(&store->stale, changed);
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
  return map_get(setup->integration_by_key, key);
}

const SetupKey *setup_key_by_hash(const Setup *setup, Str sha256_hex_text) {
  return map_get(setup->key_by_hash, sha256_hex_text);
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
size_t setup_schedule_count(const Setup *setup) {
  return setup->schedules.count;
}
const SetupSchedule *setup_schedule_at(const Setup *setup, size_t i) {
  return &setup->schedules.items[i];
}

static const SetupService *named(const Map *map, Str key, bool *out_ambiguous) {
  const SetupService *found = map_get(map, key);
  if (found != &SETUP_AMBIGUOUS) return found;
  *out_ambiguous = true;
  return NULL;
}

const SetupService *setup_service_named(const Setup *setup, i64 org_id, Str name, bool *out_ambiguous) {
  *out_ambiguous = false;
  if (name.len == 0 || name.len > 512) return NULL;
  i64 id = 0;
  if (id_parse("svc", name, &id)) {
    const SetupService *service = setup_service(setup, id);
    if (service && service->org_id == org_id) return service;
  }
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  const SetupService *found =
      named(setup->service_by_name, setup_service_key(scratch, org_id, name, false), out_ambiguous);
  if (found || *out_ambiguous) return found;
  return named(setup->service_by_lower, setup_service_key(scratch, org_id, name, true), out_ambiguous);
}

/* What ifs -------------------------------------------------------------------------------------------------------- */

/* The organization's rules first, then each team's; by position, then age. */
static bool comes_before(const Rule *a, const Rule *b) {
  if ((a->team_id == 0) != (b->team_id == 0)) return a->team_id == 0;
  if (a->team_id != b->team_id) return a->team_id < b->team_id;
  return a->position != b->position ? a->position < b->position : a->id < b->id;
}

const Setup *setup_with_rule(Arena *arena, const Setup *setup, i64 org_id, i64 replaced_id, const Rule *rule) {
  Setup *view = ARENA_NEW(arena, Setup);
  *view = *setup;
  view->orgs.items = ARENA_ARRAY(arena, SetupOrg, setup->orgs.count + 1);
  for (size_t i = 0; i < setup->orgs.count; i++) {
    SetupOrg *org = &view->orgs.items[i];
    *org = setup->orgs.items[i];
    if (org->id != org_id) continue;
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
  return view;
}
