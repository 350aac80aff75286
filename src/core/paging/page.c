/* Pages: starting, restarting; storms. A page is unique per (subject, episode, policy, start): starting one twice finds
 * the first. More than 20 of one policy in 60 s become members of one storm page, which alone notifies. */
#include "core/paging/internal.h"

static const DbStmt PAGE_FIND = {
    "page_find",
    "SELECT id FROM page WHERE subject_id = $1 AND episode = $2 AND policy_id = $3 AND start = $4 AND subject_id > 0",
    NULL};
static const DbStmt PAGE_INSERT = {
    "page_insert",
    "INSERT INTO page (id, org_id, policy_id, subject_kind, subject_id, alert_id, incident_id, episode, start, "
    "team_id, status, "
    "urgency, severity, title, level, round, epoch, policy, why, storm_page_id, next_escalation_at, created_at, "
    "updated_at, "
    "version) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,'active',$11,$12,$13,0,0,1,$14,$15,$16,$17,$18,$18,1)",
    NULL};
static const DbStmt PAGE_BEGIN = {
    "page_begin",
    "UPDATE page SET status = 'active', reason = NULL, level = 0, round = 0, epoch = $2, next_escalation_at = $3, "
    "ended_at = NULL, updated_at = $4, version = version + 1 WHERE id = $1",
    NULL};
static const DbStmt PAGE_UPDATE = {
    "page_update",
    "UPDATE page SET title = $2, severity = $3, urgency = $4, updated_at = $5, version = version + 1 WHERE id = $1",
    NULL};

/* Starting -------------------------------------------------------------------------------------------------------- */

static bool add_level_job(Cycle *cycle, i64 page_id, i64 org_id, i64 epoch, i64 due_ms, Error *err) {
  Page page = {.id = page_id, .org_id = org_id};
  LevelRun first = {.epoch = epoch, .level = 1, .attempt = 1};
  return level_job(cycle, &page, &first, due_ms, err);
}

bool page_begin(Cycle *cycle, i64 page_id, i64 org_id, i64 epoch, i64 due_ms, Error *err) {
  return db_run(cycle->db, &PAGE_BEGIN, err, db_int(page_id), db_int(epoch), db_int(due_ms), db_int(cycle->now_ms)) &&
         job_cancel(cycle, "page.level", page_id, err) && add_level_job(cycle, page_id, org_id, epoch, due_ms, err);
}

static bool insert_page(Cycle *cycle, const PageStart *s, i64 id, Str urgency, Str snapshot, i64 storm_page_id,
                        Error *err) {
  bool own = s->subject_id > 0;
  return db_run(cycle->db, &PAGE_INSERT, err, db_int(id), db_int(s->org_id), db_int(s->policy_id),
                db_text(str_from_c(s->subject_kind)), db_int(s->subject_id), db_id(own ? s->alert_id : 0),
                db_id(s->incident_id), db_int(s->episode), db_int(s->start), db_id(s->team_id), db_text(urgency),
                s->severity >= 0 ? db_int(s->severity) : db_null(), db_text(s->title), db_text(snapshot),
                db_text_or_null(s->why), db_id(storm_page_id), storm_page_id ? db_null() : db_int(cycle->now_ms),
                db_int(cycle->now_ms));
}

bool page_storm_start(Cycle *cycle, const PageStart *s, Str urgency, Str snapshot, i64 *out_id, Error *err) {
  PageStart storm = *s;
  storm.subject_kind = "storm";
  storm.subject_id = storm.alert_id = storm.incident_id = 0;
  storm.severity = -1;
  storm.title = s->gather ? S("Quiet has ended") : S("Alert storm");
  *out_id = id_next(cycle->ids);
  cycle_publish(cycle, s->org_id, "page", *out_id, 1);
  return insert_page(cycle, &storm, *out_id, urgency, snapshot, 0, err) &&
         add_level_job(cycle, *out_id, s->org_id, 1, cycle->now_ms, err);
}

/* Counts this page; *out_storm is the storm page it belongs to, 0 when it stands alone. Counts live in memory: a
 * restart begins to count anew, and a storm page that the database does not have (it was undone) is never joined. */
static bool count_page(Cycle *cycle, const PageStart *s, Str snapshot, i64 *out_storm, Error *err) {
  static const DbStmt ACTIVE = {"storm_active", "SELECT id FROM page WHERE id = $1 AND status = 'active'", NULL};
  static const DbStmt FLOODS = {"page_floods", "SELECT alert_id FROM rate_alarm WHERE integration_id = $1", NULL};
  bool active = false, floods = false;
  i64 id = 0;
  *out_storm = 0;
  if (s->integration_id && !db_query_int(cycle->db, &FLOODS, DB_ARGS(db_int(s->integration_id)), &id, &floods, err))
    return false;
  PageRate *rate = page_rate_of(cycle_app(cycle), s->policy_id, floods ? s->integration_id : 0);
  if (floods) rate->count = STORM_PAGES + 1; /* from the first one on, and as long as it floods */
  if (cycle->now_ms - rate->window_ms >= STORM_WINDOW_S * 1000 || cycle->now_ms < rate->window_ms) {
    if (rate->count <= STORM_PAGES) rate->storm_page_id = 0;
    rate->window_ms = cycle->now_ms;
    rate->count = floods ? STORM_PAGES : 0;
  }
  rate->count++;
  if (rate->storm_page_id && !db_query_int(cycle->db, &ACTIVE, DB_ARGS(db_int(rate->storm_page_id)), &id, &active, err))
    return false;
  if (!active) rate->storm_page_id = 0;
  if (rate->count > STORM_PAGES && !active &&
      !page_storm_start(cycle, s, S("high"), snapshot, &rate->storm_page_id, err))
    return false;
  *out_storm = rate->storm_page_id;
  return true;
}

static Str urgency_of(const PageStart *s, const SetupPolicy *policy) {
  if (s->service_urgency.len) return s->service_urgency;
  if (policy && str_equal_c(policy->urgency, "high")) return S("high");
  if (policy && str_equal_c(policy->urgency, "low")) return S("low");
  return s->urgent ? S("high") : S("low");
}

static bool reaches_anybody(const SetupPolicy *policy) {
  for (size_t i = 0; policy && i < policy->level_count; i++)
    if (policy->levels[i].target_count) return true;
  return false;
}

bool page_start(Cycle *cycle, const PageStart *s, PageOutcome *out, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  const SetupPolicy *policy = setup_policy(setup, s->policy_id);
  const SetupOrg *org = setup_org(setup, s->org_id);
  bool found = false;
  i64 id = 0, storm_page_id = 0;
  *out = (PageOutcome){0};
  if (!s->fresh &&
      !db_query_int(cycle->db, &PAGE_FIND,
                    DB_ARGS(db_int(s->subject_id), db_int(s->episode), db_int(s->policy_id), db_int(s->start)), &id,
                    &found, err))
    return false;
  if (found) return out->page_id = id, true;
  if (!policy && !org) return fail(err, ERR_INTERNAL, "page_start without a policy");
  Str snapshot = policy            ? snapshot_json(cycle->arena, policy)
                 : s->target_count ? snapshot_of_targets(cycle->arena, s->targets, s->target_count)
                                   : snapshot_of_owners(cycle->arena, org);
  Str urgency = urgency_of(s, policy);
  if (policy && s->gather && !page_gather_join(cycle, s, urgency, snapshot, &storm_page_id, err)) return false;
  if (policy && !storm_page_id && !s->by_hand && !count_page(cycle, s, snapshot, &storm_page_id, err)) return false;
  id = id_next(cycle->ids);
  *out = (PageOutcome){.page_id = id,
                       .started = true,
                       .storm = storm_page_id > 0,
                       .nobody = policy ? !reaches_anybody(policy) : s->target_count + org->owner_count == 0};
  if (!insert_page(cycle, s, id, urgency, snapshot, storm_page_id, err)) return false;
  if (policy && !storm_page_id) page_gather_note(s, urgency, id);
  cycle_publish(cycle, s->org_id, "page", id, 1);
  return storm_page_id || add_level_job(cycle, id, s->org_id, 1, cycle->now_ms, err);
}

/* Starting again -------------------------------------------------------------------------------------------------- */

/* Level 1 again; of many that are let go together one speaks for all. */
static bool restart_one(Cycle *cycle, const Page *page, const Who *who, PageGather *gather, Error *err) {
  static const DbStmt UNDER = {"page_restart_under", "UPDATE page SET storm_page_id = $2 WHERE id = $1", NULL};
  PageStart start = {.org_id = page->org_id,
                     .policy_id = page->policy_id,
                     .episode = 1,
                     .start = 1,
                     .team_id = page->team_id,
                     .gather = gather};
  i64 storm = 0;
  if (!page_gather_join(cycle, &start, page->urgency, page->policy, &storm, err) ||
      !page_begin(cycle, page->id, page->org_id, page->epoch + 1, cycle->now_ms, err) ||
      (storm && !(db_run(cycle->db, &UNDER, err, db_int(page->id), db_int(storm)) &&
                  job_cancel(cycle, "page.level", page->id, err))) ||
      !page_tell(cycle, page, "page_restarted", who, STR_NONE, err))
    return false;
  page_gather_note(&start, page->urgency, page->id);
  cycle_publish(cycle, page->org_id, "page", page->id, page->version + 1);
  return true;
}

static bool restart_all(Cycle *cycle, const PageIds *ids, const Who *who, PageGather *gather, Error *err) {
  for (size_t i = 0; i < ids->items.count; i++) {
    Page page = {0};
    bool found = false;
    if (!page_load(cycle->db, cycle->arena, ids->items.items[i], &page, &found, err)) return false;
    if (!restart_one(cycle, &page, who, gather, err)) return false;
  }
  return true;
}

bool page_resume(Cycle *cycle, i64 subject_id, PageGather *gather, Error *err) {
  static const DbStmt LAST = {
      "pages_last_cancelled",
      "SELECT id FROM page WHERE subject_id = $1 AND status = 'cancelled' AND reason IN ('silence', 'maintenance', "
      "'inhibition', 'flapping', 'quiet', 'snooze') AND ended_at = "
      "(SELECT MAX(ended_at) FROM page WHERE subject_id = $1) AND NOT EXISTS (SELECT 1 FROM page WHERE subject_id = $1 "
      "AND status = 'active')",
      NULL};
  PageIds ids = {.arena = cycle->arena};
  if (!db_query(cycle->db, &LAST, DB_ARGS(db_int(subject_id)), page_read_id, &ids, err)) return false;
  return restart_all(cycle, &ids, &WHO_SYSTEM, gather, err);
}

bool page_escalate(Cycle *cycle, i64 page_id, const Who *who, Error *err) {
  Page page = {0};
  bool found = false;
  if (!page_load(cycle->db, cycle->arena, page_id, &page, &found, err)) return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "there is no such page");
  if (page.status != PAGE_ACTIVE)
    return fail(err, ERR_CONFLICT, "the page is %s: there is nothing to escalate", page_status_name(page.status));
  Snapshot snapshot = {0};
  LevelRun next = {.epoch = page.epoch, .level = page.level, .round = page.round, .attempt = INT32_MAX, .forced = true};
  if (!snapshot_read(cycle->arena, page.policy, &snapshot, err)) return false;
  if (!ladder_next(&snapshot, &next.level, &next.round, &next.attempt)) next.level = 0;
  return job_cancel(cycle, "page.level", page_id, err) && level_job(cycle, &page, &next, cycle->now_ms, err) &&
         page_tell(cycle, &page, "escalated_by_hand", who, STR_NONE, err);
}

bool page_restart(Cycle *cycle, i64 subject_id, const Who *who, Error *err) {
  PageIds ids;
  return pages_of_subject(cycle, subject_id, PAGE_ACKNOWLEDGED, &ids, err) && restart_all(cycle, &ids, who, NULL, err);
}

/* Urgency rises with the priority only where the policy leaves it to the priority. */
static bool becomes_urgent(Cycle *cycle, const Page *page, bool urgent) {
  const SetupPolicy *policy = setup_policy(setup_current(cycle_app(cycle)->setup), page->policy_id);
  bool by_priority = !policy || str_equal_c(policy->urgency, "by_priority");
  return urgent && by_priority && str_equal_c(page->urgency, "low");
}

/* A page that becomes urgent begins again at level 1: until now it went the way of what can wait. */
static bool update_one(Cycle *cycle, const Page *page, Str title, i64 severity, bool urgent, Error *err) {
  bool rises = becomes_urgent(cycle, page, urgent);
  if (!db_run(cycle->db, &PAGE_UPDATE, err, db_int(page->id), db_text(title),
              severity >= 0 ? db_int(severity) : db_null(), db_text(rises ? S("high") : page->urgency),
              db_int(cycle->now_ms)))
    return false;
  cycle_publish(cycle, page->org_id, "page", page->id, page->version + 1);
  if (!rises || page->storm_page_id) return true;
  return page_begin(cycle, page->id, page->org_id, page->epoch + 1, cycle->now_ms, err) &&
         page_tell(cycle, page, "page_became_urgent", &WHO_SYSTEM, STR_NONE, err);
}

static bool update_all(Cycle *cycle, i64 subject_id, PageStatus status, Str title, i64 severity, bool urgent,
                       Error *err) {
  PageIds ids;
  if (!pages_of_subject(cycle, subject_id, status, &ids, err)) return false;
  for (size_t i = 0; i < ids.items.count; i++) {
    Page page = {0};
    bool found = false;
    if (!page_load(cycle->db, cycle->arena, ids.items.items[i], &page, &found, err)) return false;
    if (found && !update_one(cycle, &page, title, severity, urgent, err)) return false;
  }
  return true;
}

/* One that nobody answered, too: what was of low urgency is not begun again by itself. */
bool page_update(Cycle *cycle, i64 subject_id, Str title, i64 severity, bool urgent, Error *err) {
  return update_all(cycle, subject_id, PAGE_ACTIVE, title, severity, urgent, err) &&
         update_all(cycle, subject_id, PAGE_EXHAUSTED, title, severity, urgent, err);
}
