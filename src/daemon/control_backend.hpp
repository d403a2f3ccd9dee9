// SPDX-License-Identifier: Apache-2.0
// What the control API may ask and order, over the parts of the host.  Home reactor.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "godwit/control/backend.hpp"
#include "godwit/net/patience.hpp"
#include "patient_pieces.hpp"
#include "recent_imports.hpp"

namespace godwit::daemon {

class Host;

class ControlBackend final : public control::Backend {
 public:
  explicit ControlBackend(Host& host);

  control::SubmissionDesk* submissions() override;
  control::Task<control::Status> status() override;
  control::Task<control::Metrics> metrics() override;
  control::Task<control::DestinationSums> busiest() override;
  control::Task<log::RecentLines::Tail> log_lines(std::uint64_t after, log::Level least, std::size_t limit) override;
  control::Task<std::shared_ptr<control::EventFeed::Subscription>> events(std::string name) override;
  control::Task<control::QueuePage> queue_list(dispatch::Selector selector, dispatch::Page page) override;
  control::Task<control::QueueEntry> queue_show(base::MessageId id) override;
  control::Task<control::Trace> trace(base::MessageId id) override;
  control::Task<state::HistoryFound> history_search(state::HistoryQuery query) override;
  control::Task<dispatch::Ways> route(smtp::Mailbox address, smtp::ReversePath sender) override;
  control::Task<std::vector<dispatch::Waiting>> why(std::string what) override;
  control::Task<> queue_change(control::QueueOrder order, base::MessageId id) override;
  control::Task<control::QueueChange> queue_change_many(control::QueueOrder order, dispatch::Selector selector,
                                                        dispatch::Page page) override;
  control::Task<control::Imported> queue_import(mail::ExportFile file, spool::Pieces body) override;
  control::Task<control::DestinationPage> destinations(std::size_t limit, std::string after) override;
  control::Task<> suspend(std::string destination, base::Duration wait, std::string reason) override;
  control::Task<> resume(std::string destination) override;
  control::Task<std::vector<auth::Lockouts::Lockout>> lockouts(std::size_t limit, std::string after) override;
  control::Task<> unlock(std::string name) override;
  control::Task<std::vector<control::LimitUse>> limits(std::size_t limit, std::size_t skipped) override;
  control::Task<std::size_t> reset_limits(std::string key) override;
  control::Task<std::vector<control::Suppression>> suppressions(std::size_t limit, std::string after) override;
  control::Task<> suppress(std::string address, base::Duration time, std::string reason) override;
  control::Task<> unsuppress(std::string address) override;
  control::Task<> flush_dns() override;
  control::Task<std::size_t> release_account(std::string name) override;
  control::Task<std::size_t> purge_account(std::string name) override;
  control::Task<> renew_certificate() override;
  control::Task<dispatch::TlsReports::Sent> send_tls_reports() override;
  control::Task<dispatch::DmarcReports::Sent> send_dmarc_reports() override;
  control::Task<std::vector<state::DmarcCounts::Waiting>> dmarc_reports(std::size_t limit,
                                                                        state::DmarcCounts::Day after_day,
                                                                        std::string after_domain) override;
  control::Task<std::vector<state::DmarcSums::Domain>> dmarc_summary(std::string domain, base::Duration time) override;
  control::Task<control::Configuration> configuration() override;
  control::Task<control::ConfigurationCheck> check_configuration(std::optional<std::string> draft) override;
  control::Task<control::ReplayStart> start_replay(std::optional<std::string> draft,
                                                   control::ReplayOrder order) override;
  control::Task<control::ReplayProgress> replay() override;
  control::Task<control::ReloadResult> reload(bool force) override;
  control::Task<> stop() override;

 private:
  control::Task<> patiently(control::Task<> task);
  control::Task<> recorded();
  boost::asio::awaitable<control::DestinationSums> sum_destinations();
  control::Task<std::vector<dispatch::Waiting>> why_message(base::MessageId id);
  control::Task<std::vector<dispatch::Waiting>> why_address(smtp::Mailbox address);
  control::Task<> change(control::QueueOrder order, base::MessageId id, dispatch::Selector recipients);
  control::Task<base::MessageId> import(RecentImports::Key key, mail::ExportFile file,
                                        std::shared_ptr<PatientPieces> body);

  Host& host_;
  net::Patience patience_;
  base::MonoTime started_;
  base::WallTime started_at_;
  std::vector<std::string> listeners_;
  std::string spool_directory_;
  RecentImports imports_;
};

}  // namespace godwit::daemon
