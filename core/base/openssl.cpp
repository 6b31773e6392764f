#include "core/base/openssl.hpp"

#include "core/base/library.hpp"

namespace exai {

namespace {

OpenSsl open_openssl() {
  // What is of libcrypto is found through it.
  void* const library = open_library("libssl.so.3");
  OpenSsl found{};
  find(library, "TLS_method", found.tls_method);
  find(library, "SSL_CTX_new", found.ctx_new);
  find(library, "SSL_CTX_free", found.ctx_free);
  find(library, "SSL_CTX_ctrl", found.ctx_ctrl);
  find(library, "SSL_CTX_set_options", found.ctx_set_options);
  find(library, "SSL_CTX_use_certificate", found.ctx_use_certificate);
  find(library, "SSL_CTX_use_PrivateKey", found.ctx_use_private_key);
  find(library, "SSL_CTX_set_verify", found.ctx_set_verify);
  find(library, "SSL_CTX_set_default_verify_paths", found.ctx_set_default_verify_paths);
  find(library, "SSL_CTX_load_verify_file", found.ctx_load_verify_file);
  find(library, "SSL_new", found.ssl_new);
  find(library, "SSL_free", found.ssl_free);
  find(library, "SSL_set_fd", found.ssl_set_fd);
  find(library, "SSL_set_accept_state", found.ssl_set_accept_state);
  find(library, "SSL_set_connect_state", found.ssl_set_connect_state);
  find(library, "SSL_ctrl", found.ssl_ctrl);
  find(library, "SSL_set1_host", found.ssl_set1_host);
  find(library, "SSL_get0_param", found.ssl_get0_param);
  find(library, "SSL_do_handshake", found.ssl_do_handshake);
  find(library, "SSL_read", found.ssl_read);
  find(library, "SSL_write", found.ssl_write);
  find(library, "SSL_shutdown", found.ssl_shutdown);
  find(library, "SSL_get_error", found.ssl_get_error);
  find(library, "SSL_get_verify_result", found.ssl_get_verify_result);
  find(library, "ERR_get_error", found.err_get_error);
  find(library, "ERR_clear_error", found.err_clear_error);
  find(library, "ERR_reason_error_string", found.err_reason_error_string);
  find(library, "BIO_new_mem_buf", found.bio_new_mem_buf);
  find(library, "BIO_free", found.bio_free);
  find(library, "PEM_read_bio_X509", found.pem_read_bio_x509);
  find(library, "PEM_read_bio_PrivateKey", found.pem_read_bio_private_key);
  find(library, "EVP_PKEY_free", found.pkey_free);
  find(library, "X509_free", found.x509_free);
  find(library, "X509_check_private_key", found.x509_check_private_key);
  find(library, "X509_get0_notBefore", found.x509_get0_not_before);
  find(library, "X509_get0_notAfter", found.x509_get0_not_after);
  find(library, "X509_get_subject_name", found.x509_get_subject_name);
  find(library, "X509_NAME_oneline", found.x509_name_oneline);
  find(library, "X509_VERIFY_PARAM_set1_ip_asc", found.x509_verify_param_set1_ip_asc);
  find(library, "X509_verify_cert_error_string", found.x509_verify_cert_error_string);
  find(library, "ASN1_TIME_to_tm", found.asn1_time_to_tm);
  return found;
}

}  // namespace

const OpenSsl& openssl() {
  static const OpenSsl library = open_openssl();
  return library;
}

std::string reason_text(unsigned long code, std::string_view unknown) {
  const char* reason = code == 0 ? nullptr : openssl().err_reason_error_string(code);
  return std::string(reason == nullptr ? unknown : reason);
}

}  // namespace exai
