/* docker.host_paths, mount_types and volumes: every way to name a path of the
 * host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/docker_fixture.h"

#define CREATE        "POST /v1.43/containers/create"
#define VOLUME        "POST /volumes/create"
#define HOST(members) "{\"Image\":\"a\",\"HostConfig\":{" members "}}"
#define BINDS(list)   HOST("\"Binds\":[" list "]")
#define MOUNTS(list)  HOST("\"Mounts\":[" list "]")
#define OPTS(list)    "{\"Name\":\"v\",\"DriverOpts\":{" list "}}"

#define F(name)       FIELD_DOCKER_##name

static void
test_binds(void **state)
{
	static const struct docker_case cases[] = {
		{F(HOST_PATHS), CREATE, BINDS("\"/srv/app:/data\""),
			"/srv/app"},
		{F(HOST_PATHS), CREATE, BINDS("\"/srv/app:/data:ro\""),
			"/srv/app:ro"},
		{F(HOST_PATHS), CREATE, BINDS("\"/a:/b:z,ro,rshared\""),
			"/a:ro"},
		{F(HOST_PATHS), CREATE, BINDS("\"/a:/b:rw\",\"/c:/d:rox\""),
			"/a | /c"},
		{F(HOST_PATHS), CREATE, BINDS("\"/:/h\""), "/"},
		{F(HOST_PATHS), CREATE, BINDS("\"//etc:/h:ro\""), "/etc:ro"},
		{F(HOST_PATHS), CREATE,
			BINDS("\"/srv/ok/../../etc:/h\",\"/a/./b/:/h\""),
			"/etc | /a/b"},
		{F(HOST_PATHS), CREATE,
			"{\"HostConfig\":{\"Bind\xc5\xbf\":[\"/etc:/h\"]}}",
			"/etc"},
		{F(HOST_PATHS), CREATE, BINDS("\"data:/data\",\"/data\""), ""},
		{F(VOLUMES), CREATE, BINDS("\"data:/data:ro\",\"/data\""),
			"data"},
		{F(MOUNT_TYPES), CREATE, BINDS("\"data:/d\",\"/x\",\"/a:/b\""),
			"volume | volume | bind"},
		/* Of more parts than there are, nobody knows which is what. */
		{F(HOST_PATHS), CREATE, BINDS("\"/a:/b:ro:/c\""), "/a:ro | ?"},
		{F(HOST_PATHS), CREATE, BINDS("\"/a\\u0000b:/c\""), "/a | ?"},
		{F(HOST_PATHS), CREATE, BINDS("{}"), "?"},
		{F(HOST_PATHS), CREATE, BINDS("null"), ""},
		{F(HOST_PATHS), CREATE, HOST("\"Binds\":null"), ""},
		{F(MOUNT_TYPES), CREATE, "{\"Volumes\":{\"/data\":{}}}",
			"volume"},
		{F(MOUNT_TYPES), CREATE, HOST("\"Tmpfs\":{\"/t\":\"exec\"}"),
			"tmpfs"},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

static void
test_mounts(void **state)
{
	static const struct docker_case cases[] = {
		{F(HOST_PATHS), CREATE,
			MOUNTS("{\"Type\":\"bind\",\"Source\":\"/etc/\","
			       "\"Target\":\"/h\"}"),
			"/etc"},
		{F(HOST_PATHS), CREATE,
			MOUNTS("{\"TYPE\":\"bind\",\"\xc5\xbfource\":"
			       "\"/tmpfoo/../etc\",\"readonly\":true}"),
			"/etc:ro"},
		{F(MOUNT_TYPES), CREATE,
			MOUNTS("{\"Type\":\"bind\",\"Source\":\"/a\"},"
			       "{\"Type\":\"tmpfs\"},{\"Type\":\"cluster\","
			       "\"Source\":\"group:x\"},{\"Type\":\"image\","
			       "\"Source\":\"bb\"}"),
			"bind | tmpfs | cluster | image"},
		{F(VOLUMES), CREATE,
			MOUNTS("{\"Type\":\"volume\",\"Source\":\"data\"}"),
			"data"},
		{F(IMAGES), CREATE,
			MOUNTS("{\"Type\":\"image\",\"Source\":\"bb\"}"),
			"docker.io/library/a:latest = id:a | "
			"docker.io/library/bb:latest = id:bb"},
		/* Relative: to a directory that is not known. */
		{F(HOST_PATHS), CREATE,
			MOUNTS("{\"Type\":\"bind\",\"Source\":\"../etc\"}"),
			"/etc | ?"},
		{F(HOST_PATHS), CREATE,
			MOUNTS("{\"Type\":\"bind\",\"Source\":\"/srv/a:ro\"}"),
			"/srv/a:ro | ?"},
		{F(HOST_PATHS), CREATE,
			MOUNTS("{\"Type\":\"bind\",\"Source\":\"/srv/a:ro/\"}"),
			"/srv/a:ro | ?"},
		{F(HOST_PATHS), CREATE,
			MOUNTS("{\"Type\":\"bind\",\"Source\":"
			       "\"/srv/a:ro/b/..\"}"),
			"/srv/a:ro | ?"},
		{F(HOST_PATHS), CREATE,
			MOUNTS("{\"Type\":\"odd\",\"Source\":\"/etc\"}"),
			"/etc"},
		{F(HOST_PATHS), CREATE,
			MOUNTS("{\"Type\":\"bind\",\"Source\":\"/a\","
			       "\"ReadOnly\":\"no\"}"),
			"/a | ?"},
		{F(HOST_PATHS), "POST /services/create",
			"{\"TaskTemplate\":{\"ContainerSpec\":{\"Mounts\":["
			"{\"Type\":\"bind\",\"Source\":\"/etc\"}]}}}",
			"/etc"},
		{F(DEVICES), CREATE, HOST("\"Devices\":[{}]"), ""},
		{F(HOST_PATHS), CREATE,
			HOST("\"Devices\":[{\"PathOnHost\":\"/dev/sda\"},"
			     "{\"PathOnHost\":\"/dev/sdb\","
			     "\"CgroupPermissions\":\"r\"}]"),
			"/dev/sda | /dev/sdb:ro"},
		{F(HOST_PATHS),
			"POST /containers/web/start?checkpoint-dir=/etc", NULL,
			"/etc"},
		{F(HOST_PATHS), "GET /containers/web/checkpoints?dir=/etc",
			NULL, "/etc"},
		{F(HOST_PATHS), "POST /containers/web/checkpoints",
			"{\"CheckpointDir\":\"/etc\"}", "/etc"},
		/* What it starts first, until Docker 17.05. */
		{F(HOST_PATHS), CREATE, HOST("\"InitPath\":\"/bin/sh\""),
			"/bin/sh"},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

/* Options of the local driver, of a volume and of a mount. */
static void
test_local_options(void **state)
{
	static const struct docker_case cases[] = {
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"none\",\"o\":\"bind\",\"device\":"
			     "\"/etc\""),
			"/etc"},
		{F(HOST_PATHS), VOLUME,
			"{\"driveropt\xc5\xbf\":{\"type\":\"\",\"o\":"
			"\"x,rbind,y\",\"device\":\"/etc\"}}",
			"/etc"},
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"tmpfs\",\"o\":\"ro,bind\",\"device\":"
			     "\"/etc\""),
			"/etc:ro"},
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"none\",\"o\":\"ro,bind,rw\","
			     "\"device\":\"/etc\""),
			"/etc"},
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"bind\",\"device\":\"/etc\""), "/etc"},
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"none\",\"o\":\"bind\",\"device\":"
			     "\"../../../etc\""),
			"/etc | ?"},
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"overlay\",\"device\":\"overlay\","
			     "\"o\":\"lowerdir=/etc:/usr/share,upperdir=/u,"
			     "workdir=/w\""),
			"/etc:ro | /usr/share:ro | /u | /w"},
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"overlay\",\"device\":\"o\",\"o\":"
			     "\"lowerdir+=/a,datadir+=/b\""),
			"/a:ro | /b:ro"},
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"overlay\",\"device\":\"o\",\"o\":"
			     "\"lowerdir=/a\\\\:b\""),
			"/a\\:ro | /b:ro | ?"},
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"ext4\",\"device\":\"/dev/vda\""),
			"/dev/vda"},
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"ext4\",\"device\":\"vda\""),
			"/vda | ?"},
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"proc\",\"device\":\"x\""), "/proc"},
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"cgroup2\",\"device\":\"x\",\"o\":"
			     "\"ro\""),
			"/sys/fs/cgroup:ro"},
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"9p\",\"device\":\"/run/s\""),
			"/run/s"},
		/* These are not of this host. */
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"nfs\",\"o\":\"addr=1.2.3.4,rw\","
			     "\"device\":\":/export\""),
			""},
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"cifs\",\"device\":\"//srv/share\""),
			""},
		{F(HOST_PATHS), VOLUME,
			OPTS("\"type\":\"tmpfs\",\"device\":\"tmpfs\",\"o\":"
			     "\"size=100m,uid=1000\""),
			""},
		{F(HOST_PATHS), VOLUME, OPTS("\"size\":\"10G\""), ""},
		{F(HOST_PATHS), VOLUME, OPTS(""), ""},
		/* Names of options have case, and are no members. */
		{F(HOST_PATHS), VOLUME,
			OPTS("\"Type\":\"none\",\"O\":\"bind\",\"Device\":"
			     "\"/etc\""),
			""},
		{F(HOST_PATHS), VOLUME,
			"{\"Opts\":{\"o\":\"bind\",\"device\":\"/etc\"}}", ""},
		{F(MOUNT_TYPES), VOLUME,
			OPTS("\"type\":\"none\",\"o\":\"bind\",\"device\":"
			     "\"/etc\""),
			"bind"},
		{F(MOUNT_TYPES), VOLUME,
			OPTS("\"type\":\"nfs\",\"device\":\":/e\""), "nfs"},
		{F(VOLUMES), VOLUME, OPTS(""), "v"},
		{F(DRIVER_OPTS), VOLUME,
			OPTS("\"type\":\"none\",\"o\":\"bind\""),
			"type=none | o=bind"},
		{F(DRIVERS), VOLUME, "{\"Driver\":\"rexray\"}", "rexray"},
		/* Another driver's: whatever looks like a path. */
		{F(HOST_PATHS), VOLUME,
			"{\"Driver\":\"local-persist\",\"DriverOpts\":"
			"{\"mountpoint\":\"/etc/x/..\",\"o\":\"bind\","
			"\"device\":\"d\"}}",
			"/etc"},
		{F(HOST_PATHS), VOLUME, OPTS("\"o\":1,\"device\":\"/etc\""),
			"/etc | ?"},
		{F(HOST_PATHS), VOLUME, "{\"DriverOpts\":[\"o=bind\"]}", "?"},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

/* Swarmkit writes other things in the place of {{...}}. */
static void
test_templates(void **state)
{
#define SERVICE(mount) \
	"{\"TaskTemplate\":{\"ContainerSpec\":{\"Mounts\":[{" mount "}]}}}"
	static const struct docker_case cases[] = {
		{F(HOST_PATHS), "POST /services/create",
			SERVICE("\"Type\":\"bind\",\"Source\":"
				"\"/srv/{{.Service.Labels.x}}\""),
			"/srv/{{.Service.Labels.x}} | ?"},
		{F(VOLUMES), "POST /services/create",
			SERVICE("\"Type\":\"volume\",\"Source\":"
				"\"{{.Task.Slot}}\""),
			"{{.Task.Slot}} | ?"},
		{F(HOST_PATHS), "POST /services/create",
			SERVICE("\"Type\":\"volume\",\"VolumeOptions\":"
				"{\"DriverConfig\":{\"Options\":{\"type\":"
				"\"tmpfs\",\"device\":\"/etc\",\"o\":"
				"\"{{.Service.Name}}\"}}}"),
			"?"},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

/* Files and sockets of the host that a log driver opens. */
static void
test_log_drivers(void **state)
{
	static const struct docker_case cases[] = {
		{F(HOST_PATHS), CREATE,
			HOST("\"LogConfig\":{\"Type\":\"splunk\",\"Config\":"
			     "{\"splunk-capath\":\"/etc/../root/k\","
			     "\"splunk-url\":\"https://a/b\"}}"),
			"/root/k:ro"},
		{F(HOST_PATHS), CREATE,
			HOST("\"LogConfig\":{\"Type\":\"syslog\",\"Config\":"
			     "{\"syslog-address\":\"unixgram:///dev/log\"}}"),
			"/dev/log"},
		{F(HOST_PATHS), "POST /services/create",
			"{\"TaskTemplate\":{\"LogDriver\":{\"Options\":"
			"{\"fluentd-address\":\"unix:///run/x\"}}}}",
			"/run/x"},
		{F(HOST_PATHS), CREATE,
			HOST("\"LogConfig\":{\"Config\":{\"max-size\":"
			     "\"10m\",\"tag\":\"\"}}"),
			""},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

static void
test_options_of_a_mount(void **state)
{
#define INLINE(name, options) \
	MOUNTS("{\"Type\":\"volume\",\"Target\":\"/h\",\"ReadOnly\":true," \
	       "\"VolumeOptions\":{\"DriverConfig\":{" name \
	       "\"Options\":{" options "}}}}")
	static const struct docker_case cases[] = {
		{F(HOST_PATHS), CREATE,
			INLINE("\"Name\":\"local\",",
				"\"type\":\"none\",\"o\":\"bind\","
				"\"device\":\"/etc\""),
			"/etc"},
		{F(HOST_PATHS), CREATE,
			INLINE("", "\"type\":\"\",\"o\":\"rbind\",\"device\":"
				   "\"/etc\""),
			"/etc"},
		{F(MOUNT_TYPES), CREATE,
			INLINE("", "\"type\":\"\",\"o\":\"rbind\",\"device\":"
				   "\"/etc\""),
			"volume | bind"},
		{F(DRIVERS), CREATE, INLINE("\"Name\":\"rexray\",", ""),
			"rexray"},
		{F(DRIVERS), CREATE, HOST("\"VolumeDriver\":\"rexray\""),
			"rexray"},
		{F(HOST_PATHS), "POST /services/create",
			"{\"TaskTemplate\":{\"ContainerSpec\":{\"Mounts\":["
			"{\"Type\":\"volume\",\"VolumeOptions\":"
			"{\"DriverConfig\":{\"Options\":{\"o\":\"bind\","
			"\"device\":\"/etc\"}}}}]}}}",
			"/etc"},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_binds),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_local_options),
		cmocka_unit_test(test_options_of_a_mount),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_log_drivers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
