/* Every version of an alert rule, kept with who wrote it. */
#ifndef TOCSIN_CORE_RULE_VERSIONS_H
#define TOCSIN_CORE_RULE_VERSIONS_H

#include "resource/resource.h"

/* After a write: the rule as it is now; `old` too, when nobody kept it (rules that are older than this table). */
MUST_CHECK bool rule_version_keep(ResourceCtx *ctx, const Value *old, const Value *fresh, Error *err);
/* Newest first: {version, at, actor, name, rule}. */
MUST_CHECK bool rule_versions(ResourceCtx *ctx, i64 rule_id, Value *out, Error *err);
/* The members that a write would take, as they were; ERR_NOT_FOUND names the versions there are. */
MUST_CHECK bool rule_version_load(ResourceCtx *ctx, i64 rule_id, i64 version, Value *out, Error *err);

#endif
