/* Show: what cannot be read (a scope is missing) is left out, the thing itself never. */
#include "cli/show.h"

#include <stdio.h>

#include "core/resources.h"

enum { TIMELINE_MAX = 50 };

static const Column TOLD[] = {{"WHEN", "queued_at", COLUMN_AGE},
                              {"PERSON", "user_name", COLUMN_TEXT},
                              {"BY", "kind", COLUMN_TEXT},
                              {"STATUS", "status", COLUMN_STATUS},
                              {"LEVEL", "level", COLUMN_TEXT},
                              {"ERROR", "error", COLUMN_ERROR},
                              {NULL}};
static const Column MEMBERS[] = {{"ALERT", "number", COLUMN_TEXT},      {"STATUS", "status", COLUMN_STATUS},
                                 {"PRIO", "priority", COLUMN_PRIORITY}, {"TITLE", "title", COLUMN_TEXT},
                                 {"AGE", "first_seen_at", COLUMN_AGE},  {NULL}};

static void section(Verb *verb, const char *title, const Column *columns, Str path) {
  Value answer = value_null();
  if (!client_try(verb->client, path, &answer)) return;
  const Value *items = value_get_c(&answer, "items");
  if (!value_is(items, VALUE_LIST) || items->size == 0) return;
  printf("\n%s\n", title);
  print_table(verb->client, &verb->screen, columns, items, verb->output == OUTPUT_WIDE);
}

/* "page, level 2, active by Ann: the rule" */
static Str page_title(Arena *arena, const Value *page, const char *which, bool reason) {
  Str who = value_text_or(value_pointer(page, S("/acknowledged_by/name")), STR_NONE),
      status = verb_text_of(page, "status"), next = verb_text_of(page, "next_escalation_at");
  Buf out = buf_new(arena, KIB(4));
  buf_format(&out, "%s, level %lld, %.*s", which, (long long)value_int_or(value_get_c(page, "level"), 0),
             STR_ARG(status));
  if (who.len) buf_format(&out, " by %.*s", STR_ARG(who));
  if (str_equal_c(status, "exhausted")) buf_puts(&out, ", nobody answered");
  if (str_equal_c(status, "exhausted") && next.len) buf_format(&out, ", starts again at %.*s", STR_ARG(next));
  Str why = verb_text_of(page, "why");
  if (reason && why.len) buf_format(&out, ": %.*s", STR_ARG(why));
  return print_clean(arena, buf_str(&out));
}

/* filter: "alert_id" or "incident_id", of id. */
static void show_told(Verb *verb, const char *filter, Str id, bool reasons) {
  Arena *arena = verb->arena;
  Value pages = value_null();
  Str path = str_format(arena, "/api/v1/pages?%s=%.*s&sort=-id&limit=5", filter, STR_ARG(id));
  if (!client_try(verb->client, path, &pages)) return;
  const Value *items = value_get_c(&pages, "items");
  for (size_t i = 0; value_is(items, VALUE_LIST) && i < items->size; i++) {
    const Value *page = value_at(items, i);
    Str speaker_id = verb_text_of(page, "storm_page_id");
    Value speaker = value_null();
    bool combined = speaker_id.len &&
                    client_try(verb->client, str_format(arena, "/api/v1/pages/%.*s", STR_ARG(speaker_id)), &speaker);
    Str title =
        page_title(arena, combined ? &speaker : page, combined ? "page, combined with others" : "page", reasons);
    section(verb, str_to_c(arena, title), TOLD,
            str_format(arena, "/api/v1/pages/%.*s/notifications?limit=50", STR_ARG(verb_text_of(page, "id"))));
  }
}

void show_told_of_alert(Verb *verb, const Value *alert, bool reasons) {
  Str incident = verb_text_of(alert, "incident_id");
  show_told(verb, "alert_id", verb_text_of(alert, "id"), reasons);
  if (incident.len) show_told(verb, "incident_id", incident, reasons);
}

/* What an entry holds, as words: a note is its text, a change is "severity 3 to 1". Ids mean nothing to people. */
static Str entry_words(Arena *arena, const Value *data) {
  Buf out = buf_new(arena, KIB(64));
  for (size_t i = 0; value_is(data, VALUE_MAP) && i < data->size; i++) {
    Str name = value_text(&data->members[i].key);
    const Value *value = &data->members[i].value, *from = value_get_c(value, "from"), *to = value_get_c(value, "to");
    bool noise = value->kind == VALUE_NULL || str_ends_with(name, S("_id")) || str_ends_with(name, S("_ids"));
    if (noise) continue;
    if (out.len) buf_puts(&out, ", ");
    if (str_equal_c(name, "text") || str_equal_c(name, "title"))
      buf_put(&out, value_display(arena, value));
    else if (from && to)
      buf_format(&out, "%.*s %.*s to %.*s", STR_ARG(name), STR_ARG(value_display(arena, from)),
                 STR_ARG(value_display(arena, to)));
    else
      buf_format(&out, "%.*s %.*s", STR_ARG(name), STR_ARG(value_display(arena, value)));
  }
  return buf_str(&out);
}

static void say_entry(Verb *verb, const Value *entry) {
  Str who = value_text_or(value_pointer(entry, S("/actor/name")), STR_NONE);
  Str text = entry_words(verb->arena, value_get_c(entry, "data"));
  verb_say(verb, "  %4.*s  %.*s%s%.*s  %.*s", STR_ARG(print_age(verb->arena, verb_text_of(entry, "at"))),
           STR_ARG(verb_text_of(entry, "kind")), who.len ? ", " : "", STR_ARG(who), STR_ARG(text));
}

static void show_timeline(Verb *verb, const Resource *kind, Str id) {
  Value answer = value_null();
  Str path = str_format(verb->arena, "/api/v1/%s/%.*s/timeline?limit=%d", kind->plural, STR_ARG(id), TIMELINE_MAX);
  if (!client_try(verb->client, path, &answer)) return;
  const Value *items = value_get_c(&answer, "items");
  if (!value_is(items, VALUE_LIST) || items->size == 0) return;
  printf("\ntimeline\n");
  for (size_t i = 0; i < items->size; i++) say_entry(verb, value_at(items, i));
}

int show_subject(Verb *verb, const Resource *kind, const char *word) {
  Value row = value_null();
  int code = client_call(verb->client, "GET", list_path_of(verb->arena, kind, word), NULL, &row);
  if (code != EXIT_DONE || verb_printed(verb, &row)) return code;
  Str id = verb_text_of(&row, "id");
  print_members(verb->client, &verb->screen, kind, &row);
  if (verb->quiet) return EXIT_DONE;
  if (kind == &INCIDENT)
    section(verb, "alerts", MEMBERS, str_format(verb->arena, "/api/v1/incidents/%.*s/alerts?limit=50", STR_ARG(id)));
  if (kind == &INCIDENT)
    show_told(verb, "incident_id", id, true);
  else
    show_told_of_alert(verb, &row, true);
  show_timeline(verb, kind, id);
  return EXIT_DONE;
}
