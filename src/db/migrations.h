/* The embedded migrations, in order; made from src/db/migrations by scripts/embed at build time. */
#ifndef TOCSIN_DB_MIGRATIONS_H
#define TOCSIN_DB_MIGRATIONS_H

#include "base/types.h"

typedef struct DbMigration {
  u32 version;
  const char *name;
  const char *sql;
} DbMigration;

extern const DbMigration DB_MIGRATIONS[];
extern const size_t DB_MIGRATION_COUNT;

#endif
