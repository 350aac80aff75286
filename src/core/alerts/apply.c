/* Apply: one batch through its stages, in the order below. Loaded and decided in memory, written at the end of each
 * alert. */
#include "core/alerts/flapping.h"
#include "core/alerts/inhibiting.h"
#include "lang/json.h"

static const DbStmt COUNTER_TAKE = {
    "counter_take",
    "INSERT INTO counter (org_id, name, value) VALUES ($1, $2, $3) "
    "ON CONFLICT (org_id, name) DO UPDATE SET value = counter.value + excluded.value RETURNING value",
    NULL};

enum { NUMBER_BLOCK = 1000 };

i64 alert_number_next(Batch *batch, i64 org_id, Error *err) {
  i64 last = 0, block = (i64)MIN(MAX(batch->numbers_left, (size_t)1), (size_t)NUMBER_BLOCK);
  bool found = false;
  if (batch->number_org == org_id && batch->number_next < batch->number_end) return batch->number_next++;
  if (!db_query_int(batch->cycle->db, &COUNTER_TAKE, DB_ARGS(db_int(org_id), db_text(S("alert")), db_int(block)), &last,
                    &found, err))
    return 0;
  batch->number_org = org_id;
  batch->number_next = last - block + 1;
  batch->number_end = last + 1;
  return batch->number_next++;
}

i64 change_number_next(Batch *batch, i64 org_id, Error *err) {
  i64 number = 0;
  bool found = false;
  if (!db_query_int(batch->cycle->db, &COUNTER_TAKE, DB_ARGS(db_int(org_id), db_text(S("change")), db_int(1)), &number,
                    &found, err))
    return 0;
  return number;
}

bool alert_timeline(Cycle *cycle, const Alert *alert, const char *kind, const Who *who, Str data, Error *err) {
  TimelineEntry entry = {.org_id = alert->org_id,
                         .subject_kind = "alert",
                         .subject_id = alert->id,
                         .kind = kind,
                         .who = who,
                         .data = data};
  return timeline_add(cycle, &entry, err);
}

/* Jobs and the story of one alert
 * -------------------------------------------------------------------------------------- */

static Who source_of(Batch *batch, const Alert *a) {
  const SetupIntegration *in = setup_integration(batch->setup, a->integration_id);
  if (!in) return (Who){.kind = "source", .name = a->source};
  return (Who){.kind = "source", .id = id_text(batch->arena, "int", in->id), .name = in->name};
}

/* Whose acknowledgement stands, when it began again soon after it. */
static Str reopened_data(Batch *batch, const Alert *a) {
  Buf data = buf_new(batch->arena, KIB(4));
  Value who = value_null();
  Error ignored = {0};
  buf_format(&data, "{\"episode\":%lld", (long long)a->episode);
  if (a->tell_acker && json_parse(batch->arena, a->acknowledged_by, NULL, &who, &ignored)) {
    buf_puts(&data, ",\"still_acknowledged_by\":");
    json_write_string(&data, value_text_or(value_get_c(&who, "name"), S("somebody")));
  }
  buf_putc(&data, '}');
  return buf_str(&data);
}

static bool tell_story(Batch *batch, const Alert *a, AlertStatus before, Error *err) {
  Who who = source_of(batch, a);
  Str none = STR_NONE;
  if (a->is_new) {
    Buf data = buf_new(batch->arena, KIB(8));
    buf_puts(&data, "{\"title\":");
    json_write_string(&data, a->title);
    buf_format(&data, ",\"status\":\"%s\"}", alert_status_name(a->status));
    if (!alert_timeline(batch->cycle, a, "created", &who, buf_str(&data), err)) return false;
  } else if (a->reopened) {
    if (!alert_timeline(batch->cycle, a, "reopened", &who, reopened_data(batch, a), err)) return false;
  } else if (a->raised) {
    none = str_format(batch->arena, "{\"to\":\"%.*s\"}", STR_ARG(priority_text(a->priority)));
    if (!alert_timeline(batch->cycle, a, "priority", &who, none, err)) return false;
  }
  if (a->status == before || a->is_new || !a->status_by_source) return true;
  Str data =
      timeline_change(batch->arena, str_from_c(alert_status_name(before)), str_from_c(alert_status_name(a->status)));
  return alert_timeline(batch->cycle, a, "status", &who, data, err);
}

/* The two sides of a status change: what stops, and what the incident counts. */
bool alert_after_status(Cycle *cycle, Alert *alert, AlertStatus before, const Who *who, const char *reason,
                        Error *err) {
  bool open = alert->status == ALERT_TRIGGERED || alert->status == ALERT_ACKNOWLEDGED;
  bool was_open = before == ALERT_TRIGGERED || before == ALERT_ACKNOWLEDGED;
  if (alert->incident_id && open != was_open &&
      !incident_alerts_changed(cycle, alert->incident_id, 0, open ? 1 : -1, who, alert->title, alert->number, err))
    return false;
  if (alert->status == ALERT_RESOLVED)
    return page_end(cycle, alert->id, PAGE_END_RESOLVED, reason, who, err) &&
           job_cancel(cycle, "alert.hold_end", alert->id, err);
  if (alert->status == ALERT_DISMISSED) return page_end(cycle, alert->id, PAGE_END_CANCELLED, "dismissed", who, err);
  if (alert->status == ALERT_ACKNOWLEDGED) return page_end(cycle, alert->id, PAGE_END_ACKNOWLEDGED, reason, who, err);
  return true;
}

static bool has_members_left(Cycle *cycle, i64 incident_id, bool *out, Error *err) {
  static const DbStmt LEFT = {"alerts_triggered_left",
                              "SELECT COUNT(*) FROM alert WHERE incident_id = $1 AND status = 'triggered'", NULL};
  i64 count = 0;
  bool found = false;
  if (!db_query_int(cycle->db, &LEFT, DB_ARGS(db_int(incident_id)), &count, &found, err)) return false;
  *out = count > 0;
  return true;
}

/* An acknowledgement of one alert ends its incident's page only when no member is left triggered. */
static bool end_incident_page(Cycle *cycle, const Alert *a, const Who *who, Error *err) {
  bool left = true;
  if (a->incident_id == 0 || a->status == ALERT_TRIGGERED) return true;
  if (!has_members_left(cycle, a->incident_id, &left, err)) return false;
  return left || page_end(cycle, a->incident_id,
                          a->status == ALERT_ACKNOWLEDGED ? PAGE_END_ACKNOWLEDGED : PAGE_END_RESOLVED, NULL, who, err);
}

static bool tell_acker(Batch *batch, const Alert *a, Error *err) {
  Value who = value_null();
  Error ignored = {0};
  if (!a->tell_acker || !json_parse(batch->arena, a->acknowledged_by, NULL, &who, &ignored)) return true;
  i64 user_id = 0;
  if (!id_parse("usr", value_text_or(value_get_c(&who, "id"), STR_NONE), &user_id)) return true;
  return page_notice(batch->cycle, user_id, a->id, a->incident_id, "kept", err);
}

/* Does this alert run its rules in this batch? Threshold rules see every occurrence until they are reached. */
static bool wants_rules(const Alert *a) {
  if (a->status == ALERT_RESOLVED || a->status == ALERT_DISMISSED) return false;
  if (a->run_rules) return true;
  if (a->status != ALERT_TRIGGERED || !a->touched || a->threshold.kind != VALUE_MAP) return false;
  for (size_t i = 0; i < a->threshold.size; i++)
    if (a->threshold.members[i].value.kind == VALUE_LIST) return true;
  return false;
}

static bool status_moved(const Alert *a) {
  return !a->is_new && a->status != a->status_before;
}

/* What a change of status stops and counts, before the rules act: they may start the next page. */
static bool settle_status(Batch *batch, Alert *a, const Who *who, Error *err) {
  if (a->status == ALERT_ACKNOWLEDGED) {
    hold_remove(a, "pause", 0);
    hold_remove(a, "suppressed", 0);
  }
  if (a->status == ALERT_RESOLVED && a->hold_count && !alert_holds_end(batch->cycle, a, err)) return false;
  if (!tell_story(batch, a, a->status_before, err)) return false;
  return !status_moved(a) || alert_after_status(batch->cycle, a, a->status_before, who, NULL, err);
}

/* Stage 3: asks the rules about every alert of the batch; in memory. */
static void decide_all(Batch *batch) {
  for (size_t i = 0; i < batch->alerts.count; i++) {
    Alert *a = batch->alerts.items[i];
    if (!wants_rules(a)) continue;
    a->plan = ARENA_NEW(batch->arena, Plan);
    alert_decide(batch->setup, batch->arena, a, setup_integration(batch->setup, a->integration_id), false,
                 batch->now_ms, a->plan);
    rule_hits_count(batch, a, a->plan);
  }
}

/* Inhibition: what all of them are to its rules, then who is muted, so that their order in the batch does not matter.
 */
static bool inhibit_all(Batch *batch, Error *err) {
  for (size_t i = 0; i < batch->alerts.count; i++)
    if (!flapping_decide(batch->cycle, batch->alerts.items[i], err)) return false;
  if (quiet_size(setup_quiet(batch->setup)) == 0) return true;
  for (size_t i = 0; i < batch->alerts.count; i++) {
    const Alert *a = batch->alerts.items[i];
    if ((a->plan || status_moved(a)) && !inhibition_sync(batch->cycle, a, err)) return false;
  }
  for (size_t i = 0; i < batch->alerts.count; i++) {
    Alert *a = batch->alerts.items[i];
    if (a->plan && !inhibition_decide(batch->cycle, a, a->is_new || a->reopened, err)) return false;
  }
  return true;
}

/* One alert: the change of status takes effect, the plan is carried out, the row is written. */
static bool settle_alert(Batch *batch, Alert *a, Error *err) {
  Cycle *cycle = batch->cycle;
  Who who = source_of(batch, a);
  bool moved = status_moved(a);
  if (!settle_status(batch, a, &who, err)) return false;
  if (a->plan &&
      !(plan_carry_out(cycle, batch->setup, a, a->plan, err) && plan_keep(cycle, batch->setup, a, a->plan, err)))
    return false;
  if (!alert_deadline_arm(cycle, a, err) || !tell_acker(batch, a, err) || !alert_write(cycle, a, err)) return false;
  return !moved || end_incident_page(cycle, a, &who, err);
}

static bool settle_all(Batch *batch, Error *err) {
  decide_all(batch);
  if (!inhibit_all(batch, err)) return false;
  for (size_t i = 0; i < batch->alerts.count; i++)
    if (!settle_alert(batch, batch->alerts.items[i], err)) return false;
  return true;
}

static bool write_keys(Batch *batch, Error *err) {
  for (size_t i = 0; i < map_count(batch->keys); i++)
    if (!key_write(batch->cycle, map_at(batch->keys, i)->value, err)) return false;
  return true;
}

bool alerts_apply(Cycle *cycle, Arrival **arrivals, size_t count, Error *err) {
  Batch batch = {.cycle = cycle,
                 .arena = cycle->arena,
                 .setup = setup_current(cycle_app(cycle)->setup),
                 .now_ms = cycle->now_ms,
                 .keys = map_new(cycle->arena)};
  if (!stage_keys(&batch, arrivals, count, err)) return false;
  if (!stage_fold(&batch, err)) return false;
  if (engine_fault(cycle->engine, "apply.decided")) return fail(err, ERR_STORAGE, "fault apply.decided");
  if (!settle_all(&batch, err) || !write_keys(&batch, err) || !rule_hits_write(&batch, err)) return false;
  if (engine_fault(cycle->engine, "apply.written")) return fail(err, ERR_STORAGE, "fault apply.written");
  return true;
}

/* Waiting rows ---------------------------------------------------------------------------------------------------- */

Str alerts_encode(Arena *arena, const Arrival *arrival) {
  return events_pack(arena, arrival->events, arrival->event_count);
}

bool alerts_decode(Arrival *arrival, Str bytes, Error *err) {
  Event *events = NULL;
  if (!events_unpack(arrival->arena, bytes, &events, &arrival->event_count, err)) return false;
  arrival->events = events;
  return true;
}

bool alerts_parked(Cycle *cycle, Arrival *arrival, const Error *why, Error *err) {
  AlertOwn own = {.org_id = arrival->org_id,
                  .integration_id = arrival->integration_id,
                  .dedup_key = str_format(cycle->arena, "tocsin/parked/%lld", (long long)arrival->integration_id),
                  .title = S("A request could not be applied and was set aside"),
                  .description = str_copy(cycle->arena, str_from_c(why->message)),
                  .priority = 2};
  i64 id = 0;
  return source_parked(cycle, arrival, err) && alert_own(cycle, &own, &id, err);
}
