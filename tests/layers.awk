# The include law. First file: src/LAYERS; then sources as src/ROOM/FILE or src/main.c.
FNR == NR { room = $1; sub(":", "", room); for (i = 2; i <= NF; i++) { may[room, $i] = 1; if ($i ~ /^</) law[$i] = 1 } next }
/^#include [<"]/ {
	split(FILENAME, f, "/"); from = f[2]; to = $2
	if (to ~ /^</ ? !(to in law) : to !~ "/")
		next
	if (to ~ /^"/) { sub("\"", "", to); sub("/.*", "", to) }
	if (from != to && !((from, to) in may)) {
		print FILENAME ":" FNR ": " from " must not include " $2; bad = 1
	}
}
END { exit bad }
