// SPDX-License-Identifier: Apache-2.0
#include "attempt.hpp"

#include <exception>
#include <utility>

#include <fmt/format.h>

#include "godwit/base/base64url.hpp"
#include "godwit/base/exception_text.hpp"
#include "godwit/base/text.hpp"
#include "godwit/net/signal.hpp"
#include "godwit/state/on_pool.hpp"

namespace godwit::acme {
namespace {

using boost::asio::awaitable;

constexpr base::Duration time_for_request = std::chrono::seconds(60);
constexpr std::size_t largest_answer = std::size_t{256} << 10U;
constexpr std::size_t most_secret = 4096;

base::Result<std::string> read_external_secret(const std::string& path) {
  const net::BioPtr file(BIO_new_file(path.c_str(), "r"));
  std::string text(most_secret, '\0');
  const int size = file ? BIO_read(file.get(), text.data(), static_cast<int>(text.size())) : -1;
  net::take_openssl_error();
  if (size <= 0) return base::fail(base::ErrorKind::io, path + " cannot be read");
  text.resize(static_cast<std::size_t>(size));
  auto secret = base::base64url_decode(base::trim(text));
  if (!secret || secret->empty())
    return base::fail(base::ErrorKind::invalid, path + " has no secret in base64url, as the authority hands it out");
  return std::move(*secret);
}

// The key in the file, or a new one; `is_new` tells.
base::Result<Key> key_from(const std::string& pem, KeyType type, bool& is_new) {
  is_new = false;
  if (!pem.empty())
    if (auto key = Key::from_pem(pem); key && key->type() == type) return key;
  is_new = true;
  return Key::make(type);
}

}  // namespace

Attempt::Attempt(Surroundings around, Settings settings, net::TlsSettings trust)
    : around_(std::move(around)),
      settings_(std::move(settings)),
      trust_settings_(std::move(trust)),
      http_(around_.reactor.network(), around_.resolver),
      responder_(make_responder(
          settings_,
          {.reactor = around_.reactor, .disk = around_.disk, .pool = around_.pool, .clock = around_.clock})) {}

awaitable<AttemptOutcome> Attempt::run() {
  AttemptOutcome outcome;
  try {
    auto ready = co_await prepare();
    if (ready)
      outcome = co_await converse();
    else
      outcome.why = ready.error().message;
  } catch (...) {
    outcome = {.why = base::exception_text(std::current_exception())};  // the next one may do better
  }
  co_await responder_->withdraw();
  outcome.is_cancelled = !outcome.is_obtained && around_.canceller.cancelled();
  co_return outcome;
}

// ---- before
// -----------------------------------------------------------------------------------------------------------

awaitable<base::Result<>> Attempt::prepare() {
  auto load = [settings = trust_settings_] { return net::TlsClientContext::load(settings); };
  using Loaded = base::Result<std::shared_ptr<const net::TlsClientContext>>;
  auto trust = co_await state::on_pool<Loaded>(around_.pool, std::move(load));
  if (!trust) co_return std::unexpected(trust.error());
  trust_ = std::move(*trust);
  auto done = co_await prepare_terms();
  if (done) done = co_await prepare_keys();
  co_return done;
}

awaitable<base::Result<>> Attempt::prepare_terms() {
  terms_.settings = settings_;
  auto text = co_await around_.store.account().read();
  if (!text) co_return std::unexpected(text.error());
  auto account = account_in(*text);
  if (account.directory == settings_.directory) {
    terms_.account_url = std::move(account.url);
    terms_.is_contact_told = account.contact == settings_.contact;
  }
  text = co_await around_.store.order().read();
  if (!text) co_return std::unexpected(text.error());
  auto order = order_in(*text);
  if (order.directory == settings_.directory && order.names == settings_.names) terms_.order_url = std::move(order.url);
  text = co_await around_.store.certificate().read();
  if (text) terms_.present = std::move(*text);
  if (settings_.external_key_id.empty()) co_return base::Result<>();
  auto read = [path = settings_.external_key_file] { return read_external_secret(path); };
  auto secret = co_await state::on_pool<base::Result<std::string>>(around_.pool, std::move(read));
  if (!secret) co_return std::unexpected(secret.error());
  terms_.external_secret = std::move(*secret);
  co_return base::Result<>();
}

// Each is on the disk before anybody hears of it: an account, or a certificate, whose key is lost is lost too.
awaitable<base::Result<>> Attempt::prepare_keys() {
  struct Wanted {
    state::SmallFile& file;
    KeyType type;
    bool keep;  // one that is there
    std::optional<Key>& key;
  };
  const bool keeps = settings_.reuse_key || !terms_.order_url.empty();
  const Wanted both[] = {{around_.store.account_key(), KeyType::ecdsa_p256, true, account_key_},
                         {around_.store.private_key(), settings_.key_type, keeps, private_key_}};
  for (const auto& wanted : both) {
    auto pem = co_await wanted.file.read();
    if (!pem) co_return std::unexpected(pem.error());
    bool is_new = false;
    auto make = [text = wanted.keep ? *pem : std::string(), type = wanted.type, &is_new] {
      return std::optional(key_from(text, type, is_new));
    };
    auto made = co_await state::on_pool<std::optional<base::Result<Key>>>(around_.pool, std::move(make));
    auto& key = *made;
    if (!key) co_return std::unexpected(key.error());
    if (is_new) {
      auto written = co_await wanted.file.write(key->to_pem());
      if (!written) co_return written;
      if (&wanted == &both[0]) terms_.account_url.clear();  // it was another key's
      terms_.order_url.clear();
    }
    wanted.key = std::move(*key);
  }
  co_return base::Result<>();
}

// ---- the dialogue
// -----------------------------------------------------------------------------------------------------

awaitable<AttemptOutcome> Attempt::converse() {
  Ordering ordering(terms_, *account_key_, *private_key_);
  Event event = event::Begun{};
  for (;;) {
    if (around_.canceller.cancelled()) co_return AttemptOutcome{.why = "the daemon stops"};
    auto actions = ordering.next(event, around_.clock.wall());
    for (std::size_t i = 0; i < actions.size(); ++i) {
      if (auto* failed = std::get_if<action::Failed>(&actions[i]))
        co_return AttemptOutcome{.why = std::move(failed->why), .retry_after = failed->retry_after};
      if (auto* obtained = std::get_if<action::Obtained>(&actions[i])) {
        auto installed = co_await install(std::move(obtained->chain));
        co_return AttemptOutcome{.is_obtained = installed.has_value(),
                                 .why = installed ? std::string() : installed.error().message};
      }
      auto doing = carry_out(std::move(actions[i]));
      event = co_await std::move(doing);
      // What cannot be kept must not go on.
      if (std::holds_alternative<event::NotAnswered>(event)) break;
    }
  }
}

awaitable<Event> Attempt::carry_out(Action action) {
  if (auto* what = std::get_if<action::Send>(&action)) {
    auto sending = send(std::move(*what));
    co_return co_await std::move(sending);
  }
  if (auto* what = std::get_if<action::Wait>(&action)) {
    auto waiting = pause(*what);
    co_return co_await std::move(waiting);
  }
  if (auto* what = std::get_if<action::Publish>(&action)) {
    auto published = co_await responder_->publish(std::move(*what));
    if (!published) co_return event::NotPublished{published.error().message};
    co_return event::Published{};
  }
  if (std::holds_alternative<action::Withdraw>(action)) {
    co_await responder_->withdraw();
    co_return event::Woken{};
  }
  auto kept = co_await keep(action);
  if (!kept) co_return event::NotAnswered{kept.error().message};
  co_return event::Woken{};
}

awaitable<Event> Attempt::send(action::Send what) {
  auto url = net::parse_url(what.url);
  if (!url || !url->tls) co_return event::NotAnswered{what.url + " is no URL of https"};
  net::HttpRequest request;
  request.method = what.body.empty() ? "GET" : "POST";
  request.url = std::move(*url);
  request.accept = std::move(what.accept);
  if (!what.body.empty()) request.content_type = "application/jose+json";
  request.body = std::move(what.body);
  net::HttpLimits limits;
  limits.deadline = around_.clock.mono() + time_for_request;
  limits.body = largest_answer;
  limits.canceller = &around_.canceller;
  // Its URLs may lead to other hosts than the directory's.
  const auto place = net::authority(request.url);
  auto exchanging = http_.exchange(std::move(request), trust_, limits, connection_to(place));
  auto answer = co_await std::move(exchanging);
  if (!answer) co_return event::NotAnswered{fmt::format("{}: {}", place, answer.error().why)};
  co_return event::Answered{.status = answer->status,
                            .body = std::move(answer->body),
                            .nonce = answer->field("Replay-Nonce"),
                            .location = answer->field("Location"),
                            .retry_after = answer->field("Retry-After")};
}

std::shared_ptr<net::StreamPool> Attempt::connection_to(const std::string& place) {
  if (!connection_ || place != connected_to_)
    connection_ = std::make_shared<net::StreamPool>(around_.reactor.executor(), around_.reactor.deadlines(),
                                                    net::StreamPool::Limits{.open = 1, .waiting = 1});
  connected_to_ = place;
  return connection_;
}

awaitable<Event> Attempt::pause(action::Wait what) {
  net::Signal never(around_.reactor.executor(), around_.reactor.deadlines());
  const net::Canceller::Hook when_cancelled(&around_.canceller, [&never] { never.cancel(); });
  auto waited = co_await never.wait(around_.clock.mono() + what.time);
  static_cast<void>(waited);
  co_return event::Woken{};
}

// ---- what is kept
// -----------------------------------------------------------------------------------------------------

awaitable<base::Result<>> Attempt::keep(const Action& action) {
  if (const auto* account = std::get_if<action::KeepAccount>(&action)) {
    const KeptAccount kept{.directory = settings_.directory, .url = account->url, .contact = settings_.contact};
    auto writing = around_.store.account().write(to_text(kept));
    co_return co_await std::move(writing);
  }
  const KeptOrder kept{
      .directory = settings_.directory, .names = settings_.names, .url = std::get<action::KeepOrder>(action).url};
  auto writing = around_.store.order().write(to_text(kept));
  co_return co_await std::move(writing);
}

// The certificate first.  A crash before the order is forgotten leaves one that has given what is there.
awaitable<base::Result<>> Attempt::install(std::string chain) {
  auto done = co_await around_.store.certificate().write(std::move(chain) + private_key_->to_pem());
  if (done) done = co_await around_.store.order().write(std::string());
  co_return done;
}

}  // namespace godwit::acme
