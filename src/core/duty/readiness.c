/* Would they hear a page? For whoever is on call now or soon: their methods, what pages at once, and when it was last
 * seen to work. Asks the function that plans a page's steps. */
#include "core/duty/duty.h"
#include "core/paging/notify.h"

typedef struct Seen {
  i64 tested_ms, delivered_ms;
} Seen;

static bool read_tested(const DbRow *row, void *ctx) {
  ((Seen *)ctx)->tested_ms = db_row_int(row, 0);
  return true;
}

static bool look_back(const DutyCtx *d, const SetupUser *user, Seen *out, Error *err) {
  static const DbStmt TESTED = {"ready_tested",
                                "SELECT COALESCE(MAX(checked_at), 0) FROM contact_method WHERE org_id = $1 AND user_id "
                                "= $2 AND check_status = 'sent'",
                                NULL};
  static const DbStmt ARRIVED = {
      "ready_arrived",
      "SELECT COALESCE(delivered_at, sent_at) FROM notification WHERE contact_method_id = $1 "
      "AND status IN ('sent', 'delivered') ORDER BY id DESC LIMIT 1",
      NULL};
  bool found = false;
  *out = (Seen){0};
  if (!db_query_one(d->db, &TESTED, DB_ARGS(db_int(user->org_id), db_int(user->id)), read_tested, out, &found, err))
    return false;
  for (size_t i = 0; i < user->contact_count; i++) {
    i64 at_ms = 0;
    if (!db_query_int(d->db, &ARRIVED, DB_ARGS(db_int(user->contacts[i].id)), &at_ms, &found, err)) return false;
    if (found) out->delivered_ms = MAX(out->delivered_ms, at_ms);
  }
  return true;
}

typedef struct Last {
  Arena *arena;
  Str error; /* why it failed; empty: it did not */
} Last;

static bool read_last(const DbRow *row, void *ctx) {
  Last *last = ctx;
  if (!str_equal_c(db_row_peek(row, 0), "failed")) return true;
  Str error = db_row_text(row, 1, last->arena);
  last->error = error.len ? utf8_cut(error, 200) : S("nobody said why");
  return true;
}

/* The newest message to it that came to an end, unless a check went out after it failed. */
static bool last_message(const DutyCtx *d, const SetupUser *user, const SetupContact *contact, Last *out, Error *err) {
  static const DbStmt NEWEST = {
      "ready_newest",
      "SELECT n.status, COALESCE(n.error, '') FROM notification n JOIN contact_method c ON c.id = n.contact_method_id "
      "WHERE n.contact_method_id = $1 AND n.org_id = $2 AND n.status IN ('sent', 'delivered', 'failed') "
      "AND (n.status <> 'failed' OR COALESCE(c.check_status, '') <> 'sent' "
      "OR COALESCE(c.checked_at, 0) <= COALESCE(n.failed_at, n.queued_at)) ORDER BY n.id DESC LIMIT 1",
      NULL};
  bool found = false;
  *out = (Last){.arena = d->arena};
  return db_query_one(d->db, &NEWEST, DB_ARGS(db_int(contact->id), db_int(user->org_id)), read_last, out, &found, err);
}

typedef struct Ways {
  ValueVec at_once, failed; /* kinds; sentences */
  bool works;               /* of one that can be used, the last message did not fail */
} Ways;

/* A later step counts for `works`: when a method fails for good, the next one starts at once. */
static bool find_ways(const DutyCtx *d, const SetupUser *user, const StepPlan *plan, Ways *out, Error *err) {
  for (size_t i = 0; i < plan->items.count; i++) {
    const PlannedStep *step = &plan->items.items[i];
    Last last = {0};
    bool again = false;
    if (!step->contact || step->error) continue;
    if (step->delay_s == 0) *VEC_PUSH(d->arena, &out->at_once) = value_string(step->contact->kind);
    for (size_t k = 0; k < i; k++) again = again || plan->items.items[k].contact == step->contact;
    if (again) continue;
    if (!last_message(d, user, step->contact, &last, err)) return false;
    out->works = out->works || last.error.len == 0;
    if (last.error.len)
      *VEC_PUSH(d->arena, &out->failed) = value_string(str_format(d->arena, "the last message to %.*s failed: %.*s",
                                                                  STR_ARG(step->contact->kind), STR_ARG(last.error)));
  }
  return true;
}

static void add_problem(Arena *arena, ValueVec *problems, const char *text) {
  *VEC_PUSH(arena, problems) = value_c(text);
}

static Value time_or_null(Arena *arena, i64 ms) {
  return ms ? value_string(time_text_ms(arena, ms)) : value_null();
}

bool duty_readiness_of(const DutyCtx *d, i64 user_id, MapBuilder *map, bool *out_ready, Error *err) {
  Finding f = {d->app, d->db, d->arena, d->setup, clock_now(&d->app->clock)};
  const SetupUser *user = setup_user(d->setup, user_id);
  StepPlan plan = {0};
  Seen seen = {0};
  Ways ways = {0};
  ValueVec problems = {0};
  i64 verified = 0, broken = 0;
  if (user && !look_back(d, user, &seen, err)) return false;
  if (user) steps_plan(&f, user, false, &plan);
  for (size_t i = 0; user && i < user->contact_count; i++) {
    verified += user->contacts[i].verified && !user->contacts[i].broken;
    broken += user->contacts[i].broken;
  }
  if (user && !find_ways(d, user, &plan, &ways, err)) return false;
  if (verified == 0) add_problem(d->arena, &problems, "no verified contact method: add one and type its code");
  if (verified && ways.at_once.count == 0)
    add_problem(
        d->arena, &problems,
        "no step of the high rule that works tells them at once: give it one with delay 0 and a verified method");
  if (broken) add_problem(d->arena, &problems, "a contact method is broken: change its address or remove it");
  for (size_t i = 0; i < ways.failed.count; i++) *VEC_PUSH(d->arena, &problems) = ways.failed.items[i];
  *out_ready = ways.at_once.count > 0 && ways.works;
  if (*out_ready && !seen.tested_ms && !seen.delivered_ms)
    add_problem(d->arena, &problems, "nothing was ever seen to arrive: send a test");
  map_put_c(map, "user_id", value_string(id_text(d->arena, "usr", user_id)));
  map_put_c(map, "name", user ? value_string(user->name) : value_null());
  map_put_c(map, "verified_methods", value_int(verified));
  map_put_c(map, "at_once", list_done(&ways.at_once));
  map_put_c(map, "last_test_at", time_or_null(d->arena, seen.tested_ms));
  map_put_c(map, "last_delivery_at", time_or_null(d->arena, seen.delivered_ms));
  map_put_c(map, "ready", value_bool(*out_ready));
  map_put_c(map, "problems", list_done(&problems));
  return true;
}

typedef struct Soon {
  i64 user_id, from_ms, schedule_id;
} Soon;
typedef VEC(Soon) Soons;

static bool add_schedule(const DutyCtx *d, const SetupSchedule *schedule, i64 now, i64 to_ms, Soons *all, Error *err) {
  Rendered rendered;
  if (!oncall_range(d->db, d->arena, d->app, schedule, now, to_ms, &rendered, err)) return false;
  for (size_t i = 0; i < rendered.final.count; i++)
    for (size_t k = 0; k < rendered.final.items[i].user_count; k++) {
      Soon soon = {rendered.final.items[i].user_ids[k], rendered.final.items[i].starts_ms, schedule->id};
      Soon *there = NULL;
      for (size_t s = 0; s < all->count && !there; s++)
        if (all->items[s].user_id == soon.user_id) there = &all->items[s];
      if (!there)
        *VEC_PUSH(d->arena, all) = soon;
      else if (soon.from_ms < there->from_ms)
        *there = soon;
    }
  return true;
}

bool duty_readiness(const DutyCtx *d, const i64 *schedule_ids, size_t count, i64 days, Value *out, Error *err) {
  i64 now = clock_now(&d->app->clock);
  Soons all = {0};
  ValueVec items = {0};
  for (size_t i = 0; i < count; i++) {
    const SetupSchedule *schedule = setup_schedule(d->setup, schedule_ids[i]);
    if (schedule && !add_schedule(d, schedule, now, now + days * DAY_MS, &all, err)) return false;
  }
  for (size_t i = 0; i < all.count; i++) {
    MapBuilder map = map_builder(d->arena);
    bool ready = false;
    if (!duty_readiness_of(d, all.items[i].user_id, &map, &ready, err)) return false;
    map_put_c(&map, "on_call", value_bool(all.items[i].from_ms <= now));
    map_put_c(&map, "from", value_string(time_text_ms(d->arena, all.items[i].from_ms)));
    map_put_c(&map, "schedule_id", value_string(id_text(d->arena, "sch", all.items[i].schedule_id)));
    *VEC_PUSH(d->arena, &items) = map_done(&map);
  }
  MapBuilder map = map_builder(d->arena);
  map_put_c(&map, "items", list_done(&items));
  *out = map_done(&map);
  return true;
}

bool duty_remind(Cycle *cycle, i64 user_id, Error *err) {
  static const DbStmt LATELY = {
      "remind_lately",
      "SELECT id FROM notification WHERE org_id = $1 AND id >= $2 AND user_id = $3 AND purpose "
      "= 'reminder' LIMIT 1",
      NULL};
  DutyCtx d = {cycle_app(cycle), cycle->db, cycle->arena, setup_current(cycle_app(cycle)->setup)};
  const SetupUser *user = setup_user(d.setup, user_id);
  MapBuilder map = map_builder(d.arena);
  bool ready = false, found = false;
  i64 id = 0;
  size_t queued = 0;
  if (!user) return fail(err, ERR_NOT_FOUND, "there is no such user");
  if (!duty_readiness_of(&d, user_id, &map, &ready, err)) return false;
  Value state = map_done(&map);
  const Value *problems = value_get_c(&state, "problems");
  if (problems->size == 0)
    return fail(err, ERR_CONFLICT, "%.*s is ready: there is nothing to remind them of", STR_ARG(user->name));
  if (!db_query_int(d.db, &LATELY,
                    DB_ARGS(db_int(user->org_id), db_int(id_at_time(clock_true_ms() - 3600 * 1000)), db_int(user_id)),
                    &id, &found, err))
    return false;
  if (found) return fail(err, ERR_CONFLICT, "%.*s was reminded within the last hour", STR_ARG(user->name));
  Buf text = buf_new(d.arena, KIB(4));
  buf_puts(&text, "You are on call, or will be soon, and a page might not reach you:\n\n");
  for (size_t i = 0; i < problems->size; i++)
    buf_format(&text, "- %.*s\n", STR_ARG(value_text_or(value_at(problems, i), S(""))));
  buf_format(&text, "\nYour contact methods and rules: %s/me", d.app->public_url);
  NotifyText what = {.org_id = user->org_id,
                     .user_id = user_id,
                     .purpose = "reminder",
                     .low = true,
                     .title = S("A page might not reach you"),
                     .text = buf_str(&text)};
  if (!notify_text(cycle, &what, &queued, err)) return false;
  return queued > 0 || fail(err, ERR_CONFLICT,
                            "%.*s has no contact method that could be used, so the reminder cannot reach them either; "
                            "tell them another way, or verify an address for them",
                            STR_ARG(user->name));
}
