/* The ladder walked on paper: the functions that page decide each level at the time at which it would be due. */
#include "core/paging/notify.h"
#include "lang/json.h"

enum { STEPS_MAX = 200 };

typedef struct Walk {
  Finding find;
  const PagePreview *ask;
  Page page; /* there is none: enough of one to decide */
  Snapshot snapshot;
  LevelRun run;
  WhenFacts facts;
  ValueVec steps;
  i64 held_s;  /* the level's people are told not before: quiet hours */
  People told; /* by the levels that this one goes together with */
} Walk;

static Value message_value(const Walk *w, const PlannedStep *step) {
  MapBuilder map = map_builder(w->find.arena);
  i64 at = w->find.at_ms + step->delay_s * 1000;
  map_put_c(&map, "at", value_string(time_text_ms(w->find.arena, at)));
  map_put_c(&map, "after_s", value_int((at - w->ask->at_ms) / 1000));
  map_put_c(&map, "kind", value_string(step->contact ? step->contact->kind : S("none")));
  map_put_c(&map, "label",
            step->contact && step->contact->label.len ? value_string(step->contact->label) : value_null());
  map_put_c(&map, "error", step->error ? value_c(step->error) : value_null());
  return map_done(&map);
}

static Value person_value(Walk *w, i64 user_id, bool *reachable) {
  const SetupUser *user = setup_user(w->find.setup, user_id);
  MapBuilder map = map_builder(w->find.arena);
  StepPlan plan = {0};
  ValueVec messages = {0};
  steps_plan(&w->find, user, w->ask->low, &plan);
  for (size_t i = 0; i < plan.items.count; i++)
    *VEC_PUSH(w->find.arena, &messages) = message_value(w, &plan.items.items[i]);
  if (plan.reachable) w->held_s = MIN(w->held_s, plan.held_s);
  *reachable = *reachable || plan.reachable;
  map_put_c(&map, "user_id", value_string(id_text(w->find.arena, "usr", user_id)));
  map_put_c(&map, "name", value_string(user->name));
  map_put_c(&map, "reachable", value_bool(plan.reachable));
  map_put_c(&map, "messages", list_done(&messages));
  return map_done(&map);
}

static void push_step(Walk *w, const char *what, const char *why, const People *people, bool *reachable) {
  Arena *arena = w->find.arena;
  MapBuilder map = map_builder(arena);
  ValueVec list = {0};
  for (size_t i = 0; people && i < people->count; i++)
    *VEC_PUSH(arena, &list) = person_value(w, people->ids[i], reachable);
  if (people && people->count && !*reachable && str_equal_c(S("paged"), what)) what = "unreachable";
  map_put_c(&map, "at", value_string(time_text_ms(arena, w->find.at_ms)));
  map_put_c(&map, "after_s", value_int((w->find.at_ms - w->ask->at_ms) / 1000));
  map_put_c(&map, "level", value_int(w->run.level));
  map_put_c(&map, "round", value_int(w->run.round));
  map_put_c(&map, "what", value_c(what));
  map_put_c(&map, "reason", why ? value_c(why) : value_null());
  map_put_c(&map, "people", list_done(&list));
  *VEC_PUSH(arena, &w->steps) = map_done(&map);
}

/* Of a level that holds: until its hours begin; for what nobody can foresee as long as it may; or for ever, when nobody
 * is on call. */
static bool wait_on(Walk *w, const SetupLevel *level, const LevelDecision *d) {
  bool foreseen = d->open_end || d->look_again_ms - w->find.at_ms != 60 * 1000;
  push_step(w, "held", d->why, NULL, NULL);
  w->run.held_at_ms = w->find.at_ms;
  w->run.together_from = 0;
  w->find.at_ms = d->open_end ? w->find.at_ms + MAX(level->wait_s, (i64)HOLD_S_MIN) * 1000 : d->look_again_ms;
  return foreseen;
}

/* As page_level.c does. */
static void go_on(Walk *w, const SetupLevel *level, const LevelDecision *d, bool reachable) {
  bool told = d->act == LEVEL_TELLS && reachable;
  if (d->act == LEVEL_SKIPS || (d->act == LEVEL_TELLS && !reachable)) w->run.attempt = level->attempts;
  i64 now = w->find.at_ms;
  i64 told_ms = told ? now + w->held_s * 1000 : d->act == LEVEL_TOLD ? now : 0;
  w->find.at_ms = ladder_due(&w->snapshot, &w->run, now, told_ms);
  for (size_t i = 0; told && i < d->people.count && w->told.count < TARGETS_MAX; i++)
    w->told.ids[w->told.count++] = d->people.ids[i];
}

static bool walk_level(Walk *w, bool *out_more, Error *err) {
  const SetupLevel *level = &w->snapshot.levels[w->run.level - 1];
  LevelDecision d;
  bool reachable = false;
  w->held_s = INT32_MAX;
  if (w->run.together_from == 0) w->told.count = 0;
  if (!level_decide(&w->find, &w->page, &w->snapshot, &w->run, &w->facts, &w->told, false, &d, err)) return false;
  if (d.act == LEVEL_HOLDS) return *out_more = wait_on(w, level, &d), true;
  w->run.held_at_ms = 0;
  push_step(w,
            d.act == LEVEL_SKIPS || d.act == LEVEL_TOLD ? "skipped"
            : d.act == LEVEL_NOBODY                     ? "nobody"
                                                        : "paged",
            d.why, &d.people, &reachable);
  go_on(w, level, &d, reachable);
  *out_more = ladder_next(&w->snapshot, &w->run.level, &w->run.round, &w->run.attempt);
  if (*out_more) return true;
  People people = {0};
  w->run.level = 0;
  w->run.round = w->snapshot.repeat;
  if (!exhausted_users(&w->find, &w->snapshot, w->ask->org_id, w->ask->team_id, &people, err)) return false;
  push_step(w, "exhausted", "nobody answered", &people, &reachable);
  return true;
}

bool page_preview(App *app, Db *db, Arena *arena, const Setup *setup, const PagePreview *ask, Value *out, Error *err) {
  const SetupPolicy *policy = ask->draft ? ask->draft : setup_policy(setup, ask->policy_id);
  const SetupOrg *org = setup_org(setup, ask->org_id);
  Walk w = {.find = {app, db, arena, setup, ask->at_ms},
            .ask = ask,
            .page = {.org_id = ask->org_id, .policy_id = ask->policy_id, .team_id = ask->team_id},
            .run = {.level = 1, .attempt = 1},
            .facts = {.priority = ask->priority, .labels = ask->labels}};
  Str json = policy              ? snapshot_json(arena, policy)
             : ask->target_count ? snapshot_of_targets(arena, ask->targets, ask->target_count)
                                 : snapshot_of_owners(arena, org);
  if (!snapshot_read(arena, json, &w.snapshot, err)) return false;
  for (bool more = w.snapshot.level_count > 0; more && w.steps.count < STEPS_MAX;)
    if (!walk_level(&w, &more, err)) return false;
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "policy_id", policy && policy->id ? value_string(id_text(arena, "pol", policy->id)) : value_null());
  map_put_c(&map, "name", policy ? value_string(policy->name) : value_string(S("by hand")));
  map_put_c(&map, "urgency", value_c(ask->low ? "low" : "high"));
  map_put_c(&map, "steps", list_done(&w.steps));
  *out = map_done(&map);
  return true;
}
