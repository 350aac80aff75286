/* Ballast: 64 MiB kept beside the database as the file `ballast`. When the disk is full it is given back, so that the
 * log can grow while retention deletes; made again when there is room. */
#ifndef TOCSIN_DB_BALLAST_H
#define TOCSIN_DB_BALLAST_H

#include "base/types.h"

/* Makes it, or completes one that is there. False when there is no room for it; the server runs all the same. */
bool db_ballast_make(const char *folder);
void db_ballast_release(const char *folder);

#endif
