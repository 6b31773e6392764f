#include "core/base/tls.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <utility>

#include "core/base/file_changes.hpp"
#include "core/base/openssl.hpp"
#include "core/base/secret.hpp"
#include "core/base/text.hpp"

namespace exai {

namespace {

constexpr std::size_t kFileLimit = 1U << 20U;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    (openssl().*Free)(object);
  }
};
using Certificate = std::unique_ptr<X509, Freed<&OpenSsl::x509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freed<&OpenSsl::pkey_free>>;
using Bio = std::unique_ptr<BIO, Freed<&OpenSsl::bio_free>>;

// What OpenSSL says of its last failure; its queue is empty afterwards.
std::string said() {
  const unsigned long code = openssl().err_get_error();
  openssl().err_clear_error();
  return reason_text(code, "it cannot be used");
}

Bio memory(std::string_view text) {
  return Bio(openssl().bio_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// A key with a passphrase must not ask at our terminal.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

WallTime wall_time(const ASN1_TIME* time) {
  std::tm broken_down{};
  if (openssl().asn1_time_to_tm(time, &broken_down) != 1) return {};
  return nearest_wall_time(std::chrono::sys_seconds(std::chrono::seconds(::timegm(&broken_down))));
}

std::string subject_of(const X509& certificate) {
  std::array<char, 256> text{};
  openssl().x509_name_oneline(openssl().x509_get_subject_name(&certificate), text.data(),
                              static_cast<int>(text.size()));
  return printable(text.data());
}

TlsContext new_context() {
  const OpenSsl& ssl = openssl();
  TlsContext context(ssl.ctx_new(ssl.tls_method()), ssl.ctx_free);
  EXAI_ASSERT(context != nullptr);
  ssl.ctx_ctrl(context.get(), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
  // Peers that end a connection without a word end it all the same: messages have their own ends.
  ssl.ctx_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF);
  // An idle connection holds no buffers; a write goes on from wherever it stands in memory.
  ssl.ctx_ctrl(context.get(), SSL_CTRL_MODE,
               SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                   SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER,
               nullptr);
  ssl.ctx_ctrl(context.get(), SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, nullptr);
  return context;
}

// --- a server's two files ---

// Postgres' rule, too: nobody but us; or root's key, which a group may be allowed to read.
Result<> check_key_mode(const Path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return fail(os_error("reading", path));
  const unsigned mode = info.st_mode & 07777U;
  if (info.st_uid != ::geteuid() && info.st_uid != 0)
    return fail(Errc::denied, "{} belongs to another user; a private key must be ours, or root's",
                path.string());
  const bool of_root = info.st_uid == 0;
  if ((mode & (of_root ? 0037U : 0077U)) == 0) return {};
  return fail(Errc::denied, "{} has mode {:04o}: others may read the private key; chmod {} {}",
              path.string(), mode, of_root ? "0640" : "0600", path.string());
}

struct Texts {
  std::string certificate;
  Secret key;
  friend bool operator==(const Texts&, const Texts&) = default;
};

Result<Texts> read_files(const TlsFiles& files) {
  TRY(certificate, read_file(files.certificate, kFileLimit));
  if (auto is_private = check_key_mode(files.key); !is_private)
    return fail(std::move(is_private).error());
  TRY(key, read_file(files.key, kFileLimit));
  Texts texts;
  texts.certificate = std::move(certificate);
  texts.key = Secret(std::move(key));
  return texts;
}

Result<PrivateKey> parse_key(std::string_view text, const Path& path) {
  const Bio bio = memory(text);
  bool asked = false;
  PrivateKey key(openssl().pem_read_bio_private_key(bio.get(), nullptr, no_passphrase, &asked));
  if (key) return key;
  const std::string why = said();
  if (asked)
    return fail(Errc::invalid,
                "the private key in {} is encrypted; write it without a passphrase: openssl pkey "
                "-in OLD -out NEW",
                path.string());
  return fail(Errc::invalid, "there is no private key (PEM) in {}: {}", path.string(), why);
}

Result<> check_times(const X509& certificate, const Path& path, WallTime now) {
  const WallTime from = wall_time(openssl().x509_get0_not_before(&certificate));
  const WallTime until = wall_time(openssl().x509_get0_not_after(&certificate));
  if (now >= until)
    return fail(Errc::invalid,
                "the certificate in {} has expired: it was valid until {}; put a new one there",
                path.string(), format_utc(until));
  if (now < from)
    return fail(Errc::invalid, "the certificate in {} is not valid yet, but from {} on",
                path.string(), format_utc(from));
  return {};
}

// The certificates behind the first: what it was signed with.
Result<> add_chain(const TlsContext& context, BIO* bio) {
  for (;;) {
    Certificate next(openssl().pem_read_bio_x509(bio, nullptr, nullptr, nullptr));
    if (!next) break;
    if (openssl().ctx_ctrl(context.get(), SSL_CTRL_CHAIN_CERT, 0, next.get()) != 1)
      return fail(Errc::invalid, "{}", said());
    static_cast<void>(next.release());  // the context's now
  }
  openssl().err_clear_error();  // the end of the text is a failure to OpenSSL
  return {};
}

Result<TlsIdentity> identity_of(const TlsFiles& files, const Texts& texts, WallTime now) {
  const std::string& path = files.certificate.string();
  const Bio bio = memory(texts.certificate);
  const Certificate certificate(
      openssl().pem_read_bio_x509(bio.get(), nullptr, no_passphrase, nullptr));
  if (!certificate)
    return fail(Errc::invalid, "there is no certificate (PEM) in {}: {}", path, said());
  TRY(key, parse_key(texts.key.reveal(), files.key));
  if (openssl().x509_check_private_key(certificate.get(), key.get()) != 1) {
    openssl().err_clear_error();
    return fail(Errc::invalid, "the private key in {} is not that of the certificate in {}",
                files.key.string(), path);
  }
  if (auto valid = check_times(*certificate, files.certificate, now); !valid)
    return fail(std::move(valid).error());
  TlsIdentity identity;
  identity.context = new_context();
  if (openssl().ctx_use_certificate(identity.context.get(), certificate.get()) != 1 ||
      openssl().ctx_use_private_key(identity.context.get(), key.get()) != 1)
    return fail(Errc::invalid, "the certificate in {} cannot be used: {}", path, said());
  if (auto added = add_chain(identity.context, bio.get()); !added)
    return fail(added.error().within("the chain of certificates in " + path));
  identity.subject = subject_of(*certificate);
  identity.valid_until = wall_time(openssl().x509_get0_not_after(certificate.get()));
  return identity;
}

}  // namespace

Result<TlsIdentity> load_tls(const TlsFiles& files, WallTime now) {
  TRY(texts, read_files(files));
  return identity_of(files, texts, now);
}

Result<TlsContext> tls_client(const Path& ca) {
  TlsContext context = new_context();
  openssl().ctx_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (ca.empty()) {
    openssl().ctx_set_default_verify_paths(context.get());
    openssl().err_clear_error();  // a file that is not there: nobody is trusted
    return context;
  }
  TRY(text, read_file(ca, kFileLimit));
  if (openssl().ctx_load_verify_file(context.get(), ca.c_str()) != 1)
    return fail(Errc::invalid, "there is no certificate (PEM) of a CA in {}: {}", ca.string(),
                said());
  return context;
}

// --- reloading ---

struct TlsServer::State {
  State(Loop& loop, Clock& clock_, Log log_, TlsFiles files_)
      : clock(clock_),
        log(std::move(log_)),
        files(std::move(files_)),
        changes(loop, log, "a new certificate", {files.certificate, files.key},
                [this] { reload(); }) {}

  Result<> begin() {
    TRY(read, read_files(files));
    TRY(loaded, identity_of(files, read, clock.wall()));
    seen = std::move(read);
    identity = std::move(loaded);
    announce("certificate");
    return {};
  }

  void announce(std::string_view what) const {
    constexpr auto kSoon = std::chrono::hours(24 * 14);
    const Log about =
        log.with("subject", identity.subject).with("valid_until", format_utc(identity.valid_until));
    if (identity.valid_until - clock.wall() >= kSoon) return about.info(what);
    about.warn(fmt::format("{} that expires soon", what), {{"file", files.certificate.string()}});
  }

  void reload() {
    auto read = read_files(files);
    if (read && *read == seen) return;
    Result<TlsIdentity> loaded =
        read ? identity_of(files, *read, clock.wall()) : fail(read.error());
    if (read) seen = *std::move(read);
    if (loaded) {
      identity = *std::move(loaded);
      refusal.clear();
      return announce("new certificate");
    }
    if (refusal == loaded.error().message()) return;
    refusal = loaded.error().message();
    log.error("the certificate stays the old one", {{"error", refusal}});
  }

  Clock& clock;
  Log log;
  TlsFiles files;
  Texts seen;  // what was tried last, whatever came of it
  std::string refusal;
  TlsIdentity identity;
  FileChanges changes;
};

Result<std::unique_ptr<TlsServer>> TlsServer::open(Loop& loop, Clock& clock, Log log,
                                                   TlsFiles files) {
  auto state = std::make_unique<State>(loop, clock, std::move(log), std::move(files));
  if (auto begun = state->begin(); !begun) return fail(std::move(begun).error());
  return std::unique_ptr<TlsServer>(new TlsServer(std::move(state)));
}

TlsServer::TlsServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsServer::~TlsServer() = default;

const TlsContext& TlsServer::context() const {
  return state_->identity.context;
}

}  // namespace exai
