/* What expressions see of an alert, and how its service and team are found (before any rule, so that rules can use
 * them). */
#include "core/alerts/batch.h"

static Value timestamp_of(i64 ms) {
  return (Value){.kind = VALUE_TIMESTAMP, .i = ms / 1000, .size = (u32)(ms % 1000) * 1000000};
}

static Value service_facts(Arena *arena, const SetupService *service) {
  if (!service) return value_null();
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "id", value_string(id_text(arena, "svc", service->id)));
  map_put_c(&map, "slug", value_string(service->slug));
  map_put_c(&map, "name", value_string(service->name));
  map_put_c(&map, "tier", value_string(service->tier));
  map_put_c(&map, "labels", service->labels);
  return map_done(&map);
}

static Value integration_facts(Arena *arena, const SetupIntegration *integration) {
  if (!integration) return value_null();
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "id", value_string(id_text(arena, "int", integration->id)));
  map_put_c(&map, "slug", value_string(integration->slug));
  map_put_c(&map, "name", value_string(integration->name));
  map_put_c(&map, "template", value_string(integration->template_name));
  return map_done(&map);
}

/* What people of other products look for under these names. */
static void other_names(const Alert *a, const Value *labels, MapBuilder *map) {
  const Value *link = value_is(&a->links, VALUE_LIST) ? value_at(&a->links, 0) : NULL;
  const Value *url = link ? value_get_c(link, "href") : NULL, *environment = value_get_c(labels, "environment");
  if (!environment) environment = value_get_c(labels, "env");
  map_put_c(map, "severity", value_string(a->source_priority));
  map_put_c(map, "fingerprint", value_string(a->dedup_key));
  map_put_c(map, "url", url ? *url : value_null());
  map_put_c(map, "environment", environment ? *environment : value_null());
  map_put_c(map, "starts_at", timestamp_of(a->starts_ms));
  map_put_c(map, "timestamp", value_int(a->starts_ms));
}

Value alert_facts(Arena *arena, const Setup *setup, const Alert *a, i64 now_ms) {
  const SetupService *service = setup_service(setup, a->service_id);
  const SetupTeam *team = setup_team(setup, a->team_id);
  Value labels = a->labels.kind == VALUE_MAP ? a->labels : (Value){.kind = VALUE_MAP};
  Value service_map = service_facts(arena, service);
  Value integration = integration_facts(arena, setup_integration(setup, a->integration_id));
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "id", value_string(id_text(arena, "alr", a->id)));
  map_put_c(&map, "number", value_string(str_format(arena, "ALERT-%lld", (long long)a->number)));
  map_put_c(&map, "title", value_string(a->title));
  map_put_c(&map, "description", value_string(a->description));
  map_put_c(&map, "status", value_c(alert_status_name(a->status)));
  map_put_c(&map, "priority", a->priority ? value_string(priority_text(a->priority)) : value_null());
  map_put_c(&map, "source_priority", value_string(a->source_priority));
  map_put_c(&map, "dedup_key", value_string(a->dedup_key));
  map_put_c(&map, "source", value_string(a->source));
  map_put_c(&map, "labels", labels);
  map_put_c(&map, "count", value_int(a->count));
  map_put_c(&map, "episode", value_int(a->episode));
  map_put_c(&map, "service", service ? value_string(service->name) : value_null());
  map_put_c(&map, "service_id", service ? value_string(id_text(arena, "svc", service->id)) : value_null());
  map_put_c(&map, "team", team ? value_string(team->name) : value_null());
  map_put_c(&map, "integration", integration);
  map_put_c(&map, "links", a->links.kind == VALUE_LIST ? a->links : (Value){.kind = VALUE_LIST});
  other_names(a, &labels, &map);
  Value alert = map_done(&map);
  MapBuilder facts = map_builder(arena);
  map_put_c(&facts, "alert", alert);
  map_put_c(&facts, "labels", labels);
  map_put_c(&facts, "service", service_map);
  map_put_c(&facts, "integration", integration);
  map_put_c(&facts, "now", timestamp_of(now_ms));
  return map_done(&facts);
}

/* Service by id, exact name or alias, then case-insensitively; two candidates: none. Without a hint the label
 * "service", then the integration's default. The team is the service's, else the integration's. */
void alert_enrich(const Setup *setup, Alert *a, Str hint, const SetupIntegration *integration) {
  bool ambiguous = false;
  const SetupService *service = setup_service_named(setup, a->org_id, hint, &ambiguous);
  if (!service && hint.len == 0)
    service =
        setup_service_named(setup, a->org_id, value_text_or(value_get_c(&a->labels, "service"), STR_NONE), &ambiguous);
  if (!service && integration) service = setup_service(setup, integration->service_id);
  a->service_id = service ? service->id : 0;
  a->team_id = service && service->team_id ? service->team_id : integration ? integration->team_id : 0;
}
