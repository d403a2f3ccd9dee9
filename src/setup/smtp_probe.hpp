// SPDX-License-Identifier: Apache-2.0
// A few words of SMTP with a server, and what it answers: for the doctor, who sends no mail.  One reactor; every wait
// ends at the deadline.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "godwit/net/reactor.hpp"
#include "godwit/net/stream.hpp"
#include "godwit/net/tls.hpp"

namespace godwit::setup {

struct SmtpAnswer {
  int code = 0;
  std::string text;  // all lines, LF between them, without the codes
};

class SmtpProbe {
 public:
  // `tls`: from the first byte; null: in clear.
  static net::Task<std::unique_ptr<SmtpProbe>> connect(net::Reactor& reactor, base::Endpoint server,
                                                       std::optional<base::IpAddress> source,
                                                       std::shared_ptr<const net::TlsClientContext> tls,
                                                       base::MonoTime deadline);
  // Errors: those of the stream; invalid (no SMTP).
  net::Task<SmtpAnswer> answer();
  net::Task<SmtpAnswer> ask(std::string command);

 private:
  SmtpProbe(std::unique_ptr<net::Stream> stream, base::MonoTime deadline)
      : stream_(std::move(stream)), deadline_(deadline) {}
  net::Task<std::string> line();

  std::unique_ptr<net::Stream> stream_;
  base::MonoTime deadline_;
  std::string read_;
};

}  // namespace godwit::setup
