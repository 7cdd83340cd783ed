/* How the sample data is written in C, and the identities in it.
 *
 * JSON(...) makes a string of the JSON text in its parentheses, after the
 * names below have been replaced. So stdbool.h, which makes macros of true
 * and false, must stay out of the files that use it.
 */
#ifndef DAEMON_DEMO_DATA_IDS_H
#define DAEMON_DEMO_DATA_IDS_H

#define JSON(...)      JSON_TEXT(__VA_ARGS__)
#define JSON_TEXT(...) #__VA_ARGS__

/* clang-format off */

#define WEB_ID \
    "0bf6c2ac282f40c098679fa10a30e92e50b37586136d6ce167f8140f3e58848f"
#define DB_ID \
    "53c3709585d9ed0e2e7ac30a5ca28770279eb238c8f48c32e05c00ded45ee829"
#define MIGRATE_ID \
    "cf22b0810edb4693df7d546b7dde90688f72cf4d9928d6b3ff85c2b3a1c8670e"

#define NGINX_IMAGE \
    "sha256:3f0df1b03e1bbfaed34cfef1824fa6952cff5c18a2135edcf2c5cef36b761127"
#define POSTGRES_IMAGE \
    "sha256:6375176ff508ced3442661bdfbf940eea9537b82adf4e0505f60bbe59173cdd7"
#define BUSYBOX_IMAGE \
    "sha256:d04a921d0dbb09f95779f90f23921b3e78ffbd10f2ea0b19df4dd23e71a8dab0"

#define BRIDGE_NETWORK \
    "ddbf4f37b889f403a53dbb84e31a86c4fdde1bcadcf22a5c8156520d121f0728"
#define HOST_NETWORK \
    "6a3cb155dc28d90900419e8b0a8f15f3ad89cc2ca4cba5c5a65b6753f1325601"
#define NONE_NETWORK \
    "b9349773c9054a753caecdc8fdf27ff45cf824bc6062ec7b2585741196c86f2f"
#define SHOP_NETWORK \
    "f74911f81e738c680e26d81dc10e786a13dd0058581aca1bdc031ea81a75b052"

#define WEB_ENDPOINT \
    "fa766b38dfb1404f409b744ef45864eaa975ac9123181cf99bb6ab6160bea91b"
#define DB_ENDPOINT \
    "d8aeeb987b0d3f0743138cacc71754c117690cd782a5cdee969ab0bed489f9c1"

#endif
