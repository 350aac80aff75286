/* compat/: other products' APIs, served by us, so that only an address changes at the sender. */
#ifndef TOCSIN_COMPAT_COMPAT_H
#define TOCSIN_COMPAT_COMPAT_H

#include "core/server/server.h"

extern const Door ALERTMANAGER_DOORS[];
/* All of them, NULL-terminated. */
extern const Door *const COMPAT_DOORS[];

#endif
