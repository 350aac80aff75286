/* One level of a page is due: does its condition hold, who is it now, tell them, and plan the next. A level with nobody
 * is left out at once and said. After the last level the rounds repeat; after the last round the page is exhausted,
 * which is told to somebody loudly. After an acknowledgement the ladder goes on, once, for levels that are to be told
 * until it is resolved. */
#include "core/alerts/alerts.h"
#include "core/paging/internal.h"
#include "lang/json.h"

static const DbStmt PAGE_AT_LEVEL = {"page_at_level",
                                     "UPDATE page SET level = $2, round = $3, next_escalation_at = $4, updated_at = "
                                     "$5, version = version + 1 WHERE id = $1",
                                     NULL};
static const DbStmt PAGE_EXHAUSTED_ROW = {"page_exhausted",
                                          "UPDATE page SET status = 'exhausted', reason = $2, next_escalation_at = $3, "
                                          "updated_at = $4, version = version + 1 WHERE id = $1",
                                          NULL};
static const DbStmt STOP_PREVIOUS = {"level_stop_previous",
                                     "UPDATE notification SET status = 'skipped', error = 'escalated', updated_at = "
                                     "$4, version = version + 1 WHERE page_id = $1 AND status = 'queued' AND purpose = "
                                     "'page' AND (level <> $2 OR round <> $3)",
                                     NULL};

typedef struct Levelling {
  Cycle *cycle;
  Page *page;
  Finding find;
  Snapshot snapshot;
  LevelRun run;
} Levelling;

Finding finding_of(Cycle *cycle) {
  App *app = cycle_app(cycle);
  return (Finding){app, cycle->db, cycle->arena, setup_current(app->setup), cycle->now_ms};
}

/* Telling --------------------------------------------------------------------------------------------------------- */

static bool tell_level(Levelling *l, const People *people, const char *kind, const char *why, Error *err) {
  Buf data = buf_new(l->cycle->arena, KIB(64));
  buf_format(&data, "{\"level\":%lld,\"round\":%lld,\"page_id\":", (long long)l->run.level, (long long)l->run.round);
  json_write_string(&data, id_text(l->cycle->arena, "pag", l->page->id));
  if (why) {
    buf_puts(&data, ",\"reason\":");
    json_write_string(&data, str_from_c(why));
  }
  buf_puts(&data, ",\"users\":[");
  for (size_t i = 0; i < people->count; i++) {
    const SetupUser *user = setup_user(l->find.setup, people->ids[i]);
    if (i) buf_putc(&data, ',');
    json_write_string(&data, user ? user->name : S(""));
  }
  buf_puts(&data, "]}");
  return page_tell(l->cycle, l->page, kind, &WHO_SYSTEM, buf_str(&data), err);
}

/* queued: how many messages are on their way; 0: none of them can be told. held_s: nobody is told before. asleep:
 * somebody has snoozed it for themselves. */
static bool notify_all(Levelling *l, const People *people, const char *purpose, Notified *out, Error *err) {
  *out = (Notified){.held_s = INT32_MAX};
  for (size_t i = 0; i < people->count; i++) {
    Notified one = {0};
    if (!notify_user(l->cycle, l->page, people->ids[i], purpose, &one, err)) return false;
    out->queued += one.queued;
    out->asleep = out->asleep || one.asleep;
    if (one.queued) out->held_s = MIN(out->held_s, one.held_s);
  }
  return true;
}

/* Exhausted ------------------------------------------------------------------------------------------------------- */

/* 0: a message was taken by a provider or may be; 1: none was, and those who are told last were tried in vain. */
static const DbStmt REACHED = {"page_reached",
                               "SELECT MIN(CASE WHEN status IN ('queued', 'sending', 'sent', 'delivered', "
                               "'unconfirmed') THEN 0 WHEN purpose = 'exhausted' THEN 1 ELSE 2 END) FROM notification "
                               "WHERE page_id = $1",
                               NULL};

/* Then the organization's owners hear of it, too, whoever the policy names. */
static bool tell_owners_too(Levelling *l, People *people, Error *err) {
  i64 reached = 0;
  bool found = false;
  if (!db_query_int(l->cycle->db, &REACHED, DB_ARGS(db_int(l->page->id)), &reached, &found, err)) return false;
  if (reached == 1) owners_of_organization(&l->find, l->page->org_id, people);
  return true;
}

static bool exhaust(Levelling *l, Error *err) {
  Cycle *cycle = l->cycle;
  People people = {0};
  Notified told = {0};
  bool high = str_equal_c(l->page->urgency, "high");
  i64 again = high ? cycle->now_ms + EXHAUSTED_AGAIN_S * 1000 : 0;
  if (!exhausted_users(&l->find, &l->snapshot, l->page->org_id, l->page->team_id, &people, err) ||
      !tell_owners_too(l, &people, err) || !notify_all(l, &people, "exhausted", &told, err) ||
      !tell_level(l, &people, "page_exhausted", NULL, err) ||
      !db_run(cycle->db, &PAGE_EXHAUSTED_ROW, err, db_int(l->page->id), db_text(S("nobody answered")), db_id(again),
              db_int(cycle->now_ms)))
    return false;
  log_warn("paging", "page %lld is exhausted: nobody answered", (long long)l->page->id);
  cycle_publish(cycle, l->page->org_id, "page", l->page->id, l->page->version + 1);
  JobNew job = {.kind = "page.exhausted_again",
                .org_id = l->page->org_id,
                .subject_id = l->page->id,
                .due_ms = again,
                .data = str_format(cycle->arena, "{\"epoch\":%lld}", (long long)l->page->epoch)};
  return !high || job_add(cycle, &job, err);
}

/* Next ------------------------------------------------------------------------------------------------------------ */

bool ladder_next(const Snapshot *snapshot, i64 *level, i64 *round, i64 *attempt) {
  bool known = *level >= 1 && *level <= (i64)snapshot->level_count;
  if (known && *attempt < snapshot->levels[*level - 1].attempts) return ++*attempt, true;
  *attempt = 1;
  if (*level < (i64)snapshot->level_count) return ++*level, true;
  *level = 1;
  ++*round;
  return *round <= snapshot->repeat;
}

bool level_job(Cycle *cycle, const Page *page, const LevelRun *run, i64 due_ms, Error *err) {
  JobNew job = {.kind = "page.level", .org_id = page->org_id, .subject_id = page->id, .due_ms = due_ms};
  Buf data = buf_new(cycle->arena, 256);
  buf_format(&data, "{\"epoch\":%lld,\"level\":%lld,\"round\":%lld,\"attempt\":%lld", (long long)run->epoch,
             (long long)run->level, (long long)run->round, (long long)run->attempt);
  if (run->acknowledged) buf_puts(&data, ",\"acknowledged\":true");
  if (run->held_at_ms) buf_format(&data, ",\"held_at\":%lld", (long long)run->held_at_ms);
  if (run->forced) buf_puts(&data, ",\"forced\":true");
  if (run->together_from) buf_format(&data, ",\"together_from\":%lld", (long long)run->together_from);
  if (run->told_at_ms) buf_format(&data, ",\"told_at\":%lld", (long long)run->told_at_ms);
  buf_putc(&data, '}');
  job.data = buf_str(&data);
  return job_add(cycle, &job, err);
}

i64 ladder_due(const Snapshot *snapshot, LevelRun *run, i64 now_ms, i64 told_ms) {
  i64 wait_s = snapshot->levels[run->level - 1].wait_s;
  if (wait_s <= 0 && run->level == (i64)snapshot->level_count) wait_s = ROUND_S_MIN;
  if (told_ms) run->told_at_ms = told_ms;
  if (run->told_at_ms == 0) return now_ms;
  if (wait_s <= 0) {
    if (told_ms && run->together_from == 0) run->together_from = run->level;
    return MAX(now_ms, run->told_at_ms);
  }
  i64 due_ms = MAX(now_ms, run->told_at_ms + wait_s * 1000);
  run->together_from = 0;
  run->told_at_ms = 0;
  return due_ms;
}

static bool plan(Levelling *l, const LevelRun *next, i64 due_ms, Error *err) {
  bool reached = l->run.level >= 1 && !next->held_at_ms; /* a level that is held was not reached */
  cycle_publish(l->cycle, l->page->org_id, "page", l->page->id, l->page->version + 1);
  return level_job(l->cycle, l->page, next, due_ms, err) &&
         db_run(l->cycle->db, &PAGE_AT_LEVEL, err, db_int(l->page->id), db_int(reached ? l->run.level : l->page->level),
                db_int(reached ? l->run.round : l->page->round), db_int(due_ms), db_int(l->cycle->now_ms));
}

static bool plan_at(Levelling *l, i64 due_ms, Error *err) {
  LevelRun next = l->run;
  bool more = ladder_next(&l->snapshot, &next.level, &next.round, &next.attempt);
  next.held_at_ms = 0;
  next.forced = false;
  if (!more) next.level = 0, next.round = l->run.round;
  if (next.acknowledged && (!more || next.round > l->run.round)) return true; /* one pass, then only people act */
  return plan(l, &next, due_ms, err);
}

/* told_ms: when this level told somebody; 0: it told nobody. */
static bool plan_next(Levelling *l, i64 told_ms, Error *err) {
  return plan_at(l, ladder_due(&l->snapshot, &l->run, l->cycle->now_ms, told_ms), err);
}

static bool hold(Levelling *l, i64 until_ms, const char *why, Error *err) {
  LevelRun same = l->run;
  People nobody = {0};
  if (!same.held_at_ms) same.held_at_ms = l->cycle->now_ms;
  same.together_from = 0; /* by then those have been told long ago */
  return (l->run.held_at_ms || tell_level(l, &nobody, "page_held", why, err)) && plan(l, &same, until_ms, err);
}

/* Running one ----------------------------------------------------------------------------------------------------- */

/* Whoever it reaches has snoozed it for themselves: nobody waits for them. The last level's wait stands, or all rounds
 * would be used up in a moment. */
static bool pass_sleepers(Levelling *l, const SetupLevel *level, const People *people, Error *err) {
  bool last = l->run.level == (i64)l->snapshot.level_count;
  l->run.attempt = level->attempts;
  return tell_level(l, people, "page_level_skipped", "snoozed by everybody whom it reaches", err) &&
         plan_next(l, last ? l->cycle->now_ms : 0, err);
}

static bool tell_people(Levelling *l, const SetupLevel *level, const People *people, Error *err) {
  Cycle *cycle = l->cycle;
  Notified told = {0};
  if (l->snapshot.stop_previous && !db_run(cycle->db, &STOP_PREVIOUS, err, db_int(l->page->id), db_int(l->run.level),
                                           db_int(l->run.round), db_int(cycle->now_ms)))
    return false;
  if (!notify_all(l, people, "page", &told, err)) return false;
  if (told.queued == 0 && told.asleep) return pass_sleepers(l, level, people, err);
  if (told.queued == 0) { /* none of them has a method that could be tried: trying again changes nothing */
    l->run.attempt = level->attempts;
    return tell_level(l, people, "page_unreachable", NULL, err) && plan_next(l, 0, err);
  }
  return tell_level(l, people, "paged", NULL, err) && plan_next(l, cycle->now_ms + told.held_s * 1000, err) &&
         page_watch_shifts(cycle, l->page, &l->snapshot, err);
}

static bool read_person(const DbRow *row, void *ctx) {
  People *people = ctx;
  if (people->count < TARGETS_MAX) people->ids[people->count++] = db_row_int(row, 0);
  return true;
}

/* By the levels that this one goes together with; a message that failed told nobody. */
static bool told_just_now(Levelling *l, People *out, Error *err) {
  static const DbStmt TOLD = {
      "level_told_just_now",
      "SELECT DISTINCT user_id FROM notification WHERE page_id = $1 AND epoch = $2 AND round = "
      "$3 AND level >= $4 AND level <= $5 AND purpose = 'page' AND status <> 'failed' LIMIT 200",
      NULL};
  *out = (People){0};
  return l->run.together_from == 0 ||
         db_query(l->cycle->db, &TOLD,
                  DB_ARGS(db_int(l->page->id), db_int(l->page->epoch), db_int(l->run.round),
                          db_int(l->run.together_from), db_int(l->run.level)),
                  read_person, out, err);
}

/* Left out by its condition, or because nobody of it is left to be told: what it waits for is another matter. */
static bool leave_level_out(Levelling *l, const SetupLevel *level, const LevelDecision *decision, Error *err) {
  People nobody = {0};
  if (decision->act == LEVEL_SKIPS) l->run.attempt = level->attempts;
  return tell_level(l, &nobody, "page_level_skipped", decision->why, err) &&
         plan_next(l, decision->act == LEVEL_TOLD ? l->cycle->now_ms : 0, err);
}

static bool run_level(Levelling *l, Error *err) {
  LevelDecision decision;
  People told;
  if (l->run.level < 1 || l->run.level > (i64)l->snapshot.level_count) return l->run.acknowledged || exhaust(l, err);
  const SetupLevel *level = &l->snapshot.levels[l->run.level - 1];
  if (l->run.acknowledged && !level->until_resolved) return plan_next(l, l->cycle->now_ms, err);
  if (!told_just_now(l, &told, err) ||
      !level_decide(&l->find, l->page, &l->snapshot, &l->run, NULL, &told, true, &decision, err))
    return false;
  switch (decision.act) {
  case LEVEL_HOLDS: return hold(l, decision.look_again_ms, decision.why, err);
  case LEVEL_SKIPS:
  case LEVEL_TOLD: return leave_level_out(l, level, &decision, err);
  case LEVEL_NOBODY: return tell_level(l, &decision.people, "page_nobody", NULL, err) && plan_next(l, 0, err);
  case LEVEL_TELLS: break;
  }
  l->page->level = l->run.level;
  l->page->round = l->run.round;
  return tell_people(l, level, &decision.people, err);
}

/* Lost levels ----------------------------------------------------------------------------------------------------- */

/* What was written with this notification: one run of one level. */
#define SAME_RUN                                                                                                       \
  "FROM notification n JOIN notification o ON o.page_id = n.page_id AND o.level = n.level AND o.round = n.round AND "  \
  "o.epoch = n.epoch AND o.queued_at = n.queued_at AND o.purpose = 'page' WHERE n.id = $1"
static const DbStmt LEVEL_HOPE = {"level_hope", "SELECT o.id " SAME_RUN " AND o.status <> 'failed' LIMIT 1", NULL};
static const DbStmt LEVEL_LOST = {"level_lost", "SELECT DISTINCT o.user_id " SAME_RUN " ORDER BY o.user_id LIMIT 200",
                                  NULL};

/* The step of a level: levels that are joined by wait_s 0. */
static i64 step_begins(const Snapshot *snapshot, i64 level) {
  while (level > 1 && snapshot->levels[level - 2].wait_s <= 0) level--;
  return level;
}

static i64 step_ends(const Snapshot *snapshot, i64 level) {
  while (level < (i64)snapshot->level_count && snapshot->levels[level - 1].wait_s <= 0) level++;
  return level;
}

/* Somebody else of the same step has a message and still has their time. */
static bool step_has_hope(Levelling *l, bool *out, Error *err) {
  static const DbStmt STEP_HOPE = {"level_step_hope",
                                   "SELECT id FROM notification WHERE page_id = $1 AND epoch = $2 AND round = $3 AND "
                                   "level >= $4 AND level <= $5 AND queued_at > $6 AND purpose = 'page' AND status <> "
                                   "'failed' LIMIT 1",
                                   NULL};
  i64 id = 0, at = l->run.level, end = step_ends(&l->snapshot, at);
  return db_query_int(l->cycle->db, &STEP_HOPE,
                      DB_ARGS(db_int(l->page->id), db_int(l->run.epoch), db_int(l->run.round),
                              db_int(step_begins(&l->snapshot, at)), db_int(at),
                              db_int(l->cycle->now_ms - l->snapshot.levels[end - 1].wait_s * 1000)),
                      &id, out, err);
}

/* The last level's wait stands: were a whole round given up at once, a network that is away for minutes would use up
 * all rounds. */
bool page_level_lost(Cycle *cycle, Page *page, i64 level, i64 notification_id, Error *err) {
  Levelling l = {.cycle = cycle,
                 .page = page,
                 .find = finding_of(cycle),
                 .run = {.epoch = page->epoch, .level = level, .round = page->round}};
  People lost = {0};
  i64 hope = 0;
  bool found = false;
  if (!db_query_int(cycle->db, &LEVEL_HOPE, DB_ARGS(db_int(notification_id)), &hope, &found, err)) return false;
  if (found) return true;
  if (!db_query(cycle->db, &LEVEL_LOST, DB_ARGS(db_int(notification_id)), read_person, &lost, err) ||
      !snapshot_read(cycle->arena, page->policy, &l.snapshot, err))
    return false;
  i64 at = page->level, count = (i64)l.snapshot.level_count;
  if (at >= 1 && at <= count && level < step_begins(&l.snapshot, at)) return true; /* its step is over */
  if (!tell_level(&l, &lost, "page_unreachable", NULL, err)) return false;
  if (at < 1 || at >= count) return true;
  l.run.level = at;
  if (!step_has_hope(&l, &found, err)) return false;
  if (found) return true;
  l.run.attempt = l.snapshot.levels[l.run.level - 1].attempts;
  return job_cancel(cycle, "page.level", page->id, err) && plan_at(&l, cycle->now_ms, err);
}

/* Jobs ------------------------------------------------------------------------------------------------------------ */

static i64 data_int(const Job *job, const char *name, i64 otherwise) {
  return value_int_or(value_get_c(&job->data, name), otherwise);
}

static LevelRun run_of(const Job *job) {
  return (LevelRun){.epoch = data_int(job, "epoch", 0),
                    .level = data_int(job, "level", 1),
                    .round = data_int(job, "round", 0),
                    .attempt = data_int(job, "attempt", 1),
                    .acknowledged = value_bool_or(value_get_c(&job->data, "acknowledged"), false),
                    .held_at_ms = data_int(job, "held_at", 0),
                    .forced = value_bool_or(value_get_c(&job->data, "forced"), false),
                    .together_from = data_int(job, "together_from", 0),
                    .told_at_ms = data_int(job, "told_at", 0)};
}

bool page_level_due(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)out_work;
  *out_verdict = JOB_DONE;
  Page page = {0};
  bool found = false;
  if (!page_load(cycle->db, cycle->arena, job->subject_id, &page, &found, err)) return false;
  Levelling l = {.cycle = cycle, .page = &page, .find = finding_of(cycle), .run = run_of(job)};
  if (!found || page.epoch != l.run.epoch) return true;
  if (page.status != (l.run.acknowledged ? PAGE_ACKNOWLEDGED : PAGE_ACTIVE)) return true;
  bool burns = true;
  if (l.run.acknowledged && !page_still_burns(cycle, &page, &burns, err)) return false;
  if (!burns) return true;
  return snapshot_read(cycle->arena, page.policy, &l.snapshot, err) && run_level(&l, err);
}

/* Half an hour later: if it still burns, everybody again. */
bool page_exhausted_again(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)out_work;
  *out_verdict = JOB_DONE;
  Page page = {0};
  bool found = false;
  if (!page_load(cycle->db, cycle->arena, job->subject_id, &page, &found, err)) return false;
  if (!found || page.status != PAGE_EXHAUSTED || page.epoch != data_int(job, "epoch", 0)) return true;
  cycle_publish(cycle, page.org_id, "page", page.id, page.version + 1);
  return page_begin(cycle, page.id, page.org_id, page.epoch + 1, cycle->now_ms, err) &&
         page_tell(cycle, &page, "page_started_again", &WHO_SYSTEM, STR_NONE, err);
}
