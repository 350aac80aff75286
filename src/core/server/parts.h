/* The parts of a server: database, catalog, resources, engine, outbound calls, live events, workers. */
#ifndef TOCSIN_CORE_SERVER_PARTS_H
#define TOCSIN_CORE_SERVER_PARTS_H

#include "core/server/server.h"

/* Fills the App, migrates the database when the options allow it. What was opened before a failure stays in the App,
 * for app_close(). */
MUST_CHECK bool parts_open(App *app, const ServeOptions *o, Error *err);

#endif
