/* Test control (see test_control.c). */
#ifndef TOCSIN_CORE_TEST_CONTROL_H
#define TOCSIN_CORE_TEST_CONTROL_H

#include "core/app.h"

typedef struct TestControl TestControl;

MUST_CHECK bool test_control_start(App *app, const char *path, TestControl **out, Error *err);
void test_control_stop(TestControl *control);

#endif
