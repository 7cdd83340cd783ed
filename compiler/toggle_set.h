/* Toggle set: the values of a profile's variables, and the rules they become.
 *
 * What toggles.c, which reads the variables, and the profiles, which lower
 * them, share. Private to them. A set lives for one toggles_read(); what it
 * builds lives in the arena. An arena that overflows on the way builds no
 * further rule: toggles_read() makes that an error.
 */
#ifndef COMPILER_TOGGLE_SET_H
#define COMPILER_TOGGLE_SET_H

#include "compiler/toggles.h"

enum toggle_kind {
	TOGGLE_GATE,      /* POST */
	TOGGLE_SECTION,   /* 1 opens a section of the API */
	TOGGLE_OPENING,   /* 1 opens single calls, whatever their section */
	TOGGLE_NARROWING, /* 0 closes single calls, whatever their section */
};

struct toggle_def {
	const char *name;
	enum toggle_kind kind;
	bool on;          /* by default */
	bool writes_only; /* of a section: see toggles.def */
	const char *path; /* SECTION: what the path starts with; else a regex
			     on the path */
};

struct toggle_value {
	bool on;
	bool given;     /* in the environment or in the file */
	struct pos pos; /* of the value in a file */
};

struct toggle_set {
	const struct toggle_profile_info *profile; /* borrowed: static */
	struct toggle_value *values; /* in the arena; by index of a def */
	bool from_file;
	struct pos pos; /* of the `toggles` node; line 0 for the environment */
	struct rule_list *rules; /* borrowed */
	struct arena *arena;     /* borrowed */
	struct diag *diag;       /* borrowed */
};

struct toggle_profile_info {
	const char *name;
	const struct toggle_def *defs;
	size_t ndefs;
	/* Reads a value. False when it is not plainly one or the other, which
	 * earns a warning; `strange` is what that warning says it is. */
	bool (*read)(struct str value, bool *on_out);
	const char *strange;
	void (*lower)(struct toggle_set *s);
	void (*warn)(struct toggle_set *s); /* of toggles without effect */
};

extern const struct toggle_profile_info toggle_strict;
extern const struct toggle_profile_info toggle_tecnativa;
extern const struct toggle_profile_info toggle_linuxserver;

extern const struct toggle_profile_info *const toggle_profiles[];
#define TOGGLE_PROFILES 3u /* enum toggle_profile */

/* --- values ------------------------------------------------------------- */

/* The boolean words without case, 1 and 0 among them. False for others. */
bool toggle_word(struct str value, bool *on_out);

/* The images read booleans as C integers: leading digits that are not 0. */
bool toggle_integer(struct str value, bool *on_out);

/* The value of a variable that the profile has. */
bool toggle_on(const struct toggle_set *s, const char *name);

/* Warns, when the variable was given as 1, that it changes nothing: why. */
void toggle_no_effect(
	struct toggle_set *s, const struct toggle_def *t, const char *why);

/* Warns of given sections that only have writes while POST=0. */
void toggle_warn_writes(struct toggle_set *s);

/* Warns of names in the environment that look like toggles but are none. */
void toggle_warn_names(struct toggle_set *s, const char *const *envp);

/* --- conditions and rules ----------------------------------------------- */

struct cond *toggle_test(struct toggle_set *s, enum field field,
	enum operator_id op, const char *text, bool nocase);

/* A group of conditions, up to a NULL. */
struct cond *toggle_group(struct toggle_set *s, enum cond_kind kind, ...)
	__attribute__((sentinel));

/* Appends the rule `toggle:<name>`, none when `when` is NULL. The message of
 * a denial tells the operator what to set. */
void toggle_allow(struct toggle_set *s, const char *name, struct cond *when);
void toggle_deny(struct toggle_set *s, const char *name, struct cond *when,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* While POST=0: denies every method but GET and HEAD. */
void toggle_gate(struct toggle_set *s);

/* The sections that are on, as allows, then those that are off, as denials
 * that say so; `section` makes a section's condition, NULL for no rule. Then
 * the last rule, which denies the rest. */
void toggle_sections(
	struct toggle_set *s, struct cond *(*section)(struct toggle_set *s,
				      const struct toggle_def *t));

#endif
