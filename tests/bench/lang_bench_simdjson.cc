// simdjson for lang_bench.c: the DOM parser, which reads the whole text as ours does.
#include <simdjson.h>

struct Bench {
  simdjson::dom::parser parser;
  simdjson::padded_string text;
  Bench(const char *bytes, size_t size) : text(bytes, size) {}
};

extern "C" void *simdjson_bench_new(const char *text, size_t size) {
  return new Bench(text, size);
}

extern "C" int simdjson_bench_parse(void *bench) {
  Bench *b = static_cast<Bench *>(bench);
  simdjson::dom::element element;
  return b->parser.parse(b->text).get(element) == simdjson::SUCCESS;
}
