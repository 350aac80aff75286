/* Counts of pages by policy (and flooding integration), in memory; the oldest window makes room. */
#include <stdlib.h>

#include "core/paging/breaker.h"
#include "core/paging/internal.h"

enum { RATES_MAX = 512 };

struct PageRates {
  PageRate items[RATES_MAX];
  size_t count;
  Breakers breakers;
};

PageRates *page_rates_new(void) {
  return xcalloc(1, sizeof(PageRates));
}
void page_rates_free(PageRates *rates) {
  free(rates);
}

PageRate *page_rate_of(App *app, i64 policy_id, i64 integration_id) {
  PageRates *rates = app->page_rates;
  PageRate *oldest = &rates->items[0];
  for (size_t i = 0; i < rates->count; i++) {
    if (rates->items[i].policy_id == policy_id && rates->items[i].integration_id == integration_id)
      return &rates->items[i];
    if (rates->items[i].window_ms < oldest->window_ms) oldest = &rates->items[i];
  }
  if (rates->count < RATES_MAX) oldest = &rates->items[rates->count++];
  *oldest = (PageRate){.policy_id = policy_id, .integration_id = integration_id};
  return oldest;
}

Breakers *breakers_of(App *app) {
  return &app->page_rates->breakers;
}
