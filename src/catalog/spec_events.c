/* One element as an event: every field of the mapping evaluated, read as what it has to be, cleaned and cut.
 * An element is worth more than its parts: only title, key, status and kind of change can lose it; any other expression
 * that fails is a warning, and the event goes on without that field. */
#include "catalog/internal.h"

enum { WORD_BYTES = 256, NAME_BYTES = 1024, URL_BYTES = 8192 };

static const i64 TIME_MIN_MS = 631152000000;               /* 1990: nobody sends an alert of before */
static const i64 TIME_AHEAD_MS = 10 * 365 * (i64)86400000; /* an end may lie ahead */

typedef struct Mapping {
  Run *run;
  const SpecKind *kind;
  u32 element;
  Value values[FIELD_COUNT];
} Mapping;

/* Evaluating ------------------------------------------------------------------------------------------------------ */

static bool map_field(Mapping *m, SpecField field) {
  Run *run = m->run;
  const CelProgram *program = m->kind->fields[field];
  m->values[field] = value_null();
  if (!program || run_eval(run, program, &m->values[field])) return true;
  if (FIELDS[field].needed) {
    Str source = utf8_cut(cel_source(program), 100);
    return error_prefix(&run->why, "kinds[%u].%s.%s, line %u, column %u of \"%.*s\": ", m->kind->position,
                        m->kind->of == KIND_CHANGE ? "change" : "alert", FIELDS[field].name, run->why.line,
                        run->why.column, STR_ARG(source));
  }
  run_warn(run, "ignoring %s: %s", FIELDS[field].name, run->why.message);
  return true;
}

/* The integration's own expression wins; where it finds nothing, the template's value stays. */
static void override_field(Mapping *m, SpecField field, const CelProgram *program) {
  Error why = {0};
  Value value;
  if (!cel_eval(program, m->run->arena, &m->run->cel, &value, &why)) {
    if (why.code != ERR_MISSING) run_warn(m->run, "ignoring the override of %s: %s", FIELDS[field].name, why.message);
    return;
  }
  if (value.kind == VALUE_OPTIONAL) value = value.size ? value.items[0] : value_null();
  m->values[field] = value;
}

static void apply_overrides(Mapping *m) {
  const CelProgram *const *overrides = m->run->settings->overrides;
  bool change = m->kind->of == KIND_CHANGE;
  if (!overrides) return;
  MapBuilder event = map_builder(m->run->arena);
  for (i32 i = 0; i < FIELD_COUNT; i++) (void)map_put_c(&event, FIELDS[i].name, m->values[i]);
  m->run->values[VAR_EVENT] = map_done(&event);
  for (i32 i = 0; i < FIELD_COUNT; i++)
    if (overrides[i] && (change ? FIELDS[i].change : FIELDS[i].alert)) override_field(m, (SpecField)i, overrides[i]);
}

/* Reading --------------------------------------------------------------------------------------------------------- */

static Str text_of(Mapping *m, SpecField field, size_t bytes_max, Event *event) {
  bool cut = false;
  Str text = part_text(m->run->arena, &m->values[field], bytes_max, &cut);
  if (cut) run_warn(m->run, "%s was longer than %zu bytes and was cut", FIELDS[field].name, bytes_max);
  event->truncated = event->truncated || cut;
  return text;
}

static Value labels_of(Mapping *m, Event *event) {
  bool cut = false;
  Value labels = part_labels(m->run->arena, &m->values[FIELD_LABELS], m->run->limits, &cut);
  if (cut)
    run_warn(m->run, "labels were cut: %zu are kept, each up to %zu bytes", m->run->limits->labels_max,
             m->run->limits->label_bytes);
  event->truncated = event->truncated || cut;
  return labels;
}

/* Milliseconds since the epoch; 0 when there is none, or it cannot be one. */
static i64 time_of(Mapping *m, SpecField field) {
  Run *run = m->run;
  Value v = m->values[field], kept = run->values[VAR_ITEM];
  if (v.kind != VALUE_TIMESTAMP && v.kind != VALUE_NULL) {
    run->values[VAR_ITEM] = v;
    if (!run_eval(run, run->spec->time_of, &v)) {
      run_warn(run, "ignoring %s: %s", FIELDS[field].name, run->why.message);
      v = value_null();
    }
    run->values[VAR_ITEM] = kept;
  }
  if (v.kind != VALUE_TIMESTAMP) return 0;
  i64 ms = v.i * 1000 + v.size / 1000000;
  if (ms >= TIME_MIN_MS && ms <= run->request->received_ms + TIME_AHEAD_MS) return ms;
  Value given = m->values[field];
  run_warn(run, "ignoring %s \"%.*s\": no event is of then", FIELDS[field].name,
           STR_ARG(utf8_cut(value_display(run->arena, &given), 60)));
  return 0;
}

/* A time of the event that lies ahead of our clock says nothing about order: theirs is wrong. */
static void warn_of_clock(Mapping *m, const Event *event) {
  i64 tolerance = m->run->limits->clock_tolerance_ms;
  if (event->occurred_ms > m->run->request->received_ms + tolerance)
    run_warn(m->run,
             "occurred_at lies ahead: the sender's clock is more than %lld s before ours; the time of receipt counts",
             (long long)tolerance / 1000);
}

static Str meant(Run *run, Str near) {
  return near.len ? str_format(run->arena, "; did you mean \"%.*s\"?", STR_ARG(near)) : S("");
}

static void read_status(Mapping *m, Event *event) {
  Str word = text_of(m, FIELD_STATUS, WORD_BYTES, event);
  event->status = EVENT_TRIGGERED;
  if (word.len && !word_status(&m->run->spec->statuses, word, &event->status))
    run_warn(m->run, "unknown status \"%.*s\", taken as triggered%.*s", STR_ARG(utf8_cut(word, 60)),
             STR_ARG(meant(m->run, word_status_near(m->run->arena, &m->run->spec->statuses, word))));
}

/* A resolve says nothing about priority, whatever it repeats. */
static void read_priority(Mapping *m, Event *event) {
  i32 priority = 0;
  event->source_priority = text_of(m, FIELD_PRIORITY, WORD_BYTES, event);
  if (event->source_priority.len && !word_priority(&m->run->spec->priorities, event->source_priority, &priority))
    run_warn(
        m->run, "unknown priority \"%.*s\", ignoring it%.*s", STR_ARG(utf8_cut(event->source_priority, 60)),
        STR_ARG(meant(m->run, word_priority_near(m->run->arena, &m->run->spec->priorities, event->source_priority))));
  event->priority = event->status == EVENT_RESOLVED ? 0 : priority;
}

static void read_common(Mapping *m, Event *event) {
  Arena *arena = m->run->arena;
  event->title = text_of(m, FIELD_TITLE, m->run->limits->title_bytes, event);
  event->description = text_of(m, FIELD_DESCRIPTION, EVENT_TEXT_BYTES, event);
  event->service = text_of(m, FIELD_SERVICE, NAME_BYTES, event);
  event->source = text_of(m, FIELD_SOURCE, NAME_BYTES, event);
  event->starts_ms = time_of(m, FIELD_STARTS_AT);
  event->ends_ms = time_of(m, FIELD_ENDS_AT);
  event->occurred_ms = time_of(m, FIELD_OCCURRED_AT);
  warn_of_clock(m, event);
  event->labels = labels_of(m, event);
  event->links = part_links(arena, &m->values[FIELD_LINKS]);
  event->images = part_links(arena, &m->values[FIELD_IMAGES]);
}

static Str read_key(Mapping *m) {
  Str key = key_given(m->run->arena, &m->values[FIELD_DEDUP_KEY], m->run->limits->key_bytes);
  if (key.len) return key;
  Identity identity = {.integration_id = m->run->settings->integration_id,
                       .change = m->kind->of == KIND_CHANGE,
                       .title = m->values[FIELD_TITLE],
                       .source = m->values[FIELD_SOURCE],
                       .service = m->values[FIELD_SERVICE],
                       .labels = m->values[FIELD_LABELS],
                       .kind = m->values[FIELD_KIND],
                       .revision = m->values[FIELD_REVISION],
                       .environment = m->values[FIELD_ENVIRONMENT]};
  return key_of_identity(m->run->arena, m->run->spec, &identity);
}

static bool read_alert(Mapping *m, Event *event) {
  read_status(m, event);
  read_priority(m, event);
  if (event->title.len) return true;
  if (event->status == EVENT_TRIGGERED) return fail(&m->run->why, ERR_UNPROCESSABLE, "title: it is empty or missing");
  if (value_is(&m->values[FIELD_DEDUP_KEY], VALUE_NULL) ||
      !key_given(m->run->arena, &m->values[FIELD_DEDUP_KEY], EVENT_KEY_BYTES).len)
    return fail(&m->run->why, ERR_UNPROCESSABLE, "title and dedup_key are both empty or missing");
  return true;
}

static bool read_change(Mapping *m, Event *event) {
  event->change_kind = str_lower(m->run->arena, text_of(m, FIELD_KIND, WORD_BYTES, event));
  event->change_status = str_lower(m->run->arena, text_of(m, FIELD_STATUS, WORD_BYTES, event));
  event->environment = text_of(m, FIELD_ENVIRONMENT, NAME_BYTES, event);
  event->revision = text_of(m, FIELD_REVISION, NAME_BYTES, event);
  event->author = text_of(m, FIELD_AUTHOR, NAME_BYTES, event);
  event->url = STR_NONE;
  Value link = part_links(m->run->arena, &m->values[FIELD_URL]);
  if (link.kind == VALUE_LIST) event->url = value_text_or(value_get_c(value_at(&link, 0), "href"), STR_NONE);
  if (event->change_kind.len == 0) return fail(&m->run->why, ERR_UNPROCESSABLE, "kind: it is empty or missing");
  return event->title.len || fail(&m->run->why, ERR_UNPROCESSABLE, "title: it is empty or missing");
}

bool spec_event(Run *run, const SpecKind *kind, u32 element, Event *out) {
  Mapping m = {.run = run, .kind = kind, .element = element};
  bool change = kind->of == KIND_CHANGE;
  Event event = {.kind = change ? EVENT_CHANGE : EVENT_ALERT, .element = element};
  run->values[VAR_EVENT] = value_null();
  for (i32 i = 0; i < FIELD_COUNT; i++)
    if (!map_field(&m, (SpecField)i)) return false;
  apply_overrides(&m);
  event.dedup_key = read_key(&m);
  read_common(&m, &event);
  if (!(change ? read_change(&m, &event) : read_alert(&m, &event))) return false;
  *out = event;
  return true;
}
