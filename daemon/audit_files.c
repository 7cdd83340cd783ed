/* Commands that read audit logs: each line of each file. */
#include "daemon/audit_files.h"

#include "daemon/audit_lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRESS_LINES 65536 /* between two looks at how far it is */
#define BAR_WIDTH      40

struct reading {
	struct audit_lines *lines; /* owned */
	const char *file;
	off_t size; /* 0: not known, or nobody looks */
	uint64_t others;
	enum audit_line (*take)(void *ctx, struct str line);
	void *ctx;
};

static void
draw_bar(const struct reading *r, off_t at)
{
	int done = (int)(at * BAR_WIDTH / r->size);

	fprintf(stderr, "\r[%.*s%*s] %3d%% %s", done,
		"########################################", BAR_WIDTH - done,
		"", (int)(at * 100 / r->size), r->file);
	fflush(stderr);
}

static void
show_progress(const struct reading *r)
{
	off_t at;

	if (r->size == 0 || r->lines->number % PROGRESS_LINES != 0)
		return;
	at = ftello(r->lines->file);
	if (at > 0)
		draw_bar(r, at < r->size ? at : r->size);
}

static void
end_progress(const struct reading *r)
{
	if (r->size > 0 && r->lines->number >= PROGRESS_LINES)
		fputs("\r\033[K", stderr);
}

/* Only of a file, and at a terminal. */
static void
begin_progress(struct reading *r)
{
	struct stat st;

	if (isatty(STDERR_FILENO) && fstat(fileno(r->lines->file), &st) == 0 &&
		S_ISREG(st.st_mode))
		r->size = st.st_size;
}

/* False without memory. */
static bool
take_lines(struct reading *r, enum audit_read *read_out)
{
	struct audit_lines *l = r->lines;

	while ((*read_out = audit_lines_next(l)) == AUDIT_READ_LINE) {
		switch (r->take(r->ctx, (struct str){l->line, l->n})) {
		case AUDIT_LINE_OK:
			break;
		case AUDIT_LINE_NO_EVENT:
			r->others++;
			break;
		case AUDIT_LINE_NO_MEMORY:
			return false;
		}
		show_progress(r);
	}
	return true;
}

static bool
read_lines(struct reading *r)
{
	enum audit_read read;

	begin_progress(r);
	bool ok = take_lines(r, &read);
	end_progress(r);
	if (!ok) {
		fprintf(stderr, "%s:%" PRIu64 ": error: no memory\n", r->file,
			r->lines->number);
		return false;
	}
	if (r->others > 0)
		fprintf(stderr,
			"%s: warning: %" PRIu64
			" lines are no events of an audit log\n",
			r->file, r->others);
	if (read == AUDIT_READ_END)
		return true;
	/* Of a log that is being written, the last line is not there yet. */
	fprintf(stderr, "%s:%" PRIu64 ": %s: %s\n", r->file, r->lines->number,
		read == AUDIT_READ_PART ? "warning" : "error",
		audit_read_text(read));
	return read == AUDIT_READ_PART;
}

static bool
read_file(struct reading *r)
{
	if (!audit_lines_open(r->lines, r->file)) {
		fprintf(stderr, "%s: error: %s\n", r->file, strerror(errno));
		return false;
	}
	bool ok = read_lines(r);
	audit_lines_close(r->lines);
	return ok;
}

bool
audit_files_read(const struct arguments *a,
	enum audit_line (*take)(void *ctx, struct str line), void *ctx)
{
	struct audit_lines *lines = malloc(sizeof(*lines));
	const char *file;
	bool ok = lines;

	for (unsigned i = 0; ok && (file = argument_operand(a, i)); i++) {
		struct reading r = {
			.lines = lines,
			.file = file,
			.take = take,
			.ctx = ctx,
		};
		ok = read_file(&r);
	}
	free(lines);
	return ok;
}
