// SPDX-License-Identifier: Apache-2.0
#include "http_hook_check.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "godwit/net/http_client.hpp"
#include "hook_answer.hpp"
#include "hook_request.hpp"

namespace godwit::policy {
namespace {

using boost::asio::awaitable;

constexpr unsigned status_ok = 200;
constexpr unsigned status_no_content = 204;

class HttpHookCheck final : public Check {
 public:
  HttpHookCheck(std::shared_ptr<const HttpHookSettings> settings, net::Url url,
                std::shared_ptr<const net::TlsClientContext> tls, const CheckSurroundings& around)
      : settings_(std::move(settings)),
        url_(std::move(url)),
        tls_(std::move(tls)),
        around_(around),
        http_(around.network, around.resolver),
        pool_(around.connections.pool(std::string(http_prefix) + settings_->url, settings_->connections, tls_)),
        body_(settings_->body) {}

  bool is_asked_at(Stage stage) const override {
    return std::ranges::find(settings_->stages, stage) != settings_->stages.end();
  }
  bool wants_message() const override { return settings_->body > 0 && is_asked_at(Stage::end); }
  awaitable<void> take(std::string bytes) override {
    body_.put(bytes);
    co_return;
  }
  void end_transaction() override { body_.clear(); }

  awaitable<Verdict> ask(Stage stage, std::shared_ptr<const Facts> facts) override {
    net::HttpRequest request;
    request.method = "POST";
    request.url = url_;
    request.accept = request.content_type = "application/json";
    if (!settings_->token.empty()) request.authorization = "Bearer " + settings_->token;
    request.body = hook_request(*settings_, stage, *facts, wants_message() ? &body_ : nullptr);
    net::HttpLimits limits;
    limits.deadline = around_.clock.mono() + settings_->timeout;
    limits.body = longest_hook_answer;
    limits.canceller = &around_.tasks.canceller();
    auto exchanging = http_.exchange(std::move(request), tls_, limits, pool_);
    auto outcome = co_await std::move(exchanging);
    if (!outcome) co_return failed(std::move(outcome.error().why));
    if (outcome->status == status_no_content) co_return no_opinion();
    if (outcome->status != status_ok) co_return failed(fmt::format("it answers with status {}", outcome->status));
    co_return hook_verdict(outcome->body, facts->parameters.smtputf8 ? smtp::Utf8::allow : smtp::Utf8::refuse);
  }

 private:
  const std::shared_ptr<const HttpHookSettings> settings_;
  const net::Url url_;
  const std::shared_ptr<const net::TlsClientContext> tls_;
  const CheckSurroundings& around_;
  net::HttpClient http_;
  const std::shared_ptr<net::StreamPool> pool_;
  BodyStart body_;
};

}  // namespace

std::shared_ptr<Check> make_http_hook_check(std::shared_ptr<const HttpHookSettings> settings, net::Url url,
                                            std::shared_ptr<const net::TlsClientContext> tls,
                                            const CheckSurroundings& around) {
  return std::make_shared<HttpHookCheck>(std::move(settings), std::move(url), std::move(tls), around);
}

}  // namespace godwit::policy
