/* Would a page reach somebody? Organizations, their owners and last policy; people without a way to be told; policies
 * and schedules that lead to nobody now. */
#include <string.h>

#include "core/duty/duty.h"
#include "core/operations/doctor.h"
#include "core/paging/notify.h"
#include "core/setup/setup.h"

enum { SHOWN_MAX = 20 };

static const DbStmt USERS = {"doctor_users",
                             "SELECT id FROM account WHERE status <> 'deactivated' ORDER BY id LIMIT 10000", NULL};
static const DbStmt POLICIES = {"doctor_policies", "SELECT id FROM escalation_policy ORDER BY id LIMIT 10000", NULL};

typedef struct Walk {
  Doctor *doctor;
  const Setup *setup;
  VEC(i64) ids;
} Walk;

static bool note_id(const DbRow *row, void *ctx) {
  Walk *walk = ctx;
  *VEC_PUSH(walk->doctor->arena, &walk->ids) = db_row_int(row, 0);
  return true;
}

static bool list_ids(Walk *walk, const DbStmt *stmt, Error *err) {
  memset(&walk->ids, 0, sizeof walk->ids);
  return db_query(walk->doctor->db, stmt, 0, NULL, note_id, walk, err);
}

static void look_at_organizations(Walk *walk) {
  Doctor *doctor = walk->doctor;
  size_t count = setup_org_count(walk->setup);
  if (count == 0)
    finding(doctor, FINDING_ERROR, "organization", "there is none; open the set-up link, or run tocsin init");
  for (size_t i = 0; i < count; i++) {
    const SetupOrg *org = setup_org_at(walk->setup, i);
    if (org->owner_count == 0)
      finding(doctor, FINDING_ERROR, "organization",
              "%.*s has no owner, so nobody is told what reaches nobody; make one", STR_ARG(org->name));
    if (!setup_policy(walk->setup, org->policy_id))
      finding(doctor, FINDING_WARNING, "organization",
              "%.*s has no policy of its own: what no rule, service or team pages is unrouted; set policy_id",
              STR_ARG(org->name));
    else if (org->owner_count)
      finding(doctor, FINDING_OK, "organization", "%.*s, %zu owners", STR_ARG(org->name), org->owner_count);
  }
}

/* Why nothing would arrive there, as words; NULL: something would. `word`: what sending says about it. */
static const char *obstacle(Doctor *doctor, const SetupContact *contact, const char *word) {
  static const char *const WORDS[][2] = {{"no_provider", "this server cannot send to it"},
                                         {"not_verified", "it is not verified"},
                                         {"no_smtp", "e-mail needs --smtp-url"}};
  for (size_t i = 0; word && i < COUNT(WORDS); i++)
    if (strcmp(word, WORDS[i][0]) == 0) return WORDS[i][1];
  if (word) return word;
  if (contact->broken) return "its provider says that it is gone";
  const ReachedHost *host = str_starts_with(contact->address, S("http")) ? doctor_host(doctor, contact->address) : NULL;
  return host && host->why.code == ERR_FORBIDDEN ? "its address is private; see --outbound-allow" : NULL;
}

/* Of an urgent page, by the steps that paging plans. *out_why: what stands in the way of the last method. */
static bool user_reachable(Walk *walk, const SetupUser *user, Str *out_why) {
  Doctor *doctor = walk->doctor;
  Finding find = {.app = doctor->app, .db = doctor->db, .arena = doctor->arena, .setup = walk->setup};
  StepPlan plan = {0};
  *out_why = S("there is no contact method");
  if (!user || str_equal_c(user->status, "deactivated")) return false;
  steps_plan(&find, user, false, &plan);
  for (size_t i = 0; i < plan.items.count; i++) {
    const SetupContact *contact = plan.items.items[i].contact;
    if (!contact) continue;
    const char *why = obstacle(doctor, contact, plan.items.items[i].error);
    if (!why) return true;
    *out_why = str_format(doctor->arena, "%.*s %.*s: %s", STR_ARG(contact->kind), STR_ARG(contact->address), why);
  }
  return false;
}

static bool look_at_users(Walk *walk, Error *err) {
  size_t bad = 0;
  if (!list_ids(walk, &USERS, err)) return false;
  for (size_t i = 0; i < walk->ids.count; i++) {
    const SetupUser *user = setup_user(walk->setup, walk->ids.items[i]);
    Str why = STR_NONE;
    if (!user || user_reachable(walk, user, &why)) continue;
    if (bad++ < SHOWN_MAX)
      finding(walk->doctor, FINDING_WARNING, "people",
              "%.*s (%.*s) would not be told of an urgent page: no step leads to a contact method that works (%.*s); "
              "give one",
              STR_ARG(user->name), STR_ARG(user->email), STR_ARG(why));
  }
  if (bad > SHOWN_MAX)
    finding(walk->doctor, FINDING_WARNING, "people", "and %zu more would not be told", bad - SHOWN_MAX);
  if (bad == 0) finding(walk->doctor, FINDING_OK, "people", "all %zu would be told of a page", walk->ids.count);
  return true;
}

/* Who has it now. False: it cannot be said. */
static bool shift_now(Walk *walk, const SetupSchedule *schedule, Shift *out) {
  Error ignored = {0};
  i64 now = clock_now(&walk->doctor->app->clock);
  return oncall_now(walk->doctor->db, walk->doctor->arena, walk->doctor->app, schedule, now, out, &ignored);
}

static bool schedule_reaches(Walk *walk, const SetupSchedule *schedule) {
  Shift shift = {0};
  Str why = STR_NONE;
  if (!schedule) return false;
  if (!shift_now(walk, schedule, &shift)) return true;
  for (size_t i = 0; i < shift.user_count; i++)
    if (user_reachable(walk, setup_user(walk->setup, shift.user_ids[i]), &why)) return true;
  return false;
}

/* Its next gap of those that it asks somebody for; false: none in sight. */
static bool next_gap(Walk *walk, const SetupSchedule *schedule, i64 now, Shift *out) {
  const App *app = walk->doctor->app;
  Arena *arena = walk->doctor->arena;
  Rendered rendered;
  ShiftList gaps;
  Error ignored = {0};
  if (!oncall_range(walk->doctor->db, arena, app, schedule, now, now + GAP_DAYS * DAY_MS, &rendered, &ignored))
    return false;
  duty_gaps(app, arena, schedule, &rendered.gaps, rendered.holidays, &gaps);
  if (gaps.count) *out = gaps.items[0];
  return gaps.count > 0;
}

static void look_at_schedules(Walk *walk) {
  Doctor *doctor = walk->doctor;
  size_t good = 0, count = setup_schedule_count(walk->setup);
  i64 now = clock_now(&doctor->app->clock);
  for (size_t i = 0; i < count; i++) {
    const SetupSchedule *schedule = setup_schedule_at(walk->setup, i);
    Shift gap = {0};
    if (!next_gap(walk, schedule, now, &gap)) {
      good++;
    } else if (gap.starts_ms <= now) {
      finding(doctor, FINDING_WARNING, "schedules", "nobody is on call from %.*s now, until %.*s; fill the gap",
              STR_ARG(schedule->name), STR_ARG(time_text_ms(doctor->arena, gap.ends_ms)));
    } else {
      finding(doctor, FINDING_NOTE, "schedules",
              "nobody is on call from %.*s after %.*s; fill the gap, or set its coverage if that is meant",
              STR_ARG(schedule->name), STR_ARG(time_text_ms(doctor->arena, gap.starts_ms)));
    }
  }
  if (count && good == count) finding(doctor, FINDING_OK, "schedules", "all %zu have somebody on call", count);
}

static bool target_reaches(Walk *walk, const SetupTarget *target) {
  Str why = STR_NONE;
  if (target->kind == TARGET_USER) return user_reachable(walk, setup_user(walk->setup, target->id), &why);
  if (target->kind == TARGET_TEAM) {
    const SetupTeam *team = setup_team(walk->setup, target->id);
    for (size_t i = 0; team && i < team->member_count; i++)
      if (user_reachable(walk, setup_user(walk->setup, team->members[i].user_id), &why)) return true;
    return false;
  }
  return target->kind == TARGET_SCHEDULE && schedule_reaches(walk, setup_schedule(walk->setup, target->id));
}

static bool policy_reaches(Walk *walk, const SetupPolicy *policy) {
  for (size_t l = 0; l < policy->level_count; l++)
    for (size_t t = 0; t < policy->levels[l].target_count; t++)
      if (target_reaches(walk, &policy->levels[l].targets[t])) return true;
  return false;
}

static bool look_at_policies(Walk *walk, Error *err) {
  size_t bad = 0;
  if (!list_ids(walk, &POLICIES, err)) return false;
  for (size_t i = 0; i < walk->ids.count; i++) {
    const SetupPolicy *policy = setup_policy(walk->setup, walk->ids.items[i]);
    if (!policy || policy_reaches(walk, policy)) continue;
    if (bad++ < SHOWN_MAX)
      finding(walk->doctor, FINDING_ERROR, "policies",
              "%.*s reaches nobody now at any level; add somebody who can be told", STR_ARG(policy->name));
  }
  if (bad == 0 && walk->ids.count)
    finding(walk->doctor, FINDING_OK, "policies", "all %zu reach somebody now", walk->ids.count);
  return true;
}

bool doctor_people(Doctor *doctor, Error *err) {
  Walk walk = {.doctor = doctor, .setup = setup_take(doctor->app->setup)};
  look_at_organizations(&walk);
  bool ok = look_at_users(&walk, err) && look_at_policies(&walk, err);
  if (ok) look_at_schedules(&walk);
  setup_give(walk.setup);
  return ok;
}
