// SPDX-License-Identifier: Apache-2.0
#include "replay_answers.hpp"

#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "inspection.hpp"
#include "json_text.hpp"

namespace godwit::control {
namespace {

namespace json = boost::json;

json::value to_json(const ReplayExample& example) {
  return json::object{{"id", text_or_null(example.id)},
                      {"time", text(base::format_rfc3339(example.time))},
                      {"client", text(example.client)},
                      {"from", text(example.from)},
                      {"to", text(example.to)},
                      {"before", text_or_null(example.before)},
                      {"after", text_or_null(example.after)}};
}

json::value to_json(const ReplayDifference& difference) {
  json::array groups;
  for (const auto& group : difference.groups) {
    json::array examples;
    for (const auto& example : group.examples) examples.emplace_back(to_json(example));
    groups.emplace_back(json::object{{"before", text_or_null(group.before)},
                                     {"after", text_or_null(group.after)},
                                     {"recipients", group.recipients},
                                     {"examples", std::move(examples)}});
  }
  return json::object{{"envelopes", difference.envelopes}, {"groups", std::move(groups)}, {"other", difference.other}};
}

json::value to_json(const ReplayReport& report) {
  json::object changes;
  for (std::size_t i = 0; i < replay_changes; ++i)
    changes[to_string(static_cast<ReplayChange>(i))] = to_json(report.differences[i]);
  return json::object{{"accepted", report.accepted},
                      {"refused", report.refused},
                      {"unchanged", report.unchanged},
                      {"unreadable", report.unreadable},
                      {"since", report.since ? text(base::format_rfc3339(*report.since)) : json::value()},
                      {"newly_rejected_percent", report.newly_rejected_percent()},
                      {"changes", std::move(changes)},
                      {"not_replayed", list_of_text(report.not_replayed)},
                      {"restart_needed", list_of_text(report.restart_needed)},
                      {"cut_short", report.cut_short}};
}

std::string_view name_of(ReplayProgress::State state) {
  switch (state) {
    case ReplayProgress::State::running:
      return "running";
    case ReplayProgress::State::done:
      return "done";
    case ReplayProgress::State::failed:
      break;
  }
  return "failed";
}

}  // namespace

Answer start_replay_answer(Backend& backend, Arguments arguments) {
  auto reading = whole_draft(std::move(arguments.body));
  auto draft = co_await std::move(reading);
  if (!draft && draft.error().kind == base::ErrorKind::exhausted) co_return error_response(413, draft.error().message);
  if (!draft) co_return failure(draft.error());
  std::optional<std::string> given;
  if (!draft->empty()) given = std::move(*draft);
  auto starting = backend.start_replay(std::move(given), arguments.replay);
  const auto started = co_await std::move(starting);
  if (!started) co_return failure(started.error());
  if (started->number == 0)
    co_return response(422, json::object{{"error", "the configuration has errors; nothing was replayed"},
                                         {"errors", list_of_text(started->errors)}});
  co_return response(202, json::object{{"number", started->number}});
}

Answer replay_answer(Backend& backend, Arguments) {
  const auto progress = co_await backend.replay();
  if (!progress) co_return failure(progress.error());
  const bool is_done = progress->state == ReplayProgress::State::done;
  co_return response(200, json::object{{"number", progress->number},
                                       {"state", text(name_of(progress->state))},
                                       {"replayed", progress->replayed},
                                       {"of", progress->of},
                                       {"failure", text_or_null(progress->failure)},
                                       {"report", is_done ? to_json(progress->report) : json::value()}});
}

}  // namespace godwit::control
