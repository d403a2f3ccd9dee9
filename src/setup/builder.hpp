// SPDX-License-Identifier: Apache-2.0
// Makes the pieces of a host that are missing, and keeps account of it.  Paths are as the daemon sees them; what is on
// the disk lies below the root.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "configuration_text.hpp"
#include "godwit/net/settings.hpp"
#include "godwit/setup/host_setup.hpp"

namespace godwit::setup {

class Builder {
 public:
  enum class Existing { keep, replace };

  explicit Builder(std::string root) : root_(std::move(root)) {}
  const std::vector<Done>& done() const { return done_; }

  base::Result<> keep(const std::string& path);
  base::Result<> write(const std::string& path, std::string_view text, mode_t mode, Existing existing);
  // A file that only repeats what the rest says: always as it should be.
  base::Result<> refresh(const std::string& path, std::string_view text);

  // The password of a new account; "": it was there.
  base::Result<std::string> make_account(const std::string& file, const std::string& address);
  // That of a key which is there already, else of the day.
  std::string selector_for(const std::string& folder, const std::string& domain, base::WallTime now) const;
  // Its record.
  base::Result<std::string> make_key(const std::string& path);
  // Takes what was found, else makes one.  A remark, or "".
  base::Result<std::string> make_certificate(const net::CertificateSettings& files, const FoundCertificate* found,
                                             const std::string& hostname, base::WallTime now);
  // Certbot's, so that the daemon gets what it renews.
  base::Result<> write_hook(const net::CertificateSettings& files, const std::string& hostname,
                            const std::string& group);

 private:
  std::string real(const std::string& path) const { return root_ + path; }
  base::Result<> put_certificate(const net::CertificateSettings& files, std::string_view certificate,
                                 std::string_view private_key, const std::string& note, Existing existing);

  std::string root_;
  std::vector<Done> done_;
};

}  // namespace godwit::setup
