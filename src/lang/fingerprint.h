/* Prometheus' fingerprint of a set of labels: what Alertmanager calls one alert. */
#ifndef TOCSIN_LANG_FINGERPRINT_H
#define TOCSIN_LANG_FINGERPRINT_H

#include "lang/value.h"

/* 16 hex digits, by prometheus/common's model.Fingerprint: FNV-1a over the sorted names and values, each ended by 0xff.
 * `labels` is a map; what is no text counts as its JSON, what is null or empty is no label. Empty without any label. */
Str label_fingerprint(Arena *arena, const Value *labels);

#endif
