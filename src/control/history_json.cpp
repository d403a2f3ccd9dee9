// SPDX-License-Identifier: Apache-2.0
#include "history_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "godwit/base/text.hpp"
#include "godwit/deliver/transcript.hpp"
#include "json.hpp"
#include "json_text.hpp"

namespace godwit::control {
namespace {

namespace json = boost::json;

std::string_view speaker(char sign) {
  if (sign == '>') return "we";
  return sign == '<' ? "peer" : "note";
}

json::value transcript(std::string_view written) {
  json::array lines;
  for (const auto& line : deliver::Transcript::parse(written))
    lines.emplace_back(
        json::object{{"ms", line.at.count()}, {"who", text(speaker(line.sign))}, {"text", text(line.words)}});
  return lines;
}

json::object event_to_json(const state::HistoryEvent& event) {
  json::object object{{"time", text(base::format_rfc3339(event.time))}, {"event", text(event.name)}};
  for (const auto& field : event.fields) {
    const auto* number = std::get_if<std::int64_t>(&field.value);
    if (number != nullptr)
      object[field.name] = *number;
    else if (field.name == "transcript")
      object[field.name] = transcript(std::get<std::string>(field.value));
    else
      object[field.name] = text(std::get<std::string>(field.value));
  }
  return object;
}

}  // namespace

json::value to_json(const Trace& trace) {
  json::array events;
  for (const auto& event : trace.events) events.emplace_back(event_to_json(event));
  return json::object{{"id", text(base::to_string(trace.id))},
                      {"events", std::move(events)},
                      {"message", trace.message ? to_json(*trace.message) : json::value()}};
}

json::value to_json(const state::HistoryFound& found) {
  json::array messages;
  for (const auto& match : found.matches) {
    auto object = event_to_json(match.event);
    object["id"] = text(base::to_string(match.id));
    messages.emplace_back(std::move(object));
  }
  const auto& until = found.searched_back_to;
  return json::object{{"messages", std::move(messages)},
                      {"searched_back_to", until ? text(base::format_rfc3339(*until)) : json::value()}};
}

}  // namespace godwit::control
