#include "core/base/http_curl.hpp"

#include "core/base/library.hpp"

namespace exai {

namespace {

Curl open_curl() {
  void* const library = open_library("libcurl.so.4");
  Curl found{};
  find(library, "curl_global_init", found.global_init);
  find(library, "curl_free", found.free);
  find(library, "curl_easy_init", found.easy_init);
  find(library, "curl_easy_cleanup", found.easy_cleanup);
  find(library, "curl_easy_setopt", found.easy_setopt);
  find(library, "curl_easy_getinfo", found.easy_getinfo);
  find(library, "curl_easy_pause", found.easy_pause);
  find(library, "curl_easy_strerror", found.easy_strerror);
  find(library, "curl_multi_init", found.multi_init);
  find(library, "curl_multi_cleanup", found.multi_cleanup);
  find(library, "curl_multi_add_handle", found.multi_add_handle);
  find(library, "curl_multi_remove_handle", found.multi_remove_handle);
  find(library, "curl_multi_perform", found.multi_perform);
  find(library, "curl_multi_poll", found.multi_poll);
  find(library, "curl_multi_wakeup", found.multi_wakeup);
  find(library, "curl_multi_info_read", found.multi_info_read);
  find(library, "curl_slist_append", found.slist_append);
  find(library, "curl_slist_free_all", found.slist_free_all);
  find(library, "curl_url", found.url);
  find(library, "curl_url_cleanup", found.url_cleanup);
  find(library, "curl_url_get", found.url_get);
  find(library, "curl_url_set", found.url_set);
  find(library, "curl_url_strerror", found.url_strerror);
  found.global_init(CURL_GLOBAL_DEFAULT);
  return found;
}

}  // namespace

const Curl& curl() {
  static const Curl library = open_curl();
  return library;
}

}  // namespace exai
