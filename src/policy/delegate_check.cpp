// SPDX-License-Identifier: Apache-2.0
#include "delegate_check.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "delegation.hpp"
#include "find_server.hpp"
#include "godwit/net/canceller.hpp"

namespace godwit::policy {
namespace {

using boost::asio::awaitable;

constexpr std::size_t delegate_piece = 512;  // an answer is a line

// Where an answer ends: behind its first empty line; npos: not yet.
std::size_t end_of_answer(std::string_view text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string_view::npos; ++at) {
    const auto rest = text.substr(at + 1);
    if (rest.starts_with('\n')) return at + 2;
    if (rest.starts_with("\r\n")) return at + 3;
  }
  return std::string_view::npos;
}

class DelegateCheck final : public Check {
 public:
  DelegateCheck(std::shared_ptr<const DelegateSettings> settings, const CheckSurroundings& around)
      : settings_(std::move(settings)),
        around_(around),
        pool_(around.connections.pool(std::string(delegate_prefix) + to_string(settings_->address),
                                      settings_->connections)) {}

  bool is_asked_at(Stage stage) const override {
    return std::ranges::find(settings_->stages, stage) != settings_->stages.end();
  }
  void end_transaction() override { ++transactions_; }

  awaitable<Verdict> ask(Stage stage, std::shared_ptr<const Facts> facts) override {
    const auto deadline = around_.clock.mono() + settings_->timeout;
    auto request = delegation_request(*facts, stage, instance(*facts), settings_->context);
    auto asking = answer_to(std::move(request), deadline);
    const auto answer = co_await std::move(asking);
    if (!answer) co_return failed(answer.error().message);
    co_return delegated_verdict(*answer, facts->parameters.smtputf8 ? smtp::Utf8::allow : smtp::Utf8::refuse);
  }

 private:
  // A client sends one message at a time.
  std::string instance(const Facts& facts) {
    if (instance_.empty())
      instance_ =
          fmt::format("{}.{:x}", base::to_string(facts.client), around_.clock.wall().time_since_epoch().count());
    return fmt::format("{}.{}", instance_, transactions_);
  }

  net::Task<std::string> answer_to(std::string request, base::MonoTime deadline) {
    auto place = co_await pool_->enter(deadline);
    if (!place) co_return std::unexpected(std::move(place.error()));
    for (;;) {
      auto stream = place->take_kept();
      const bool was_kept = stream != nullptr;
      if (!was_kept) {
        auto connecting = connect(deadline);
        auto connected = co_await std::move(connecting);
        if (!connected) co_return std::unexpected(std::move(connected.error()));
        stream = std::move(*connected);
      }
      bool heard = false;
      auto conversing = converse(*stream, request, deadline, heard);
      auto answer = co_await std::move(conversing);
      // It may have hung up on a connection that was kept, and not on us.
      if (!answer && was_kept && !heard && answer.error().kind == base::ErrorKind::closed) continue;
      if (answer) place->keep(std::move(stream));
      co_return answer;
    }
  }

  net::Task<std::unique_ptr<net::Stream>> connect(base::MonoTime deadline) {
    auto finding = find_server(around_.resolver, settings_->address);
    auto endpoint = co_await std::move(finding);
    if (!endpoint) co_return std::unexpected(std::move(endpoint.error()));
    net::ConnectOptions options;
    options.deadline = deadline;
    options.canceller = &around_.tasks.canceller();
    co_return co_await around_.network.connect(*endpoint, options);
  }

  net::Task<std::string> converse(net::Stream& stream, const std::string& request, base::MonoTime deadline,
                                  bool& heard) {
    net::Stream* const open = &stream;
    const net::Canceller::Hook when_cancelled(&around_.tasks.canceller(), [open] { open->cancel(); });
    auto sent = co_await net::write_all(stream, request, deadline);
    if (!sent) co_return std::unexpected(std::move(sent.error()));
    std::string answer;
    std::array<char, delegate_piece> piece{};
    for (auto end = std::string::npos; end == std::string::npos; end = end_of_answer(answer)) {
      if (answer.size() > longest_delegated_answer)
        co_return base::fail(base::ErrorKind::exhausted, "its answer is too long");
      auto got = co_await net::read_some(stream, piece, deadline);
      if (!got) co_return std::unexpected(std::move(got.error()));
      heard = true;
      answer.append(piece.data(), *got);
    }
    if (end_of_answer(answer) != answer.size())
      co_return base::fail(base::ErrorKind::invalid, "it answers what was not asked");
    co_return answer;
  }

  const std::shared_ptr<const DelegateSettings> settings_;
  const CheckSurroundings& around_;
  const std::shared_ptr<net::StreamPool> pool_;
  std::string instance_;
  std::uint64_t transactions_ = 0;
};

}  // namespace

std::shared_ptr<Check> make_delegate_check(std::shared_ptr<const DelegateSettings> settings,
                                           const CheckSurroundings& around) {
  return std::make_shared<DelegateCheck>(std::move(settings), around);
}

}  // namespace godwit::policy
