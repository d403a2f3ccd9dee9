// SPDX-License-Identifier: Apache-2.0
// What a web server answers (of an MTA-STS policy, a hook, an authority of ACME) comes to the same however it is cut,
// is bounded, and what is said of a failure is printable.
#include "fuzz/fuzz.hpp"
#include "godwit/net/http_client.hpp"
#include "support/fake_resolver.hpp"
#include "support/fake_web.hpp"
#include "support/run_awaitable.hpp"

namespace godwit::fuzz {
namespace {

constexpr std::size_t longest_body = 2000;

std::string ask(std::string_view answer, std::size_t piece) {
  boost::asio::io_context io;
  testing::ManualClock clock;
  testing::FakeWeb web(io, clock);
  web.answer = answer;
  web.manners.capacity = piece;
  testing::FakeResolver resolver;
  resolver.add_address("www.example", "192.0.2.1");
  net::HttpClient client(web, resolver);
  net::HttpRequest request;
  request.url = net::parse_url("http://www.example/").value();
  auto task = client.exchange(std::move(request), nullptr, {.body = longest_body});
  const auto outcome = testing::run_awaitable(io, std::move(task));
  if (!outcome) {
    require(is_printable(outcome.error().why) && !outcome.error().why.empty());
    return "failed";
  }
  require(outcome->status >= 100 && outcome->status <= 999 && outcome->body.size() <= longest_body);
  auto text = std::to_string(outcome->status) + outcome->content_type + "\n" + outcome->body;
  for (const auto& [name, value] : outcome->fields) {
    require(is_one_line(name) && is_one_line(value));
    text += name + ":" + value + "\n";
  }
  return text;
}

}  // namespace

void fuzz_http_answer(std::string_view input) {
  if (input.size() <= 8192) (void)read_alike(input, ask);
}

}  // namespace godwit::fuzz
