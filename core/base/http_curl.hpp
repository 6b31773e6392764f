#pragma once
// libcurl, opened when the first HttpClient is made. Linked in the usual way it would cost every
// start of every program 3 ms and 4 MiB: thirty libraries (TLS, Kerberos, LDAP) come with it, and
// most commands send no request. Behind http.hpp; nobody else includes this.
//
//   curl().easy_init() is curl_easy_init(), and so on. Thread: any.

#include <curl/curl.h>

namespace exai {

struct Curl {
  decltype(&curl_global_init) global_init;
  decltype(&curl_free) free;
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_easy_setopt) easy_setopt;
  decltype(&curl_easy_getinfo) easy_getinfo;
  decltype(&curl_easy_pause) easy_pause;
  decltype(&curl_easy_strerror) easy_strerror;
  decltype(&curl_multi_init) multi_init;
  decltype(&curl_multi_cleanup) multi_cleanup;
  decltype(&curl_multi_add_handle) multi_add_handle;
  decltype(&curl_multi_remove_handle) multi_remove_handle;
  decltype(&curl_multi_perform) multi_perform;
  decltype(&curl_multi_poll) multi_poll;
  decltype(&curl_multi_wakeup) multi_wakeup;
  decltype(&curl_multi_info_read) multi_info_read;
  decltype(&curl_slist_append) slist_append;
  decltype(&curl_slist_free_all) slist_free_all;
  decltype(&curl_url) url;
  decltype(&curl_url_cleanup) url_cleanup;
  decltype(&curl_url_get) url_get;
  decltype(&curl_url_set) url_set;
  decltype(&curl_url_strerror) url_strerror;
};

// Aborts when the library is not there: it is a dependency of EXAI's package like any other.
const Curl& curl();

}  // namespace exai
