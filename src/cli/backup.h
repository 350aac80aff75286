/* A copy of the database that a command may read at its leisure. */
#ifndef TOCSIN_CLI_BACKUP_H
#define TOCSIN_CLI_BACKUP_H

#include "core/operations/operations.h"

/* DIR/backup.part, made by the running server or, without one, here; ours until it is done with. */
typedef struct CopyOfDatabase {
  LocalClient *server;
  int lock;
} CopyOfDatabase;
/* url NULL: the file in the folder; of a running server it is whatever that uses. keys: an export of rows holds the
 * folder's files with keys, too. */
MUST_CHECK bool copy_of_database(Arena *arena, const char *folder, const char *url, bool keys, CopyOfDatabase *out,
                                 Error *err);
void copy_of_database_done(Arena *arena, const char *folder, CopyOfDatabase *copy);

#endif
