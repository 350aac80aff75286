/* What inbound.c shares with certificates.c. */
#ifndef TOCSIN_CORE_INBOUND_INTERNAL_H
#define TOCSIN_CORE_INBOUND_INTERNAL_H

#include "core/server/inbound.h"

InboundTables *inbound_tables_new(void);
void inbound_tables_free(InboundTables *tables);

/* Integrations whose last message was not understood. take: true once. */
void bad_sources_put(App *app, i64 integration_id);
bool bad_sources_take(App *app, i64 integration_id);
MUST_CHECK bool bad_sources_load(App *app, Db *db, Error *err);
/* Another node may have met one, within the last second: until then its end waits for the next good message. */
MUST_CHECK bool bad_sources_follow(Cycle *cycle, Error *err);

/* True: the signature holds. False with err: it does not. False without: the certificate is being fetched, again(ctx)
 * follows. */
bool certificate_check(App *app, HttpRequest *request, const SetupIntegration *integration, const RawRequest *raw,
                       Str url, void (*again)(void *ctx), void *ctx, Error *err);

extern const JobKind INBOUND_JOBS[];

#endif
