#pragma once
// What TLS needs beside a connection (stream.hpp): the certificate that a server shows, reloaded
// when its files change, and what a client trusts. OpenSSL is behind it; TLS 1.2 and 1.3 only.
//
//   TlsServer ──context()──▶ Stream::accept_tls      a new connection takes the newest certificate;
//   tls_client() ──────────▶ Stream::connect_tls     an old one lives on with what it began with
//
// Files are PEM: the certificate first and what it was signed with after it; the key unencrypted,
// and readable for nobody else: ours, with no permission for others, or root's, which its group may
// read. Thread: loop; load_tls() and tls_client() any.

#include <memory>
#include <string>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/loop.hpp"
#include "core/base/os.hpp"
#include "core/base/time.hpp"

struct ssl_ctx_st;  // OpenSSL's

namespace exai {

// Immutable once made; a connection keeps its own alive.
using TlsContext = std::shared_ptr<ssl_ctx_st>;

struct TlsFiles {
  Path certificate;
  Path key;
  friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

// A certificate and its key, as files have it now.
struct TlsIdentity {
  TlsContext context;
  std::string subject;  // "/CN=exai.example"
  WallTime valid_until{};
};

// Errors: not_found and denied (a key that others may read, with what to type) as of files;
// invalid: no PEM, the key of another certificate, not valid any more or yet. They name the file.
Result<TlsIdentity> load_tls(const TlsFiles& files, WallTime now);

// Trusts the CAs in that file; none: those of the system, or what SSL_CERT_FILE and SSL_CERT_DIR
// say instead. Errors: not_found, denied, invalid.
Result<TlsContext> tls_client(const Path& ca);

// The certificate of a server. Its files are looked at again when they change (file_changes.hpp);
// what is wrong then leaves the old one and is logged, once.
class TlsServer final {
 public:
  // Errors: those of load_tls().
  static Result<std::unique_ptr<TlsServer>> open(Loop& loop, Clock& clock, Log log, TlsFiles files);
  ~TlsServer();  // until then the loop does not run dry
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  const TlsContext& context() const;  // for a new connection

 private:
  struct State;
  explicit TlsServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace exai
