/* Who keeps this alert quiet now? Asked anew each time (when its rules run, when a silence or window begins, ends or is
 * edited, when its labels change) and never counted up and down: the set says it all. What begins cancels its running
 * pages; when the last hold is gone, what is still triggered runs the rules as new and pages once. */
#include "core/alerts/inhibiting.h"

#include "core/alerts/explanation.h"
#include "lang/json.h"

enum { SILENCES_KEPT = 8, WINDOWS_KEPT = 4 };

typedef struct FactsOf {
  Arena *arena;
  const Setup *setup;
  const Alert *alert;
  i64 now_ms;
} FactsOf;

static Value facts_of(void *ctx) {
  const FactsOf *of = ctx;
  return alert_facts(of->arena, of->setup, of->alert, of->now_ms);
}

QuietSubject quiet_subject(Arena *arena, const Setup *setup, const Alert *a, i64 now_ms) {
  const SetupService *service = setup_service(setup, a->service_id);
  const SetupTeam *team = setup_team(setup, a->team_id);
  const SetupIntegration *integration = setup_integration(setup, a->integration_id);
  FactsOf *of = ARENA_NEW(arena, FactsOf);
  *of = (FactsOf){arena, setup, a, now_ms};
  return (QuietSubject){.org_id = a->org_id,
                        .service_id = a->service_id,
                        .integration_id = a->integration_id,
                        .labels = &a->labels,
                        .service = service ? service->slug : S(""),
                        .team = team ? team->slug : S(""),
                        .integration = integration ? integration->slug : S(""),
                        .priority = priority_text(a->priority),
                        .source = a->source,
                        .title = a->title,
                        .facts = facts_of,
                        .facts_ctx = of,
                        .arena = arena,
                        .now_ms = now_ms};
}

Alert alert_quiet_row(Arena *arena, const DbRow *row, i64 org_id) {
  Value labels = value_null();
  Error ignored = {0};
  if (!json_parse(arena, db_row_text(row, 7, arena), NULL, &labels, &ignored)) labels = value_null();
  Alert a = {.id = db_row_int(row, 0),
             .org_id = org_id,
             .service_id = db_row_int(row, 1),
             .team_id = db_row_int(row, 2),
             .integration_id = db_row_int(row, 3),
             .priority = (i32)db_row_int(row, 4),
             .source = db_row_text(row, 5, arena),
             .title = db_row_text(row, 6, arena),
             .labels = labels,
             .dedup_key = db_row_text(row, 8, arena),
             .source_priority = db_row_text(row, 9, arena),
             .number = db_row_int(row, 10),
             .count = db_row_int(row, 11),
             .episode = db_row_int(row, 12),
             .description = db_row_text(row, QUIET_ROW_COUNT, arena)};
  if (!alert_status_parse(db_row_peek(row, 13), &a.status)) a.status = ALERT_TRIGGERED;
  return a;
}

/* Deciding -------------------------------------------------------------------------------------------------------- */

static bool still_found(const Hold *hold, const QuietFound *found) {
  Str reason = str_from_c(hold->reason);
  if (str_equal_c(reason, "silence")) {
    for (size_t i = 0; i < found->silence_count; i++)
      if (found->silences[i]->id == hold->id) return true;
    return false;
  }
  if (!str_equal_c(reason, "maintenance")) return true;
  for (size_t i = 0; i < found->window_count; i++)
    if (found->windows[i]->id == hold->id) return true;
  return false;
}

static void drop_ended(Alert *a, const QuietFound *found) {
  size_t kept = 0;
  for (size_t i = 0; i < a->hold_count; i++)
    if (still_found(&a->holds[i], found)) a->holds[kept++] = a->holds[i];
  if (kept != a->hold_count) {
    a->row_changed = a->let_go = true;
    a->page_start++; /* what it cancelled stays cancelled: the next is a page of its own */
  }
  a->hold_count = kept;
}

static void add(Alert *a, Hold hold, i64 now_ms) {
  hold.since_ms = now_ms;
  if (hold_add(a, hold) && !a->quieted) a->quieted = hold.reason;
}

void alert_quiet_decide(const Setup *setup, Arena *arena, Alert *a, i64 now_ms) {
  const Quiet *quiet = setup_quiet(setup);
  QuietFound found = {0};
  if (quiet_size(quiet) > 0) {
    QuietSubject subject = quiet_subject(arena, setup, a, now_ms);
    quiet_find(quiet, &subject, &found);
  }
  drop_ended(a, &found);
  for (size_t i = 0; i < MIN(found.silence_count, (size_t)SILENCES_KEPT); i++)
    add(a, (Hold){.reason = "silence", .id = found.silences[i]->id, .until_ms = found.silences[i]->ends_ms}, now_ms);
  for (size_t i = 0; i < MIN(found.window_count, (size_t)WINDOWS_KEPT); i++)
    add(a, (Hold){.reason = "maintenance", .id = found.windows[i]->id, .until_ms = found.windows[i]->ends_ms}, now_ms);
}

/* Beginning ------------------------------------------------------------------------------------------------------- */

/* Members of its incident that are triggered and not held. */
static bool others_awake(Cycle *cycle, const Alert *a, i64 *out, Error *err) {
  static const DbStmt AWAKE = {
      "alert_others_awake",
      "SELECT COUNT(*) FROM alert WHERE incident_id = $1 AND id <> $2 AND status = 'triggered' AND holds = 0", NULL};
  bool found = false;
  return db_query_int(cycle->db, &AWAKE, DB_ARGS(db_int(a->incident_id), db_int(a->id)), out, &found, err);
}

bool alert_quiet_pages(Cycle *cycle, const Alert *a, const char *reason, const Who *who, Error *err) {
  i64 awake = 0;
  if (!page_end(cycle, a->id, PAGE_END_CANCELLED, reason, who, err)) return false;
  if (a->incident_id == 0 || a->status != ALERT_TRIGGERED) return true;
  return others_awake(cycle, a, &awake, err) &&
         (awake > 0 || page_end(cycle, a->incident_id, PAGE_END_CANCELLED, reason, who, err));
}

bool alert_tell_hold(Cycle *cycle, const Alert *a, const char *kind, const Hold *hold, Error *err) {
  Buf data = buf_new(cycle->arena, KIB(1));
  buf_format(&data, "{\"hold\":\"%s\"", hold->reason);
  if (hold->id) {
    buf_puts(&data, ",\"id\":");
    json_write_string(&data, id_text(cycle->arena, hold_id_prefix(str_from_c(hold->reason)), hold->id));
  }
  if (hold->since_ms) {
    buf_puts(&data, ",\"since\":");
    json_write_string(&data, time_text_ms(cycle->arena, hold->since_ms));
  }
  if (hold->until_ms) {
    buf_puts(&data, ",\"until\":");
    json_write_string(&data, time_text_ms(cycle->arena, hold->until_ms));
  }
  buf_putc(&data, '}');
  return alert_timeline(cycle, a, kind, &WHO_SYSTEM, buf_str(&data), err);
}

static bool among(const Hold *hold, const Hold *list, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (hold_same(&list[i], hold)) return true;
  return false;
}

static bool tell_changes(Cycle *cycle, const Alert *a, const Hold *was, size_t was_count, bool *out_gone, Error *err) {
  *out_gone = false;
  for (size_t i = 0; i < was_count; i++)
    if (!among(&was[i], a->holds, a->hold_count)) {
      *out_gone = true;
      if (!alert_tell_hold(cycle, a, "hold_ended", &was[i], err)) return false;
    }
  for (size_t i = 0; i < a->hold_count; i++)
    if (!among(&a->holds[i], was, was_count) && !alert_tell_hold(cycle, a, "held", &a->holds[i], err)) return false;
  return true;
}

/* Ending ---------------------------------------------------------------------------------------------------------- */

bool alert_released(Cycle *cycle, Alert *a, PageGather *gather, Error *err) {
  if (a->status != ALERT_TRIGGERED || a->hold_count > 0) return alert_write(cycle, a, err);
  a->gather = gather;
  a->let_go = true;
  return alert_run_rules(cycle, a, "released", true, err);
}

bool alert_requiet_after(Cycle *cycle, Alert *a, bool gone_before, PageGather *gather, Error *err) {
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  Hold was[HOLDS_MAX];
  size_t was_count = a->hold_count;
  bool gone = false;
  for (size_t i = 0; i < was_count; i++) was[i] = a->holds[i];
  a->quieted = NULL;
  alert_quiet_decide(setup, cycle->arena, a, cycle->now_ms);
  if (!inhibition_sync(cycle, a, err) || !inhibition_decide(cycle, a, false, err)) return false;
  if (!a->row_changed) return true;
  if (!tell_changes(cycle, a, was, was_count, &gone, err)) return false;
  const char *began = a->quieted;
  a->quieted = NULL;
  if (began && a->status == ALERT_TRIGGERED && !alert_quiet_pages(cycle, a, began, &WHO_SYSTEM, err)) return false;
  if (!gone && !gone_before) return alert_write(cycle, a, err);
  if (engine_fault(cycle->engine, "quiet.release")) return fail(err, ERR_STORAGE, "fault quiet.release");
  return alert_released(cycle, a, gather, err);
}

bool alert_requiet(Cycle *cycle, Alert *a, PageGather *gather, Error *err) {
  return alert_requiet_after(cycle, a, false, gather, err);
}

/* Silences that end with what they are about look whether anything of it is left. */
bool alert_holds_end(Cycle *cycle, Alert *a, Error *err) {
  const Quiet *quiet = setup_quiet(setup_current(cycle_app(cycle)->setup));
  for (size_t i = 0; i < a->hold_count; i++) {
    const Silence *s =
        str_equal_c(str_from_c(a->holds[i].reason), "silence") ? quiet_silence(quiet, a->holds[i].id) : NULL;
    if (s && (s->until_resolved || s->expires_when_idle) && !silence_let_go(cycle, s, err)) return false;
  }
  if (a->hold_count) a->row_changed = true;
  a->hold_count = 0;
  return true;
}
