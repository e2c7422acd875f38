# docs/rules.md -> mdoc: the manual page envcheck-rules(7), a section a rule. -v date=2026-11-20
function text(s) {
	gsub(/\\/, "\\e", s)
	gsub(/`[^`']*`/, "\\fB&\\fP", s)
	gsub(/\\fB`/, "\\fB", s)
	gsub(/`\\fP/, "\\fP", s)
	while (match(s, /\*[a-z]+\*/))
		s = substr(s, 1, RSTART - 1) "\\fI" substr(s, RSTART + 1, RLENGTH - 2) "\\fP" substr(s, RSTART + RLENGTH)
	gsub(/-/, "\\-", s)
	return s
}
# One sentence or less a line, as mdoc wants it, and none longer than 80 bytes. A line that begins like a request is none.
function say(s,    n, words, i, line) {
	n = split(s, words, / +/)
	for (i = 1; i <= n; i++) {
		if (line != "" && (length(text(line " " words[i])) > 78 || (line ~ /[^.][.!?][")]*$/ && line !~ /\.\.\.$/))) {
			put(line)
			line = ""
		}
		line = line (line == "" ? "" : " ") words[i]
	}
	put(line)
}
function put(line) {
	line = text(line)
	if (line ~ /^[.']/)
		line = "\\&" line
	if (line ~ /(^|[^.])\.\.\.$/)
		line = line "\\&"
	print line
}
function end_part() {
	if (part == "")
		return
	if (match(part, /^(The user sees|To fix it|Where this comes from): /)) {
		if (!listed++)
			print ".Bl -tag -width Ds"
		print ".It " substr(part, 1, RLENGTH - 2)
		part = substr(part, RLENGTH + 1)
	} else if (listed) {
		print "manual: " rule ": a paragraph after the list" >"/dev/stderr"
		exit failed = 1
	} else if (rule) {
		print ".Pp"
	}
	say(toupper(substr(part, 1, 1)) substr(part, 2))
	part = ""
}
function end_rule() {
	end_part()
	if (listed)
		print ".El"
	listed = 0
}
BEGIN {
	split("January February March April May June July August September October November December", months, " ")
	split(date, part_of, "-")
	print ".Dd " months[part_of[2] + 0] " " part_of[3] + 0 ", " part_of[1] "\n.Dt ENVCHECK-RULES 7\n.Os\n.Sh NAME\n.Nm envcheck-rules\n.Nd what envcheck finds, what it means, and how to fix it"
	print ".Sh DESCRIPTION"
}
/^\| `/ {
	split($0, cell, / *\| */)
	gsub(/`/, "", cell[2])
	level[cell[2]] = toupper(substr(cell[3], 1, 1)) substr(cell[3], 2)
	title[cell[2]] = cell[4]
	next
}
/^#|^\|/ && !/^## / { next }
/^## / {
	end_rule()
	if (!rule) {
		print ".Pp\nTables are shown by\n.Ql envcheck matrix Ar table ,\nwith the public source of each row."
		print ".Sh RULES"
	}
	rule = $2
	print ".Ss " rule
	say(level[rule] ": " title[rule] ".")
	next
}
!NF { end_part(); next }
!rule && !begun { begun = 1; part = $0; next }
{ part = part (part == "" ? "" : " ") $0 }
END {
	if (failed)
		exit 1
	end_rule()
	print ".Sh SEE ALSO\n.Xr envcheck 1"
}
