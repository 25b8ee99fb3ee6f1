#define _XOPEN_SOURCE 700
#include "clinux_terminal.h"

#include <wchar.h>

int clinux_width(uint32_t scalar) {
    return wcwidth((wchar_t)scalar);
}
