/* Whom a hold belongs to, and what people call it. A silence is its maker's, else its integration's team's; a window
 * its team's, else that of the teams of what it is about, else its maker's; a rule that suppresses its team's, quiet
 * mode the integration's; all else is a matter of the teams whose alerts are held. */
#include "core/quiet/owner.h"

#include "core/alerts/rule.h"

typedef struct Finding {
  Arena *arena;
  const Setup *setup;
  const QuietCause *cause;
  QuietOwners *out;
  size_t teams;
} Finding;

static bool is(const QuietCause *cause, const char *reason) {
  return str_equal_c(cause->reason, reason);
}

static void add_user(Finding *f, i64 user_id) {
  const SetupUser *user = setup_user(f->setup, user_id);
  QuietOwners *out = f->out;
  if (!user || !str_equal_c(user->status, "active")) return;
  for (size_t i = 0; i < out->count; i++)
    if (out->user_ids[i] == user_id) return;
  out->user_ids = arena_grow(f->arena, out->user_ids, out->count * sizeof(i64), (out->count + 1) * sizeof(i64));
  out->user_ids[out->count++] = user_id;
}

static void add_team(Finding *f, i64 team_id) {
  const SetupTeam *team = setup_team(f->setup, team_id);
  if (!team) return;
  f->out->team_id = f->teams++ == 0 || f->out->team_id == team_id ? team_id : 0;
  for (size_t i = 0; i < team->member_count; i++) add_user(f, team->members[i].user_id);
}

static void add_integration(Finding *f, i64 integration_id) {
  const SetupIntegration *in = setup_integration(f->setup, integration_id);
  if (in) add_team(f, in->team_id);
}

static const Rule *rule_of(const Setup *setup, const QuietCause *cause) {
  const SetupOrg *org = setup_org(setup, cause->org_id);
  for (size_t i = 0; org && i < org->rule_count; i++)
    if (org->rules[i]->id == cause->id) return org->rules[i];
  return NULL;
}

static void add_window(Finding *f, const MaintenanceWindow *w) {
  add_team(f, w->team_id);
  for (size_t i = 0; i < w->match_count && w->team_id == 0; i++) {
    const SetupService *service = setup_service(f->setup, w->matches[i].service_id);
    if (service) add_team(f, service->team_id);
    add_integration(f, w->matches[i].integration_id);
  }
  if (f->out->count == 0) add_user(f, w->user_id);
}

static void add_own(Finding *f) {
  const QuietCause *cause = f->cause;
  const Quiet *quiet = setup_quiet(f->setup);
  const Silence *silence = is(cause, "silence") ? quiet_silence(quiet, cause->id) : NULL;
  const MaintenanceWindow *window = is(cause, "maintenance") ? quiet_window(quiet, cause->id) : NULL;
  const Rule *rule = is(cause, "suppressed") ? rule_of(f->setup, cause) : NULL;
  if (silence) add_user(f, silence->user_id);
  if (silence && f->out->count == 0) add_integration(f, silence->match.integration_id);
  if (window) add_window(f, window);
  if (rule) add_team(f, rule->team_id);
  if (is(cause, "quiet")) add_integration(f, cause->integration_id);
}

bool quiet_has_owner(const Setup *setup, const QuietCause *cause) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  QuietOwners found = {0};
  Finding f = {.arena = arena, .setup = setup, .cause = cause, .out = &found};
  add_own(&f);
  return found.count > 0;
}

void quiet_owners(Arena *arena, const Setup *setup, const QuietCause *cause, QuietOwners *out) {
  const SetupOrg *org = setup_org(setup, cause->org_id);
  *out = (QuietOwners){0};
  Finding f = {.arena = arena, .setup = setup, .cause = cause, .out = out};
  add_own(&f);
  if (out->count == 0) add_team(&f, cause->team_id);
  if (out->count == 0) add_integration(&f, cause->integration_id);
  bool nobody = out->count == 0;
  for (size_t i = 0; org && nobody && i < org->owner_count; i++) add_user(&f, org->owner_ids[i]);
}

Str quiet_cause_name(Arena *arena, const Setup *setup, const QuietCause *cause) {
  const Quiet *quiet = setup_quiet(setup);
  const Silence *silence = is(cause, "silence") ? quiet_silence(quiet, cause->id) : NULL;
  const MaintenanceWindow *window = is(cause, "maintenance") ? quiet_window(quiet, cause->id) : NULL;
  const InhibitionRule *inhibition = is(cause, "inhibition") ? quiet_rule(quiet, cause->id) : NULL;
  const Rule *rule = is(cause, "suppressed") || is(cause, "pause") ? rule_of(setup, cause) : NULL;
  const SetupIntegration *in = is(cause, "quiet") ? setup_integration(setup, cause->integration_id) : NULL;
  const char *kind = is(cause, "silence")       ? "Silence"
                     : is(cause, "maintenance") ? "Maintenance"
                     : is(cause, "inhibition")  ? "Inhibition rule"
                     : is(cause, "suppressed")  ? "Rule"
                     : is(cause, "pause")       ? "Rule"
                                                : "Quiet mode of";
  Str name = silence      ? utf8_cut(silence->comment, 200)
             : window     ? window->name
             : inhibition ? inhibition->name
             : rule       ? rule->name
             : in         ? in->name
                          : STR_NONE;
  if (name.len) return str_format(arena, "%s \"%.*s\"", kind, STR_ARG(name));
  if (silence && silence->who.len) return str_format(arena, "%s of %.*s", kind, STR_ARG(utf8_cut(silence->who, 100)));
  if (silence || is(cause, "silence"))
    return str_format(arena, "%s %.*s", kind, STR_ARG(id_text(arena, "sil", cause->id)));
  return str_format(arena, "%s that is gone", kind);
}
