#include "parse/compatnote.h"

#include "base/json.h"
#include "base/str.h"

enum { NUMBERS = 256 }; /* of one list; real notes have some twelve */

bool compat_note_parse(struct span text, struct arena *a, struct compat_note *out)
{
	json_t *o = json_parse(text, "compat note", NULL);
	const char *key;
	json_t *value;
	bool ok = json_is_object(o);
	json_object_foreach(o, key, value) {
		if (str_ieq(key, "CUDA version") && json_is_string(value))
			out->cuda = ver2_parse(json_string_value(value));
		bool drivers = str_ieq(key, "driver"), devices = str_ieq(key, "device");
		for (size_t i = 0; (drivers || devices) && i < json_array_size(value) && i < NUMBERS; i++) {
			json_int_t n = json_integer_value(json_array_get(value, i));
			if (n < 0 || n > 100000)
				continue;
			ok = ok && (drivers ? list_add(a, &out->drivers, (int)n) : list_add(a, &out->devices, (int)n));
		}
	}
	json_decref(o);
	return ok && (ver2_known(out->cuda) || out->drivers.n);
}
