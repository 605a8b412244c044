// FERRY_EXPORT marks a function of a module's C interface: kept by the linker, callable by the
// page.
#pragma once

#include <emscripten.h>

#define FERRY_EXPORT extern "C" EMSCRIPTEN_KEEPALIVE
