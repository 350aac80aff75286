/* What an escalation policy may not say, beyond what its fields check. */
#ifndef TOCSIN_CORE_POLICY_CHECK_H
#define TOCSIN_CORE_POLICY_CHECK_H

#include "core/resources.h"

/* Adds a field error for each mistake; old NULL: it is being made. Only what changed is held to rules that came later.
 */
void policy_check(ResourceCtx *ctx, const Value *old, const Value *fresh);

#endif
