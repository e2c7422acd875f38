# Each section says what the user sees, how to fix it and where it comes from, in this order, and names tables that exist.
# The rows R("id", ..., LEVEL, ...) of src/check/*.c against the rows and sections of docs/rules.md.
FILENAME ~ /\.c$/ && sub(/^\tR\("/, "") { gsub(/[",]/, " "); level[$1] = tolower($4) }
FILENAME ~ /\.md$/ && /^\| `/ {
	gsub(/[|`]/, " ")
	if (!($1 in level))       bad = !!say("is no rule")
	else if (level[$1] != $2) bad = !!say("is " level[$1] " in the table, " $2 " here")
	if ($1 <= last)           bad = !!say("is out of order")
	last = $1; seen[$1] = 1
}
FILENAME ~ /\.md$/ && /^## [a-z]/ { whole(); rule = $2; page[rule] = 1; parts = "" }
/^The user sees: /         { parts = parts "sees " }
/^To fix it: /             { parts = parts "fix " }
/^Where this comes from: / {
	parts = parts "from"
	if (match($0, /tables? [a-z_, ]+/)) {
		n = split(substr($0, RSTART, RLENGTH), names, /,? and |, | /)
		for (i = 2; i <= n; i++)
			if (names[i] != "" && (getline row < ("matrices/" names[i] ".json")) < 0)
				bad = !!say("there is no table " names[i])
	}
}
function whole() {
	if (rule != "" && parts != "sees fix from") {
		print rule ": its section must hold \"The user sees: \", \"To fix it: \" and \"Where this comes from: \", in this order"
		bad = 1
	}
}
END {
	whole()
	for (r in level) if (!(r in seen)) { print r " has no row in the page"; bad = 1 }
	for (r in level) if (!(r in page)) { print r " has no section in the page"; bad = 1 }
	exit bad
}
function say(what) { print FILENAME ":" FNR ": " $1 " " what; return 1 }
