// SPDX-License-Identifier: Apache-2.0
#include "smtp_probe.hpp"

#include <array>

#include "godwit/base/text.hpp"

namespace godwit::setup {
namespace {

constexpr std::size_t longest_line = 4096;
constexpr int most_lines = 100;

}  // namespace

net::Task<std::unique_ptr<SmtpProbe>> SmtpProbe::connect(net::Reactor& reactor, base::Endpoint server,
                                                         std::optional<base::IpAddress> source,
                                                         std::shared_ptr<const net::TlsClientContext> tls,
                                                         base::MonoTime deadline) {
  net::ConnectOptions options{.source = source, .deadline = deadline};
  auto connecting = reactor.network().connect(std::move(server), options);
  auto stream = co_await std::move(connecting);
  if (stream && tls) {
    net::TlsClientOptions anybody;
    auto securing = net::tls_connect(std::move(*stream), std::move(tls), std::move(anybody), deadline);
    stream = co_await std::move(securing);
  }
  if (!stream) co_return std::unexpected(stream.error());
  co_return std::unique_ptr<SmtpProbe>(new SmtpProbe(std::move(*stream), deadline));
}

net::Task<std::string> SmtpProbe::line() {
  for (;;) {
    const auto end = read_.find('\n');
    if (end != std::string::npos) {
      auto text = std::string(base::trim(std::string_view(read_).substr(0, end)));
      read_.erase(0, end + 1);
      co_return text;
    }
    if (read_.size() > longest_line) co_return base::fail(base::ErrorKind::invalid, "what answers does not speak SMTP");
    std::array<char, 1024> piece{};
    auto reading = net::read_some(*stream_, piece, deadline_);
    const auto got = co_await std::move(reading);
    if (!got) co_return std::unexpected(got.error());
    read_.append(piece.data(), *got);
  }
}

net::Task<SmtpAnswer> SmtpProbe::answer() {
  SmtpAnswer answer;
  for (int lines = 0; lines < most_lines; ++lines) {
    auto reading = line();
    const auto read = co_await std::move(reading);
    if (!read) co_return std::unexpected(read.error());
    const auto code = base::parse_unsigned(read->substr(0, 3));
    if (!code || read->size() < 3) break;
    answer.code = static_cast<int>(*code);
    answer.text += (answer.text.empty() ? "" : "\n") + read->substr(std::min<std::size_t>(4, read->size()));
    if (read->size() == 3 || (*read)[3] == ' ') co_return answer;
  }
  co_return base::fail(base::ErrorKind::invalid, "what answers does not speak SMTP");
}

net::Task<SmtpAnswer> SmtpProbe::ask(std::string command) {
  command += "\r\n";
  auto writing = net::write_all(*stream_, command, deadline_);
  const auto written = co_await std::move(writing);
  if (!written) co_return std::unexpected(written.error());
  auto reading = answer();
  co_return co_await std::move(reading);
}

}  // namespace godwit::setup
