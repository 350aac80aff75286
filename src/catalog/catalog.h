/* The catalog: vendors as data. Loads integration specs (YAML with CEL) from the folder `catalog/integrations`,
 * embedded in the program at build time, and turns raw requests into normalised events. A spec is compiled once and is
 * immutable; normalising is pure (payload in, events out) and thread-safe with an arena of the caller's. Adding a
 * vendor touches no C: if a vendor needs an `if` here, the spec language is missing something. */
#ifndef TOCSIN_CATALOG_CATALOG_H
#define TOCSIN_CATALOG_CATALOG_H

#include "catalog/event.h"
#include "lang/cel/cel.h"

typedef struct Catalog Catalog;
typedef struct Spec Spec;

/* Compiles every embedded spec; a broken one is a defect and fails with its file, line and expression. */
MUST_CHECK bool catalog_new(ZoneDb *zones, Catalog **out, Error *err);
void catalog_free(Catalog *catalog);
const Spec *catalog_find(const Catalog *catalog, Str name); /* NULL when unknown */
size_t catalog_count(const Catalog *catalog);
const Spec *catalog_at(const Catalog *catalog, size_t i);
/* Compiles a spec text (people's own templates, tests). Lives in the arena. */
MUST_CHECK bool spec_compile(Arena *arena, ZoneDb *zones, Str yaml, const Spec **out, Error *err);

Str spec_name(const Spec *spec);
Str spec_title(const Spec *spec);
Str spec_guide(const Spec *spec); /* Markdown, how to set it up */
size_t spec_body_bytes_max(const Spec *spec);
bool spec_elements_unlimited(const Spec *spec); /* Alertmanager, Grafana: any count; else 10,000 */
const Value *spec_samples(const Spec *spec);    /* list of {name, headers?, body, expect} */

/* One raw request. */
typedef struct RawRequest {
  Str method, path, query;
  const Str *header_names, *header_values;
  size_t header_count;
  Str body;
  Str content_type;
  i64 received_ms;
} RawRequest;

typedef struct NormaliseSettings { /* from the integration */
  i64 integration_id;
  Str secret;                         /* empty: signatures are not checked */
  const Zone *zone;                   /* of times without offset; NULL: UTC */
  const CelProgram *const *overrides; /* by event field, compiled by catalog_override_compile; may be NULL */
  const CelProgram *filter;           /* false drops the element; NULL: none */
  EventLimits limits;                 /* all 0: EVENT_LIMITS */
} NormaliseSettings;

/* Does the sender prove itself? Checked over the raw body before parsing. false: ERR_UNAUTHORIZED (401).
 * An SNS signature needs the certificate: *out_fetch_url is set (and true returned) when it must be fetched first; the
 * caller fetches it (host checked by the spec's pattern) and calls spec_authenticate_certificate. */
MUST_CHECK bool spec_authenticate(const Spec *spec, Arena *arena, const RawRequest *request,
                                  const NormaliseSettings *settings, Str *out_fetch_url, Error *err);
MUST_CHECK bool spec_authenticate_certificate(const Spec *spec, Arena *arena, const RawRequest *request, Str pem,
                                              Error *err);

typedef struct ElementError {
  i64 index; /* in the list; -1: the whole body */
  char reason[400];
} ElementError;

typedef struct Normalised {
  const char *outcome; /* "accepted", "partial", "test", "confirmation", "filtered", "unmapped" */
  Event *events;
  size_t event_count;
  ElementError *errors; /* elements that were not taken */
  size_t error_count;
  Str *warnings; /* for integrations.warnings[]: "truncatedAlerts is 3", "unknown severity \"sev9\"" */
  size_t warning_count;
  Str delivery_id;   /* vendor's id of the delivery, for redelivery; empty when none */
  Str confirm_url;   /* a confirmation that wants a GET of this URL (SNS); empty when none */
  Str vendor_answer; /* body to answer instead of ours, for handshakes; empty: ours */
} Normalised;

/* Parses and normalises. Errors: ERR_INVALID (400, not JSON: line, column), ERR_UNPROCESSABLE (422: nothing maps; the
 * failing expression and its place). */
MUST_CHECK bool spec_normalise(const Spec *spec, Arena *arena, const RawRequest *request,
                               const NormaliseSettings *settings, Normalised *out, Error *err);

/* Compiles an integration's override (`field` is an event field) or filter. */
MUST_CHECK bool catalog_override_compile(const Catalog *catalog, Arena *arena, Str field, Str cel,
                                         const CelProgram **out, Error *err);
MUST_CHECK bool catalog_filter_compile(const Catalog *catalog, Arena *arena, Str cel, const CelProgram **out,
                                       Error *err);
/* What expressions of a mapping, an override or a filter see. */
const CelEnv *spec_env_new(Arena *arena, ZoneDb *zones);
/* The values of those variables at element `element` of a request, as a map by name: for trying expressions out. Fails
 * as spec_normalise does, and with ERR_NOT_FOUND when the request has fewer elements. */
MUST_CHECK bool spec_variables(const Spec *spec, Arena *arena, const RawRequest *request,
                               const NormaliseSettings *settings, u32 element, Value *out, Error *err);
/* 1..4 for a word that many senders share ("critical", "warn"); 0: it is none. */
i32 catalog_priority(Str word);
/* Position of a field in NormaliseSettings.overrides; -1 when it is not an event field. */
i32 catalog_field_slot(Str field);
size_t catalog_field_count(void);
const char *catalog_field_name(size_t slot);

#endif
