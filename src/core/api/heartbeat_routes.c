/* Verbs of heartbeats. */
#include "core/api/api.h"
#include "core/heartbeats/heartbeats.h"

static bool arm(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return api_resolve(c, cycle->db, "heartbeat", 0, &id, err) && heartbeat_arm(cycle, id, err) &&
         api_answer_with(c, cycle->db, "heartbeat", id, err);
}

static bool pause_it(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return api_resolve(c, cycle->db, "heartbeat", 0, &id, err) && heartbeat_pause(cycle, id, err) &&
         api_answer_with(c, cycle->db, "heartbeat", id, err);
}

const Route HEARTBEAT_ROUTES[] = {
    {HTTP_POST, "heartbeats/{id}/arm", "heartbeats:write", .write = arm, .answers = "heartbeat",
     .doc = "From now on pings are expected; also ends a pause."},
    {HTTP_POST, "heartbeats/{id}/pause", "heartbeats:write", .write = pause_it, .answers = "heartbeat",
     .doc = "Nothing is expected until it is armed; its open alert is resolved."},
    {.path = NULL},
};
