/* The tables of the spec language: event fields, variables, and the words that many senders share. */
#include <string.h>

#include "base/spelling.h"
#include "catalog/internal.h"

const FieldInfo FIELDS[FIELD_COUNT] = {
    [FIELD_DEDUP_KEY] = {"dedup_key", true, true, true},
    [FIELD_TITLE] = {"title", true, true, true},
    [FIELD_DESCRIPTION] = {"description", true, true, false},
    [FIELD_STATUS] = {"status", true, true, true},
    [FIELD_PRIORITY] = {"priority", true, false, false},
    [FIELD_SERVICE] = {"service", true, true, false},
    [FIELD_SOURCE] = {"source", true, true, false},
    [FIELD_STARTS_AT] = {"starts_at", true, true, false},
    [FIELD_ENDS_AT] = {"ends_at", true, true, false},
    [FIELD_OCCURRED_AT] = {"occurred_at", true, true, false},
    [FIELD_LABELS] = {"labels", true, true, false},
    [FIELD_LINKS] = {"links", true, true, false},
    [FIELD_IMAGES] = {"images", true, false, false},
    [FIELD_KIND] = {"kind", false, true, true},
    [FIELD_ENVIRONMENT] = {"environment", false, true, false},
    [FIELD_REVISION] = {"revision", false, true, false},
    [FIELD_AUTHOR] = {"author", false, true, false},
    [FIELD_URL] = {"url", false, true, false},
};

i32 field_find(Str name) {
  for (i32 i = 0; i < FIELD_COUNT; i++)
    if (str_equal_c(name, FIELDS[i].name)) return i;
  return -1;
}

i32 catalog_field_slot(Str field) {
  return field_find(field);
}

size_t catalog_field_count(void) {
  return FIELD_COUNT;
}

const char *catalog_field_name(size_t slot) {
  ASSERT(slot < FIELD_COUNT);
  return FIELDS[slot].name;
}

const CelVar SPEC_VARS[VAR_COUNT] = {
    [VAR_PAYLOAD] = {"payload", "dyn", "The body."},
    [VAR_HEADERS] = {"headers", "map(string, string)", "Headers by lower-case name."},
    [VAR_QUERY] = {"query", "map(string, string)", "Parameters of the URL."},
    [VAR_ITEM] = {"item", "dyn", "The element of `each`; else the body."},
    [VAR_INDEX] = {"index", "int", "Its place, from 0."},
    [VAR_VARS] = {"vars", "map(string, dyn)", "What `vars` named."},
    [VAR_NOW] = {"now", "timestamp", "When the request came."},
    [VAR_VERIFIED] = {"verified", "bool", "The integration has a secret, and the sender proved to know it."},
    [VAR_EVENT] = {"event", "dyn", "What the template made of the element; in overrides and filters."},
    [VAR_WEBHOOK] = {"webhook", "dyn", "The same as payload."},
    [VAR_WEBHOOK_UPPER] = {"Webhook", "dyn", "The same as payload."},
};

const CelEnv *spec_env_new(Arena *arena, ZoneDb *zones) {
  CelEnvOptions options = {.vars = SPEC_VARS, .var_count = VAR_COUNT, .zones = zones};
  const CelEnv *env = cel_env_new(arena, &options);
  for (i32 i = 0; i < VAR_COUNT; i++) ASSERT(cel_env_slot(env, str_from_c(SPEC_VARS[i].name)) == i);
  return env;
}

/* Words ----------------------------------------------------------------------------------------------------------- */

typedef struct SharedWord {
  const char *word;
  i32 means;
} SharedWord;

static const SharedWord PRIORITY_WORDS[] = {
    {"p1", 1},        {"p2", 2},          {"p3", 3},
    {"p4", 4},        {"p5", 4},          {"critical", 1},
    {"crit", 1},      {"fatal", 1},       {"disaster", 1},
    {"emergency", 1}, {"emerg", 1},       {"page", 1},
    {"alert", 1},     {"blocker", 1},     {"highest", 1},
    {"sev1", 1},      {"sev0", 1},        {"error", 2},
    {"err", 2},       {"high", 2},        {"major", 2},
    {"severe", 2},    {"sev2", 2},        {"warning", 3},
    {"warn", 3},      {"average", 3},     {"minor", 3},
    {"medium", 3},    {"moderate", 3},    {"sev3", 3},
    {"info", 4},      {"information", 4}, {"informational", 4},
    {"low", 4},       {"lowest", 4},      {"notice", 4},
    {"none", 4},      {"debug", 4},       {"ok", 4},
    {"trivial", 4},   {"sev4", 4},        {"ticket", 4},
};

static const SharedWord STATUS_WORDS[] = {
    {"triggered", EVENT_TRIGGERED},
    {"trigger", EVENT_TRIGGERED},
    {"firing", EVENT_TRIGGERED},
    {"alerting", EVENT_TRIGGERED},
    {"alert", EVENT_TRIGGERED},
    {"alarm", EVENT_TRIGGERED},
    {"open", EVENT_TRIGGERED},
    {"opened", EVENT_TRIGGERED},
    {"active", EVENT_TRIGGERED},
    {"problem", EVENT_TRIGGERED},
    {"new", EVENT_TRIGGERED},
    {"created", EVENT_TRIGGERED},
    {"down", EVENT_TRIGGERED},
    {"failed", EVENT_TRIGGERED},
    {"failing", EVENT_TRIGGERED},
    {"error", EVENT_TRIGGERED},
    {"critical", EVENT_TRIGGERED},
    {"warning", EVENT_TRIGGERED},
    {"acknowledged", EVENT_ACKNOWLEDGED},
    {"acknowledge", EVENT_ACKNOWLEDGED},
    {"acked", EVENT_ACKNOWLEDGED},
    {"ack", EVENT_ACKNOWLEDGED},
    {"resolved", EVENT_RESOLVED},
    {"resolve", EVENT_RESOLVED},
    {"ok", EVENT_RESOLVED},
    {"closed", EVENT_RESOLVED},
    {"close", EVENT_RESOLVED},
    {"recovered", EVENT_RESOLVED},
    {"recovery", EVENT_RESOLVED},
    {"normal", EVENT_RESOLVED},
    {"inactive", EVENT_RESOLVED},
    {"up", EVENT_RESOLVED},
    {"clear", EVENT_RESOLVED},
    {"cleared", EVENT_RESOLVED},
    {"fixed", EVENT_RESOLVED},
    {"healthy", EVENT_RESOLVED},
    {"success", EVENT_RESOLVED},
};

enum { WORD_BYTES_MAX = 64 };

/* The word in lower case, without white space around it. False: too long to be one. */
static bool plain_word(Str word, char out[WORD_BYTES_MAX], Str *out_word) {
  word = str_trim(word);
  if (word.len == 0 || word.len > WORD_BYTES_MAX) return false;
  for (size_t i = 0; i < word.len; i++) {
    char c = word.ptr[i];
    out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
  }
  *out_word = (Str){out, word.len};
  return true;
}

static bool find_word(const WordList *own, const SharedWord *shared, size_t count, Str word, i32 *out) {
  char text[WORD_BYTES_MAX];
  if (!plain_word(word, text, &word)) return false;
  for (size_t i = 0; i < own->count; i++)
    if (str_equal(own->items[i].word, word)) {
      *out = own->items[i].means;
      return true;
    }
  for (size_t i = 0; i < count; i++)
    if (str_equal_c(word, shared[i].word)) {
      *out = shared[i].means;
      return true;
    }
  return false;
}

bool word_priority(const WordList *own, Str word, i32 *out) {
  return find_word(own, PRIORITY_WORDS, COUNT(PRIORITY_WORDS), word, out);
}

i32 catalog_priority(Str word) {
  static const WordList NONE = {0};
  i32 priority = 0;
  return word_priority(&NONE, word, &priority) ? priority : 0;
}

bool word_status(const WordList *own, Str word, EventStatus *out) {
  i32 means = 0;
  if (!find_word(own, STATUS_WORDS, COUNT(STATUS_WORDS), word, &means)) return false;
  *out = (EventStatus)means;
  return true;
}

/* Near words ------------------------------------------------------------------------------------------------------ */

static Str near_word(Arena *arena, const WordList *own, const SharedWord *shared, size_t count, Str word) {
  char text[WORD_BYTES_MAX];
  if (!plain_word(word, text, &word)) return STR_NONE;
  Spelling near = spelling_of(word);
  for (size_t i = 0; i < own->count; i++) spelling_try(&near, own->items[i].word);
  for (size_t i = 0; i < count; i++) spelling_try(&near, str_from_c(shared[i].word));
  return near.word.len ? str_copy(arena, near.word) : STR_NONE;
}

Str word_status_near(Arena *arena, const WordList *own, Str word) {
  return near_word(arena, own, STATUS_WORDS, COUNT(STATUS_WORDS), word);
}

Str word_priority_near(Arena *arena, const WordList *own, Str word) {
  return near_word(arena, own, PRIORITY_WORDS, COUNT(PRIORITY_WORDS), word);
}
