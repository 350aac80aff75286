/* The readers' gate of one database file. The writer's connection and the pools in the same process find it by the
 * file's full path; it lives while one of them does. Thread-safe. */
#ifndef TOCSIN_DB_GATE_H
#define TOCSIN_DB_GATE_H

#include "base/base.h"

typedef struct DbGate DbGate;

/* Takes a share of the file's gate, made open when there is none. */
DbGate *db_gate_take(const char *full_path);
DbGate *db_gate_share(DbGate *gate); /* one more; NULL gives NULL */
void db_gate_drop(DbGate *gate);     /* accepts NULL */

void db_gate_close(DbGate *gate);
void db_gate_open(DbGate *gate);
bool db_gate_is_closed(DbGate *gate);
/* Waits until it is open; false when it still was not after wait_ms. NULL is an open gate. */
MUST_CHECK bool db_gate_pass(DbGate *gate, i64 wait_ms);

#endif
