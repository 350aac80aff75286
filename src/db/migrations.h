/* Migrations as data. The embedded list is made from src/db/migrations by scripts/embed at build time. */
#ifndef TOCSIN_DB_MIGRATIONS_H
#define TOCSIN_DB_MIGRATIONS_H

#include "db/db.h"

typedef struct DbMigration {
  u32 version;
  const char *name;
  const char *sql;
} DbMigration;

extern const DbMigration DB_MIGRATIONS[];
extern const size_t DB_MIGRATION_COUNT;

/* db_migrate with a list of one's own, ascending by version: for tests. */
/* Whether a program of this version may (still) use the database. */
MUST_CHECK bool db_needs_newer_program(Db *db, u32 latest, Error *err);
MUST_CHECK bool db_migrate_with(Db *writer, const DbMigration *list, size_t count, u32 *out_from, u32 *out_to,
                                Error *err);

#endif
