// SPDX-License-Identifier: Apache-2.0
#include "inspection.hpp"

#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "godwit/log/line.hpp"
#include "json_text.hpp"

namespace godwit::control {
namespace {

namespace json = boost::json;

constexpr std::size_t greatest_draft = std::size_t{1} << 20U;

json::value to_json(const DestinationSums::Sum& sum) {
  return json::object{{"name", text(sum.name)}, {"waiting", sum.waiting}, {"due", sum.due},
                      {"active", sum.active},   {"held", sum.held},       {"connections", sum.connections},
                      {"down", sum.down}};
}

}  // namespace

Task<std::string> whole_draft(spool::Pieces pieces) {
  std::string whole;
  for (;;) {
    auto piece = co_await pieces();
    if (!piece) co_return std::unexpected(std::move(piece.error()));
    if (piece->empty()) co_return whole;
    if (whole.size() + piece->size() > greatest_draft)
      co_return base::fail(base::ErrorKind::exhausted, "a draft has at most 1 MiB");
    whole += *piece;
  }
}

Answer access_answer(Backend&, Arguments arguments) {
  json::array scopes;
  for (const auto& [scope, name] : {std::pair(Scope::read, "read"), std::pair(Scope::queue, "queue"),
                                    std::pair(Scope::admin, "admin"), std::pair(Scope::submit, "submit")})
    if ((arguments.scopes & static_cast<Scopes>(scope)) != 0) scopes.emplace_back(name);
  co_return response(200, json::object{{"scopes", std::move(scopes)}});
}

Answer busiest_answer(Backend& backend, Arguments) {
  const auto sums = co_await backend.busiest();
  if (!sums) co_return failure(sums.error());
  json::array busiest, slow;
  for (const auto& sum : sums->busiest()) busiest.emplace_back(to_json(sum));
  for (const auto& site : sums->slow()) slow.emplace_back(to_json(site));
  co_return response(200, json::object{{"destinations", std::move(busiest)},
                                       {"other", to_json(sums->other())},
                                       {"slow", std::move(slow)},
                                       {"down", sums->down()},
                                       {"suspended", sums->suspended()}});
}

Answer log_answer(Backend& backend, Arguments arguments) {
  const auto tail = co_await backend.log_lines(arguments.after_line, arguments.level, arguments.page.limit);
  if (!tail) co_return failure(tail.error());
  json::array lines;
  for (const auto& line : tail->lines)
    lines.emplace_back(
        json::object{{"number", line.number}, {"level", text(log::to_string(line.level))}, {"line", text(line.text)}});
  co_return response(200, json::object{{"lines", std::move(lines)}, {"next", tail->last}});
}

Answer configuration_answer(Backend& backend, Arguments) {
  const auto configuration = co_await backend.configuration();
  if (!configuration) co_return failure(configuration.error());
  json::array files, values;
  for (const auto& file : configuration->files)
    files.emplace_back(json::object{{"path", text(file.path)}, {"text", text(file.text)}});
  for (const auto& each : configuration->values)
    values.emplace_back(json::object{{"key", text(each.key)},
                                     {"value", text(each.value)},
                                     {"default", text(each.fallback)},
                                     {"needs_restart", each.needs_restart}});
  co_return response(
      200, json::object{
               {"file", text(configuration->main_file)}, {"files", std::move(files)}, {"values", std::move(values)}});
}

Answer check_answer(Backend& backend, Arguments arguments) {
  auto reading = whole_draft(std::move(arguments.body));
  auto draft = co_await std::move(reading);
  if (!draft && draft.error().kind == base::ErrorKind::exhausted) co_return error_response(413, draft.error().message);
  if (!draft) co_return failure(draft.error());
  std::optional<std::string> given;
  if (!draft->empty()) given = std::move(*draft);
  auto checking = backend.check_configuration(std::move(given));
  const auto check = co_await std::move(checking);
  if (!check) co_return failure(check.error());
  json::array differences;
  for (const auto& each : check->differences)
    differences.emplace_back(json::object{{"key", text(each.key)},
                                          {"before", text(each.before)},
                                          {"after", text(each.after)},
                                          {"needs_restart", each.needs_restart}});
  co_return response(200, json::object{{"errors", list_of_text(check->errors)},
                                       {"warnings", list_of_text(check->warnings)},
                                       {"differences", std::move(differences)}});
}

}  // namespace godwit::control
