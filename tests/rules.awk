# The rows R("id", ..., LEVEL, ...) of src/check/*.c against the rows and sections of docs/rules.md.
FILENAME ~ /\.c$/ && sub(/^\tR\("/, "") { gsub(/[",]/, " "); level[$1] = tolower($4) }
FILENAME ~ /\.md$/ && /^\| `/ {
	gsub(/[|`]/, " ")
	if (!($1 in level))       bad = !!say("is no rule")
	else if (level[$1] != $2) bad = !!say("is " level[$1] " in the table, " $2 " here")
	if ($1 <= last)           bad = !!say("is out of order")
	last = $1; seen[$1] = 1
}
FILENAME ~ /\.md$/ && /^## [a-z]/ { page[$2] = 1 }
END {
	for (r in level) if (!(r in seen)) { print r " has no row in the page"; bad = 1 }
	for (r in level) if (!(r in page)) { print r " has no section in the page"; bad = 1 }
	exit bad
}
function say(what) { print FILENAME ":" FNR ": " $1 " " what; return 1 }
