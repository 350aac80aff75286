/* Alerts of our own: pages by hand, requests that were not understood. They go the same way as everybody's: an arrival
 * without a request, applied in the present transaction. */
#include "core/alerts/batch.h"

bool alert_own(Cycle *cycle, const AlertOwn *own, i64 *out_id, Error *err) {
  Arena *arena = cycle->arena;
  Event *event = ARENA_NEW(arena, Event);
  *event = (Event){.kind = EVENT_ALERT,
                   .status = own->resolve ? EVENT_RESOLVED : EVENT_TRIGGERED,
                   .priority = own->priority,
                   .dedup_key = own->dedup_key,
                   .title = own->title,
                   .description = own->description,
                   .service = own->service,
                   .source = own->integration_id ? S("tocsin") : S("manual"),
                   .labels = {.kind = VALUE_MAP},
                   .quiet = own->no_page};
  Arrival *arrival = ARENA_NEW(arena, Arrival);
  *arrival = (Arrival){.arena = arena,
                       .id = id_next(cycle->ids),
                       .org_id = own->org_id,
                       .integration_id = own->integration_id,
                       .received_ms = cycle->now_ms,
                       .events = event,
                       .event_count = 1};
  *out_id = 0;
  if (!alerts_apply(cycle, &arrival, 1, err)) return false;
  if (arrival->alert_ids.count) *out_id = arrival->alert_ids.items[0];
  return true;
}
