/* base/: what every other folder stands on. It knows nothing above it. */
#ifndef TOCSIN_BASE_BASE_H
#define TOCSIN_BASE_BASE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/log.h"
#include "base/map.h"
#include "base/metrics.h"
#include "base/options.h"
#include "base/queue.h"
#include "base/random.h"
#include "base/spelling.h"
#include "base/str.h"
#include "base/types.h"

#endif
