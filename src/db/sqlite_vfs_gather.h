/* The VFS "gather": what a commit appends to the write-ahead log goes to the kernel in one write before its sync, not
 * in two small ones a page (a frame's head of 24 bytes, then the page). For the writer's connection: others read the
 * log only up to what a synced commit has published, which is written by then. */
#ifndef TOCSIN_DB_SQLITE_VFS_GATHER_H
#define TOCSIN_DB_SQLITE_VFS_GATHER_H

#include <stdbool.h>

/* Its name, for sqlite3_open_v2; registered when first asked. forget: over the VFS "forget" (sqlite_vfs.h), which is
 * registered already, else over the default one. Thread-safe. */
const char *db_vfs_gather(bool forget);

#endif
