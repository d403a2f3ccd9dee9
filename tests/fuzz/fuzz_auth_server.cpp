// SPDX-License-Identifier: Apache-2.0
// Whatever Dovecot's or saslauthd's socket answers, the login is accepted, refused or put off, and what is told of it
// is printable.  Input: a byte that chooses which, then what the server says.
#include <boost/asio/io_context.hpp>

#include "auth/dovecot_store.hpp"
#include "auth/saslauthd_store.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/local_server.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::fuzz {
namespace {

struct Host {
  base::SystemClock clock;
  base::SeededRandom random{1};
  net::BoundedPool pool{"pool", 0, 10};
  LocalServer server;
};

}  // namespace

void fuzz_auth_server(std::string_view input) {
  static Host host;
  const bool dovecot = take_byte(input) % 2 == 0;
  auth::StoreSettings settings;
  settings.type = dovecot ? auth::StoreType::dovecot : auth::StoreType::saslauthd;
  settings.path = host.server.path();
  const auto serving = host.server.say(std::string(input));
  const auto store = auth::make_back_end(settings, {host.pool, host.clock, host.random});
  auto login = std::make_shared<auth::Login>();
  login->user = "alice@x.example";
  login->password = "secret";
  auto task = store->ask(std::move(login));
  const auto answer = testing::run_awaitable(host.pool.context(), std::move(task));
  using Kind = auth::Answer::Kind;
  require(answer.kind != Kind::entry && is_printable(answer.reason));
  if (answer.kind == Kind::accepted) require(!answer.account.name.empty() && is_one_line(answer.account.name));
  // The answer alone does it: nothing is accepted of a server that says neither.
  if (answer.kind == Kind::accepted) require(input.contains("OK"));
}

}  // namespace godwit::fuzz
