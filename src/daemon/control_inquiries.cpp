// SPDX-License-Identifier: Apache-2.0
// The control API's questions about the past and the future of mail: trace, history, route, why.
#include <utility>

#include "configuration_check.hpp"
#include "control_backend.hpp"
#include "godwit/base/text.hpp"
#include "host.hpp"

namespace godwit::daemon {
namespace {

// Of one search of the history; it tells how far it came, and who wants more asks for the rest.
constexpr base::Duration search_time = std::chrono::seconds(10);

}  // namespace

control::Task<log::RecentLines::Tail> ControlBackend::log_lines(std::uint64_t after, log::Level least,
                                                                std::size_t limit) {
  co_return host_.recent_log_.after(after, least, limit);
}

control::Task<control::Configuration> ControlBackend::configuration() {
  auto read = [path = host_.config_path_, running = host_.live_] { return read_configuration(path, *running); };
  auto reading = host_.pools_.housekeeping.run(std::move(read));
  co_return co_await std::move(reading);
}

control::Task<control::ConfigurationCheck> ControlBackend::check_configuration(std::optional<std::string> draft) {
  auto check = [path = host_.config_path_, draft = std::move(draft), running = host_.live_, &clock = host_.clock_,
                &keys = host_.machine_.keys()] {
    return daemon::check_configuration(path, draft, *running, clock, keys);
  };
  auto checking = host_.pools_.housekeeping.run(std::move(check));
  co_return co_await std::move(checking);
}

control::Task<control::ReplayStart> ControlBackend::start_replay(std::optional<std::string> draft,
                                                                 control::ReplayOrder order) {
  auto starting = host_.start_replay(std::move(draft), order);
  co_return co_await std::move(starting);
}

control::Task<control::ReplayProgress> ControlBackend::replay() {
  if (!host_.replay_progress_) co_return base::fail(base::ErrorKind::not_found, "nothing was replayed since the start");
  co_return *host_.replay_progress_;
}

control::Task<control::Trace> ControlBackend::trace(base::MessageId id) {
  auto reading = host_.history_.of(id);
  auto events = co_await std::move(reading);
  if (!events) co_return std::unexpected(events.error());
  control::Trace trace{.id = id, .events = std::move(*events), .message = {}};
  auto shown = co_await queue_show(id);
  if (shown) trace.message = std::move(*shown);
  if (trace.events.empty() && !trace.message)
    co_return base::fail(base::ErrorKind::not_found, "there is no such message, in the queue or in the history");
  co_return trace;
}

control::Task<state::HistoryFound> ControlBackend::history_search(state::HistoryQuery query) {
  auto searching = host_.history_.search(std::move(query), host_.clock_.mono() + search_time);
  auto found = co_await std::move(searching);
  co_return found;
}

control::Task<dispatch::Ways> ControlBackend::route(smtp::Mailbox address, smtp::ReversePath sender) {
  auto finding = host_.dispatcher_->ways(std::move(address), std::move(sender));
  auto ways = co_await std::move(finding);
  co_return ways;
}

control::Task<std::vector<dispatch::Waiting>> ControlBackend::why(std::string what) {
  if (const auto id = base::parse_message_id(what)) co_return co_await why_message(*id);
  if (what.find('@') == std::string::npos) co_return co_await host_.dispatcher_->why(base::to_lower(what));
  auto address = smtp::parse_mailbox(what, smtp::BareLocal::refuse, smtp::Utf8::allow);
  if (!address) co_return base::fail(base::ErrorKind::invalid, "this is no address");
  co_return co_await why_address(std::move(*address));
}

control::Task<std::vector<dispatch::Waiting>> ControlBackend::why_message(base::MessageId id) {
  auto waiting = co_await host_.dispatcher_->why(id);
  if (waiting.empty()) {
    // Settled, or never heard of.
    auto traced = co_await trace(id);
    if (!traced) co_return std::unexpected(traced.error());
  }
  co_return waiting;
}

// What waits on its ways; where nothing does, what would.
control::Task<std::vector<dispatch::Waiting>> ControlBackend::why_address(smtp::Mailbox address) {
  smtp::ReversePath nobody;
  auto ways = co_await host_.dispatcher_->ways(std::move(address), std::move(nobody));
  if (ways.expansion.refusal) co_return base::fail(base::ErrorKind::invalid, to_line(*ways.expansion.refusal));
  std::vector<dispatch::Waiting> all;
  for (const auto& way : ways.ways) {
    auto waiting = co_await host_.dispatcher_->why(way.destination);
    all.insert(all.end(), waiting.begin(), waiting.end());
    if (!waiting.empty() || way.waits.empty()) continue;
    auto& would = all.emplace_back();
    would.destination = way.destination;
    would.site = way.site;
    would.state = "none";
    would.reason = way.waits;
  }
  co_return all;
}

}  // namespace godwit::daemon
