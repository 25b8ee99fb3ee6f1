// Asked where a layer is made: in test builds it may be left out, elsewhere nothing of the question is compiled.
#ifndef CLINUX_WITHOUT_H
#define CLINUX_WITHOUT_H

#ifdef NANOCLAW_FAULTS
#include "clinux_harden.h"
#else
#define clinux_without(layer) 0
#define clinux_without_namespaces() 0
#endif

#endif
