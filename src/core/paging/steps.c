/* What a person's notification rule says at an instant: which methods, when, and why one cannot be used. One function
 * for sending, previewing, and for who is skipped in a round robin. */
#include "core/paging/notify.h"

static const SetupContact *contact_of(const SetupUser *user, i64 id) {
  for (size_t i = 0; i < user->contact_count; i++)
    if (user->contacts[i].id == id) return &user->contacts[i];
  return NULL;
}

static const char *why_not(const App *app, const SetupContact *contact) {
  const Channel *channel = contact ? channel_find(app->catalog, contact->kind) : NULL;
  if (!contact) return "contact_method_deleted";
  if (!channel) return "no_provider";
  if (!contact->verified) return "not_verified";
  return channel_is_mail(channel) && !app->relay.url ? "no_smtp" : NULL;
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
    if (before_failed) gained_s = MAX(gained_s, step->delay_s);
    for (size_t k = 0; k < step->contact_count; k++) {
      const SetupContact *contact = contact_of(user, step->contact_ids[k]);
      const char *error = why_not(f->app, contact);
      *VEC_PUSH(f->arena, &out->items) = (PlannedStep){contact, MAX(0, step->delay_s - gained_s), error};
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
