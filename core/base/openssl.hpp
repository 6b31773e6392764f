#pragma once
// OpenSSL, opened when the first TLS context is made. Linked in the usual way it would cost every
// start of every program 1 ms and 1 MiB (measured), and hardly any of them speaks TLS. Behind
// tls.hpp and stream.hpp; nobody else includes this.
//
//   openssl().ssl_read() is SSL_read(), and so on. Thread: any.

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string>
#include <string_view>

namespace exai {

struct OpenSsl {
  decltype(&TLS_method) tls_method;
  decltype(&SSL_CTX_new) ctx_new;
  decltype(&SSL_CTX_free) ctx_free;
  decltype(&SSL_CTX_ctrl) ctx_ctrl;
  decltype(&SSL_CTX_set_options) ctx_set_options;
  decltype(&SSL_CTX_use_certificate) ctx_use_certificate;
  decltype(&SSL_CTX_use_PrivateKey) ctx_use_private_key;
  decltype(&SSL_CTX_set_verify) ctx_set_verify;
  decltype(&SSL_CTX_set_default_verify_paths) ctx_set_default_verify_paths;
  decltype(&SSL_CTX_load_verify_file) ctx_load_verify_file;
  decltype(&SSL_new) ssl_new;
  decltype(&SSL_free) ssl_free;
  decltype(&SSL_set_fd) ssl_set_fd;
  decltype(&SSL_set_accept_state) ssl_set_accept_state;
  decltype(&SSL_set_connect_state) ssl_set_connect_state;
  decltype(&SSL_ctrl) ssl_ctrl;
  decltype(&SSL_set1_host) ssl_set1_host;
  decltype(&SSL_get0_param) ssl_get0_param;
  decltype(&SSL_do_handshake) ssl_do_handshake;
  decltype(&SSL_read) ssl_read;
  decltype(&SSL_write) ssl_write;
  decltype(&SSL_shutdown) ssl_shutdown;
  decltype(&SSL_get_error) ssl_get_error;
  decltype(&SSL_get_verify_result) ssl_get_verify_result;
  decltype(&ERR_get_error) err_get_error;
  decltype(&ERR_clear_error) err_clear_error;
  decltype(&ERR_reason_error_string) err_reason_error_string;
  decltype(&BIO_new_mem_buf) bio_new_mem_buf;
  decltype(&BIO_free) bio_free;
  decltype(&PEM_read_bio_X509) pem_read_bio_x509;
  decltype(&PEM_read_bio_PrivateKey) pem_read_bio_private_key;
  decltype(&EVP_PKEY_free) pkey_free;
  decltype(&X509_free) x509_free;
  decltype(&X509_check_private_key) x509_check_private_key;
  decltype(&X509_get0_notBefore) x509_get0_not_before;
  decltype(&X509_get0_notAfter) x509_get0_not_after;
  decltype(&X509_get_subject_name) x509_get_subject_name;
  decltype(&X509_NAME_oneline) x509_name_oneline;
  decltype(&X509_VERIFY_PARAM_set1_ip_asc) x509_verify_param_set1_ip_asc;
  decltype(&X509_verify_cert_error_string) x509_verify_cert_error_string;
  decltype(&ASN1_TIME_to_tm) asn1_time_to_tm;
};

// Aborts when the library is not there: libcurl, which no program does without, needs it too.
const OpenSsl& openssl();

// What it says of a failure, without the name of a function; else `unknown`.
std::string reason_text(unsigned long code, std::string_view unknown);

}  // namespace exai
