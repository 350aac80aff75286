/* What the files that build the picture share: one statement per kind, rows sorted by id. */
#ifndef TOCSIN_CORE_SETUP_LOAD_H
#define TOCSIN_CORE_SETUP_LOAD_H

#include "core/setup/internal.h"

typedef struct Loading {
  App *app;
  Setup *setup;
  Arena *arena;
  Map *roles; /* id as text -> Grants */
} Loading;

/* One kind: its statement, and what reads a row of it. A table of them ends without a statement. */
typedef struct SetupPass {
  const DbStmt *stmt;
  DbRowFn row;
} SetupPass;
extern const SetupPass SETUP_PEOPLE[]; /* after the organizations */

/* The same for one row, or for what belongs to one row: its id is $1. */
extern const SetupPass SETUP_ONE_SERVICE, SETUP_ONE_SCHEDULE, SETUP_ONE_POLICY, SETUP_ONE_INTEGRATION, SETUP_ONE_RULE,
    SETUP_ONE_TEAM, SETUP_ONE_KEY, SETUP_ROLES;
extern const SetupPass SETUP_ONE_USER[]; /* with contacts and rules; ends without a statement */
extern const SetupPass SETUP_KEYS_OF_USER[];
void load_owners(Setup *setup, Arena *arena, SetupOrg *org);

/* Cells. What does not parse is logged and left out. */
Value load_json(const Loading *load, const DbRow *row, int column);
Str load_secret_text(const Loading *load, const DbRow *row, int column, i64 org_id, const char *field);
const Zone *load_zone(const Loading *load, const DbRow *row, int column, const Zone *otherwise);
/* Of a list; 0 when it is none. */
size_t load_count(const Value *list);
i64 load_seconds(const Value *map, const char *name, i64 otherwise);

#endif
