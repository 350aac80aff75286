/* Preview: the same code up to the Plan, on an alert that is never written. */
#include "core/alerts/batch.h"
#include "lang/json.h"

static Alert preview_alert(const Event *e, const SetupIntegration *in, i64 org_id, i64 now_ms) {
  return (Alert){.org_id = org_id,
                 .integration_id = in ? in->id : 0,
                 .dedup_key = e->dedup_key,
                 .title = e->title.len ? e->title : e->dedup_key,
                 .description = e->description,
                 .status = e->status == EVENT_RESOLVED       ? ALERT_RESOLVED
                           : e->status == EVENT_ACKNOWLEDGED ? ALERT_ACKNOWLEDGED
                                                             : ALERT_TRIGGERED,
                 .priority = e->priority ? e->priority
                             : in        ? in->default_priority
                                         : 0,
                 .source_priority = e->source_priority,
                 .source = e->source,
                 .labels = e->labels,
                 .links = e->links,
                 .images = e->images,
                 .count = 1,
                 .episode = 1,
                 .first_seen_ms = now_ms,
                 .last_seen_ms = now_ms,
                 .why = "preview"};
}

static Value preview_one(Arena *arena, const Setup *setup, const SetupIntegration *in, const Event *e, i64 org_id,
                         i64 now_ms) {
  Alert *a = ARENA_NEW(arena, Alert);
  *a = preview_alert(e, in, org_id, now_ms);
  alert_enrich(setup, a, e->service, in);
  Plan plan = {0};
  alert_decide(setup, arena, a, in, false, now_ms, &plan);
  if (plan.snooze_ms) hold_add(a, (Hold){.reason = "snooze", .until_ms = plan.snooze_ms});
  if (plan.pause_ms) hold_add(a, (Hold){.reason = "pause", .id = plan.pause_rule_id, .until_ms = plan.pause_ms});
  plan.outcome = a->hold_count   ? S("it would be held")
                 : plan.unrouted ? S("it would reach nobody")
                 : plan.incident ? S("it would open or join an incident and page")
                                 : S("it would page");
  Value decision = plan_value(arena, setup, a, &plan, now_ms);
  Value facts = alert_facts(arena, setup, a, now_ms);
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "event", event_to_value(arena, e));
  map_put_c(&map, "alert", *value_get_c(&facts, "alert"));
  map_put_c(&map, "explanation", decision);
  return map_done(&map);
}

bool alerts_preview(Db *db, Arena *arena, App *app, const Setup *setup, const SetupIntegration *integration,
                    struct Event *events, size_t count, i64 now_ms, Value *out, Error *err) {
  (void)db;
  (void)app;
  (void)err;
  ValueVec items = {0};
  for (size_t i = 0; i < count; i++) {
    if (events[i].kind != EVENT_ALERT) continue;
    i64 org_id = integration ? integration->org_id : 0;
    *VEC_PUSH(arena, &items) = preview_one(arena, setup, integration, &events[i], org_id, now_ms);
  }
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "items", list_done(&items));
  *out = map_done(&map);
  return true;
}
