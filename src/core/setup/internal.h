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

/* What the rows of a picture point to. Pictures that differ in a few rows share one; only the engine's thread adds to
 * its arena. */
typedef struct SetupBase {
  Arena *arena;
  _Atomic i64 users; /* pictures */
  size_t patches;    /* rows that were read again: what they replaced stays in the arena */
} SetupBase;

/* A list that a patch has made: shared by the pictures that have the same one. */
typedef struct SetupBlock {
  _Atomic i64 users;
  i64 room; /* keeps what follows aligned */
} SetupBlock;

/* The lists by number; setup_list.c knows where each lies. The last three are indexes: hashes of names, to ids. */
typedef enum SetupList {
  LIST_ORGS,
  LIST_INTEGRATIONS,
  LIST_USERS,
  LIST_TEAMS,
  LIST_SERVICES,
  LIST_POLICIES,
  LIST_SCHEDULES,
  LIST_KEYS,
  LIST_SERVICE_NAMES,
  LIST_INTEGRATION_KEYS,
  LIST_KEY_HASHES,
  LIST_COUNT
} SetupList;

/* Of an index: sorted by hash. Different names may have the same hash: whoever finds an entry compares. */
typedef struct SetupName {
  u64 hash;
  i64 id;
} SetupName;

struct Setup {
  SetupBase *base;
  SetupBlock *blocks[LIST_COUNT]; /* NULL: the list lies in the base's arena */
  _Atomic i64 users;              /* references; the store holds one */
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
  SORTED(SetupName) service_names; /* name, slug and aliases, in lower case */
  SORTED(SetupName) integration_keys;
  SORTED(SetupName) key_hashes;
  const struct Quiet *quiet; /* silences, windows, inhibition: shared by pictures between which none changed */
};

typedef struct SetupRow {
  Str kind; /* a resource's name: a literal */
  i64 id;
} SetupRow;

enum { SETUP_ROWS_MAX = 64 };

struct SetupStore {
  App *app;
  pthread_mutex_t lock; /* guards present */
  Setup *present;
  _Atomic bool stale;   /* a write of this node changed it: others are told */
  _Atomic bool doubted; /* it may be another node's, or of what was undone */
  u64 next_version;
  SetupRow rows[SETUP_ROWS_MAX]; /* the engine's thread: written since the picture was made */
  size_t row_count;
};

/* setup_defaults.c: `retention` of an organization, with the product's own where it says nothing. */
SetupKeep setup_keep(const Value *retention);

MUST_CHECK bool setup_build(App *app, Db *db, Setup *setup, Error *err);

/* setup_list.c */
/* Takes the rows of this id out of a list that is sorted by id, and puts `item` in (NULL: none). */
void setup_list_put(Setup *fresh, SetupList list, i64 id, const void *item);
/* The same of an index. */
void setup_index_put(Setup *fresh, SetupList list, i64 id, const SetupName *names, size_t count);
void setup_index_sort(SetupName *names, size_t count);
/* The first entry of this hash, *out_count of them. */
const SetupName *setup_index_find(const SetupName *names, size_t count, u64 hash, size_t *out_count);
void setup_blocks_take(Setup *setup);
void setup_blocks_give(Setup *setup);
u64 setup_service_hash(i64 org_id, Str name); /* the same for upper and lower case; names of 512 bytes at most */
/* The names that a service answers to, in the arena. */
SetupName *setup_service_names(Arena *arena, const SetupService *service, size_t *out_count);

/* setup.c: the list of rules with this one in its place (NULL: without it). */
void setup_rules_with(Arena *arena, SetupOrg *org, i64 replaced_id, const Rule *rule);

/* setup_patch.c: reads one row again. *out_done false: that cannot be done for this one, build all. */
MUST_CHECK bool setup_patch(App *app, Db *db, Setup *fresh, const SetupRow *row, bool *out_done, Error *err);

#endif
