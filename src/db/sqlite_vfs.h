/* The VFS "forget", for tests: what a power cut would leave. Chosen by "sqlite:/path?vfs=forget".
 *
 * Writes to the database, its log and its journal stay in this process's memory until the file is synced; all
 * connections of the process see them. Killing the process loses them, and so does db_vfs_forget_crash without ending
 * it. (kill -9 alone keeps the kernel's page cache: a test of durability would pass with synchronous=OFF.) Not
 * simulated: a deleted or new file whose folder was not synced, sectors torn in the middle. Other processes must not
 * open the file meanwhile. At most 512 MiB are kept back; more is SQLITE_FULL. */
#ifndef TOCSIN_DB_SQLITE_VFS_H
#define TOCSIN_DB_SQLITE_VFS_H

/* Idempotent, thread-safe; db_open does it. */
void db_vfs_forget_register(void);
/* The power cut: what was not synced is gone. Connections opened before fail with SQLITE_IOERR at all that touches a
 * file; close them all before the database is opened again. */
void db_vfs_forget_crash(void);
/* The next sync of a file fails with SQLITE_IOERR_FSYNC, and what it should have written is lost, as on Linux. */
void db_vfs_forget_fail_sync(void);

#endif
