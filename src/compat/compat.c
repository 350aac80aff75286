/* The list of doors. */
#include "compat/compat.h"

const Door *const COMPAT_DOORS[] = {ALERTMANAGER_DOORS, NULL};
