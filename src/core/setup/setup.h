/* Setup: an immutable picture of everything people configure (integrations, rules, services, teams, people, schedules,
 * policies, keys), compiled for use. Built from the database after a write that changed any of it and swapped in whole,
 * so that the engine and the I/O threads read it without a lock. Cost: one pass over the configuration for
 * the first one, and now and then; one row for what was written since.
 *
 * Use: const Setup *s = setup_take(store); ... setup_give(s). On the engine's thread setup_current(store) is enough
 * within a round. The registry's hook calls setup_row_changed inside the transaction of a write; whoever writes such
 * a table with a statement of its own calls setup_changed(store). */
#ifndef TOCSIN_CORE_SETUP_H
#define TOCSIN_CORE_SETUP_H

#include "core/app.h"

typedef struct SetupOrg SetupOrg;

typedef struct SetupMember {
  i64 user_id;
  bool owner; /* role "owner" or "admin" in the team */
} SetupMember;

typedef struct SetupTeam {
  i64 id, org_id, policy_id;
  Str slug, name;
  SetupMember *members;
  size_t member_count;
} SetupTeam;

typedef struct SetupContact {
  i64 id;
  Str kind, address, label;
  bool verified, broken;
} SetupContact;

typedef struct SetupStep {
  i64 delay_s;
  i64 *contact_ids;
  size_t contact_count;
} SetupStep;

typedef struct SetupSteps {
  SetupStep *items;
  size_t count;
} SetupSteps;

typedef struct SetupUser {
  i64 id, org_id;
  Str name, email, role, status;
  i64 role_id; /* a role that people made; 0: none */
  const struct Grants *grants;
  i64 *led_team_ids; /* teams in which they are owner or admin */
  size_t led_count;
  const Zone *zone; /* NULL: the organization's */
  SetupContact *contacts;
  size_t contact_count;
  SetupSteps high, low;
  Value quiet_hours; /* windows in which what is not urgent waits; null: none */
} SetupUser;

struct Channel;
/* An account at a provider of messages. */
typedef struct SetupConnector {
  i64 id, org_id, position;
  Str name, secret, signing_secret;
  Value settings;
  const struct Channel *channel; /* NULL: it is gone from the catalog */
  bool enabled;
} SetupConnector;

typedef struct SetupService {
  i64 id, org_id, team_id, policy_id;
  Str slug, name, tier, urgency; /* urgency empty: by policy */
  i64 failure_severity;          /* -1: none */
  Value labels;
  Value aliases; /* list of texts */
} SetupService;

typedef enum TargetKind { TARGET_USER, TARGET_SCHEDULE, TARGET_TEAM, TARGET_CHANNEL } TargetKind;
typedef struct SetupTarget {
  TargetKind kind;
  i64 id;
} SetupTarget;
typedef struct SetupLevel {
  SetupTarget *targets;
  size_t target_count;
  i64 wait_s; /* 0: together with the next level */
  bool round_robin;
  bool until_resolved; /* goes on after an acknowledgement */
  i64 attempts;
  Value when; /* as stored; null: always (core/paging/when.c) */
} SetupLevel;
typedef enum OnEmpty { ON_EMPTY_NEXT, ON_EMPTY_HOLD, ON_EMPTY_FALLBACK, ON_EMPTY_COUNT } OnEmpty;
typedef struct SetupPolicy {
  i64 id, org_id, team_id, version;
  Str slug, name, urgency; /* high, low, by_priority */
  SetupLevel *levels;
  size_t level_count;
  i64 repeat;
  SetupTarget *exhausted;
  size_t exhausted_count;
  i64 ack_timeout_s; /* 0: none */
  OnEmpty on_empty;  /* the last level has nobody */
  bool page_newcomers, stop_previous;
} SetupPolicy;

/* Which stretches with nobody are gaps: all, those in which the windows of a layer ask for somebody, none. */
typedef enum Coverage { COVERAGE_ALWAYS, COVERAGE_WINDOWS, COVERAGE_BEST_EFFORT } Coverage;
typedef struct SetupSchedule {
  i64 id, org_id, team_id;
  Str slug, name;
  const Zone *zone;
  Value layers; /* as stored; core/oncall reads it */
  Coverage coverage;
  i64 effective_ms; /* layers, zone and skip_absent hold from then on; 0: from the start */
  bool skip_absent;
} SetupSchedule;

typedef struct SetupIntegration {
  i64 id, org_id, team_id, service_id, policy_id;
  Str slug, name, key, template_name, secret;
  const Spec *spec; /* NULL: the template is gone */
  bool enabled, quiet, shared_space;
  i32 default_priority; /* 0: none */
  i64 reopen_window_s, resolve_after_s, late_window_s, flap_count, flap_window_s, flap_quiet_s;
  const Zone *zone;
  NormaliseSettings settings;
} SetupIntegration;

typedef struct RuleAction RuleAction; /* core/alerts/rule.h */
typedef struct Rule Rule;

typedef struct SetupKey {
  i64 id, org_id, user_id;
  Str hash, name;
  i64 expires_ms;          /* 0: never */
  i64 requests_per_minute; /* 0: as the server says */
  bool session;            /* not a key but a browser's cookie (core/identity/session.h) */
  Value scopes;
  const struct Grants *grants; /* of its scopes, within what its user holds */
} SetupKey;

/* How long things are kept; docs in organization_resource.c. */
typedef struct SetupKeep {
  i64 requests_ms, requests_kept_ms, requests_max, occurrences_ms, alerts_ms, live_events_ms;
} SetupKeep;

/* Windows and limits of an organization, by the names of its `defaults` (docs in organization_resource.c). Integrations
 * and rules may have their own of some. */
typedef struct SetupDefaults {
  i64 reopen_window_s, late_window_s, clock_tolerance_s, ack_kept_s, resolve_after_s, am_resolve_after_s;
  i64 flap_count, flap_window_s, flap_quiet_s, wait_s, release_s, held_notice_s;
  i64 window_s, max_window_s, alerts_max, pause_s, auto_resolve_after_s, idempotency_s, body_bytes;
  bool auto_resolve;
  EventLimits limits;
} SetupDefaults;

struct SetupOrg {
  i64 id, policy_id;
  SetupKeep keep;
  Str slug, name;
  const Zone *zone;
  SetupDefaults defaults;
  const Rule **rules; /* all enabled and disabled rules in order: the organization's, then each team's */
  size_t rule_count;
  const i64 *owner_ids;
  size_t owner_count;
};

/* What `defaults` says, with the product's own windows and limits where it says nothing. */
SetupDefaults setup_defaults(const Value *defaults);

const Setup *setup_take(SetupStore *store);
void setup_give(const Setup *setup);
const Setup *setup_current(SetupStore *store); /* engine's thread only */

MUST_CHECK bool setup_store_new(App *app, SetupStore **out, Error *err);
void setup_store_free(SetupStore *store);
/* Marks the picture stale; setup_refresh (the engine's hook) rebuilds it from the round's own transaction. */
void setup_changed(SetupStore *store);
/* One row of a resource was written or removed, on the engine's thread: only that row is read again. What the picture
 * does not hold costs nothing. Cost of others: that row, and a copy of its kind's list (16 to 300 bytes a row). */
void setup_row_changed(SetupStore *store, const char *resource, i64 id);
/* Rebuilt as well, but nobody else needs to know. */
void setup_doubted(SetupStore *store);
MUST_CHECK bool setup_refresh(Cycle *cycle, Error *err);
/* First build, from any connection. */
MUST_CHECK bool setup_load(App *app, Db *db, Error *err);
/* For tests, as a command (engine_run): fails, naming the first difference, when the picture is not that of the rows.
 */
MUST_CHECK bool setup_verify(Cycle *cycle, void *ctx, Error *err);
u64 setup_version(const Setup *setup);

/* A view with this rule in its place instead of the one of this id (NULL: without it): what would be decided then?
 * Lives in the arena, points into `setup`. */
const Setup *setup_with_rule(Arena *arena, const Setup *setup, i64 org_id, i64 replaced_id, const Rule *rule);
/* A policy that is not stored (id 0), from its fields as the registry checked them. Points into them. */
SetupPolicy setup_draft_policy(Arena *arena, i64 org_id, const Value *fields);
/* Any typed id text ("usr_..."), whatever its prefix; 0 when it is none. */
i64 setup_ref(const Value *value);

/* What holds alerts (core/quiet/quiet.h); lives as long as the picture. */
const struct Quiet *setup_quiet(const Setup *setup);

/* Lookups; NULL when absent. */
const SetupOrg *setup_org(const Setup *setup, i64 org_id);
const SetupIntegration *setup_integration(const Setup *setup, i64 id);
const SetupIntegration *setup_integration_by_key(const Setup *setup,
                                                 Str key); /* hashed lookup: constant time over keys */
const SetupKey *setup_key_by_hash(const Setup *setup, Str sha256_hex);
const SetupKey *setup_key(const Setup *setup, i64 id);
const SetupUser *setup_user(const Setup *setup, i64 id);
const SetupUser *setup_user_by_email(const Setup *setup, i64 org_id, Str lower_case);
const SetupTeam *setup_team(const Setup *setup, i64 id);
const SetupService *setup_service(const Setup *setup, i64 id);
const SetupPolicy *setup_policy(const Setup *setup, i64 id);
const SetupSchedule *setup_schedule(const Setup *setup, i64 id);
const SetupConnector *setup_connector(const Setup *setup, i64 id);
size_t setup_connector_count(const Setup *setup);
const SetupConnector *setup_connector_at(const Setup *setup, size_t i);
/* By id text, exact name or alias, then case-insensitive name; two candidates: NULL and *out_ambiguous. */
const SetupService *setup_service_named(const Setup *setup, i64 org_id, Str name, bool *out_ambiguous);
size_t setup_org_count(const Setup *setup);
const SetupOrg *setup_org_at(const Setup *setup, size_t i);
size_t setup_user_count(const Setup *setup);
const SetupUser *setup_user_at(const Setup *setup, size_t i);
size_t setup_schedule_count(const Setup *setup);
const SetupSchedule *setup_schedule_at(const Setup *setup, size_t i);

#endif
