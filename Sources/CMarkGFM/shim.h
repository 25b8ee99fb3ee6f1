// GitHub's Markdown parser with its extensions: Debian's libcmark-gfm-dev and libcmark-gfm-extensions-dev.
#ifndef CMARKGFM_SHIM_H
#define CMARKGFM_SHIM_H

#include <cmark-gfm.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm-core-extensions.h>

#endif
