/* The demonstration engine's sample data: JSON texts of API 1.41.
 *
 * Two kinds of strings are replaced when the data is loaded, so that the
 * samples are always of today: "@-60" becomes the time 60 seconds ago as
 * RFC 3339, "#-60" the same as a number of seconds since 1970.
 *
 * A container is written as what differs from demo_container_base. Its
 * member "Demo" holds what the other calls tell of it: "Summary" (of the
 * list), "Top" (processes), "Logs" (time, stream, text), "Follow" (what it
 * says while it is watched) and "Load" (for stats).
 */
#ifndef DAEMON_DEMO_DATA_H
#define DAEMON_DEMO_DATA_H

extern const char demo_version_json[];
extern const char demo_info_json[];
extern const char demo_container_base_json[];
extern const char demo_stats_base_json[];

/* JSON arrays. */
extern const char demo_containers_json[];
extern const char demo_images_json[];
extern const char demo_networks_json[];
extern const char demo_volumes_json[];
extern const char demo_events_json[];

#endif
