/* SPDX-License-Identifier: ISC */
/* What is wrong with a scenario file is told: for each of test/labs/NAME.yaml, what is in NAME.says. And what is
 * right is read. */
#include <stdlib.h>

#include "host/files.h"
#include "lab/rehearse.h"
#include "lab/scenario.h"
#include "lab/shelf.h"

#include "tap.h"

static char file_text[1 << 16], said[1 << 14];
static uint8_t shelf_memory[1 << 16];

static struct bytes read_file(const char *folder, const char *name, const char *ending)
{
	char path[1024];
	const char *source = getenv("SOURCE");
	snprintf(path, sizeof path, "%s/%s/%s%s", source ? source : ".", folder, name, ending);
	FILE *f = fopen(path, "rb");
	if (f == NULL) return (struct bytes){ 0 };
	size_t len = fread(file_text, 1, sizeof file_text - 1, f);
	fclose(f);
	file_text[len] = '\0';
	return (struct bytes){ (uint8_t *)file_text, len };
}

/* As main/lab.c does it. */
static struct scenario *load(struct bytes text, const char *beside, struct complaints *complaints)
{
	struct arena memory;
	*complaints = (struct complaints){ 0 };
	struct scenario *s = scenario_load(text, complaints);
	if (s == NULL) return NULL;
	arena_init(&memory, (struct room){ shelf_memory, sizeof shelf_memory });
	struct shelf *shelf = shelf_open(&memory, s, files_below(files_host(&memory), beside, &memory), beside, complaints);
	rehearse(s, &shelf->files, complaints);
	return s;
}

static void check_file(const char *name)
{
	static struct complaints complaints;
	char yaml[80];
	struct text out = text_in(said, sizeof said);

	snprintf(yaml, sizeof yaml, "%s.yaml", name);
	struct scenario *s = load(read_file("test/labs", name, ".yaml"), ".", &complaints);
	if (s != NULL) scenario_free(s);
	complaints_print(&complaints, yaml, &out);
	CHECK(complaints.count > 0);
	CHECK(read_file("test/labs", name, ".says").at != NULL);
	CHECK_STR(said, file_text);
}

static void misspelt_words_and_wrong_values(void) { check_file("words"); }
static void addresses_that_cannot_be(void) { check_file("addresses"); }
static void scenes_that_refer_to_nothing(void) { check_file("scenes"); }
static void commands_and_filters_that_are_none(void) { check_file("rehearsal"); }
static void errors_in_zones_by_the_files_own_lines(void) { check_file("zones"); }
static void a_folder_that_is_not_there(void) { check_file("folder"); }
static void certificates_that_are_none(void) { check_file("certificates"); }
static void certificates_that_cannot_be_made(void) { check_file("certificates2"); }
static void what_is_not_yaml(void) { check_file("syntax"); }
static void a_tab(void) { check_file("tab"); }
static void a_line_that_is_indented_wrongly(void) { check_file("indent"); }
static void what_has_another_shape(void) { check_file("shape"); }
static void an_empty_file(void) { check_file("empty"); }

static void what_is_right_is_read(void)
{
	static struct complaints complaints;
	static const char text[] =
		"lab: two\nseed: 7\ndate: 2026-03-01T00:00:01Z\n"
		"links:\n  wire: {delay: 20ms, rate: 1.5Mbit, loss: 1.5%, reorder: 1%, queue: 64KiB}\n"
		"hosts:\n"
		"  b: {interfaces: {wire: [10.0.0.2/24, \"fd00::2/64\"]}, gateway: [10.0.0.1, \"fd00::1\"], dns: 10.0.0.1}\n"
		"  a: {forward: yes, interfaces: {wire: [10.0.0.1/24, \"fd00::1/64\"]}, mac: {wire: \"02:00:00:00:00:0a\"}}\n"
		"files:\n  hello: |\n    some text\n"
		"scenes:\n  - name: one\n    faults: [{at: 1s, link: wire, set: {loss: 0%}}, {at: 2s, cut: a}]\n"
		"    run: [{at: 1s, host: b, do: \"echo call udp://10.0.0.1:7 --message 'two words'\", id: x}]\n"
		"    expect: [{run: x, exit: not 0}]\n";
	struct scenario *s = load(bytes_of(text), ".", &complaints);
	CHECK_EQ(complaints.count, 0);
	CHECK(s->seed == 7 && s->date == 1772323201 && s->links == 1 && s->hosts == 2);
	const struct sim_wire_config *wire = &s->link[0].wire;
	CHECK(wire->delay == 20 * MILLISECOND && wire->bits_per_second == 1500000 && wire->queue_bytes_max == 65536);
	CHECK(wire->faults.loss == 15000000 && wire->faults.reorder_for > 0 && wire->mtu == 1500);
	CHECK(s->host[0].interface[0].addresses == 2 && s->host[0].routes == 2 && s->host[0].servers == 1);
	CHECK(s->host[1].forward && s->host[1].interface[0].mac.byte[5] == 10);
	CHECK(s->host[0].interface[0].mac.byte[0] == 2); /* derived: our own, one host's */
	CHECK(s->scene[0].faults == 2 && s->scene[0].fault[0].wire.faults.loss == 0);
	CHECK(s->scene[0].fault[0].wire.delay == 20 * MILLISECOND && s->scene[0].fault[1].host == 1);
	CHECK(s->runs == 1 && s->run[0].words.count == 5);
	CHECK_STR(s->run[0].words.word[4], "two words");
	CHECK(s->scene[0].expect[0].count.how == NOT && s->scene[0].expect[0].run[0] == 0);
	scenario_free(s);
}

/* Cut anywhere, the file is refused or read, and never more than that. */
static void a_file_that_is_cut_is_no_harm(void)
{
	static struct complaints complaints;
	struct bytes all = read_file("labs", "internet", ".yaml");
	CHECK(all.len > 1000);
	for (size_t n = 0; n < all.len; n += 53) {
		complaints = (struct complaints){ 0 };
		struct scenario *s = scenario_load(bytes_first(all, n), &complaints);
		CHECK((s != NULL) == (complaints.count == 0));
		if (s != NULL) scenario_free(s);
	}
}

/* Each level names the one below ten times: aliases make a small file a huge one. */
static void aliases_do_not_multiply_without_end(void)
{
	static struct complaints complaints;
	struct text t = text_in(file_text, sizeof file_text);
	text_puts(&t, "hosts: {a: {}}\nscenes:\n  - &s\n    name: s\n    run:\n");
	for (int i = 0; i < 400; i++) text_puts(&t, i == 0 ? "      - &r {host: a, do: x}\n" : "      - *r\n");
	for (int i = 0; i < 400; i++) text_puts(&t, "  - *s\n");
	complaints = (struct complaints){ 0 };
	CHECK(scenario_load(text_bytes(&t), &complaints) == NULL && complaints.count > 0);
}

static void the_labs_that_come_along_are_right(void)
{
	static struct complaints complaints;
	char beside[1024];
	struct text out = text_in(said, sizeof said);
	const char *source = getenv("SOURCE");
	snprintf(beside, sizeof beside, "%s/labs", source ? source : ".");
	struct scenario *s = load(read_file("labs", "internet", ".yaml"), beside, &complaints);
	complaints_print(&complaints, "labs/internet.yaml", &out);
	CHECK_STR(said, "");
	scenario_free(s);
}

int main(void)
{
	TEST(misspelt_words_and_wrong_values);
	TEST(addresses_that_cannot_be);
	TEST(scenes_that_refer_to_nothing);
	TEST(commands_and_filters_that_are_none);
	TEST(errors_in_zones_by_the_files_own_lines);
	TEST(a_folder_that_is_not_there);
	TEST(certificates_that_are_none);
	TEST(certificates_that_cannot_be_made);
	TEST(what_is_not_yaml);
	TEST(a_tab);
	TEST(a_line_that_is_indented_wrongly);
	TEST(what_has_another_shape);
	TEST(an_empty_file);
	TEST(what_is_right_is_read);
	TEST(a_file_that_is_cut_is_no_harm);
	TEST(aliases_do_not_multiply_without_end);
	TEST(the_labs_that_come_along_are_right);
	return tap_end();
}
