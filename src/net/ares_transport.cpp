// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/ares_transport.hpp"

#include <ares.h>
#include <sys/time.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "godwit/dns/caching_resolver.hpp"
#include "godwit/dns/message.hpp"
#include "godwit/dns/query_case.hpp"

namespace godwit::net {
namespace {

constexpr int tries = 2;
constexpr std::size_t most_pending = 20000;  // of 65536 ids

std::string failure_text(int status) {
  switch (status) {
    case ARES_ETIMEOUT:
      return "timed out";
    case ARES_ECONNREFUSED:
      return "no DNS server gave an answer (unreachable, SERVFAIL or REFUSED)";
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
      return "cancelled";
    default:
      return ::ares_strerror(status);
  }
}

}  // namespace

// The c-ares channel and what drives it.  Handlers of waits hold it by shared_ptr and find it closed after close().
class AresTransport::Channel : public std::enable_shared_from_this<Channel> {
 public:
  // One query; c-ares calls on_answer exactly once for each, at the latest in close().
  struct Pending {
    Reply reply;
    bool done = false;
    std::move_only_function<void()> resume;
  };

  Channel(boost::asio::any_io_executor executor, const dns::Settings& settings, base::Random& random)
      : executor_(std::move(executor)), random_(random), randomize_case_(settings.randomize_case), timer_(executor_) {
    open(settings);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() { close(); }

  void send(std::string query, const std::shared_ptr<Pending>& pending) {
    assert(query.size() > 12);
    if (channel_ == nullptr || in_flight_.size() >= most_pending) {
      pending->reply.failure = channel_ == nullptr ? "cancelled" : "too many queries under way";
      pending->done = true;
      return;
    }
    const auto id = draw_id();
    in_flight_.insert(id);
    query[0] = static_cast<char>(id >> 8U);
    query[1] = static_cast<char>(id & 0xFFU);
    if (randomize_case_) dns::randomize_case(query, random_);
    auto* ticket = new Ticket{.channel = this, .id = id, .query = randomize_case_ ? query : "", .pending = pending};
    // May call on_answer before it returns.
    ::ares_send(channel_, reinterpret_cast<const unsigned char*>(query.data()), static_cast<int>(query.size()),
                on_answer, ticket);
    arm_timer();
  }

  void close() {
    if (channel_ == nullptr) return;
    timer_.cancel();
    ::ares_destroy(std::exchange(channel_, nullptr));  // calls on_answer and on_socket
    sockets_.clear();
    ::ares_library_cleanup();
  }

 private:
  struct Ticket {
    Channel* channel;  // alive: the channel's end calls on_answer first
    std::uint16_t id;
    std::string query;  // where its case must come back; else empty
    std::shared_ptr<Pending> pending;
  };

  struct Socket {
    Socket(const boost::asio::any_io_executor& executor, int fd) : descriptor(executor, fd) {}
    ~Socket() {
      if (descriptor.is_open()) descriptor.release();  // c-ares closes it
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    boost::asio::posix::stream_descriptor descriptor;
    bool wants[2] = {false, false};    // by Direction
    bool waiting[2] = {false, false};  // a handler is out
  };
  enum Direction { to_read, to_write };

  void open(const dns::Settings& settings) {
    if (const int status = ::ares_library_init(ARES_LIB_INIT_ALL); status != ARES_SUCCESS)
      throw std::runtime_error(fmt::format("cannot start c-ares: {}", ::ares_strerror(status)));
    // With EDNS switched on, c-ares takes UDP answers up to ednspsz before it turns to TCP; the OPT record is in our
    // queries.
    int status = initialize(settings, ARES_FLAG_EDNS);
    // c-ares passes over a server that answers SERVFAIL, NOTIMP or REFUSED, and when none is left says "refused" for
    // all of it. Where there is no other server, what the one said is worth more.
    if (status == ARES_SUCCESS && server_count() == 1) {
      ::ares_destroy(std::exchange(channel_, nullptr));
      status = initialize(settings, ARES_FLAG_EDNS | ARES_FLAG_NOCHECKRESP);
    }
    if (status == ARES_SUCCESS) return;
    if (channel_ != nullptr) ::ares_destroy(std::exchange(channel_, nullptr));
    ::ares_library_cleanup();
    throw std::runtime_error(fmt::format("cannot use the DNS servers: {}", ::ares_strerror(status)));
  }

  int initialize(const dns::Settings& settings, int flags) {
    ares_options options{};
    options.flags = flags;
    options.ednspsz = dns::edns_payload;
    options.timeout = static_cast<int>(
        std::clamp<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(settings.timeout).count(), 1, 600'000));
    options.tries = tries;
    options.sock_state_cb = on_socket;
    options.sock_state_cb_data = this;
    constexpr int mask =
        ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    const int status = ::ares_init_options(&channel_, &options, mask);
    if (status != ARES_SUCCESS || settings.servers.empty()) return status;
    std::vector<std::string> servers;
    servers.reserve(settings.servers.size());
    for (const auto& server : settings.servers) servers.push_back(to_string(server));
    return ::ares_set_servers_ports_csv(channel_, fmt::format("{}", fmt::join(servers, ",")).c_str());
  }

  int server_count() const {
    ares_addr_port_node* servers = nullptr;
    if (::ares_get_servers_ports(channel_, &servers) != ARES_SUCCESS) return 0;
    int count = 0;
    for (const auto* server = servers; server != nullptr; server = server->next) ++count;
    if (servers != nullptr) ::ares_free_data(servers);
    return count;
  }

  // Unpredictable, and not one that is under way.
  std::uint16_t draw_id() {
    std::uint16_t id = 0;
    do id = static_cast<std::uint16_t>(random_.next());
    while (in_flight_.contains(id));
    return id;
  }

  static void on_answer(void* argument, int status, int /*timeouts*/, unsigned char* bytes, int size) {
    const std::unique_ptr<Ticket> ticket(static_cast<Ticket*>(argument));
    ticket->channel->in_flight_.erase(ticket->id);
    auto& pending = *ticket->pending;
    const std::string_view answer(reinterpret_cast<const char*>(bytes),
                                  bytes != nullptr ? static_cast<std::size_t>(size) : 0);
    if (!answer.empty() && !ticket->query.empty() && !dns::repeats_question(answer, ticket->query)) {
      pending.reply.failure = "the answer does not repeat the name as it was written (dns.randomize_case)";
    } else if (status == ARES_SUCCESS && bytes != nullptr) {
      pending.reply.bytes = answer;
    } else {
      pending.reply.failure = failure_text(status);
    }
    pending.done = true;
    if (pending.resume) std::exchange(pending.resume, nullptr)();
  }

  // c-ares wants these events of the socket; neither: it is about to close it.
  static void on_socket(void* argument, ares_socket_t fd, int readable, int writable) {
    auto& self = *static_cast<Channel*>(argument);
    auto found = self.sockets_.find(fd);
    if (readable == 0 && writable == 0) {
      if (found == self.sockets_.end()) return;
      found->second->descriptor.release();
      self.sockets_.erase(found);
      return;
    }
    if (found == self.sockets_.end())
      found = self.sockets_.emplace(fd, std::make_shared<Socket>(self.executor_, fd)).first;
    const auto socket = found->second;
    socket->wants[to_read] = readable != 0;
    socket->wants[to_write] = writable != 0;
    self.wait(socket, to_read);
    self.wait(socket, to_write);
  }

  void wait(const std::shared_ptr<Socket>& socket, Direction direction) {
    if (!socket->wants[direction] || socket->waiting[direction]) return;
    socket->waiting[direction] = true;
    const auto what = direction == to_read ? boost::asio::posix::stream_descriptor::wait_read
                                           : boost::asio::posix::stream_descriptor::wait_write;
    socket->descriptor.async_wait(
        what, [self = shared_from_this(), socket, direction](const boost::system::error_code& error) {
          socket->waiting[direction] = false;
          if (error || self->channel_ == nullptr || !socket->descriptor.is_open()) return;
          self->process(socket, direction);
        });
  }

  void process(const std::shared_ptr<Socket>& socket, Direction direction) {
    const int fd = socket->descriptor.native_handle();
    ::ares_process_fd(channel_, direction == to_read ? fd : ARES_SOCKET_BAD,
                      direction == to_write ? fd : ARES_SOCKET_BAD);
    if (socket->descriptor.is_open()) wait(socket, direction);
    arm_timer();
  }

  // For the earliest time-out among the queries.
  void arm_timer() {
    timeval buffer{};
    const timeval* next = ::ares_timeout(channel_, nullptr, &buffer);
    if (next == nullptr) {
      timer_.cancel();
      return;
    }
    // One millisecond more, or c-ares finds nothing due yet when it truncates.
    timer_.expires_after(std::chrono::seconds(next->tv_sec) + std::chrono::microseconds(next->tv_usec) +
                         std::chrono::milliseconds(1));
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (error || self->channel_ == nullptr) return;
      ::ares_process_fd(self->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
      self->arm_timer();
    });
  }

  boost::asio::any_io_executor executor_;
  base::Random& random_;
  const bool randomize_case_;
  boost::asio::steady_timer timer_;
  ares_channel channel_ = nullptr;
  std::map<int, std::shared_ptr<Socket>> sockets_;
  std::set<std::uint16_t> in_flight_;
};

AresTransport::AresTransport(const boost::asio::any_io_executor& executor, const dns::Settings& settings,
                             base::Random& random)
    : channel_(std::make_shared<Channel>(executor, settings, random)) {}

AresTransport::~AresTransport() {
  channel_->close();
}

boost::asio::awaitable<dns::Transport::Reply> AresTransport::exchange(std::string query) {
  auto pending = std::make_shared<Channel::Pending>();
  channel_->send(std::move(query), pending);
  if (!pending->done) {
    auto park = [pending](auto handler) {
      auto executor = boost::asio::get_associated_executor(handler);
      pending->resume = [executor, parked = std::move(handler)]() mutable {
        boost::asio::post(executor, std::move(parked));
      };
    };
    co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void()>(park,
                                                                                       boost::asio::use_awaitable);
  }
  co_return std::move(pending->reply);
}

dns::TrustAd decide_trust_ad(const dns::Settings& settings, const std::string& resolv_conf) {
  if (settings.trust_ad != dns::TrustAd::automatic) return settings.trust_ad;
  bool trusted = false;
  if (settings.servers.empty()) {
    std::ifstream file(resolv_conf);
    trusted = dns::resolv_conf_trusts_ad(std::string(std::istreambuf_iterator<char>(file), {}));
  } else {
    trusted = std::ranges::all_of(settings.servers,
                                  [](const base::Endpoint& server) { return server.address.is_loopback(); });
  }
  return trusted ? dns::TrustAd::yes : dns::TrustAd::no;
}

}  // namespace godwit::net
