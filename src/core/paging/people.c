/* Who a target, a level, or the end of a ladder is at an instant; whose turn it is in a round robin. The same functions
 * page and preview. */
#include <stdio.h>

#include "core/oncall/oncall.h"
#include "core/paging/notify.h"
#include "lang/json.h"

static void add_user(const Setup *setup, i64 id, People *out) {
  const SetupUser *user = setup_user(setup, id);
  if (!user || str_equal_c(user->status, "deactivated") || out->count == TARGETS_MAX) return;
  for (size_t i = 0; i < out->count; i++)
    if (out->ids[i] == id) return;
  out->ids[out->count++] = id;
}

bool target_users(const Finding *f, const SetupTarget *target, People *out, i64 *out_until_ms, Error *err) {
  const SetupTeam *team = target->kind == TARGET_TEAM ? setup_team(f->setup, target->id) : NULL;
  if (target->kind == TARGET_USER) add_user(f->setup, target->id, out);
  for (size_t i = 0; team && i < team->member_count; i++) add_user(f->setup, team->members[i].user_id, out);
  const SetupSchedule *schedule = target->kind == TARGET_SCHEDULE ? setup_schedule(f->setup, target->id) : NULL;
  if (!schedule) return true;
  Shift shift = {0};
  if (!oncall_now(f->db, f->arena, f->app, schedule, f->at_ms, &shift, err)) return false;
  for (size_t i = 0; i < shift.user_count; i++) add_user(f->setup, shift.user_ids[i], out);
  if (out_until_ms && shift.ends_ms) *out_until_ms = MIN(*out_until_ms, shift.ends_ms);
  return true;
}

bool level_users(const Finding *f, const SetupLevel *level, People *out, Error *err) {
  out->count = 0;
  for (size_t i = 0; i < level->target_count; i++)
    if (!target_users(f, &level->targets[i], out, NULL, err)) return false;
  return true;
}

static void owners_of_team(const Finding *f, i64 team_id, People *out) {
  const SetupTeam *team = setup_team(f->setup, team_id);
  for (size_t i = 0; team && i < team->member_count; i++)
    if (team->members[i].owner) add_user(f->setup, team->members[i].user_id, out);
}

void owners_of_organization(const Finding *f, i64 org_id, People *out) {
  const SetupOrg *org = setup_org(f->setup, org_id);
  for (size_t i = 0; org && i < org->owner_count; i++) add_user(f->setup, org->owner_ids[i], out);
}

static bool anybody_available(const Finding *f, const People *people) {
  for (size_t i = 0; i < people->count; i++)
    if (user_is_available(f, people->ids[i])) return true;
  return false;
}

/* The policy's word, else the team's owners, then the organization's: the next of them, too, while nobody can be told.
 */
bool exhausted_users(const Finding *f, const Snapshot *snapshot, i64 org_id, i64 team_id, People *out, Error *err) {
  out->count = 0;
  for (size_t i = 0; i < snapshot->exhausted_count; i++)
    if (!target_users(f, &snapshot->exhausted[i], out, NULL, err)) return false;
  if (anybody_available(f, out)) return true;
  owners_of_team(f, team_id, out);
  if (!anybody_available(f, out)) owners_of_organization(f, org_id, out);
  return true;
}

/* Round robin ------------------------------------------------------------------------------------------------------ */

static const DbStmt TURN_OF = {"round_robin_turn", "SELECT value FROM counter WHERE org_id = $1 AND name = $2", NULL};
static const DbStmt TURN_SET = {"round_robin_set",
                                "INSERT INTO counter (org_id, name, value) VALUES ($1, $2, $3) ON CONFLICT (org_id, "
                                "name) DO UPDATE SET value = $3",
                                NULL};
static const DbStmt TURNS_OF_PAGE = {"round_robin_page", "SELECT turns FROM page WHERE id = $1", NULL};
static const DbStmt TURNS_BEFORE = {"round_robin_before",
                                    "SELECT turns FROM page WHERE subject_id = $1 AND policy_id = $2 AND id < $3 AND "
                                    "turns IS NOT NULL ORDER BY id DESC LIMIT 1",
                                    NULL};
static const DbStmt TURNS_KEEP = {"round_robin_keep", "UPDATE page SET turns = $2 WHERE id = $1", NULL};

typedef struct ReadingTurns {
  Arena *arena;
  Value turns;
} ReadingTurns;

static bool read_turns(const DbRow *row, void *ctx) {
  ReadingTurns *r = ctx;
  Error ignored = {0};
  Str text = db_row_text(row, 0, r->arena);
  if (!text.len || !json_parse(r->arena, text, NULL, &r->turns, &ignored)) r->turns = value_null();
  return true;
}

/* Whom this page, or the last one about the same subject, chose for the level; 0: nobody yet. */
static bool chosen_before(const Finding *f, const Page *page, const char *level, Value *out_turns, i64 *out_user,
                          Error *err) {
  ReadingTurns own = {.arena = f->arena, .turns = value_null()}, last = own;
  bool found = false;
  if (!db_query_one(f->db, &TURNS_OF_PAGE, DB_ARGS(db_int(page->id)), read_turns, &own, &found, err)) return false;
  *out_turns = own.turns;
  *out_user = value_int_or(value_get_c(&own.turns, level), 0);
  if (*out_user || page->subject_id == 0) return true;
  if (!db_query_one(f->db, &TURNS_BEFORE, DB_ARGS(db_int(page->subject_id), db_int(page->policy_id), db_int(page->id)),
                    read_turns, &last, &found, err))
    return false;
  *out_user = value_int_or(value_get_c(&last.turns, level), 0);
  return true;
}

static bool keep_turn(const Finding *f, const Page *page, const Value *turns, const char *level, i64 user_id,
                      Error *err) {
  MapBuilder map = map_builder(f->arena);
  for (size_t i = 0; value_is(turns, VALUE_MAP) && i < turns->size; i++)
    map_put(&map, value_text(&turns->members[i].key), turns->members[i].value);
  map_put_c(&map, level, value_int(user_id));
  Value fresh = map_done(&map);
  return db_run(f->db, &TURNS_KEEP, err, db_int(page->id), db_text(json_text(f->arena, &fresh)));
}

static size_t place_in(const People *people, i64 id) {
  size_t i = 0;
  while (i < people->count && people->ids[i] != id) i++;
  return i;
}

/* Who comes after `last`, without those who cannot be reached; the next one when none can. */
static i64 next_turn(const Finding *f, const People *people, i64 last) {
  size_t at = place_in(people, last), start = at < people->count ? at + 1 : 0;
  for (size_t i = 0; i < people->count; i++) {
    i64 id = people->ids[(start + i) % people->count];
    if (user_is_available(f, id)) return id;
  }
  return people->ids[start % people->count];
}

bool round_robin(const Finding *f, const Page *page, i64 level, bool write, People *people, Error *err) {
  char name[24];
  snprintf(name, sizeof name, "%lld", (long long)level);
  Str counter = str_format(f->arena, "round_robin/%lld/%s", (long long)page->policy_id, name);
  Value turns = value_null();
  i64 user = 0, last = 0;
  bool found = false;
  if (people->count < 2) return true;
  if (!chosen_before(f, page, name, &turns, &user, err)) return false;
  if (!user || place_in(people, user) == people->count || !user_is_available(f, user)) {
    if (!db_query_int(f->db, &TURN_OF, DB_ARGS(db_int(page->org_id), db_text(counter)), &last, &found, err))
      return false;
    user = next_turn(f, people, last);
    if (write && !db_run(f->db, &TURN_SET, err, db_int(page->org_id), db_text(counter), db_int(user))) return false;
  }
  if (write && !keep_turn(f, page, &turns, name, user, err)) return false;
  people->ids[0] = user;
  people->count = 1;
  return true;
}
