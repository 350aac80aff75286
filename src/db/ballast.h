/* Ballast: 64 MiB kept beside the database, given back when the disk is full, so that retention has room to work. */
#ifndef TOCSIN_DB_BALLAST_H
#define TOCSIN_DB_BALLAST_H

#include "base/types.h"

/* False when there is no room for it; the server runs all the same. */
bool db_ballast_make(const char *folder);
void db_ballast_release(const char *folder);

#endif
