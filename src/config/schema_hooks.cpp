// SPDX-License-Identifier: Apache-2.0
// The keys of the checks that ask services outside: HTTP hooks, and policy servers as Postfix asks them.
#include <chrono>

#include "schema.hpp"

namespace godwit::config {
namespace {

using namespace std::chrono_literals;
using policy::DelegateSettings;
using policy::HttpHookSettings;

// A part of the name of a field in the log.
Type<std::string> service_name() {
  return scalar<std::string>(
      "name: a-z, 0-9, _",
      [](const std::string& text) -> base::Result<std::string> {
        constexpr std::size_t longest = 32;
        const auto is_good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
        if (text.empty() || text.size() > longest || !std::ranges::all_of(text, is_good))
          return invalid(fmt::format("\"{}\" is no name of 1 to 32 letters a-z, digits and _", base::printable(text)));
        return text;
      },
      show_text);
}

Type<policy::Stage> check_stage() {
  using policy::Stage;
  return word<Stage>({{"connect", Stage::connect},
                      {"helo", Stage::helo},
                      {"mail", Stage::mail},
                      {"rcpt", Stage::rcpt},
                      {"data", Stage::data},
                      {"end", Stage::end}});
}

// S is a policy::ServiceSettings.
template <class S>
void add_service_fields(Fields<S>& fields) {
  using policy::Clients;
  fields.push_back(make_field<S>(
      "stages", [](auto& s) -> auto& { return s.stages; }, list_of(check_stage(), Single::accept),
      "At which points it is asked; connect, helo and mail with the first recipient, end when the message is here"));
  fields.push_back(make_field<S>(
      "clients", [](auto& s) -> auto& { return s.clients; },
      word<Clients>({{"all", Clients::all}, {"strangers", Clients::strangers}}),
      "Whose mail it is asked about; `strangers`: neither of `trusted_networks`, nor logged in, nor of this host"));
  fields.push_back(make_field<S>(
      "on_failure", [](auto& s) -> auto& { return s.on_failure; }, on_failure(),
      "What becomes of mail when it cannot be reached, does not answer in time or talks nonsense; `accept`: it goes "
      "on without it, `tempfail`: `451 4.3.0`, `reject`: `550 5.3.0`; it is not asked again on this connection"));
  fields.push_back(make_field<S>(
      "timeout", [](auto& s) -> auto& { return s.timeout; }, duration(100ms, 2min),
      "For each answer, with what it takes to connect"));
  fields.push_back(make_field<S>(
      "connections", [](auto& s) -> auto& { return s.connections; }, number<std::size_t>(1, 1000),
      "How many each thread has to it at most; they are kept for the next question"));
}

Fields<HttpHookSettings> http_hook_fields() {
  Fields<HttpHookSettings> fields{
      make_field<HttpHookSettings>(
          "name", [](auto& h) -> auto& { return h.name; }, service_name(), "In lists of checks: `http:NAME`",
          Reload::yes, Need::required),
      make_field<HttpHookSettings>(
          "url", [](auto& h) -> auto& { return h.url; }, text(),
          "Where it listens, `https://…` or `http://…`: it is sent JSON by POST (docs/http-hook.md)", Reload::yes,
          Need::required),
      make_field<HttpHookSettings>(
          "token_file", [](auto& h) -> auto& { return h.token_file; }, or_empty(absolute_path(), "none"),
          "File with a token, sent as `Authorization: Bearer …`; nobody else may read it"),
      make_field<HttpHookSettings>(
          "ca_file", [](auto& h) -> auto& { return h.ca_file; }, or_empty(absolute_path(), "`tls.ca_file`"),
          "Authorities trusted for its certificate, which must bear the URL's name"),
      make_field<HttpHookSettings>(
          "headers", [](auto& h) -> auto& { return h.headers; }, size(0, 256 * kib),
          "How much of the message's header it is told at end; 0: nothing"),
      make_field<HttpHookSettings>(
          "body", [](auto& h) -> auto& { return h.body; }, size(0, mib),
          "How much of the message's body it is told at end; 0: nothing. It is held in memory meanwhile"),
  };
  add_service_fields(fields);
  return fields;
}

Fields<DelegateSettings> delegate_fields() {
  Fields<DelegateSettings> fields{
      make_field<DelegateSettings>(
          "name", [](auto& d) -> auto& { return d.name; }, service_name(), "In lists of checks: `delegate:NAME`",
          Reload::yes, Need::required),
      make_field<DelegateSettings>(
          "address", [](auto& d) -> auto& { return d.address; }, server_address(), "Where it listens", Reload::yes,
          Need::required),
      make_field<DelegateSettings>(
          "context", [](auto& d) -> auto& { return d.context; }, or_empty(text(), "nothing"),
          "What it is told as `policy_context`"),
  };
  add_service_fields(fields);
  return fields;
}

}  // namespace

Type<std::string> check_name() {
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& name : policy::check_names) names.emplace_back(name, name);
  const auto built_in = word<std::string>(names);
  return {.name = built_in.name + " | http:NAME | delegate:NAME",
          .read =
              [built_in](std::string& target, const YAML::Node& node, Reader& reader) {
                const auto text = node.IsScalar() ? node.Scalar() : std::string();
                if (text.starts_with(policy::http_prefix) || text.starts_with(policy::delegate_prefix))
                  target = text;
                else
                  built_in.read(target, node, reader);
              },
          .show = [](const std::string& name) { return name; }};
}

Fields<Document> hook_part() {
  return {
      field(
          "policy.http_hooks", [](auto& d) -> auto& { return d.settings.policy.http_hooks; },
          records(http_hook_fields()),
          "Programs of yours that judge mail, asked over HTTP where a list of checks names them (`http:NAME`)"),
      field(
          "policy.delegates", [](auto& d) -> auto& { return d.settings.policy.delegates; }, records(delegate_fields()),
          "Policy servers made for Postfix (`check_policy_service`), asked where a list of checks names them "
          "(`delegate:NAME`)"),
  };
}

}  // namespace godwit::config
