#include "tests/support/certificates.hpp"

#include <stdexcept>

#include "core/base/text.hpp"

namespace exai::test {

namespace {

void openssl(const std::string& line) {
  const Outcome made = run({"bash", "-ec", "umask 077; openssl " + line});
  if (made.exit != 0) throw std::runtime_error("openssl " + line + "\n" + made.err);
}

std::string new_key(const Path& key) {
  return fmt::format("-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {}", key.string());
}

}  // namespace

TestCa::TestCa() {
  folder_.write("index.txt", "");
  folder_.write("ca.cnf", fmt::format("[ca]\ndefault_ca = here\n[here]\ndatabase = {0}/index.txt\n"
                                      "new_certs_dir = {0}\nserial = {0}/serial\n"
                                      "certificate = {0}/ca.pem\nprivate_key = {0}/ca.key\n"
                                      "default_md = sha256\npolicy = any\nunique_subject = no\n"
                                      "[any]\ncommonName = supplied\n",
                                      folder_.path().string()));
  openssl(fmt::format("req -x509 {} -out {} -subj '/CN=Test CA' -days 2",
                      new_key(folder_ / "ca.key"), file()));
}

void TestCa::issue(const Path& certificate, const Path& key, const Issue& wanted) const {
  const Path request = folder_ / "request.pem";
  const Path new_certificate = certificate.string() + ".new";
  const Path fresh_key = key.string() + ".new";
  folder_.write("serial", wanted.serial + "\n");
  folder_.write("index.txt", "");
  const Path names = folder_.write("names.cnf", "subjectAltName = " + wanted.names + "\n");
  openssl(fmt::format("req {} -out {} -subj '/CN={}'", new_key(fresh_key), request.string(),
                      wanted.name));
  openssl(fmt::format(
      "ca -batch -notext -config {} -in {} -out {} -extfile {} -startdate {} -enddate {}",
      (folder_ / "ca.cnf").string(), request.string(), new_certificate.string(), names.string(),
      wanted.from, wanted.until));
  std::filesystem::rename(new_certificate, certificate);
  std::filesystem::rename(fresh_key, key);
}

std::string serial_at(std::uint16_t port) {
  const Outcome shown = run({"bash", "-c",
                             fmt::format("openssl s_client -connect 127.0.0.1:{} </dev/null | "
                                         "openssl x509 -noout -serial",
                                         port)});
  const std::string line(trim(shown.out));
  return line.starts_with("serial=") ? line.substr(7) : shown.err;
}

}  // namespace exai::test
