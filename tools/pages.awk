# docs/rules.md -> C: the section "## rule-id" of each rule, for `envcheck explain`.
function c(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return s }
BEGIN { print "#include \"check/pages.h\"\n\n#include <stddef.h>\n\nconst struct page rule_pages[] = {" }
/^## / { if (open) print " },"; open = 0 }
/^## [a-z][a-z0-9-]*$/ { printf "\t{ \"%s\",", $2; open = 1; started = blank = 0; next }
open && !NF { blank = started; next }
open { printf "%s\n\t  \"%s\\n\"", blank ? "\n\t  \"\\n\"" : "", c($0); started = 1; blank = 0 }
END { if (open) print " },"; print "\t{ NULL, NULL },\n};" }
