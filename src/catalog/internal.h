/* What the files of catalog/ share: the compiled spec, the run of one request, and the table of event fields. */
#ifndef TOCSIN_CATALOG_INTERNAL_H
#define TOCSIN_CATALOG_INTERNAL_H

#include "catalog/catalog.h"
#include "catalog/channel.h"

enum {
  SPEC_KINDS_MAX = 64,
  SPEC_VARS_MAX = 16, /* of a spec and one kind together: a map this small needs no index */
  SPEC_AUTH_MAX = 8,
  SPEC_WORDS_MAX = 200,
  SPEC_WARNINGS_MAX = 16, /* a request tells at most this many different things */
  SPEC_ELEMENTS_MAX = 10000,
  SPEC_BODY_MAX_DEFAULT = 1024 * 1024,
  SPEC_BODY_MAX = 64 * 1024 * 1024,
  SPEC_YAML_MAX = 256 * 1024,
  SPEC_FORM_FIELDS_MAX = 2000,
  SPEC_KNOWN_MAX = 64,
  SPEC_SPELLED_MAX = 200, /* so many unknown names of a request are compared to the known ones */
  /* Budget of one expression: no alert is refused because it is large, as long as the body was taken. */
  SPEC_COST_BASE = 100000,
  SPEC_COST_PER_BYTE = 8,
};

/* The fields that a mapping can set; FIELDS in spec_fields.c names them. */
typedef enum SpecField {
  FIELD_DEDUP_KEY,
  FIELD_TITLE,
  FIELD_DESCRIPTION,
  FIELD_STATUS,
  FIELD_PRIORITY,
  FIELD_SERVICE,
  FIELD_SOURCE,
  FIELD_STARTS_AT,
  FIELD_ENDS_AT,
  FIELD_OCCURRED_AT,
  FIELD_LABELS,
  FIELD_LINKS,
  FIELD_IMAGES,
  FIELD_KIND,
  FIELD_ENVIRONMENT,
  FIELD_REVISION,
  FIELD_AUTHOR,
  FIELD_URL,
  FIELD_COUNT
} SpecField;

typedef struct FieldInfo {
  const char *name;
  bool alert, change; /* which of the two may set it */
  bool needed;        /* an element whose expression fails is not taken; others go on without the field */
} FieldInfo;
extern const FieldInfo FIELDS[FIELD_COUNT];
i32 field_find(Str name); /* -1: none */

/* What expressions see; SPEC_VARS in spec_fields.c. The slot of a variable is its place here. */
typedef enum SpecVar {
  VAR_PAYLOAD,
  VAR_HEADERS,
  VAR_QUERY,
  VAR_ITEM,
  VAR_INDEX,
  VAR_VARS,
  VAR_NOW,
  VAR_VERIFIED,
  VAR_EVENT,
  VAR_WEBHOOK,       /* the payload again, as Harness calls it */
  VAR_WEBHOOK_UPPER, /* Webhook */
  VAR_COUNT
} SpecVar;
extern const CelVar SPEC_VARS[VAR_COUNT];

typedef struct NamedProgram {
  Str name;
  const CelProgram *program;
} NamedProgram;

typedef struct Word { /* a vendor's word, in lower case */
  Str word;
  i32 means; /* priority 0..4, or an EventStatus */
} Word;
typedef struct WordList {
  Word *items;
  size_t count;
} WordList;
/* The spec's own words first, then those that many senders share. False: nobody knows the word. */
MUST_CHECK bool word_priority(const WordList *own, Str word, i32 *out);
MUST_CHECK bool word_status(const WordList *own, Str word, EventStatus *out);
/* The known word that an unknown one was probably meant to be ("resolvd": "resolved"); empty when none is near. */
Str word_status_near(Arena *arena, const WordList *own, Str word);
Str word_priority_near(Arena *arena, const WordList *own, Str word);

typedef enum KindOf { KIND_ALERT, KIND_CHANGE, KIND_TEST, KIND_CONFIRMATION, KIND_IGNORE, KIND_COUNT } KindOf;

typedef struct SpecKind {
  KindOf of;
  u32 position;                           /* in the spec's list */
  const CelProgram *when;                 /* NULL: always */
  const CelProgram *each;                 /* NULL: the whole payload is one element */
  const CelProgram *confirm_url, *answer; /* NULL: none */
  NamedProgram *vars;
  size_t var_count;
  const CelProgram *fields[FIELD_COUNT];
} SpecKind;

typedef enum AuthKind { AUTH_KEY, AUTH_HMAC, AUTH_TOKEN, AUTH_BASIC, AUTH_CERTIFICATE } AuthKind;
typedef enum AuthEncoding { ENCODING_HEX, ENCODING_BASE64 } AuthEncoding;

typedef struct AuthWay {
  AuthKind kind;
  Str header, field, query; /* where token or signature stand: header name, JSON pointer, or query parameter */
  Str prefix;
  Str digest; /* hmac: "sha256", "sha1", "sha512" */
  AuthEncoding encoding;
  Str signed_text; /* hmac: a text with {body}, {body_sha256_base64}, {header:x}, {field:/x}, {part:x} */
  /* certificate */
  const CelProgram *url, *signature, *signed_program, *digest_program, *subject, *sent_at;
  const CelProgram *url_check; /* `url` as item: may it be fetched? */
  i64 window_s;
} AuthWay;

typedef enum BodyKind { BODY_JSON, BODY_FORM, BODY_JSON_OR_FORM } BodyKind;

struct Spec {
  Str name, title, category, docs, guide;
  BodyKind body;
  Str form_field; /* this field of a form holds the JSON */
  size_t body_bytes_max;
  bool elements_unlimited;
  AuthWay *auth;
  size_t auth_count;
  const CelProgram *each; /* of the whole spec: kinds are then asked for each element */
  NamedProgram *vars;
  size_t var_count;
  SpecKind *kinds;
  size_t kind_count;
  WordList priorities, statuses;
  Str *volatile_labels;
  size_t volatile_count;
  Str *known; /* the fields that an element may have; others that look like one are told. None: any */
  size_t known_count;
  const CelProgram *delivery_id;
  const CelProgram **warnings;
  size_t warning_count;
  const CelProgram *time_of; /* time(item) */
  Value samples;
};

/* One request on its way. */
typedef struct Run {
  const Spec *spec;
  Arena *arena;
  const RawRequest *request;
  const NormaliseSettings *settings;
  const EventLimits *limits;
  CelRun cel;
  Value values[VAR_COUNT];
  Member vars[SPEC_VARS_MAX];
  VEC(Event) events;
  Error why;         /* what the last expression or element failed with; big, so there is only one */
  Error when_failed; /* of the last condition that failed; ERR_NONE: none did */
  VEC(ElementError) errors;
  Error first_error; /* of the first element that failed, with its caret line */
  VEC(Str) warnings;
  bool seen_test, seen_confirmation, seen_filtered;
  size_t spelled; /* unknown names compared so far */
  Normalised *out;
} Run;

void run_init(Run *run, const Spec *spec, Arena *arena, const RawRequest *request, const NormaliseSettings *settings);
/* Says it once, and no more than SPEC_WARNINGS_MAX things a request. */
void run_warn(Run *run, const char *format, ...) PRINTF_LIKE(2, 3);
/* The value; missing gives null. False for other failures, told in run->why. */
MUST_CHECK bool run_eval(Run *run, const CelProgram *program, Value *out);
/* The text of an expression that may be absent; empty when it fails. */
Str run_text(Run *run, const CelProgram *program);

/* Body, headers and query as values. */
/* twice: keys that an object of the JSON named more than once (the last wins); may be NULL. */
MUST_CHECK bool spec_read_body(const Spec *spec, Arena *arena, const RawRequest *request, Value *out, Duplicates *twice,
                               Error *err);
Value spec_headers(Arena *arena, const RawRequest *request);
Value spec_query(Arena *arena, Str query);
Value spec_form(Arena *arena, Str text);
/* False: this is no multipart/form-data. */
MUST_CHECK bool multipart_boundary(Str content_type, Str *out);
Value spec_multipart(Arena *arena, Str body, Str boundary);
Str spec_header(const RawRequest *request, Str name); /* any case; empty when absent */

/* The element that `run` stands at, as an event. False: run->why says why it cannot be one. */
MUST_CHECK bool spec_event(Run *run, const SpecKind *kind, u32 element, Event *out);
/* The text without U+0000. Texts of values are valid UTF-8 already; this is the quick half of utf8_clean. */
Str part_clean(Arena *arena, const Value *value);

/* Values as parts of events. `cut` is set true when something did not fit. */
Str part_text(Arena *arena, const Value *value, size_t bytes_max, bool *cut);
Value part_labels(Arena *arena, const Value *value, const EventLimits *limits, bool *cut);
Value part_links(Arena *arena, const Value *value);
/* The key that was given, hashed when it is long; empty when it says nothing. */
Str key_given(Arena *arena, const Value *value, size_t bytes_max);
/* Everything that tells one problem from another, before anything is cut. */
typedef struct Identity {
  i64 integration_id;
  bool change;
  Value title, source, service, labels, kind, revision, environment;
} Identity;
Str key_of_identity(Arena *arena, const Spec *spec, const Identity *identity);
Str key_sha256(Arena *arena, Str bytes);

/* A YAML text on its way to a spec or channel: errors name the place in it. */
typedef struct Loader {
  Arena *arena;
  const CelEnv *env;
  Str yaml;
  Error *err;
} Loader;
/* "line 12: kinds[0].alert.title: <message>". Returns false. */
bool load_fail(const Loader *l, Str expression, Str place, const char *format, ...) PRINTF_LIKE(4, 5);
/* NULL value: *out stays NULL. */
MUST_CHECK bool load_program(const Loader *l, const Value *value, Str place, const CelProgram **out);
MUST_CHECK bool load_text(const Loader *l, const Value *map, const char *name, Str *out);
MUST_CHECK bool load_known_keys(const Loader *l, const Value *map, Str place, const char *const *known);
MUST_CHECK bool load_auth(const Loader *l, const Value *list, Spec *spec);

/* A spec whose expressions share an environment of spec_env_new, which must live as long. */
MUST_CHECK bool spec_compile_in(Arena *arena, const CelEnv *env, Str yaml, const Spec **out, Error *err);
MUST_CHECK bool channel_compile(Arena *arena, ZoneDb *zones, Str yaml, const Channel **out, Error *err);

struct Catalog {
  Arena *arena;
  ZoneDb *zones;
  const CelEnv *env;
  VEC(const Spec *) specs;
  VEC(const Channel *) channels;
};

#endif
