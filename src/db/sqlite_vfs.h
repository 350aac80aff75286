/* The VFS that forgets: writes reach the file only when it is synced, so that killing the process shows what a power cut
 * would. For tests; chosen by "?vfs=forget". */
#ifndef TOCSIN_DB_SQLITE_VFS_H
#define TOCSIN_DB_SQLITE_VFS_H

void db_vfs_forget_register(void);

#endif
