/* matrix/builtin.h: the tables as they were when envcheck was built. Inside matrix only. */
#ifndef MATRIX_BUILTIN_H
#define MATRIX_BUILTIN_H

#include "matrix/rows.h"

extern const struct matrix matrix_embedded; /* in the file that tools/embed writes */

#endif
