/* What arrives from senders: used by /in and by the APIs of other products that we serve. */
#ifndef TOCSIN_CORE_INBOUND_H
#define TOCSIN_CORE_INBOUND_H

#include "core/server/server.h"

/* Finds the integration of a key: 404 for an unknown one (same body and work), 403 for a disabled one. NULL: it
 * answered in verdict. */
const SetupIntegration *inbound_integration(const Setup *setup, Str key, HttpHeadVerdict *verdict);

/* For a door's head: finds the integration (or answers in verdict: false) and leaves it with the request. */
bool inbound_begin(App *app, HttpRequest *request, Str key, HttpHeadVerdict *verdict);
const SetupIntegration *inbound_of(const HttpRequest *request);
/* Of its organization. */
SetupDefaults inbound_defaults(const HttpRequest *request);
/* For a door: a body past its limit. */
void inbound_too_large(App *app, HttpRequest *request);

/* How a request is answered when its events are on disk (or were not taken). */
typedef void (*InboundAnswer)(App *app, HttpRequest *request, Arrival *arrival);

typedef struct InboundTake {
  const SetupIntegration *integration;
  const Normalised *normalised;
  InboundAnswer answer; /* NULL: 202 with request_id, status, errors */
  Str delivery_id;      /* for redelivery; empty: none */
} InboundTake;
/* Writes the request down with what it means. Takes the request over. */
void inbound_take(App *app, HttpRequest *request, const InboundTake *take);
/* Not taken: logged (body only when the sender had proved itself), tells people, answers with the error. */
void inbound_refuse(App *app, HttpRequest *request, const SetupIntegration *integration, const Error *why,
                    bool trusted);
/* [{"index":..,"reason":".."}] */
Str inbound_errors_json(Arena *arena, const ElementError *errors, size_t count);
/* Bodies as they are stored: one byte (0 plain, 1 zstd), then the bytes. */
Str body_pack(Arena *arena, Str body);
MUST_CHECK bool body_unpack(Arena *arena, Str stored, Str *out);
MUST_CHECK bool raw_request_of(Arena *arena, const HttpRequest *request, RawRequest *out);

#endif
