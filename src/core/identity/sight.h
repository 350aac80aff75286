/* What somebody may see, as the registry asks for it (resource.h: Sight). */
#ifndef TOCSIN_CORE_IDENTITY_SIGHT_H
#define TOCSIN_CORE_IDENTITY_SIGHT_H

#include "core/identity/access.h"
#include "core/setup/setup.h"

/* user NULL: a service, which sees its organization. `held` says whether what is private is part of it; the rest is
 * the person's role, whatever their key may do. Points into the picture of the setup. */
const Sight *sight_new(Arena *arena, const Access *access, const SetupUser *user, const Grants *held);
/* The grants behind it: two sights with the same ones differ only in the person. */
const Grants *sight_grants(const Sight *sight);

#endif
