/* What people do to an alert. The machine is a table; only alert_act reads it. A verb that changes nothing is no error.
 */
#include "core/alerts/inhibiting.h"
#include "core/paging/own_snooze.h"
#include "lang/json.h"

static const char *const VERB_NAMES[ALERT_VERB_COUNT] = {"acknowledge", "unacknowledge", "resolve", "dismiss",
                                                         "reopen",      "snooze",        "escalate"};

typedef enum Move {
  MOVE_NOT,
  MOVE_SAME,
  MOVE_TRIGGERED,
  MOVE_ACKNOWLEDGED,
  MOVE_RESOLVED,
  MOVE_DISMISSED,
  MOVE_STAY
} Move;

/* rows: verb; columns: triggered, acknowledged, resolved, dismissed. NOT: refused; SAME: nothing to do; STAY: acts, no
 * move. */
static const Move MOVES[ALERT_VERB_COUNT][ALERT_STATUS_COUNT] = {
    [ALERT_VERB_ACKNOWLEDGE] = {MOVE_ACKNOWLEDGED, MOVE_SAME, MOVE_NOT, MOVE_NOT},
    [ALERT_VERB_UNACKNOWLEDGE] = {MOVE_NOT, MOVE_TRIGGERED, MOVE_NOT, MOVE_NOT},
    [ALERT_VERB_RESOLVE] = {MOVE_RESOLVED, MOVE_RESOLVED, MOVE_SAME, MOVE_RESOLVED},
    [ALERT_VERB_DISMISS] = {MOVE_DISMISSED, MOVE_DISMISSED, MOVE_NOT, MOVE_SAME},
    [ALERT_VERB_REOPEN] = {MOVE_SAME, MOVE_SAME, MOVE_TRIGGERED, MOVE_TRIGGERED},
    [ALERT_VERB_SNOOZE] = {MOVE_STAY, MOVE_STAY, MOVE_NOT, MOVE_NOT},
    [ALERT_VERB_ESCALATE] = {MOVE_STAY, MOVE_NOT, MOVE_NOT, MOVE_NOT},
};

typedef struct Acting {
  Cycle *cycle;
  Alert *alert;
  const AlertAct *act;
} Acting;

static void stamp(Acting *x, AlertStatus to) {
  Alert *a = x->alert;
  Str who = who_json(x->cycle->arena, x->act->who);
  a->status = to;
  a->status_changed_ms = x->cycle->now_ms;
  a->row_changed = true;
  if (to == ALERT_ACKNOWLEDGED) {
    a->acknowledged_ms = x->cycle->now_ms;
    a->acknowledged_by = who;
  }
  if (to == ALERT_TRIGGERED) {
    a->acknowledged_ms = 0;
    a->acknowledged_by = STR_NONE;
  }
  if (to == ALERT_RESOLVED) {
    a->resolved_ms = x->cycle->now_ms;
    a->resolved_by = who;
    a->deadline_ms = 0;
    a->snoozed_until_ms = 0;
  }
}

/* A new episode begins: as if the source had fired again. */
static void begin_episode(Acting *x) {
  Alert *a = x->alert;
  a->episode++;
  a->page_start = 1;
  a->resolved_ms = 0;
  a->resolved_by = STR_NONE;
  a->hold_count = 0;
  a->snoozed_until_ms = 0;
  a->threshold = value_null();
}

/* A time that has passed ends a person's own snooze now. */
static bool snooze_for_one(Acting *x, Error *err) {
  OwnSnooze own = {.org_id = x->alert->org_id,
                   .alert_id = x->alert->id,
                   .user_id = x->act->user_id,
                   .episode = x->alert->episode,
                   .until_ms = x->act->until_ms};
  cycle_publish(x->cycle, x->alert->org_id, "alert", x->alert->id, x->alert->version);
  return own_snooze_set(x->cycle, &own, err);
}

/* Ends its page, and its incident's when no other member is awake. A second snooze moves the end. */
static bool snooze(Acting *x, Error *err) {
  Alert *a = x->alert;
  if (x->act->user_id) return snooze_for_one(x, err);
  if (x->act->until_ms <= x->cycle->now_ms)
    return fail_at(err, ERR_INVALID, "/until", "the snooze must end in the future");
  a->snoozed_until_ms = x->act->until_ms;
  hold_add(a, (Hold){.reason = "snooze", .until_ms = x->act->until_ms, .since_ms = x->cycle->now_ms});
  a->row_changed = true;
  return alert_quiet_pages(x->cycle, a, "snooze", x->act->who, err) && hold_end_job(x->cycle, a, x->act->until_ms, err);
}

static bool escalate(Acting *x, Error *err) {
  static const DbStmt ACTIVE = {"page_active_of_alert",
                                "SELECT id FROM page WHERE status = 'active' AND (alert_id = $1 OR incident_id = $2) "
                                "ORDER BY id DESC LIMIT 1",
                                NULL};
  i64 page_id = 0;
  bool found = false;
  if (!db_query_int(x->cycle->db, &ACTIVE, DB_ARGS(db_int(x->alert->id), db_int(x->alert->incident_id)), &page_id,
                    &found, err))
    return false;
  if (!found) return fail(err, ERR_CONFLICT, "ALERT-%lld has no running page to escalate", (long long)x->alert->number);
  return page_escalate(x->cycle, page_id, x->act->who, err);
}

static bool tell(Acting *x, AlertStatus before, Error *err) {
  Arena *arena = x->cycle->arena;
  bool ends = x->act->user_id && x->act->until_ms <= x->cycle->now_ms;
  const char *kind = ends ? "unsnooze" : VERB_NAMES[x->act->verb];
  Buf data = buf_new(arena, KIB(4));
  buf_format(&data, "{\"from\":\"%s\",\"to\":\"%s\"", alert_status_name(before), alert_status_name(x->alert->status));
  if (x->act->reason.len) {
    buf_puts(&data, ",\"reason\":");
    json_write_string(&data, x->act->reason);
  }
  if (x->act->user_id) buf_puts(&data, ",\"for_me\":true");
  if (x->act->until_ms) {
    buf_puts(&data, ",\"until\":");
    json_write_string(&data, time_text_ms(arena, x->act->until_ms));
  }
  buf_putc(&data, '}');
  return alert_timeline(x->cycle, x->alert, kind, x->act->who, buf_str(&data), err);
}

static bool triggered_left(Cycle *cycle, i64 incident_id, i64 *out, Error *err) {
  static const DbStmt LEFT = {"alert_verbs_left",
                              "SELECT COUNT(*) FROM alert WHERE incident_id = $1 AND status = 'triggered'", NULL};
  bool found = false;
  return db_query_int(cycle->db, &LEFT, DB_ARGS(db_int(incident_id)), out, &found, err);
}

/* Its own page, and the incident's when no member is left triggered. */
static bool end_pages(Acting *x, AlertStatus before, Error *err) {
  Alert *a = x->alert;
  const char *reason = x->act->reason.len ? str_to_c(x->cycle->arena, x->act->reason) : NULL;
  if (!alert_after_status(x->cycle, a, before, x->act->who, reason, err) || !alert_write(x->cycle, a, err))
    return false;
  if (a->incident_id == 0 || x->act->keep_pages || a->status == ALERT_TRIGGERED) return true;
  i64 left = 0;
  if (!triggered_left(x->cycle, a->incident_id, &left, err)) return false;
  PageEnd how = a->status == ALERT_ACKNOWLEDGED ? PAGE_END_ACKNOWLEDGED
                : a->status == ALERT_RESOLVED   ? PAGE_END_RESOLVED
                                                : PAGE_END_CANCELLED;
  return left > 0 || page_end(x->cycle, a->incident_id, how, reason, x->act->who, err);
}

static bool back_to_triggered(Acting *x, AlertStatus before, Error *err) {
  Alert *a = x->alert;
  bool closed = before == ALERT_RESOLVED || before == ALERT_DISMISSED;
  if (closed) begin_episode(x);
  if (!alert_after_status(x->cycle, a, before, x->act->who, NULL, err)) return false;
  if (closed) return alert_run_rules(x->cycle, a, "reopened", false, err);
  if (!alert_write(x->cycle, a, err)) return false;
  if (!page_restart(x->cycle, a->id, x->act->who, err) ||
      (a->incident_id && !page_restart(x->cycle, a->incident_id, x->act->who, err)))
    return false;
  return a->hold_count == 0 || alert_quiet_pages(x->cycle, a, a->holds[0].reason, x->act->who, err);
}

static bool move(Acting *x, Move to, Error *err) {
  Alert *a = x->alert;
  AlertStatus before = a->status;
  if (to == MOVE_STAY) {
    bool ok = x->act->verb == ALERT_VERB_SNOOZE ? snooze(x, err) : escalate(x, err);
    return ok && tell(x, before, err) && alert_write(x->cycle, a, err);
  }
  static const AlertStatus STATUS[] = {[MOVE_TRIGGERED] = ALERT_TRIGGERED,
                                       [MOVE_ACKNOWLEDGED] = ALERT_ACKNOWLEDGED,
                                       [MOVE_RESOLVED] = ALERT_RESOLVED,
                                       [MOVE_DISMISSED] = ALERT_DISMISSED};
  stamp(x, STATUS[to]);
  if ((to == MOVE_RESOLVED || to == MOVE_DISMISSED) && !alert_holds_end(x->cycle, a, err)) return false;
  if (to != MOVE_TRIGGERED && !inhibition_sync(x->cycle, a, err)) return false;
  if (!tell(x, before, err)) return false;
  return to == MOVE_TRIGGERED ? back_to_triggered(x, before, err) : end_pages(x, before, err);
}

bool alert_act(Cycle *cycle, i64 alert_id, const AlertAct *act, bool *out_changed, Error *err) {
  Alert *a = ARENA_NEW(cycle->arena, Alert);
  bool found = false;
  *out_changed = false;
  if (!alert_load(cycle->db, cycle->arena, alert_id, a, &found, err)) return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "there is no such alert");
  Acting x = {.cycle = cycle, .alert = a, .act = act};
  Move to = MOVES[act->verb][a->status];
  if (to == MOVE_SAME) return true;
  if (to == MOVE_NOT && act->verb == ALERT_VERB_UNACKNOWLEDGE)
    return fail(err, ERR_CONFLICT, "ALERT-%lld is %s: it is not acknowledged, so there is nothing to take back",
                (long long)a->number, alert_status_name(a->status));
  if (to == MOVE_NOT)
    return fail(err, ERR_CONFLICT, "ALERT-%lld is %s: it cannot be %s%s", (long long)a->number,
                alert_status_name(a->status), VERB_NAMES[act->verb],
                str_ends_with(str_from_c(VERB_NAMES[act->verb]), S("e")) ? "d" : "ed");
  *out_changed = true;
  return move(&x, to, err);
}

typedef struct Ids {
  Arena *arena;
  VEC(i64) items;
} Ids;

static bool read_id(const DbRow *row, void *ctx) {
  Ids *ids = ctx;
  *VEC_PUSH(ids->arena, &ids->items) = db_row_int(row, 0);
  return true;
}

bool alerts_of_incident_act(Cycle *cycle, i64 incident_id, const AlertAct *act, i64 *out_changed, Error *err) {
  static const DbStmt MEMBERS = {"alerts_of_incident",
                                 "SELECT id FROM alert WHERE incident_id = $1 AND (status = 'triggered' OR ($2 = 1 AND "
                                 "status = 'acknowledged')) ORDER BY id",
                                 NULL};
  Ids ids = {.arena = cycle->arena};
  i64 both = act->verb == ALERT_VERB_ACKNOWLEDGE ? 0 : 1;
  *out_changed = 0;
  if (!db_query(cycle->db, &MEMBERS, DB_ARGS(db_int(incident_id), db_int(both)), read_id, &ids, err)) return false;
  for (size_t i = 0; i < ids.items.count; i++) {
    bool changed = false;
    if (!alert_act(cycle, ids.items.items[i], act, &changed, err)) return false;
    *out_changed += changed;
  }
  return true;
}

bool alert_note(Cycle *cycle, i64 alert_id, Str text, const Who *who, Error *err) {
  Alert *a = ARENA_NEW(cycle->arena, Alert);
  bool found = false;
  if (!alert_load(cycle->db, cycle->arena, alert_id, a, &found, err)) return false;
  if (!found) return fail(err, ERR_NOT_FOUND, "there is no such alert");
  Buf data = buf_new(cycle->arena, KIB(200));
  buf_puts(&data, "{\"text\":");
  json_write_string(&data, text);
  buf_putc(&data, '}');
  cycle_publish(cycle, a->org_id, "alert", a->id, a->version);
  return alert_timeline(cycle, a, "note", who, buf_str(&data), err);
}
