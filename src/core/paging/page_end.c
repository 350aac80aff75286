/* Ending pages: what an end stops, what goes on all the same after an acknowledgement, and what an acknowledgement
 * covers. The last member of a storm ends it. */
#include "core/alerts/alerts.h"
#include "core/incidents/incidents.h"
#include "core/paging/internal.h"
#include "lang/json.h"

static const DbStmt PAGE_END = {
    "page_end",
    "UPDATE page SET status = $2, reason = $3, epoch = epoch + 1, next_escalation_at = NULL, ended_at = $4, "
    "acknowledged_at = COALESCE($5, acknowledged_at), acknowledged_by = COALESCE($6, acknowledged_by), updated_at = "
    "$4, "
    "version = version + 1 WHERE id = $1",
    NULL};
static const DbStmt NOTIFICATIONS_SKIP = {
    "notifications_skip",
    "UPDATE notification SET status = 'skipped', error = $2, updated_at = $3, version = version + 1 "
    "WHERE page_id = $1 AND status = 'queued' AND purpose = 'page'",
    NULL};

/* What goes on after an acknowledgement: levels that are told until it is resolved, at the time they had. */
static bool go_on_acknowledged(Cycle *cycle, const Page *page, i64 due_ms, Error *err) {
  Snapshot snapshot = {0};
  LevelRun next = {.epoch = page->epoch + 1, .level = page->level, .round = page->round, .acknowledged = true};
  bool any = false;
  if (page->status != PAGE_ACTIVE || !due_ms) return true;
  if (!snapshot_read(cycle->arena, page->policy, &snapshot, err)) return false;
  for (size_t i = 0; i < snapshot.level_count; i++) any = any || snapshot.levels[i].until_resolved;
  if (!any) return true;
  if (next.level >= 1 && next.level <= (i64)snapshot.level_count)
    next.attempt = snapshot.levels[next.level - 1].attempts;
  if (!ladder_next(&snapshot, &next.level, &next.round, &next.attempt) || next.round > page->round) return true;
  return level_job(cycle, page, &next, due_ms, err);
}

static bool acknowledged_now(Cycle *cycle, const Page *page, Error *err) {
  static const DbStmt DUE = {"page_level_due_at",
                             "SELECT due_at FROM job WHERE subject_id = $1 AND kind = 'page.level'", NULL};
  bool found = false;
  i64 due = 0;
  return db_query_int(cycle->db, &DUE, DB_ARGS(db_int(page->id)), &due, &found, err) &&
         job_cancel(cycle, "page.level", page->id, err) && go_on_acknowledged(cycle, page, due, err) &&
         page_arm_ack_timeout(cycle, page, page->epoch + 1, err);
}

static bool end_row(Cycle *cycle, const Page *page, PageEnd how, const char *reason, const Who *who, Error *err) {
  static const PageStatus STATUS[] = {PAGE_ACKNOWLEDGED, PAGE_RESOLVED, PAGE_CANCELLED};
  static const char *const WHY[] = {"acknowledged", "resolved", "cancelled"};
  bool acked = how == PAGE_END_ACKNOWLEDGED;
  cycle_publish(cycle, page->org_id, "page", page->id, page->version + 1);
  return db_run(cycle->db, &PAGE_END, err, db_int(page->id), db_text(str_from_c(page_status_name(STATUS[how]))),
                reason ? db_text(str_from_c(reason)) : db_null(), db_int(cycle->now_ms),
                acked ? db_int(cycle->now_ms) : db_null(),
                acked && who ? db_text(who_json(cycle->arena, who)) : db_null()) &&
         db_run(cycle->db, &NOTIFICATIONS_SKIP, err, db_int(page->id), db_text(str_from_c(reason ? reason : WHY[how])),
                db_int(cycle->now_ms)) &&
         job_cancel(cycle, "page.exhausted_again", page->id, err) &&
         job_cancel(cycle, "page.newcomers", page->id, err) &&
         (acked ? acknowledged_now(cycle, page, err) : job_cancel(cycle, "page.level", page->id, err)) &&
         update_page(cycle, page->id, err);
}

/* It tells somebody, or will again: an exhausted page starts anew. */
static bool calls(const Page *page) {
  return page->status == PAGE_ACTIVE || page->status == PAGE_EXHAUSTED;
}

/* The last member of a storm ended: so does the storm. */
static bool end_storm_of(Cycle *cycle, const Page *member, PageEnd how, const Who *who, Error *err) {
  static const DbStmt MEMBERS = {"storm_members_left",
                                 "SELECT id FROM page WHERE storm_page_id = $1 AND status = 'active' LIMIT 1", NULL};
  i64 left = 0;
  bool found = false;
  Page storm = {0};
  if (!db_query_int(cycle->db, &MEMBERS, DB_ARGS(db_int(member->storm_page_id)), &left, &found, err)) return false;
  if (found) return true;
  if (!page_load(cycle->db, cycle->arena, member->storm_page_id, &storm, &found, err)) return false;
  return !found || !calls(&storm) || end_row(cycle, &storm, how, NULL, who, err);
}

bool page_end_one(Cycle *cycle, const Page *page, PageEnd how, const char *reason, const Who *who, Error *err) {
  if (!end_row(cycle, page, how, reason, who, err)) return false;
  return page->storm_page_id == 0 || end_storm_of(cycle, page, how, who, err);
}

static bool end_all(Cycle *cycle, i64 subject_id, PageStatus status, PageEnd how, const char *reason, const Who *who,
                    Error *err) {
  PageIds ids;
  if (!pages_of_subject(cycle, subject_id, status, &ids, err)) return false;
  for (size_t i = 0; i < ids.items.count; i++) {
    Page page = {0};
    bool found = false;
    if (!page_load(cycle->db, cycle->arena, ids.items.items[i], &page, &found, err)) return false;
    if (found && !page_end_one(cycle, &page, how, reason, who, err)) return false;
  }
  return true;
}

bool page_end(Cycle *cycle, i64 subject_id, PageEnd how, const char *reason, const Who *who, Error *err) {
  return end_all(cycle, subject_id, PAGE_ACTIVE, how, reason, who, err) &&
         end_all(cycle, subject_id, PAGE_EXHAUSTED, how, reason, who, err) &&
         (how == PAGE_END_ACKNOWLEDGED || update_resolved(cycle, subject_id, err));
}
/* Acknowledging --------------------------------------------------------------------------------------------------- */

/* Members that came after the last message stay: they get a storm page of their own, from level 1. */
static bool keep_latecomers(Cycle *cycle, const Page *storm, i64 until, Error *err) {
  static const DbStmt LATE = {
      "storm_latecomers",
      "SELECT id FROM page WHERE storm_page_id = $1 AND id > $2 AND status = 'active' ORDER BY id LIMIT 1", NULL};
  static const DbStmt MOVE = {
      "storm_move", "UPDATE page SET storm_page_id = $2 WHERE storm_page_id = $1 AND id > $3 AND status = 'active'",
      NULL};
  i64 first = 0, next = 0;
  bool found = false;
  if (!db_query_int(cycle->db, &LATE, DB_ARGS(db_int(storm->id), db_int(until)), &first, &found, err)) return false;
  if (!found) return true;
  PageStart start = {
      .org_id = storm->org_id, .policy_id = storm->policy_id, .episode = 1, .start = 1, .team_id = storm->team_id};
  return page_storm_start(cycle, &start, storm->urgency, storm->policy, &next, err) &&
         db_run(cycle->db, &MOVE, err, db_int(storm->id), db_int(next), db_int(until));
}

static bool acknowledge_storm(Cycle *cycle, const Page *storm, const Who *who, Error *err) {
  static const DbStmt UNTIL = {"storm_until", "SELECT MAX(covers_until) FROM notification WHERE page_id = $1", NULL};
  static const DbStmt COVERED = {
      "storm_covered", "SELECT id FROM page WHERE storm_page_id = $1 AND id <= $2 AND status = 'active' ORDER BY id",
      NULL};
  i64 until = 0;
  bool found = false;
  PageIds ids = {.arena = cycle->arena};
  if (!db_query_int(cycle->db, &UNTIL, DB_ARGS(db_int(storm->id)), &until, &found, err)) return false;
  if (!found) until = INT64_MAX; /* acknowledged by hand before anything was sent: all that is in it */
  if (!keep_latecomers(cycle, storm, until, err) ||
      !db_query(cycle->db, &COVERED, DB_ARGS(db_int(storm->id), db_int(until)), page_read_id, &ids, err))
    return false;
  for (size_t i = 0; i < ids.items.count; i++) {
    Str first = STR_NONE;
    if (!page_acknowledge(cycle, ids.items.items[i], who, &first, err)) return false;
  }
  Page now = {0};
  if (!page_load(cycle->db, cycle->arena, storm->id, &now, &found, err)) return false;
  return !calls(&now) || end_row(cycle, &now, PAGE_END_ACKNOWLEDGED, NULL, who, err);
}

static bool acknowledge_subject(Cycle *cycle, const Page *page, const Who *who, Error *err) {
  if (page->incident_id) return incident_acknowledge(cycle, page->incident_id, who, err);
  AlertAct act = {.verb = ALERT_VERB_ACKNOWLEDGE, .who = who};
  bool changed = false;
  return alert_act(cycle, page->alert_id, &act, &changed, err);
}

bool page_acknowledge(Cycle *cycle, i64 page_id, const Who *who, Str *out_first, Error *err) {
  Page page = {0};
  bool found = false;
  Value first = value_null();
  Error ignored = {0};
  *out_first = STR_NONE;
  if (!page_load(cycle->db, cycle->arena, page_id, &page, &found, err)) return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "there is no such page");
  if (page.status == PAGE_ACKNOWLEDGED) {
    if (page.acknowledged_by.len && json_parse(cycle->arena, page.acknowledged_by, NULL, &first, &ignored))
      *out_first = value_text_or(value_get_c(&first, "name"), STR_NONE);
    return true;
  }
  if (!calls(&page))
    return fail(err, ERR_CONFLICT, "the page is %s: it needs no acknowledgement", page_status_name(page.status));
  if (page.subject_id == 0) return acknowledge_storm(cycle, &page, who, err);
  return acknowledge_subject(cycle, &page, who, err) &&
         page_end(cycle, page.subject_id, PAGE_END_ACKNOWLEDGED, NULL, who, err);
}
