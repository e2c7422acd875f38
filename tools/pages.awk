# docs/rules.md -> C: of each rule what its row in the table says, and its section "## rule-id", for `envcheck explain`.
function c(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return s }
/^\| `[a-z0-9-]*` \|/ { split($0, cell, / *\| */); gsub(/`/, "", cell[2]); says[cell[2]] = cell[4] }
BEGIN { print "#include \"check/pages.h\"\n\n#include <stddef.h>\n\nconst struct page rule_pages[] = {" }
/^## / { if (open) print " },"; open = 0 }
/^## [a-z][a-z0-9-]*$/ { printf "\t{ \"%s\", \"%s\",", $2, c(says[$2]); open = 1; started = blank = 0; next }
open && !NF { blank = started; next }
open { printf "%s\n\t  \"%s\\n\"", blank ? "\n\t  \"\\n\"" : "", c($0); started = 1; blank = 0 }
END { if (open) print " },"; print "\t{ NULL, NULL, NULL },\n};" }
