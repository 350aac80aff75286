/* ASSERT's end. It allocates nothing: memory may be what is broken. */
#include "base/types.h"

#include <stdio.h>
#include <stdlib.h>

void assert_failed(const char *condition, const char *file, int line) {
  fprintf(stderr, "tocsin: %s:%d: this must hold and does not: %s\n", file, line, condition);
  abort();
}
