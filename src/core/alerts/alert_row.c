/* The alert's row: reading, writing, its holds. A repeat takes the short statement, which touches nothing indexed. */
#include "core/alerts/batch.h"
#include "core/alerts/explanation.h"
#include "core/setup/internal.h"
#include "lang/json.h"

static const char *const STATUS_NAMES[ALERT_STATUS_COUNT] = {"triggered", "acknowledged", "resolved", "dismissed"};

const char *alert_status_name(AlertStatus status) {
  return STATUS_NAMES[status];
}

bool alert_status_parse(Str text, AlertStatus *out) {
  for (int i = 0; i < ALERT_STATUS_COUNT; i++)
    if (str_equal_c(text, STATUS_NAMES[i])) return *out = (AlertStatus)i, true;
  return false;
}

Str priority_text(i32 priority) {
  static const Str TEXTS[] = {STR(""), STR("p1"), STR("p2"), STR("p3"), STR("p4")};
  return TEXTS[priority >= 1 && priority <= 4 ? priority : 0];
}

/* Holds ----------------------------------------------------------------------------------------------------------- */

static const char *const HOLD_REASONS[] = {"silence", "maintenance", "inhibition", "flapping",
                                           "pause",   "quiet",       "suppressed", "snooze"};

static const char *hold_reason(Str text) {
  for (size_t i = 0; i < COUNT(HOLD_REASONS); i++)
    if (str_equal_c(text, HOLD_REASONS[i])) return HOLD_REASONS[i];
  return NULL;
}

bool hold_has(const Alert *alert, const char *reason) {
  for (size_t i = 0; i < alert->hold_count; i++)
    if (str_equal_c(str_from_c(alert->holds[i].reason), reason)) return true;
  return false;
}

bool hold_same(const Hold *a, const Hold *b) {
  return a->id == b->id && str_equal_c(str_from_c(a->reason), b->reason);
}

bool hold_add(Alert *alert, Hold hold) {
  for (size_t i = 0; i < alert->hold_count; i++)
    if (hold_same(&alert->holds[i], &hold)) {
      if (alert->holds[i].until_ms != hold.until_ms) alert->row_changed = true;
      alert->holds[i].until_ms = hold.until_ms;
      return false;
    }
  if (alert->hold_count == HOLDS_MAX) return false;
  alert->holds[alert->hold_count++] = hold;
  alert->row_changed = true;
  return true;
}

bool hold_remove(Alert *alert, const char *reason, i64 id) {
  size_t kept = 0, before = alert->hold_count;
  for (size_t i = 0; i < before; i++) {
    const Hold *hold = &alert->holds[i];
    bool goes = str_equal_c(str_from_c(hold->reason), reason) && (id == 0 || hold->id == id);
    if (!goes) alert->holds[kept++] = *hold;
  }
  alert->hold_count = kept;
  if (kept != before) alert->row_changed = true;
  return kept != before;
}

Str hold_list_json(Arena *arena, const Alert *alert) {
  Buf buf = buf_new(arena, KIB(8));
  buf_putc(&buf, '[');
  for (size_t i = 0; i < alert->hold_count; i++) {
    const Hold *hold = &alert->holds[i];
    buf_format(&buf, "%s{\"reason\":\"%s\",\"id\":", i ? "," : "", hold->reason);
    if (hold->id)
      json_write_string(&buf, id_text(arena, hold_id_prefix(str_from_c(hold->reason)), hold->id));
    else
      buf_puts(&buf, "null");
    buf_puts(&buf, ",\"until\":");
    if (hold->until_ms)
      json_write_string(&buf, time_text_ms(arena, hold->until_ms));
    else
      buf_puts(&buf, "null");
    if (hold->since_ms) {
      buf_puts(&buf, ",\"since\":");
      json_write_string(&buf, time_text_ms(arena, hold->since_ms));
    }
    buf_putc(&buf, '}');
  }
  buf_putc(&buf, ']');
  return buf_str(&buf);
}

static void read_holds(Arena *arena, Str text, Alert *out) {
  Value list = value_null();
  Error ignored = {0};
  if (text.len == 0 || !json_parse(arena, text, NULL, &list, &ignored)) return;
  for (size_t i = 0; value_is(&list, VALUE_LIST) && i < list.size && out->hold_count < HOLDS_MAX; i++) {
    const Value *item = value_at(&list, i);
    const char *reason = hold_reason(value_text_or(value_get_c(item, "reason"), STR_NONE));
    i64 until = 0, since = 0;
    if (!time_parse_ms(value_text_or(value_get_c(item, "since"), STR_NONE), &since)) since = 0;
    if (!time_parse_ms(value_text_or(value_get_c(item, "until"), STR_NONE), &until)) until = 0;
    if (reason)
      out->holds[out->hold_count++] =
          (Hold){.reason = reason, .id = setup_ref(value_get_c(item, "id")), .until_ms = until, .since_ms = since};
  }
}

/* Reading --------------------------------------------------------------------------------------------------------- */

static const DbStmt ALERT_LOAD = {
    "alert_load",
    "SELECT id, org_id, number, integration_id, space, dedup_key, title, description, status, priority, "
    "source_priority, "
    "service_id, team_id, policy_id, source, labels, links, images, count, starts_at, ends_at, first_seen_at, "
    "last_seen_at, "
    "status_changed_at, acknowledged_at, acknowledged_by, resolved_at, resolved_by, snoozed_until, episode, "
    "page_start, "
    "hold_list, unrouted, previous_alert_id, incident_id, deadline_at, truncated, skew_ms, threshold, source_hash, "
    "source_rank, explanations, version, created_at, occurrences FROM alert WHERE id = $1",
    NULL};

typedef struct Reading {
  Arena *arena;
  Alert *out;
} Reading;

static Value json_column(Arena *arena, const DbRow *row, int column) {
  Value value = value_null();
  Error ignored = {0};
  Str text = db_row_text(row, column, arena);
  if (text.len && !json_parse(arena, text, NULL, &value, &ignored)) value = value_null();
  return value;
}

static bool read_alert(const DbRow *row, void *ctx) {
  Reading *reading = ctx;
  Arena *arena = reading->arena;
  Alert *a = reading->out;
  *a = (Alert){.id = db_row_int(row, 0),
               .org_id = db_row_int(row, 1),
               .number = db_row_int(row, 2),
               .integration_id = db_row_int(row, 3),
               .space = db_row_int(row, 4),
               .dedup_key = db_row_text(row, 5, arena),
               .title = db_row_text(row, 6, arena),
               .description = db_row_text(row, 7, arena),
               .priority = (i32)db_row_int(row, 9),
               .source_priority = db_row_text(row, 10, arena),
               .service_id = db_row_int(row, 11),
               .team_id = db_row_int(row, 12),
               .policy_id = db_row_int(row, 13),
               .source = db_row_text(row, 14, arena),
               .labels = json_column(arena, row, 15),
               .links = json_column(arena, row, 16),
               .images = json_column(arena, row, 17),
               .count = db_row_int(row, 18),
               .starts_ms = db_row_int(row, 19),
               .ends_ms = db_row_int(row, 20),
               .first_seen_ms = db_row_int(row, 21),
               .last_seen_ms = db_row_int(row, 22),
               .status_changed_ms = db_row_int(row, 23),
               .acknowledged_ms = db_row_int(row, 24),
               .acknowledged_by = db_row_text(row, 25, arena),
               .resolved_ms = db_row_int(row, 26),
               .resolved_by = db_row_text(row, 27, arena),
               .snoozed_until_ms = db_row_int(row, 28),
               .episode = db_row_int(row, 29),
               .page_start = db_row_int(row, 30),
               .unrouted = db_row_int(row, 32) != 0,
               .previous_id = db_row_int(row, 33),
               .incident_id = db_row_int(row, 34),
               .deadline_ms = db_row_int(row, 35),
               .truncated = db_row_int(row, 36) != 0,
               .skew_ms = db_row_int(row, 37),
               .threshold = json_column(arena, row, 38),
               .source_hash = db_row_int(row, 39),
               .source_rank = db_row_int(row, 40),
               .explanations = db_row_int(row, 41),
               .version = db_row_int(row, 42),
               .created_ms = db_row_int(row, 43),
               .occurrences = db_row_int(row, 44)};
  if (!alert_status_parse(db_row_peek(row, 8), &a->status)) a->status = ALERT_TRIGGERED;
  read_holds(arena, db_row_text(row, 31, arena), a);
  a->status_before = a->status;
  a->deadline_before = a->deadline_ms;
  return true;
}

bool alert_load(Db *db, Arena *arena, i64 id, Alert *out, bool *out_found, Error *err) {
  Reading reading = {.arena = arena, .out = out};
  return db_query_one(db, &ALERT_LOAD, DB_ARGS(db_int(id)), read_alert, &reading, out_found, err);
}

typedef struct ReadingEach {
  Arena *arena;
  const i64 *ids;
  Alert **out;
} ReadingEach;

static void bind_id(size_t i, DbValue *args, void *ctx) {
  args[0] = db_int(((const ReadingEach *)ctx)->ids[i]);
}

static bool read_each(size_t i, const DbRow *row, void *ctx) {
  const ReadingEach *each = ctx;
  Reading reading = {.arena = each->arena, .out = ARENA_NEW(each->arena, Alert)};
  each->out[i] = reading.out;
  return read_alert(row, &reading);
}

bool alert_load_each(Db *db, Arena *arena, const i64 *ids, size_t count, Alert **out, Error *err) {
  ReadingEach each = {.arena = arena, .ids = ids, .out = out};
  for (size_t i = 0; i < count; i++) out[i] = NULL;
  return db_query_each(db, &ALERT_LOAD, 1, count, bind_id, read_each, &each, err);
}

/* Writing --------------------------------------------------------------------------------------------------------- */

static const DbStmt ALERT_TOUCH = {
    "alert_touch",
    "UPDATE alert SET count = $2, last_seen_at = $3, deadline_at = $4, threshold = $5, occurrences = $6 WHERE id = $1",
    NULL};
static const DbStmt ALERT_INSERT = {
    "alert_insert",
    "INSERT INTO alert (id, org_id, number, integration_id, space, dedup_key, title, description, status, priority, "
    "source_priority, service_id, team_id, policy_id, source, labels, links, images, count, starts_at, ends_at, "
    "first_seen_at, last_seen_at, status_changed_at, acknowledged_at, acknowledged_by, resolved_at, resolved_by, "
    "snoozed_until, episode, page_start, holds, hold_list, unrouted, previous_alert_id, incident_id, deadline_at, "
    "truncated, "
    "skew_ms, threshold, source_hash, source_rank, explanations, version, created_at, updated_at, occurrences, "
    "first_request_id, first_element, first_occurred_at, first_explanation) "
    "VALUES "
    "($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26,$27,$28,$29,"
    "$30,$31,$32,$33,$34,$35,$36,$37,$38,$39,$40,$41,$42,$43,$44,$45,$46,$47,$48,$49,$50,$51)",
    NULL};
static const DbStmt ALERT_UPDATE = {
    "alert_update",
    "UPDATE alert SET title = $2, description = $3, status = $4, priority = $5, source_priority = $6, service_id = $7, "
    "team_id = $8, policy_id = $9, source = $10, labels = $11, links = $12, images = $13, count = $14, starts_at = "
    "$15, "
    "ends_at = $16, last_seen_at = $17, status_changed_at = $18, acknowledged_at = $19, acknowledged_by = $20, "
    "resolved_at = $21, resolved_by = $22, snoozed_until = $23, episode = $24, page_start = $25, holds = $26, "
    "hold_list = $27, unrouted = $28, incident_id = $29, deadline_at = $30, truncated = $31, skew_ms = $32, "
    "threshold = $33, source_hash = $34, source_rank = $35, explanations = $36, version = $37, updated_at = $38, "
    "occurrences = $39 "
    "WHERE id = $1",
    NULL};

static DbValue json_value(Arena *arena, const Value *value) {
  return value->kind == VALUE_NULL ? db_null() : db_text(json_text(arena, value));
}

static DbValue text_or_null(Str text) {
  return text.len ? db_text(text) : db_null();
}

static DbValue labels_value(Arena *arena, const Alert *a) {
  return a->labels.kind == VALUE_MAP ? db_text(json_text(arena, &a->labels)) : db_text(S("{}"));
}

static DbValue holds_value(Arena *arena, const Alert *a) {
  return a->hold_count ? db_text(hold_list_json(arena, a)) : db_null();
}

static bool insert(Cycle *c, const Alert *a, Error *err) {
  Arena *arena = c->arena;
  return db_run_gathered(
      c->db, &ALERT_INSERT, 1, err, db_int(a->id), db_int(a->org_id), db_int(a->number), db_id(a->integration_id),
      db_int(a->space), db_text(a->dedup_key), db_text(a->title), text_or_null(a->description),
      db_text(str_from_c(alert_status_name(a->status))), db_int(a->priority), text_or_null(a->source_priority),
      db_id(a->service_id), db_id(a->team_id), db_id(a->policy_id), text_or_null(a->source), labels_value(arena, a),
      json_value(arena, &a->links), json_value(arena, &a->images), db_int(a->count), db_id(a->starts_ms),
      db_id(a->ends_ms), db_int(a->first_seen_ms), db_int(a->last_seen_ms), db_int(a->status_changed_ms),
      db_id(a->acknowledged_ms), text_or_null(a->acknowledged_by), db_id(a->resolved_ms), text_or_null(a->resolved_by),
      db_id(a->snoozed_until_ms), db_int(a->episode), db_int(a->page_start), db_int((i64)a->hold_count),
      holds_value(arena, a), db_int(a->unrouted), db_id(a->previous_id), db_id(a->incident_id), db_id(a->deadline_ms),
      db_int(a->truncated), db_int(a->skew_ms), json_value(arena, &a->threshold), db_int(a->source_hash),
      db_int(a->source_rank), db_int(a->explanations), db_int(a->version), db_int(a->created_ms), db_int(c->now_ms),
      db_int(a->occurrences), db_id(a->first_request_id), a->first_request_id ? db_int(a->first_element) : db_null(),
      db_id(a->first_occurred_ms), a->first_explanation.len ? db_blob(a->first_explanation) : db_null());
}

static bool update(Cycle *c, const Alert *a, Error *err) {
  Arena *arena = c->arena;
  return db_run_gathered(
      c->db, &ALERT_UPDATE, 1, err, db_int(a->id), db_text(a->title), text_or_null(a->description),
      db_text(str_from_c(alert_status_name(a->status))), db_int(a->priority), text_or_null(a->source_priority),
      db_id(a->service_id), db_id(a->team_id), db_id(a->policy_id), text_or_null(a->source), labels_value(arena, a),
      json_value(arena, &a->links), json_value(arena, &a->images), db_int(a->count), db_id(a->starts_ms),
      db_id(a->ends_ms), db_int(a->last_seen_ms), db_int(a->status_changed_ms), db_id(a->acknowledged_ms),
      text_or_null(a->acknowledged_by), db_id(a->resolved_ms), text_or_null(a->resolved_by), db_id(a->snoozed_until_ms),
      db_int(a->episode), db_int(a->page_start), db_int((i64)a->hold_count), holds_value(arena, a), db_int(a->unrouted),
      db_id(a->incident_id), db_id(a->deadline_ms), db_int(a->truncated), db_int(a->skew_ms),
      json_value(arena, &a->threshold), db_int(a->source_hash), db_int(a->source_rank), db_int(a->explanations),
      db_int(a->version), db_int(c->now_ms), db_int(a->occurrences));
}

bool alert_write(Cycle *cycle, Alert *alert, Error *err) {
  bool ok = true;
  if (alert->is_new) {
    alert->version = 1;
    ok = insert(cycle, alert, err);
  } else if (alert->row_changed) {
    alert->version++;
    ok = update(cycle, alert, err);
  } else if (alert->touched) {
    return db_run_gathered(cycle->db, &ALERT_TOUCH, 1, err, db_int(alert->id), db_int(alert->count),
                           db_int(alert->last_seen_ms), db_id(alert->deadline_ms),
                           json_value(cycle->arena, &alert->threshold), db_int(alert->occurrences));
  } else {
    return true;
  }
  if (ok) cycle_publish(cycle, alert->org_id, "alert", alert->id, alert->version);
  alert->is_new = alert->row_changed = alert->touched = false;
  return ok;
}
