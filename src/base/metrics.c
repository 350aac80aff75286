/* Metrics: numbers without labels are single atomic words, so that counting costs no lock; labelled ones look their
 * series up under the metric's own lock. Everything made lives until metrics_free. */
#include "base/metrics.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

enum { SERIES_MAX = 200, LABELS_MAX = 4, BOUNDS_MAX = 32, VALUES_BYTES_MAX = 256 };

typedef enum MetricKind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM } MetricKind;
static const char *const KIND_WORDS[] = {"counter", "gauge", "histogram"};

/* The bits of a double. */
typedef _Atomic u64 Number;

typedef struct Histogram {
  double bounds[BOUNDS_MAX];
  size_t bound_count;
  _Atomic u64 hits[BOUNDS_MAX + 1]; /* per bucket, not summed up; the last is above all bounds */
  Number sum;
} Histogram;

struct Metric {
  Metric *next;
  MetricKind kind;
  const char *name;
  const char *help;
  Str labels[LABELS_MAX];
  size_t label_count;
  Number value;         /* without labels */
  Histogram *histogram; /* only of that kind */
  double (*read)(void *);
  void *read_ctx;
  pthread_mutex_t lock; /* guards series and the arena they lie in */
  Arena *arena;
  Map *series; /* the values as they were given -> Number */
};

struct Metrics {
  pthread_mutex_t lock; /* guards the list and the arena */
  Arena *arena;
  Metric *first;
  Metric *last;
};

static double number_get(const Number *number) {
  u64 bits = atomic_load_explicit(number, memory_order_relaxed);
  double value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

static u64 bits_of(double value) {
  u64 bits;
  memcpy(&bits, &value, sizeof(bits));
  return bits;
}

static void number_set(Number *number, double to) {
  atomic_store_explicit(number, bits_of(to), memory_order_relaxed);
}

static void number_add(Number *number, double by) {
  u64 old = atomic_load_explicit(number, memory_order_relaxed);
  double value;
  do memcpy(&value, &old, sizeof(value));
  while (!atomic_compare_exchange_weak_explicit(number, &old, bits_of(value + by), memory_order_relaxed,
                                                memory_order_relaxed));
}

Metrics *metrics_new(void) {
  Metrics *metrics = xcalloc(1, sizeof(Metrics));
  pthread_mutex_init(&metrics->lock, NULL);
  metrics->arena = arena_new();
  return metrics;
}

void metrics_free(Metrics *metrics) {
  if (!metrics) return;
  for (Metric *metric = metrics->first; metric; metric = metric->next) {
    pthread_mutex_destroy(&metric->lock);
    arena_free(metric->arena);
  }
  arena_free(metrics->arena);
  pthread_mutex_destroy(&metrics->lock);
  free(metrics);
}

static bool is_name(Str name) {
  for (size_t i = 0; i < name.len; i++) {
    char c = name.ptr[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
    bool digit = c >= '0' && c <= '9';
    if (!letter && !(digit && i > 0)) return false;
  }
  return name.len > 0;
}

static void set_labels(Metric *metric, const char *labels) {
  Str rest = str_from_c(labels);
  bool more = rest.len > 0;
  while (more) {
    ASSERT(metric->label_count < LABELS_MAX);
    Str *label = &metric->labels[metric->label_count++];
    more = str_cut(rest, ',', label, &rest);
    ASSERT(is_name(*label));
  }
  if (metric->label_count == 0) return;
  metric->arena = arena_new();
  metric->series = map_new(metric->arena);
}

static Metric *metric_find(const Metrics *metrics, const char *name) {
  for (Metric *metric = metrics->first; metric; metric = metric->next)
    if (strcmp(metric->name, name) == 0) return metric;
  return NULL;
}

/* What a metric is; the rest of its fields start as zero. */
typedef struct Recipe {
  MetricKind kind;
  const char *name;
  const char *help;
  const char *labels;
  const double *bounds;
  size_t bound_count;
  double (*read)(void *);
  void *read_ctx;
} Recipe;

static Histogram *histogram_new(Arena *arena, const Recipe *recipe) {
  ASSERT(recipe->bound_count <= BOUNDS_MAX);
  Histogram *histogram = ARENA_NEW(arena, Histogram);
  histogram->bound_count = recipe->bound_count;
  for (size_t i = 0; i < recipe->bound_count; i++) {
    ASSERT(i == 0 || recipe->bounds[i] > recipe->bounds[i - 1]);
    histogram->bounds[i] = recipe->bounds[i];
  }
  return histogram;
}

static Metric *metric_make(Metrics *metrics, const Recipe *recipe) {
  ASSERT(is_name(str_from_c(recipe->name)));
  Metric *metric = ARENA_NEW(metrics->arena, Metric);
  *metric = (Metric){.kind = recipe->kind,
                     .name = recipe->name,
                     .help = recipe->help,
                     .read = recipe->read,
                     .read_ctx = recipe->read_ctx};
  if (recipe->kind == METRIC_HISTOGRAM) metric->histogram = histogram_new(metrics->arena, recipe);
  set_labels(metric, recipe->labels);
  pthread_mutex_init(&metric->lock, NULL);
  *(metrics->last ? &metrics->last->next : &metrics->first) = metric;
  metrics->last = metric;
  return metric;
}

/* The metric of that name, made when it is asked for first. */
static Metric *metric_of(Metrics *metrics, Recipe recipe) {
  pthread_mutex_lock(&metrics->lock);
  Metric *metric = metric_find(metrics, recipe.name);
  if (!metric) metric = metric_make(metrics, &recipe);
  pthread_mutex_unlock(&metrics->lock);
  ASSERT(metric->kind == recipe.kind);
  return metric;
}

Metric *metrics_counter(Metrics *metrics, const char *name, const char *help, const char *labels) {
  return metric_of(metrics, (Recipe){.kind = METRIC_COUNTER, .name = name, .help = help, .labels = labels});
}

Metric *metrics_gauge(Metrics *metrics, const char *name, const char *help, const char *labels) {
  return metric_of(metrics, (Recipe){.kind = METRIC_GAUGE, .name = name, .help = help, .labels = labels});
}

Metric *metrics_histogram(Metrics *metrics, const char *name, const char *help, const double *bounds, size_t count) {
  return metric_of(metrics, (Recipe){
                                .kind = METRIC_HISTOGRAM,
                                .name = name,
                                .help = help,
                                .bounds = bounds,
                                .bound_count = count,
                            });
}

void metrics_gauge_fn(Metrics *metrics, const char *name, const char *help, double (*read)(void *), void *ctx) {
  metric_of(metrics, (Recipe){.kind = METRIC_GAUGE, .name = name, .help = help, .read = read, .read_ctx = ctx});
}

/* The series of these values; past the cap the one of "other". Called under the metric's lock. */
static Number *series_of(Metric *metric, Str values) {
  static const Str OTHER = STR("other");
  values = utf8_cut(values, VALUES_BYTES_MAX);
  Number *series = map_get(metric->series, values);
  if (series) return series;
  if (map_count(metric->series) >= SERIES_MAX) {
    series = map_get(metric->series, OTHER);
    if (series) return series;
    values = OTHER;
  }
  series = ARENA_NEW(metric->arena, Number);
  map_set(metric->series, str_copy(metric->arena, values), series);
  return series;
}

/* Series never move, so the lock is needed only for looking up. */
static Number *number_of(Metric *metric, const char *values) {
  if (metric->label_count == 0) return &metric->value;
  pthread_mutex_lock(&metric->lock);
  Number *number = series_of(metric, str_from_c(values));
  pthread_mutex_unlock(&metric->lock);
  return number;
}

void metric_add(Metric *metric, const char *values, double by) {
  ASSERT(metric->kind != METRIC_HISTOGRAM);
  number_add(number_of(metric, values), by);
}

void metric_set(Metric *metric, const char *values, double to) {
  ASSERT(metric->kind == METRIC_GAUGE);
  number_set(number_of(metric, values), to);
}

void metric_observe(Metric *metric, double value) {
  ASSERT(metric->kind == METRIC_HISTOGRAM);
  Histogram *histogram = metric->histogram;
  size_t bucket = 0;
  while (bucket < histogram->bound_count && !(value <= histogram->bounds[bucket])) bucket++;
  atomic_fetch_add_explicit(&histogram->hits[bucket], 1, memory_order_relaxed);
  number_add(&histogram->sum, value);
}

static void put_number(Buf *out, double number) {
  if (isnan(number))
    buf_puts(out, "NaN");
  else if (isinf(number))
    buf_puts(out, number > 0 ? "+Inf" : "-Inf");
  else
    buf_double(out, number);
}

/* Backslash and line feed, and inside of labels the quotation mark, too. */
static void put_escaped(Buf *out, Str text, bool in_label) {
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    if (c == '\n') {
      buf_puts(out, "\\n");
      continue;
    }
    if (c == '\\' || (c == '"' && in_label)) buf_putc(out, '\\');
    buf_putc(out, c);
  }
}

static void write_head(const Metric *metric, Buf *out) {
  buf_format(out, "# HELP %s ", metric->name);
  put_escaped(out, str_from_c(metric->help), false);
  buf_format(out, "\n# TYPE %s %s\n", metric->name, KIND_WORDS[metric->kind]);
}

static void write_value(const char *name, double value, Buf *out) {
  buf_puts(out, name);
  buf_putc(out, ' ');
  put_number(out, value);
  buf_putc(out, '\n');
}

/* The last label takes what is left of the values, commas included. "other" stands for all labels. */
static void write_labels(const Metric *metric, Str values, Buf *out) {
  bool other = str_equal(values, S("other"));
  for (size_t i = 0; i < metric->label_count; i++) {
    Str value = values;
    bool last = i + 1 == metric->label_count;
    if (!last && !other) str_cut(values, ',', &value, &values);
    buf_putc(out, i ? ',' : '{');
    buf_put(out, metric->labels[i]);
    buf_puts(out, "=\"");
    put_escaped(out, value, true);
    buf_putc(out, '"');
  }
  buf_putc(out, '}');
}

static void write_series(Metric *metric, Buf *out) {
  pthread_mutex_lock(&metric->lock);
  for (size_t i = 0; i < map_count(metric->series); i++) {
    const MapEntry *entry = map_at(metric->series, i);
    buf_puts(out, metric->name);
    write_labels(metric, entry->key, out);
    write_value("", number_get(entry->value), out);
  }
  pthread_mutex_unlock(&metric->lock);
}

/* The count is the last bucket's, so that both agree while others observe. */
static void write_histogram(const Metric *metric, Buf *out) {
  const Histogram *histogram = metric->histogram;
  u64 count = 0;
  for (size_t i = 0; i <= histogram->bound_count; i++) {
    count += atomic_load_explicit(&histogram->hits[i], memory_order_relaxed);
    buf_format(out, "%s_bucket{le=\"", metric->name);
    put_number(out, i < histogram->bound_count ? histogram->bounds[i] : INFINITY);
    buf_puts(out, "\"} ");
    buf_u64(out, count);
    buf_putc(out, '\n');
  }
  buf_format(out, "%s_sum", metric->name);
  write_value("", number_get(&histogram->sum), out);
  buf_format(out, "%s_count ", metric->name);
  buf_u64(out, count);
  buf_putc(out, '\n');
}

static void write_metric(Metric *metric, Buf *out) {
  write_head(metric, out);
  if (metric->kind == METRIC_HISTOGRAM)
    write_histogram(metric, out);
  else if (metric->label_count)
    write_series(metric, out);
  else
    write_value(metric->name, metric->read ? metric->read(metric->read_ctx) : number_get(&metric->value), out);
}

/* Metrics are only added at the end and never go, so the list is walked without the lock that guards its growth; a
 * reading function may take its time, or ask for metrics itself. */
void metrics_write(Metrics *metrics, Buf *out) {
  pthread_mutex_lock(&metrics->lock);
  Metric *metric = metrics->first;
  const Metric *last = metrics->last;
  pthread_mutex_unlock(&metrics->lock);
  for (; metric; metric = metric == last ? NULL : metric->next) write_metric(metric, out);
}
