/* What one level does at an instant: tells these people, is skipped, waits, or has nobody. Decided from memory and
 * reads alone, for the page that runs and for its preview. */
#include "core/paging/internal.h"

enum { EMPTY_LOOK_S = 60 };

static bool decide_condition(const Finding *f, const Page *page, const LevelRun *run, const SetupLevel *level,
                             const WhenFacts *given, LevelDecision *out, Error *err) {
  When when = {0};
  bool holds = false;
  out->act = LEVEL_TELLS;
  if (run->forced || level->when.kind != VALUE_MAP) return true;
  if (given) {
    WhenFacts facts = *given;
    facts.round = run->round;
    holds = when_holds(f, &level->when, page->org_id, &facts, &when);
  } else if (!when_holds_for(f, &level->when, page, run->round, &when, &holds, err))
    return false;
  if (holds) return true;
  i64 hold_ms = MAX(level->wait_s, (i64)HOLD_S_MIN) * 1000;
  bool long_enough = when.open_end && run->held_at_ms && f->at_ms >= run->held_at_ms + hold_ms;
  out->act = when.hold && !long_enough ? LEVEL_HOLDS : LEVEL_SKIPS;
  out->open_end = when.open_end;
  out->why = when.why;
  out->look_again_ms = when.look_again_ms;
  return true;
}

/* The last level has nobody: the policy says what then. */
static bool decide_empty(const Finding *f, const Page *page, const Snapshot *snapshot, const LevelRun *run,
                         LevelDecision *out, Error *err) {
  bool last = run->level == (i64)snapshot->level_count;
  out->act = LEVEL_NOBODY;
  if (last && snapshot->on_empty == ON_EMPTY_HOLD) {
    out->act = LEVEL_HOLDS;
    out->why = "nobody is on call";
    out->look_again_ms = f->at_ms + EMPTY_LOOK_S * 1000;
  }
  if (!last || snapshot->on_empty != ON_EMPTY_FALLBACK) return true;
  if (!exhausted_users(f, snapshot, page->org_id, page->team_id, &out->people, err)) return false;
  if (out->people.count) out->act = LEVEL_TELLS;
  return true;
}

static bool is_among(const People *people, i64 id) {
  for (size_t i = 0; i < people->count; i++)
    if (people->ids[i] == id) return true;
  return false;
}

static void leave_out(const People *told, People *people) {
  size_t kept = 0;
  for (size_t i = 0; i < people->count; i++)
    if (!is_among(told, people->ids[i])) people->ids[kept++] = people->ids[i];
  people->count = kept;
}

bool level_decide(const Finding *f, const Page *page, const Snapshot *snapshot, const LevelRun *run,
                  const WhenFacts *given, const People *told, bool write, LevelDecision *out, Error *err) {
  const SetupLevel *level = &snapshot->levels[run->level - 1];
  *out = (LevelDecision){0};
  if (!decide_condition(f, page, run, level, given, out, err)) return false;
  if (out->act != LEVEL_TELLS) return true;
  if (!level_users(f, level, &out->people, err)) return false;
  bool anybody = out->people.count > 0;
  leave_out(told, &out->people);
  if (anybody && out->people.count == 0) {
    out->act = LEVEL_TOLD;
    out->why = "everybody of it was told just now";
    return true;
  }
  if (level->round_robin && !round_robin(f, page, run->level, write, &out->people, err)) return false;
  return out->people.count > 0 || decide_empty(f, page, snapshot, run, out, err);
}
