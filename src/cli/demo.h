/* The parts of `tocsin demo`: the world that it makes, the alerts that come in, and the phones on which people are
 * told. */
#ifndef TOCSIN_CLI_DEMO_H
#define TOCSIN_CLI_DEMO_H

#include "core/server/first_organization.h"

/* A file of catalog/demo, as a value; fails only when the build is broken. */
MUST_CHECK bool demo_file(Arena *arena, const char *name, Value *out, Error *err);

/* Makes the organization and everything in it (catalog/demo/world.yaml), in one transaction. Each person's first step
 * is their phone: a webhook below `phones_url`. The owner's key is written to work->key. */
MUST_CHECK bool demo_world_make(App *app, InitWork *work, const char *phones_url, Error *err);

/* Everybody's phone is the terminal: a small HTTP server that prints what the webhook channel sends, with its link. */
typedef struct DemoPhones DemoPhones;
MUST_CHECK bool demo_phones_start(u16 port, DemoPhones **out, Error *err); /* port 0 picks one */
u16 demo_phones_port(const DemoPhones *phones);
void demo_phones_stop(DemoPhones *phones);

/* Sends catalog/demo/alerts.yaml to the server, round after round, on a thread of its own. */
typedef struct DemoAlerts DemoAlerts;
MUST_CHECK bool demo_alerts_start(const char *url, DemoAlerts **out, Error *err);
void demo_alerts_stop(DemoAlerts *alerts);

#endif
