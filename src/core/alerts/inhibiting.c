/* What an alert is to the inhibition rules, and what follows. Sources are open alerts, silenced or not; not dismissed,
 * not suppressed. A change of who is a source asks the targets again by a job of the same round, unless another source
 * that is nothing else keeps them muted anyway. */
#include "core/alerts/inhibiting.h"

#include "core/alerts/inhibition_graph.h"
#include "lang/json.h"

enum { ROLES_MAX = 2 * QUIET_FOUND_MAX, SLICE = 200, SCAN_ROWS = 1000 };

typedef struct Role {
  i64 rule_id, value, rank;
  bool source, live, target, kept;
} Role;

typedef struct Roles {
  Role items[ROLES_MAX];
  size_t count;
} Roles;

static const DbStmt STORED = {
    "inhibition_stored", "SELECT rule_id, value, source, live, target, rank FROM inhibition_member WHERE alert_id = $1",
    NULL};
static const DbStmt PUT = {
    "inhibition_put",
    "INSERT INTO inhibition_member (rule_id, value, alert_id, org_id, source, live, target, rank) VALUES ($1,$2,$3,$4,"
    "$5,$6,$7,$8) ON CONFLICT (rule_id, value, alert_id) DO UPDATE SET source = excluded.source, live = excluded.live, "
    "target = excluded.target, rank = excluded.rank",
    NULL};
static const DbStmt TAKE_OUT = {
    "inhibition_take_out", "DELETE FROM inhibition_member WHERE rule_id = $1 AND value = $2 AND alert_id = $3", NULL};
/* A source that is nothing else: who is muted does not depend on others beside it. */
static const DbStmt OTHER_SOURCE = {
    "inhibition_other_source",
    "SELECT alert_id FROM inhibition_member WHERE rule_id = $1 AND value = $2 AND alert_id <> $3 AND source = 1 AND "
    "live = 1 AND target = 0 LIMIT 1",
    NULL};

/* What it is ------------------------------------------------------------------------------------------------------ */

/* False: a label is missing, and the rule does not take that for equal. */
static bool equal_value(Arena *arena, const InhibitionRule *rule, const QuietSubject *subject, i64 *out) {
  Buf text = buf_new(arena, KIB(256));
  *out = 0;
  if (rule->everything) return true;
  for (size_t i = 0; i < rule->equal_count; i++) {
    Str value = quiet_label(subject, rule->equal[i]);
    if (value.len == 0 && !rule->missing_equal) return false;
    buf_put(&text, value);
    buf_putc(&text, '\0');
  }
  *out = (i64)(hash_stable(buf_str(&text)) >> 1);
  return true;
}

static Role *member_of(Roles *all, const InhibitionRule *rule, i64 value) {
  for (size_t i = 0; i < all->count; i++)
    if (all->items[i].rule_id == rule->id) return &all->items[i];
  if (all->count == ROLES_MAX) return NULL;
  all->items[all->count] = (Role){.rule_id = rule->id, .value = value};
  return &all->items[all->count++];
}

static i64 rank_of(i32 priority) {
  static const i64 RANKS[] = {3, 1, 2, 4, 5}; /* none stands between p2 and p3 */
  return RANKS[priority >= 1 && priority <= 4 ? priority : 0];
}

static void find_members(Cycle *cycle, const Alert *a, Roles *out) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  QuietSubject subject = quiet_subject(cycle->arena, setup, a, cycle->now_ms);
  QuietFound *found = ARENA_NEW(cycle->arena, QuietFound);
  bool live = !hold_has(a, "suppressed");
  i64 value = 0;
  out->count = 0;
  if (a->status != ALERT_TRIGGERED && a->status != ALERT_ACKNOWLEDGED) return;
  quiet_find(setup_quiet(setup), &subject, found);
  for (size_t i = 0; i < found->source_count + found->target_count; i++) {
    bool source = i < found->source_count;
    const InhibitionRule *rule = source ? found->sources[i] : found->targets[i - found->source_count];
    Role *m = equal_value(cycle->arena, rule, &subject, &value) ? member_of(out, rule, value) : NULL;
    if (!m) continue;
    m->rank = rank_of(a->priority);
    m->live = live;
    m->source = m->source || source;
    m->target = m->target || !source;
  }
}

static bool read_member(const DbRow *row, void *ctx) {
  Roles *all = ctx;
  if (all->count == ROLES_MAX) return false;
  all->items[all->count++] = (Role){.rule_id = db_row_int(row, 0),
                                    .value = db_row_int(row, 1),
                                    .source = db_row_int(row, 2) != 0,
                                    .live = db_row_int(row, 3) != 0,
                                    .target = db_row_int(row, 4) != 0,
                                    .rank = db_row_int(row, 5)};
  return true;
}

/* Asking targets again -------------------------------------------------------------------------------------------- */

static bool add_changed(Cycle *cycle, i64 org_id, i64 rule_id, const i64 *value, i64 after, Error *err) {
  static const DbStmt THERE = {
      "inhibition_job",
      "SELECT id FROM job WHERE subject_id = $1 AND kind = 'inhibition.changed' AND data = $2 LIMIT 1", NULL};
  i64 id = 0;
  bool found = false;
  Str data = value ? str_format(cycle->arena, "{\"value\":%lld,\"after\":%lld}", (long long)*value, (long long)after)
                   : str_format(cycle->arena, "{\"after\":%lld}", (long long)after);
  JobNew job = {
      .kind = "inhibition.changed", .org_id = org_id, .subject_id = rule_id, .due_ms = cycle->now_ms, .data = data};
  if (!db_query_int(cycle->db, &THERE, DB_ARGS(db_int(rule_id), db_text(data)), &id, &found, err)) return false;
  return found || job_add(cycle, &job, err);
}

static bool targets_change(Cycle *cycle, const Alert *a, const Role *m, Error *err) {
  i64 other = 0;
  bool found = false;
  if (!db_query_int(cycle->db, &OTHER_SOURCE, DB_ARGS(db_int(m->rule_id), db_int(m->value), db_int(a->id)), &other,
                    &found, err))
    return false;
  return found || add_changed(cycle, a->org_id, m->rule_id, &m->value, 0, err);
}

static bool is_source(const Role *m) {
  return m && m->source && m->live;
}

static Role *find(Roles *all, const Role *m) {
  for (size_t i = 0; i < all->count; i++)
    if (all->items[i].rule_id == m->rule_id && all->items[i].value == m->value) return &all->items[i];
  return NULL;
}

static bool put(Cycle *cycle, const Alert *a, const Role *m, const Role *was, Error *err) {
  bool same =
      was && was->source == m->source && was->live == m->live && was->target == m->target && was->rank == m->rank;
  if (same) return true;
  if (!db_run(cycle->db, &PUT, err, db_int(m->rule_id), db_int(m->value), db_int(a->id), db_int(a->org_id),
              db_int(m->source), db_int(m->live), db_int(m->target), db_int(m->rank)))
    return false;
  bool matters = is_source(m) != is_source(was) || (is_source(m) && m->target);
  return !matters || targets_change(cycle, a, m, err);
}

bool inhibition_sync(Cycle *cycle, const Alert *a, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  Roles *now = ARENA_NEW(cycle->arena, Roles), *was = ARENA_NEW(cycle->arena, Roles);
  if (!quiet_has_rules(setup_quiet(setup), a->org_id)) return true;
  find_members(cycle, a, now);
  if (!a->is_new && !db_query(cycle->db, &STORED, DB_ARGS(db_int(a->id)), read_member, was, err)) return false;
  for (size_t i = 0; i < was->count; i++) {
    const Role *m = &was->items[i];
    if (find(now, m)) continue;
    if (!db_run(cycle->db, &TAKE_OUT, err, db_int(m->rule_id), db_int(m->value), db_int(a->id)) ||
        (is_source(m) && !targets_change(cycle, a, m, err)))
      return false;
  }
  for (size_t i = 0; i < now->count; i++)
    if (!put(cycle, a, &now->items[i], find(was, &now->items[i]), err)) return false;
  return true;
}

/* Holds ----------------------------------------------------------------------------------------------------------- */

static bool mutes(const Muted *muted, i64 rule_id) {
  for (size_t i = 0; i < muted->count; i++)
    if (muted->rule_ids[i] == rule_id) return true;
  return false;
}

/* Its source is gone: it waits release_s, so that it can be resolved, too. */
static bool let_go_later(Cycle *cycle, Alert *a, Hold *hold, const InhibitionRule *rule, Error *err) {
  if (hold->until_ms > 0) return true;
  hold->until_ms = cycle->now_ms + rule->release_ms;
  a->row_changed = true;
  QuietSweep then = {
      .org_id = a->org_id, .id = rule->id, .reason = "inhibition", .held_only = true, .at_ms = hold->until_ms};
  return rule->release_ms == 0 || quiet_sweep(cycle, &then, err);
}

static bool drop_released(Cycle *cycle, Alert *a, const Muted *muted, Error *err) {
  const Quiet *quiet = setup_quiet(setup_current(cycle_app(cycle)->setup));
  size_t kept = 0, before = a->hold_count;
  for (size_t i = 0; i < before; i++) {
    Hold hold = a->holds[i];
    bool ours = str_equal_c(str_from_c(hold.reason), "inhibition") && !mutes(muted, hold.id);
    const InhibitionRule *rule = ours ? quiet_rule(quiet, hold.id) : NULL;
    if (rule && !let_go_later(cycle, a, &hold, rule, err)) return false;
    if (!ours || (rule && hold.until_ms > cycle->now_ms)) a->holds[kept++] = hold;
  }
  a->hold_count = kept;
  if (kept == before) return true;
  a->row_changed = a->let_go = true;
  a->page_start++;
  return true;
}

/* A target may have to wait for its source. */
static bool wait_for_source(Cycle *cycle, Alert *a, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  QuietSubject subject = quiet_subject(cycle->arena, setup, a, cycle->now_ms);
  QuietFound *found = ARENA_NEW(cycle->arena, QuietFound);
  const InhibitionRule *longest = NULL;
  quiet_find(setup_quiet(setup), &subject, found);
  for (size_t i = 0; i < found->target_count; i++)
    if (found->targets[i]->wait_ms > (longest ? longest->wait_ms : 0)) longest = found->targets[i];
  if (!longest) return true;
  Hold hold = {.reason = "inhibition",
               .id = longest->id,
               .until_ms = cycle->now_ms + longest->wait_ms,
               .since_ms = cycle->now_ms};
  return !hold_add(a, hold) || hold_end_job(cycle, a, hold.until_ms, err);
}

bool inhibition_decide(Cycle *cycle, Alert *a, bool first, Error *err) {
  const Quiet *quiet = setup_quiet(setup_current(cycle_app(cycle)->setup));
  Muted muted = {0};
  bool rules = quiet_has_rules(quiet, a->org_id);
  if (!rules && !hold_has(a, "inhibition")) return true;
  if (rules && a->status == ALERT_TRIGGERED && !inhibition_muted(cycle, a->id, &muted, err)) return false;
  if (!drop_released(cycle, a, &muted, err)) return false;
  if (a->status != ALERT_TRIGGERED) return true; /* what somebody has is left alone */
  for (size_t i = 0; i < muted.count; i++) {
    Hold hold = {.reason = "inhibition", .id = muted.rule_ids[i], .since_ms = cycle->now_ms};
    if (hold_add(a, hold) && !a->quieted) a->quieted = hold.reason;
  }
  JobNew look = {.kind = "inhibition.look", .org_id = a->org_id, .subject_id = muted.loud_id, .due_ms = cycle->now_ms};
  if (muted.loud_id && !(job_cancel(cycle, look.kind, look.subject_id, err) && job_add(cycle, &look, err)))
    return false;
  return !first || muted.count > 0 || wait_for_source(cycle, a, err);
}

/* Jobs ------------------------------------------------------------------------------------------------------------ */

static bool requiet(Cycle *cycle, const i64 *ids, size_t count, Error *err) {
  Alert **alerts = ARENA_ARRAY(cycle->arena, Alert *, count + 1);
  PageGather gather = {0};
  if (!alert_load_each(cycle->db, cycle->arena, ids, count, alerts, err)) return false;
  for (size_t i = 0; i < count; i++) {
    Alert *a = alerts[i];
    if (a && (a->status == ALERT_TRIGGERED || a->status == ALERT_ACKNOWLEDGED) &&
        !alert_requiet(cycle, a, &gather, err))
      return false;
  }
  return true;
}

static bool look(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  (void)out_work;
  *out_verdict = JOB_DONE;
  return requiet(cycle, &job->subject_id, 1, err);
}

typedef struct Ids {
  i64 items[SLICE];
  size_t count;
} Ids;

static bool take_id(const DbRow *row, void *ctx) {
  Ids *ids = ctx;
  ids->items[ids->count++] = db_row_int(row, 0);
  return ids->count < SLICE;
}

static bool changed(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  static const DbStmt OF_VALUE = {
      "inhibition_targets",
      "SELECT alert_id FROM inhibition_member WHERE rule_id = $1 AND value = $2 AND target = "
      "1 AND alert_id > $3 ORDER BY alert_id LIMIT $4",
      NULL};
  static const DbStmt OF_RULE = {
      "inhibition_all_targets",
      "SELECT alert_id FROM inhibition_member WHERE rule_id = $1 AND $2 = 0 AND target = 1 AND "
      "alert_id > $3 ORDER BY alert_id LIMIT $4",
      NULL};
  const Value *given = value_get_c(&job->data, "value");
  i64 value = value_int_or(given, 0), after = value_int_or(value_get_c(&job->data, "after"), 0);
  Ids ids = {0};
  (void)out_work;
  *out_verdict = JOB_DONE;
  DbValue args[] = {db_int(job->subject_id), db_int(value), db_int(after), db_int(SLICE)};
  if (!db_query(cycle->db, given ? &OF_VALUE : &OF_RULE, COUNT(args), args, take_id, &ids, err) ||
      !requiet(cycle, ids.items, ids.count, err))
    return false;
  return ids.count < SLICE ||
         add_changed(cycle, job->org_id, job->subject_id, given ? &value : NULL, ids.items[SLICE - 1], err);
}

/* A rule was written: who is what to it ---------------------------------------------------------------------------- */

static bool add_rule_job(Cycle *cycle, i64 org_id, i64 rule_id, i64 priority, i64 after, Error *err) {
  JobNew job = {
      .kind = "inhibition.rule",
      .org_id = org_id,
      .subject_id = rule_id,
      .due_ms = cycle->now_ms,
      .data = str_format(cycle->arena, "{\"priority\":%lld,\"after\":%lld}", (long long)priority, (long long)after)};
  return job_add(cycle, &job, err);
}

static bool ask_holders(Cycle *cycle, i64 org_id, i64 rule_id, Error *err) {
  QuietSweep over = {.org_id = org_id, .id = rule_id, .reason = "inhibition", .held_only = true};
  return quiet_sweep(cycle, &over, err);
}

bool inhibition_written(Cycle *cycle, i64 org_id, i64 rule_id, bool deleted, Error *err) {
  static const DbStmt STAMP = {"inhibition_stamp", "UPDATE inhibition_rule SET stamp = $2 WHERE id = $1", NULL};
  static const DbStmt CLEAR = {"inhibition_clear", "DELETE FROM inhibition_member WHERE rule_id = $1", NULL};
  setup_row_changed(cycle_app(cycle)->setup, "inhibition_rule", 0);
  if (!db_run(cycle->db, &STAMP, err, db_int(rule_id), db_int(id_next(cycle->ids))) ||
      !db_run(cycle->db, &CLEAR, err, db_int(rule_id)) || !quiet_changed(cycle->db, cycle->ids, err) ||
      !job_cancel(cycle, "inhibition.rule", rule_id, err))
    return false;
  return deleted ? ask_holders(cycle, org_id, rule_id, err) : add_rule_job(cycle, org_id, rule_id, -1, 0, err);
}

typedef struct Scanning {
  Cycle *cycle;
  const InhibitionRule *rule;
  Arena *scratch;
  i64 org_id, last_id, last_priority;
  Ids ids;
  size_t seen;
} Scanning;

static bool scan_row(const DbRow *row, void *ctx) {
  Scanning *s = ctx;
  const Setup *setup = setup_current(cycle_app(s->cycle)->setup);
  if (s->ids.count == SLICE) return false;
  arena_clear(s->scratch);
  Alert a = alert_quiet_row(s->scratch, row, s->org_id);
  QuietSubject subject = quiet_subject(s->scratch, setup, &a, s->cycle->now_ms);
  s->seen++;
  s->last_id = a.id;
  s->last_priority = a.priority;
  if (quiet_match(&s->rule->source, &subject) || quiet_match(&s->rule->target, &subject))
    s->ids.items[s->ids.count++] = a.id;
  return true;
}

static bool sync_all(Cycle *cycle, const Ids *ids, Error *err) {
  Alert **alerts = ARENA_ARRAY(cycle->arena, Alert *, SLICE);
  if (!alert_load_each(cycle->db, cycle->arena, ids->items, ids->count, alerts, err)) return false;
  for (size_t i = 0; i < ids->count; i++)
    if (alerts[i] && !inhibition_sync(cycle, alerts[i], err)) return false;
  return true;
}

static bool rule_job(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  static const DbStmt OPEN = {"inhibition_open",
                              "SELECT " QUIET_ROW_COLUMNS
                              ", NULL FROM alert WHERE org_id = $1 AND status IN ('triggered', 'acknowledged') AND "
                              "(priority, id) > ($2, $3) ORDER BY priority, id LIMIT $4",
                              NULL};
  const Quiet *quiet = setup_quiet(setup_current(cycle_app(cycle)->setup));
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  Scanning *s = ARENA_NEW(cycle->arena, Scanning);
  bool fresh = false;
  (void)out_work;
  *out_verdict = JOB_DONE;
  if (!quiet_is_fresh(quiet, cycle->db, &fresh, err)) return false;
  if (!fresh) return *out_verdict = JOB_AGAIN, job->due_ms = cycle->now_ms, true;
  *s =
      (Scanning){.cycle = cycle, .rule = quiet_rule(quiet, job->subject_id), .scratch = scratch, .org_id = job->org_id};
  if (!s->rule) return ask_holders(cycle, job->org_id, job->subject_id, err); /* it is disabled */
  DbValue args[] = {db_int(job->org_id), db_int(value_int_or(value_get_c(&job->data, "priority"), -1)),
                    db_int(value_int_or(value_get_c(&job->data, "after"), 0)), db_int(SCAN_ROWS)};
  if (!db_query(cycle->db, &OPEN, COUNT(args), args, scan_row, s, err) || !sync_all(cycle, &s->ids, err)) return false;
  if (s->seen == SCAN_ROWS || s->ids.count == SLICE)
    return add_rule_job(cycle, job->org_id, job->subject_id, s->last_priority, s->last_id, err);
  return add_changed(cycle, job->org_id, job->subject_id, NULL, 0, err) &&
         ask_holders(cycle, job->org_id, job->subject_id, err);
}

const JobKind INHIBITION_JOBS[] = {
    {.name = "inhibition.changed", .lease_ms = 30000, .claim = changed},
    {.name = "inhibition.rule", .lease_ms = 30000, .claim = rule_job},
    {.name = "inhibition.look", .lease_ms = 30000, .claim = look},
    {.name = NULL},
};
