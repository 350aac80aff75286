/* Paging for an incident by hand, or because it was declared with a policy. */
#include "core/incidents/internal.h"
#include "core/paging/paging.h"

/* Its own policy, else that of its first service with one, the service's team, its team, the organization. */
static i64 default_policy(const Setup *setup, const Incident *incident) {
  const SetupTeam *team = setup_team(setup, incident->team_id);
  const SetupOrg *org = setup_org(setup, incident->org_id);
  if (setup_policy(setup, incident->policy_id)) return incident->policy_id;
  for (size_t i = 0; value_is(&incident->service_ids, VALUE_LIST) && i < incident->service_ids.size; i++) {
    i64 id = 0;
    if (!id_parse("svc", value_text_or(value_at(&incident->service_ids, i), STR_NONE), &id)) continue;
    const SetupService *service = setup_service(setup, id);
    const SetupTeam *owner = service ? setup_team(setup, service->team_id) : NULL;
    if (service && setup_policy(setup, service->policy_id)) return service->policy_id;
    if (owner && setup_policy(setup, owner->policy_id)) return owner->policy_id;
  }
  if (team && setup_policy(setup, team->policy_id)) return team->policy_id;
  return org && setup_policy(setup, org->policy_id) ? org->policy_id : 0;
}

bool incident_page(Cycle *cycle, const Incident *incident, i64 policy_id, Str why, i64 *out_page_id, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  PageOutcome outcome = {0};
  PageStart start = {
      .org_id = incident->org_id,
      .subject_kind = "incident",
      .subject_id = incident->id,
      .incident_id = incident->id,
      .episode = incident->episode,
      .start = incident->page_start,
      .policy_id = policy_id ? policy_id : default_policy(setup, incident),
      .urgent = true,
      .severity = incident->severity,
      .team_id = incident->team_id,
      .why = why,
      .title = str_format(cycle->arena, "INC-%lld %.*s", (long long)incident->number, STR_ARG(incident->title))};
  start.owners = start.policy_id == 0;
  if (!page_start(cycle, &start, &outcome, err)) return false;
  *out_page_id = outcome.page_id;
  return true;
}
