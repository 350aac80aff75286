/* Breakers: whether a connector's provider is to be trusted with a message now. The rows of `connector` hold what is
 * known, so that it outlives a restart and other nodes see it; what is read of them is kept for a second. The engine's
 * thread only. */
#ifndef TOCSIN_CORE_BREAKER_H
#define TOCSIN_CORE_BREAKER_H

#include "core/app.h"

enum { BREAKERS_MAX = 512, BREAKER_OPEN_MS_MAX = 300 * 1000 };

typedef enum ConnectorState {
  CONNECTOR_UNTRIED,
  CONNECTOR_WORKING,
  CONNECTOR_FAILING,
  CONNECTOR_MISCONFIGURED,
  CONNECTOR_STATE_COUNT
} ConnectorState;
const char *connector_state_name(ConnectorState state);

typedef struct Breaker {
  i64 connector_id, failures, since_ms;
  i64 open_until_ms;  /* 0: closed. In the past: one message tries, then it is open again or closed */
  i64 probe_until_ms; /* that message is under way; in memory */
  ConnectorState state;
} Breaker;

typedef struct Breakers {
  Breaker items[BREAKERS_MAX];
  size_t count;
  i64 read_ms; /* true clock; 0: never */
  u64 undone;  /* what was undone since then may stand here */
} Breakers;
Breakers *breakers_of(App *app);

/* Reads the rows again when that is a second ago. */
MUST_CHECK bool breakers_refresh(Cycle *cycle, Error *err);
/* Of a connector that is not known: an untried one. */
Breaker breaker_get(App *app, i64 connector_id);
bool breaker_is_open(const Breaker *breaker, i64 now_ms);
/* A message goes there now: when it is the one that tries again, the others wait for what becomes of it. */
void breaker_uses(App *app, i64 connector_id, i64 now_ms);
/* Writes the row; publishes and counts a version when the state or its reason changed. */
MUST_CHECK bool breaker_put(Cycle *cycle, i64 org_id, const Breaker *breaker, Str reason, Error *err);

#endif
