/* Stage 2: folds each event into its key's alert, in order of arrival: the state machine and the rules of order.
 * Receive time decides windows; the sender's time decides lateness and nothing else. Writes occurrences; rows come
 * later. */
#include "core/alerts/batch.h"

static const i64 YEAR_2000_MS = 946684800000;
static const i64 NOT_UNDERSTOOD_QUIET_MS = 300000;

static const DbStmt OCCURRENCE_PUT = {
    "occurrence_put",
    "INSERT INTO occurrence (alert_id, slot, n, received_at, occurred_at, request_id, element, status, late) "
    "VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) ON CONFLICT (alert_id, slot) DO UPDATE SET n = excluded.n, "
    "received_at = excluded.received_at, occurred_at = excluded.occurred_at, request_id = excluded.request_id, "
    "element = excluded.element, status = excluded.status, late = excluded.late",
    NULL};

static i64 tolerance_ms(const Item *item) {
  return item->integration ? item->integration->settings.limits.clock_tolerance_ms : EVENT_LIMITS.clock_tolerance_ms;
}

/* The time of the event itself, 0 when it does not carry one that can be believed. */
static i64 believable(const Item *item, i64 t) {
  return t >= YEAR_2000_MS && t <= item->arrival->received_ms + tolerance_ms(item) ? t : 0;
}

static i64 event_time(const Item *item) {
  const Event *e = item->event;
  i64 t = believable(item, e->occurred_ms);
  if (t == 0 && e->status == EVENT_RESOLVED) t = believable(item, e->ends_ms);
  return t;
}

static i64 late_window_ms(const Item *item) {
  return (item->integration ? item->integration->late_window_s : 300) * 1000;
}

/* All four must hold; any doubt is arrival order, because a wrong page is better than none. */
static bool fire_is_late(const Item *item, i64 t) {
  const Key *key = item->key;
  i64 received = item->arrival->received_ms, window = late_window_ms(item);
  return t > 0 && key->resolve_ms > 0 && t < key->resolve_t && received - key->resolve_ms <= window &&
         received - t < window;
}

static bool resolve_is_late(const Item *item, i64 t) {
  const Key *key = item->key;
  return t > 0 && key->resolve_ms > 0 && t <= key->resolve_t && key->fire_t > 0 && t < key->fire_t;
}

/* Occurrences ----------------------------------------------------------------------------------------------------- */

/* The first of an alert lies in the alert's own row: one tree less that each new alert touches. */
static bool occur(Batch *batch, Item *item, Alert *alert, Error *err) {
  i64 n = alert->occurrences++;
  item->alert = alert;
  alert->touched = true;
  if (n == 0 && alert->is_new && !item->late) {
    alert->first_request_id = item->arrival->id;
    alert->first_element = item->event->element;
    alert->first_occurred_ms = event_time(item);
    return true;
  }
  i64 slot = n < OCCURRENCES_HALF ? n : OCCURRENCES_HALF + n % OCCURRENCES_HALF;
  return db_run_gathered(batch->cycle->db, &OCCURRENCE_PUT, 2, err, db_int(alert->id), db_int(slot), db_int(n),
                         db_int(item->arrival->received_ms), db_id(event_time(item)), db_int(item->arrival->id),
                         db_int(item->event->element), db_text(str_from_c(event_status_name(item->event->status))),
                         db_int(item->late));
}

/* What an event shows --------------------------------------------------------------------------------------------- */

static i64 shown_hash(Batch *batch, const Event *e) {
  Buf buf = buf_new(batch->arena, MIB(2));
  buf_put(&buf, e->title);
  buf_putc(&buf, '\0');
  if (e->labels.kind == VALUE_MAP)
    for (size_t i = 0; i < e->labels.size; i++) {
      buf_put(&buf, value_text(&e->labels.members[i].key));
      buf_putc(&buf, '\0');
      buf_put(&buf, value_text_or(&e->labels.members[i].value, STR_NONE));
      buf_putc(&buf, '\0');
    }
  return (i64)(hash_stable(buf_str(&buf)) >> 1);
}

/* The last event's words are shown; what the sender leaves out stays. */
static void show(Batch *batch, Alert *a, const Event *e) {
  i64 hash = shown_hash(batch, e);
  if (e->description.len && !str_equal(a->description, e->description)) {
    a->description = e->description;
    a->row_changed = true;
  }
  if (hash == a->source_hash) return;
  a->source_hash = hash;
  if (e->title.len) a->title = e->title;
  if (e->labels.kind == VALUE_MAP && e->labels.size > 0) a->labels = e->labels;
  if (e->links.kind == VALUE_LIST) a->links = e->links;
  if (e->images.kind == VALUE_LIST) a->images = e->images;
  a->truncated = a->truncated || e->truncated;
  a->row_changed = true;
  if (!a->why && e->status == EVENT_TRIGGERED) {
    a->run_rules = true;
    a->why = "changed";
  }
}

/* "3 messages from X were not understood": the number is that of this episode, and the title carries it. A title that
 * somebody gave it meanwhile begins with no number: then all of them are counted. */
static void count_in_title(Batch *batch, Alert *a, const Event *e) {
  Str number = STR_NONE, rest = STR_NONE;
  u64 before = 0;
  if (!e->own || e->status != EVENT_TRIGGERED) return;
  if (!str_cut(a->title, ' ', &number, &rest) || !str_to_u64(number, 1000000000, &before)) before = (u64)a->count - 1;
  if (a->is_new || a->reopened) before = 0;
  a->title = str_format(batch->arena, "%llu %s from %.*s %s not understood", (unsigned long long)before + 1,
                        before ? "messages" : "message", STR_ARG(e->title), before ? "were" : "was");
  a->row_changed = true;
}

/* It came back soon after a good message had ended it: this sender mixes good messages with bad ones. */
static bool mixes(const Key *key) {
  i64 since = key->fire_t - key->resolve_ms;
  return key->resolve_ms > 0 && since >= 0 && since < NOT_UNDERSTOOD_QUIET_MS;
}

/* The next good message ends "were not understood". Of a sender that mixes both, it would page at each change: there it
 * ends when nothing bad came for a while. True: that is still to come, and the alert's deadline says when. */
static bool waits_for_quiet(Alert *a, const Item *item) {
  i64 quiet_ms = a->last_seen_ms + NOT_UNDERSTOOD_QUIET_MS;
  if (!item->event->own || a->status == ALERT_RESOLVED || item->arrival->received_ms >= quiet_ms) return false;
  if (!mixes(item->key)) return false;
  a->deadline_ms = a->deadline_ms > 0 ? MIN(a->deadline_ms, quiet_ms) : quiet_ms;
  a->row_changed = true;
  return true;
}

static void move_deadline(Alert *a, const Item *item) {
  i64 deadline = item->event->deadline_ms;
  if (item->event->own) a->deadline_ms = 0; /* the quiet is over */
  i64 after = item->integration ? item->integration->resolve_after_s : 0;
  if (deadline == 0 && after > 0) deadline = item->arrival->received_ms + after * 1000;
  if (deadline > 0) a->deadline_ms = deadline;
}

static void note_skew(Alert *a, const Item *item) {
  i64 t = item->event->occurred_ms;
  if (t < YEAR_2000_MS) return;
  i64 skew = t - item->arrival->received_ms;
  if (skew > tolerance_ms(item)) {
    a->skew_ms = skew;
    a->row_changed = true;
  }
}

/* Moves ----------------------------------------------------------------------------------------------------------- */

static void move_to(Alert *a, AlertStatus status, i64 now_ms) {
  a->status = status;
  a->status_changed_ms = now_ms;
  a->row_changed = true;
}

static Str source_json(Batch *batch, const Item *item) {
  Who who = {.kind = "source"};
  if (item->integration) {
    who.id = id_text(batch->arena, "int", item->integration->id);
    who.name = item->integration->name;
  }
  return who_json(batch->arena, &who);
}

static void list_alert(Batch *batch, Alert *alert) {
  for (size_t i = batch->alerts.count; i-- > 0;)
    if (batch->alerts.items[i] == alert)
      return;
    else if (batch->alerts.count - i > 64)
      break;
  *VEC_PUSH(batch->arena, &batch->alerts) = alert;
}

static Alert *make_alert(Batch *batch, Item *item, Error *err) {
  const Event *e = item->event;
  const SetupIntegration *in = item->integration;
  i64 received = item->arrival->received_ms;
  Alert *a = ARENA_NEW(batch->arena, Alert);
  *a = (Alert){.id = id_next(batch->cycle->ids),
               .org_id = item->arrival->org_id,
               .integration_id = item->arrival->integration_id,
               .space = item->key->space,
               .dedup_key = e->dedup_key,
               .title = e->title.len ? e->title : e->dedup_key,
               .description = e->description,
               .status = ALERT_TRIGGERED,
               .priority = e->priority ? e->priority
                           : in        ? in->default_priority
                                       : 0,
               .source_priority = e->source_priority,
               .source = e->source,
               .labels = e->labels,
               .links = e->links,
               .images = e->images,
               .count = 1,
               .starts_ms = e->starts_ms ? e->starts_ms : received,
               .ends_ms = e->ends_ms,
               .first_seen_ms = received,
               .last_seen_ms = received,
               .status_changed_ms = received,
               .episode = 1,
               .page_start = 1,
               .truncated = e->truncated,
               .source_hash = shown_hash(batch, e),
               .source_rank = e->priority,
               .created_ms = batch->now_ms,
               .is_new = true,
               .run_rules = !e->quiet,
               .why = "new"};
  a->number = alert_number_next(batch, a->org_id, err);
  if (a->number == 0) return NULL;
  alert_enrich(batch->setup, a, e->service, in);
  move_deadline(a, item);
  note_skew(a, item);
  return a;
}

static bool fire_new(Batch *batch, Item *item, i64 t, Error *err) {
  Key *key = item->key;
  Alert *before = key->alert;
  Alert *a = make_alert(batch, item, err);
  if (!a) return false;
  if (before) a->previous_id = before->id;
  a->flips = before && !item->late && before->status == ALERT_RESOLVED;
  key->alert = a;
  key->alert_id = a->id;
  key->fire_t = t ? t : a->starts_ms;
  key->changed = true;
  if (item->late) { /* late against a tombstone: born resolved */
    a->status = ALERT_RESOLVED;
    a->count = 0;
    a->resolved_ms = item->arrival->received_ms;
    a->resolved_by = source_json(batch, item);
    a->run_rules = false;
  }
  count_in_title(batch, a, item->event);
  list_alert(batch, a);
  return occur(batch, item, a, err);
}

/* Higher means a smaller number; none is below p4. */
static bool rises(i32 from, i32 to) {
  return to > 0 && (from == 0 || to < from);
}

static void raise_priority(Alert *a, const Event *e) {
  a->source_rank = e->priority;
  a->source_priority = e->source_priority;
  if (rises(a->priority, e->priority)) a->priority = e->priority;
  a->row_changed = a->run_rules = a->raised = true;
  a->why = a->why ? a->why : "raised";
  if (a->status != ALERT_DISMISSED) return;
  a->status = ALERT_TRIGGERED; /* its page was cancelled: a second one may start */
  a->page_start++;
}

static bool acknowledgement_is_kept(const Batch *batch, const Alert *a, i64 received) {
  const SetupOrg *org = setup_org(batch->setup, a->org_id);
  i64 kept_ms = (org ? org->defaults.ack_kept_s : 600) * 1000;
  return kept_ms > 0 && a->acknowledged_ms > 0 && received - a->acknowledged_ms <= kept_ms;
}

static void reopen(Batch *batch, Item *item, Alert *a, i64 t) {
  const Event *e = item->event;
  i64 received = item->arrival->received_ms;
  bool keeps = acknowledgement_is_kept(batch, a, received);
  a->episode++;
  a->page_start = 1;
  a->reopened = true;
  a->flips++;
  a->resolved_ms = 0;
  a->resolved_by = STR_NONE;
  a->ends_ms = e->ends_ms;
  a->starts_ms = e->starts_ms ? e->starts_ms : received;
  a->priority = e->priority ? e->priority : a->priority;
  a->source_rank = e->priority ? e->priority : a->source_rank;
  a->hold_count = 0;
  a->unrouted = false;
  a->snoozed_until_ms = 0;
  a->run_rules = true;
  a->why = "reopened";
  a->threshold = value_null();
  item->key->fire_t = t ? t : a->starts_ms;
  item->key->changed = true;
  if (keeps) {
    move_to(a, ALERT_ACKNOWLEDGED, received);
    a->tell_acker = true;
  } else {
    a->acknowledged_ms = 0;
    a->acknowledged_by = STR_NONE;
    move_to(a, ALERT_TRIGGERED, received);
  }
}

static bool within_reopen(const Item *item, const Alert *a) {
  i64 window = (item->integration ? item->integration->reopen_window_s : 1800) * 1000;
  return window > 0 && item->arrival->received_ms - a->resolved_ms <= window;
}

/* The first event after its integration's quiet mode was turned off is as good as a new one. */
static void awaken(Alert *a, const Item *item) {
  bool quiet = item->integration && item->integration->quiet;
  if (quiet || item->event->quiet || a->status != ALERT_TRIGGERED || !hold_has(a, "quiet")) return;
  a->run_rules = a->row_changed = true;
  a->why = a->why ? a->why : "released";
}

static bool fire(Batch *batch, Item *item, Error *err) {
  Alert *a = item->key->alert;
  i64 t = event_time(item);
  item->late = fire_is_late(item, t);
  if (!a) return fire_new(batch, item, t, err);
  if (item->late && a->status == ALERT_RESOLVED) {
    list_alert(batch, a);
    return occur(batch, item, a, err);
  }
  item->late = false;
  if (a->status == ALERT_RESOLVED && !within_reopen(item, a)) return fire_new(batch, item, t, err);
  list_alert(batch, a);
  a->count++;
  a->touched = true;
  a->last_seen_ms = MAX(a->last_seen_ms, item->arrival->received_ms);
  if (a->status == ALERT_RESOLVED)
    reopen(batch, item, a, t);
  else if (rises((i32)a->source_rank, item->event->priority))
    raise_priority(a, item->event);
  Str title = a->title;
  show(batch, a, item->event);
  if (item->event->own) a->title = title;
  count_in_title(batch, a, item->event);
  awaken(a, item);
  move_deadline(a, item);
  note_skew(a, item);
  return occur(batch, item, a, err);
}

static bool resolve(Batch *batch, Item *item, Error *err) {
  Key *key = item->key;
  Alert *a = key->alert;
  i64 t = event_time(item), received = item->arrival->received_ms;
  if (a && waits_for_quiet(a, item)) {
    list_alert(batch, a);
    return occur(batch, item, a, err);
  }
  item->late = a && resolve_is_late(item, t);
  if (!item->late) {
    key->resolve_t = t ? t : received;
    key->resolve_ms = received;
    key->changed = true;
  }
  if (!a) return true; /* the tombstone is all */
  list_alert(batch, a);
  if (!item->late && a->status != ALERT_RESOLVED) {
    show(batch, a, item->event);
    move_to(a, ALERT_RESOLVED, received);
    a->resolved_ms = received;
    a->resolved_by = source_json(batch, item);
    a->ends_ms = item->event->ends_ms ? item->event->ends_ms : received;
    a->resolved_now = a->status_by_source = true;
    a->flips++;
    a->threshold = value_null();
    a->deadline_ms = 0;
  }
  return occur(batch, item, a, err);
}

static bool acknowledge(Batch *batch, Item *item, Error *err) {
  Alert *a = item->key->alert;
  if (!a) return true;
  list_alert(batch, a);
  if (a->status == ALERT_TRIGGERED) {
    move_to(a, ALERT_ACKNOWLEDGED, item->arrival->received_ms);
    a->acknowledged_ms = item->arrival->received_ms;
    a->acknowledged_by = source_json(batch, item);
    a->acked_now = a->status_by_source = true;
  }
  return occur(batch, item, a, err);
}

bool stage_fold(Batch *batch, Error *err) {
  for (size_t i = 0; i < batch->items.count; i++) {
    Item *item = &batch->items.items[i];
    batch->numbers_left = batch->items.count - i;
    bool ok = item->event->kind == EVENT_CHANGE        ? change_apply(batch, item, err)
              : item->event->status == EVENT_TRIGGERED ? fire(batch, item, err)
              : item->event->status == EVENT_RESOLVED  ? resolve(batch, item, err)
                                                       : acknowledge(batch, item, err);
    if (!ok) return false;
    if (item->alert) *VEC_PUSH(item->arrival->arena, &item->arrival->alert_ids) = item->alert->id;
  }
  return true;
}
