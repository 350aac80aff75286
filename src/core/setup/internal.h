/* The inside of the picture: built by setup_load.c, read by setup.c. */
#ifndef TOCSIN_CORE_SETUP_INTERNAL_H
#define TOCSIN_CORE_SETUP_INTERNAL_H

#include <pthread.h>

#include "core/setup/setup.h"

/* Things of one kind, sorted by id. */
#define SORTED(T)                                                                                                      \
  struct {                                                                                                             \
    T *items;                                                                                                          \
    size_t count, capacity;                                                                                            \
  }

struct Setup {
  Arena *arena;
  _Atomic i64 users; /* references; the store holds one */
  u64 version;
  SORTED(SetupOrg) orgs;
  SORTED(SetupIntegration) integrations;
  SORTED(SetupUser) users_list;
  SORTED(SetupTeam) teams;
  SORTED(SetupService) services;
  SORTED(SetupPolicy) policies;
  SORTED(SetupSchedule) schedules;
  SORTED(SetupConnector) connectors;
  SORTED(SetupKey) keys;
  Map *integration_by_key;
  Map *key_by_hash;
  Map *service_by_name; /* "org/name" and "org/alias" -> SetupService, or AMBIGUOUS */
  Map *service_by_lower;
  const struct Quiet *quiet; /* silences, windows, inhibition: shared by pictures between which none changed */
};

struct SetupStore {
  App *app;
  pthread_mutex_t lock; /* guards present */
  Setup *present;
  _Atomic bool stale;   /* a write of this node changed it: others are told */
  _Atomic bool doubted; /* it may be another node's, or of what was undone */
  u64 next_version;
};

extern const SetupService SETUP_AMBIGUOUS;

/* setup_defaults.c: `retention` of an organization, with the product's own where it says nothing. */
SetupKeep setup_keep(const Value *retention);

MUST_CHECK bool setup_build(App *app, Db *db, Setup *setup, Error *err);
Str setup_service_key(Arena *arena, i64 org_id, Str name, bool lower);

#endif
