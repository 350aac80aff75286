/* For tests: what a bad disk would do. */
#ifndef TOCSIN_DB_FAULT_H
#define TOCSIN_DB_FAULT_H

#include "db/db.h"

/* The next write (or commit) on this SQLite connection fails with this code, as if SQLite had said it: after
 * SQLITE_FULL, SQLITE_IOERR_... and SQLITE_NOMEM the transaction is undone; SQLITE_IOERR_FSYNC waits for a commit.
 * Once; 0 takes it back. */
void db_fault_next(Db *db, int sqlite_code);

#endif
