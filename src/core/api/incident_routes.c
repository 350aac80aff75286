/* Verbs of incidents. */
#include "core/api/api.h"
#include "core/incidents/incidents.h"
#include "core/oncall/oncall.h"
#include "core/paging/internal.h"
#include "lang/json.h"

static bool incident_of(Call *call, Cycle *cycle, i64 *out, Error *err) {
  return api_resolve(call, cycle->db, "incident", 0, out, err);
}

static bool inc_acknowledge(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return incident_of(c, cycle, &id, err) && incident_acknowledge(cycle, id, &c->who, err) &&
         api_answer_with(c, cycle->db, "incident", id, err);
}
static bool inc_resolve(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return incident_of(c, cycle, &id, err) && incident_resolve(cycle, id, &c->who, api_text(c, "reason"), err) &&
         api_answer_with(c, cycle->db, "incident", id, err);
}
static bool inc_close(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return incident_of(c, cycle, &id, err) && incident_close(cycle, id, &c->who, err) &&
         api_answer_with(c, cycle->db, "incident", id, err);
}
static bool inc_reopen(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  return incident_of(c, cycle, &id, err) && incident_reopen(cycle, id, &c->who, err) &&
         api_answer_with(c, cycle->db, "incident", id, err);
}

static bool status_update(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  Str text = api_text(c, "text"), status = api_text(c, "status");
  IncidentStatus to = INCIDENT_NEW;
  if (str_is_blank(text) && status.len == 0)
    return fail_at(err, ERR_INVALID, "/text", "a status update says something: text, status or both");
  if (status.len && !incident_status_parse(status, &to))
    return fail_at(err, ERR_INVALID, "/status",
                   "\"%.*s\" is not a status; use new, investigating, fixing, monitoring or closed", STR_ARG(status));
  if (!incident_of(c, cycle, &id, err)) return false;
  if (status.len && !incident_set_status(cycle, id, to, &c->who, err)) return false;
  Buf data = buf_new(c->arena, KIB(128));
  buf_puts(&data, "{\"text\":");
  json_write_string(&data, text.ptr ? text : S(""));
  buf_putc(&data, '}');
  TimelineEntry entry = {.org_id = c->org_id,
                         .subject_kind = "incident",
                         .subject_id = id,
                         .kind = "status_update",
                         .who = &c->who,
                         .data = buf_str(&data),
                         .key_event = true};
  return timeline_add(cycle, &entry, err) && api_answer_with(c, cycle->db, "incident", id, err);
}

static bool inc_page(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0, policy_id = 0;
  Incident incident = {0};
  bool found = false;
  PageOutcome outcome = {0};
  ApiCtx ctx = api_ctx(c, cycle->db, cycle);
  Str policy = api_text(c, "policy_id");
  if (!incident_of(c, cycle, &id, err) || !incident_load(cycle, id, &incident, &found, err)) return false;
  if (policy.len &&
      !resource_resolve(&ctx.rc, registry_find(c->app->registry, S("escalation_policy")), policy, &policy_id, err))
    return false;
  const SetupOrg *org = setup_org(setup_current(c->app->setup), c->org_id);
  PageStart start = {.org_id = c->org_id,
                     .subject_kind = "incident",
                     .subject_id = id,
                     .incident_id = id,
                     .episode = incident.episode,
                     .start = incident.page_start,
                     .policy_id = policy_id            ? policy_id
                                  : incident.policy_id ? incident.policy_id
                                                       : org->policy_id,
                     .urgent = true,
                     .severity = incident.severity,
                     .team_id = incident.team_id,
                     .why = S("paged by hand"),
                     .title =
                         str_format(c->arena, "INC-%lld %.*s", (long long)incident.number, STR_ARG(incident.title))};
  if (!start.policy_id) start.owners = true;
  if (!page_start(cycle, &start, &outcome, err)) return false;
  c->status = 201;
  return api_answer_with(c, cycle->db, "page", outcome.page_id, err);
}

static const Field REASON[] = {
    {.name = "reason", .kind = F_TEXT, .max = 1000, .doc = "Why; kept in the timeline.", .example = "Rolled back"}};
static const EnumValue STATUSES[] = {{"new"}, {"investigating"}, {"fixing"}, {"monitoring"}, {"closed"}, {NULL}};
static const Field UPDATE[] = {
    {.name = "text", .kind = F_TEXT, .max = 65536, .doc = "How it stands.", .example = "The cause is known"},
    {.name = "status", .kind = F_ENUM, .values = STATUSES, .doc = "Moves it there."}};
static const Field PAGE_BODY[] = {
    {.name = "policy_id", .kind = F_REF, .ref = "escalation_policy", .doc = "Null: the incident's, else the default."}};

const Route INCIDENT_ROUTES[] = {
    {HTTP_POST, "incidents/{id}/acknowledge", "incidents:write", .write = inc_acknowledge, .answers = "incident",
     .doc = "New to investigating; acknowledges its alerts."},
    {HTTP_POST, "incidents/{id}/resolve", "incidents:write", .write = inc_resolve, BODY(REASON), .answers = "incident",
     .doc = "Ends its pages; leaves its alerts as they are."},
    {HTTP_POST, "incidents/{id}/close", "incidents:write", .write = inc_close, .answers = "incident",
     .doc = "Closes it."},
    {HTTP_POST, "incidents/{id}/reopen", "incidents:write", .write = inc_reopen, .answers = "incident",
     .doc = "Back to investigating, a new episode."},
    {HTTP_POST, "incidents/{id}/status-updates", "incidents:write", .write = status_update, BODY(UPDATE),
     .answers = "incident", .doc = "Says how it stands; may move the status."},
    {HTTP_POST, "incidents/{id}/page", "incidents:write", .write = inc_page, BODY(PAGE_BODY), .answers = "page",
     .creates = true, .doc = "Pages a policy for it."},
    {.path = NULL},
};
