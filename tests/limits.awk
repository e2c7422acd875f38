# Every LIMIT_ of base/limits.h stands in the manual's LIMITS section.
FNR == NR { if (/^#define LIMIT_/) want[$2] = 1; next }
/^\.It (Dv )?LIMIT_/ { seen[$NF] = 1 }
END { for (l in want) if (!(l in seen)) { print l " is not in the manual"; bad = 1 } exit bad }
