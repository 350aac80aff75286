/* Every resource of the product, in the order in which an export lists and an import makes them. The tables and their
 * small hooks stand in x_resource.c of each domain; what they need from elsewhere comes through CoreHooks, so that the
 * tables can be used (and tested) without a running server. */
#ifndef TOCSIN_CORE_RESOURCES_H
#define TOCSIN_CORE_RESOURCES_H

#include "resource/resource.h"

/* ResourceCtx.hooks. Each may be NULL: then that check is left out, and a create that needs it is refused. */
typedef struct CoreHooks {
  /* The list of permissions, and what the caller holds of it (NULL: the server itself, everything). */
  const struct Access *(*access)(ResourceCtx *ctx);
  const struct Grants *(*caller_grants)(ResourceCtx *ctx);
  /* Is there a catalog template of this name? */
  bool (*template_known)(ResourceCtx *ctx, Str name);
  /* One of an integration's overrides: CEL for an event field. */
  bool (*check_override)(ResourceCtx *ctx, Str event_field, Str source, Error *err);
  /* A whole alert rule: its expressions and templates compile. err->pointer may name the member. */
  bool (*check_rule)(ResourceCtx *ctx, const Value *rule, Error *err);
  /* Does this look like an address of the channel? */
  bool (*check_address)(ResourceCtx *ctx, Str kind, Str address, Error *err);
  /* Adds `last_request_at`, `counts` and `warnings` of an integration. */
  void (*integration_facts)(ResourceCtx *ctx, i64 integration_id, MapBuilder *out);
  /* Adds `hits` and `last_hit_at` of an alert rule. */
  void (*rule_facts)(ResourceCtx *ctx, i64 rule_id, MapBuilder *out);
  /* The stored body of a request, as text; null when it is gone. */
  Value (*request_body)(ResourceCtx *ctx, i64 request_id);
  /* Declares an incident (POST /incidents): row, number, timeline, pages. */
  bool (*incident_declare)(ResourceCtx *ctx, const Value *fresh, i64 *out_id, Error *err);
  /* Moves an incident to the status that a PATCH names, through the status machine. */
  bool (*incident_move)(ResourceCtx *ctx, i64 incident_id, Str status, Error *err);
  /* Fields of an incident were changed by a person: timeline, pages. */
  bool (*incident_changed)(ResourceCtx *ctx, i64 incident_id, const Value *before, const Value *after, Error *err);
  /* A rule was edited, disabled or deleted: what it held is decided again. */
  bool (*rule_changed)(ResourceCtx *ctx, i64 rule_id, Error *err);
  /* A silence, window or inhibition rule (`what` is the resource) was written or deleted. */
  bool (*quiet_changed)(ResourceCtx *ctx, const char *what, i64 id, bool deleted, Error *err);
  /* Why an alert is quiet, in a sentence; null: it is not. */
  Value (*quiet_because)(ResourceCtx *ctx, const Value *alert, Value *out_snoozes);
  /* Title, priority, service or labels of an alert were changed by a person: timeline, rules, pages. */
  bool (*alert_changed)(ResourceCtx *ctx, i64 alert_id, const Value *before, const Value *after, Error *err);
  /* Its times were changed, or it is gone: what is planned is planned anew. */
  bool (*heartbeat_edited)(ResourceCtx *ctx, i64 heartbeat_id, bool deleted, Error *err);
  /* Is the channel known, and are these its settings? */
  bool (*check_connector)(ResourceCtx *ctx, const Value *connector, Error *err);
  /* It is another account now: its provider is asked whether it takes us. */
  bool (*connector_changed)(ResourceCtx *ctx, i64 connector_id, Error *err);
  /* What its provider proves itself with. */
  Str (*connector_token)(ResourceCtx *ctx, i64 connector_id);
  /* What decides who is on call is about to be written (schedule_id 0: of any schedule): what was is kept. */
  bool (*shifts_will_change)(ResourceCtx *ctx, i64 schedule_id, Error *err);
  /* A schedule, an override or a block was written: running pages look who came on call, gaps are looked for. */
  bool (*shifts_changed)(ResourceCtx *ctx, i64 schedule_id, Error *err);
  /* A cover request was made: it expires, people hear of it. */
  bool (*cover_opened)(ResourceCtx *ctx, const Value *request, Error *err);
  /* An absence was written (`changed`: again) or deleted: cover requests for what falls into it. */
  bool (*absence_written)(ResourceCtx *ctx, const Value *absence, bool changed, bool deleted, Error *err);
  /* The days of a calendar: of its file, or (ics NULL) from its address soon. */
  bool (*holidays_written)(ResourceCtx *ctx, i64 calendar_id, const Value *ics, Error *err);
  bool (*holidays_dropped)(ResourceCtx *ctx, i64 calendar_id, Error *err);
  /* A person wants to hear other things of their shifts. */
  bool (*notices_changed)(ResourceCtx *ctx, i64 user_id, Error *err);
  bool (*test_page_changed)(ResourceCtx *ctx, i64 user_id, Error *err);
} CoreHooks;

static inline const CoreHooks *core_hooks(const ResourceCtx *ctx) {
  static const CoreHooks NONE;
  return ctx->hooks ? (const CoreHooks *)ctx->hooks : &NONE;
}

/* Private incidents in which {user} takes no part: holds no role, did not declare or join it, was never paged for it or
 * for one of its alerts. A list of ids for Resource.private_sql; nearly always empty. */
#define HIDDEN_INCIDENTS                                                                                               \
  "SELECT h.id FROM incident AS h WHERE h.org_id = {org} AND h.private = 1 AND NOT EXISTS (SELECT 1 FROM "             \
  "incident_person AS t WHERE t.incident_id = h.id AND t.user_id = {user}) AND NOT EXISTS (SELECT 1 FROM page AS p "   \
  "JOIN notification AS n ON n.page_id = p.id WHERE p.incident_id = h.id AND n.user_id = {user}) AND NOT EXISTS "      \
  "(SELECT 1 FROM alert AS a JOIN page AS p ON p.alert_id = a.id JOIN notification AS n ON n.page_id = p.id WHERE "    \
  "a.incident_id = h.id AND n.user_id = {user})"
#define HIDDEN_ALERTS                                                                                                  \
  "SELECT b.id FROM alert AS b WHERE b.incident_id IN (" HIDDEN_INCIDENTS ") UNION ALL SELECT c.id FROM alert_record " \
  "AS c WHERE c.incident_id IN (" HIDDEN_INCIDENTS ")"

extern const Resource *const CORE_RESOURCES[];
extern const size_t CORE_RESOURCE_COUNT;

/* Tables that more than one resource uses. */
extern const EnumValue URGENCIES[]; /* high, low */
extern const EnumValue ROLES[];     /* owner, admin, responder, viewer */
extern const Field SCHEDULE_LAYER_ITEM;
extern const Field FIXED_SHIFT_ITEM; /* starts_at, ends_at, user_ids */
extern const EnumValue WEEKDAYS[];   /* mon to sun */
extern const Field WINDOW_ITEM;      /* days, from, to: a stretch of the week on the wall clock */
void check_clock(ResourceCtx *ctx, const Field *field, const char *pointer, Value *value); /* 09:00 */
/* Of an escalation policy as people write it. */
extern const Field POLICY_FIELDS[];
enum { POLICY_FIELD_COUNT = 10 }; /* without managed_by */

/* One matcher of a silence, window or inhibition rule; and the check of a list of them: field errors. `what` such a
 * list would do, if it matched everything. */
extern const Field QUIET_MATCHER_ITEM;
/* `for_s` of what is being made becomes its ends_at. */
/* core/quiet/written.c */
bool quiet_after_write(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err);
bool quiet_after_delete(ResourceCtx *ctx, const Value *old, Error *err);
void length_to_end(ResourceCtx *ctx, Value *draft, i64 seconds_max);
/* Who writes it, as {kind, id, name}. */
Value actor_value(ResourceCtx *ctx);
void matchers_check(ResourceCtx *ctx, const Value *row, const char *member, const char *what);

/* Field errors of a list of fixed shifts at `place`; `within` all zero: anywhere. */
typedef struct FixedShiftSpan {
  i64 starts_ms, ends_ms;
} FixedShiftSpan;
void fixed_shifts_check(ResourceCtx *ctx, const Value *shifts, const char *place, FixedShiftSpan within);

/* A column of what `tocsin apply --set` makes; see Resource.configured. */
#define MANAGED_BY_FIELD                                                                                               \
  {                                                                                                                    \
    .name = "managed_by", .kind = F_TEXT, .max = 80, .filter = FILTER_SCAN,                                            \
    .doc = "The set of files (tocsin apply --set) that made it; null: somebody by hand.", .example = "infrastructure"  \
  }

extern const Resource ORGANIZATION, ROLE, USER, CONTACT_METHOD, NOTIFICATION_RULE, TEAM, API_KEY, SAVED_VIEW,
    IDENTITY_PROVIDER;
extern const Resource SERVICE;
extern const Resource CALENDAR_FEED;
extern const Resource HOLIDAY_CALENDAR, SCHEDULE_BLOCK;
extern const Resource SCHEDULE, SCHEDULE_OVERRIDE, ABSENCE, COVER_REQUEST, ESCALATION_POLICY;
extern const Resource SILENCE, MAINTENANCE_WINDOW, INHIBITION_RULE;
extern const Resource INTEGRATION, ALERT_RULE, ALERT, ALERT_RECORD, REQUEST, CHANGE;
extern const Resource INCIDENT, TIMELINE_ENTRY, AUDIT_ENTRY;
extern const Resource PAGE, NOTIFICATION, CONNECTOR, HEARTBEAT;
extern const Resource BULK_JOB;

#endif
