/* What a person's notification rule says at an instant: which methods, when, and why one cannot be used. One function
 * for sending, previewing, and for who is skipped in a round robin. */
#include "core/oncall/oncall.h"
#include "core/paging/notify.h"

static const SetupContact *contact_of(const SetupUser *user, i64 id) {
  for (size_t i = 0; i < user->contact_count; i++)
    if (user->contacts[i].id == id) return &user->contacts[i];
  return NULL;
}

const char *kind_why_not(const Finding *f, i64 org_id, Str kind) {
  if (!provider_exists(f, org_id, kind)) return "no_provider";
  return str_equal_c(kind, "email") && !f->app->relay.url ? "no_smtp" : NULL;
}

const char *contact_why_not(const Finding *f, i64 org_id, const SetupContact *contact) {
  if (!contact) return "contact_method_deleted";
  if (!provider_exists(f, org_id, contact->kind)) return "no_provider";
  if (!contact->verified) return "not_verified";
  if (contact->broken) return "broken";
  return kind_why_not(f, org_id, contact->kind);
}

/* Seconds that a message of low urgency waits for the end of the person's quiet hours. */
static i64 quiet_s(const Finding *f, const SetupUser *user, bool low) {
  const SetupOrg *org = setup_org(f->setup, user->org_id);
  const Zone *zone = user->zone ? user->zone : org ? org->zone : zone_utc();
  i64 ends = 0;
  if (!low || !value_is(&user->quiet_hours, VALUE_LIST) || user->quiet_hours.size == 0) return 0;
  return oncall_in_windows(f->arena, &user->quiet_hours, zone, (Holidays){0}, f->at_ms, &ends)
             ? (ends - f->at_ms + 999) / 1000
             : 0;
}

/* A list that is empty: e-mail and push, and when there is neither, whatever there is. */
static SetupSteps fallback_steps(Arena *arena, const SetupUser *user) {
  SetupSteps steps = {.items = ARENA_NEW(arena, SetupStep), .count = user->contact_count > 0};
  SetupStep *step = steps.items;
  step->contact_ids = ARENA_ARRAY(arena, i64, user->contact_count + 1);
  for (size_t i = 0; i < user->contact_count; i++)
    if (str_equal_c(user->contacts[i].kind, "email") || str_equal_c(user->contacts[i].kind, "push"))
      step->contact_ids[step->contact_count++] = user->contacts[i].id;
  if (step->contact_count == 0 && steps.count) step->contact_ids[step->contact_count++] = user->contacts[0].id;
  return steps;
}

/* The delay that is in force: a step behind one that failed at once starts in its place. */
void steps_plan(const Finding *f, const SetupUser *user, bool low, StepPlan *out) {
  SetupSteps steps = low ? user->low : user->high;
  *out = (StepPlan){0};
  out->held_s = quiet_s(f, user, low);
  if (steps.count == 0) steps = fallback_steps(f->arena, user);
  if (steps.count == 0) {
    *VEC_PUSH(f->arena, &out->items) = (PlannedStep){.error = "no_contact_method"};
    return;
  }
  i64 gained_s = 0; /* what failed steps give up to those behind them */
  bool before_failed = true;
  for (size_t i = 0; i < steps.count; i++) {
    const SetupStep *step = &steps.items[i];
    bool any = false;
    if (i > 0 && before_failed) gained_s = MAX(gained_s, step->delay_s);
    for (size_t k = 0; k < step->contact_count; k++) {
      const SetupContact *contact = contact_of(user, step->contact_ids[k]);
      const char *error = contact_why_not(f, user->org_id, contact);
      *VEC_PUSH(f->arena, &out->items) = (PlannedStep){contact, out->held_s + MAX(0, step->delay_s - gained_s), error};
      any = any || !error;
    }
    before_failed = before_failed && !any;
    out->reachable = out->reachable || any;
  }
}

bool user_is_available(const Finding *f, i64 user_id) {
  const SetupUser *user = setup_user(f->setup, user_id);
  StepPlan plan = {0};
  if (!user || str_equal_c(user->status, "deactivated")) return false;
  steps_plan(f, user, false, &plan);
  return plan.reachable;
}
