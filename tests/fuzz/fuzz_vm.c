/* Program images: any bytes go through program_verify(), and what it lets pass
 * is loaded, listed and run over requests. The magic, the version and the
 * size are set right here: each is one comparison, and would cost the fuzzer
 * most of its time. */
#include "compiler/listing.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/requests.h"

static void
list(const struct program *p)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	assert(out);
	listing_code(p, out);
	listing_rules(p, out);
	fclose(out);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *image = fuzz_copy(fuzz_text(data, size));
	struct program_header *h = (struct program_header *)(void *)image;
	struct program p;
	const char *why;

	if (size >= sizeof(*h)) {
		memcpy(h->magic, PROGRAM_MAGIC, sizeof(h->magic));
		h->version = PROGRAM_VERSION;
		h->size = (uint32_t)size;
	}
	if (program_load(&p, image, size, &why)) {
		list(&p);
		fuzz_run_all(&p);
		program_fini(&p);
	} else {
		assert(why);
	}
	free(image);
	return 0;
}
