// SPDX-License-Identifier: Apache-2.0
#include "godwitctl.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <vector>

#include <CLI/CLI.hpp>

#include "account_commands.hpp"
#include "control_commands.hpp"
#include "dkim_commands.hpp"
#include "godwit/commandline/completion.hpp"
#include "manual.hpp"
#include "setup_options.hpp"
#include "spool_commands.hpp"
#include "top_command.hpp"

namespace godwit::tools {
namespace {

constexpr const char* usual_socket = "/run/godwit/control.sock";

// The words and options, and which command they ask for.
class CommandLine {
 public:
  explicit CommandLine(Console& console) : console_(console) {
    if (const char* socket = std::getenv("GODWIT_SOCKET"); socket != nullptr) socket_ = socket;
    app_.set_version_flag("--version", std::string("godwitctl " GODWIT_VERSION));
    app_.add_option("--socket", socket_,
                    "the daemon's control socket; default: $GODWIT_SOCKET, then " + std::string(usual_socket))
        ->type_name("PATH");
    app_.add_flag("--json", json_, "print JSON, for programs");
    app_.require_subcommand(1);
    app_.fallthrough();
    add_command(app_, "status", "what the daemon is doing", [this] { return control().status(); });
    add_top();
    add_queue();
    add_history();
    add_ways();
    add_delivery();
    add_limits();
    add_suppression();
    add_dns();
    add_accounts();
    add_dkim();
    add_tls_reports();
    add_dmarc();
    add_spool();
    setup_.add_to(app_);
    add_command(app_, "reload", "apply the changed configuration, or say what is wrong with it", [this] {
      return control().reload(force_);
    })->add_flag("--force", force_, "also where it refuses more mail than reload.refuse_newly_rejected allows");
    add_documents();
    add_command(app_, "stop", "finish what is in flight and stop the daemon", [this] { return control().stop(); });
  }

  int run(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error, console_.out, console_.err) == 0 ? exit_done : exit_usage;
    }
    return command_();
  }

 private:
  using Command = std::function<int()>;

  CLI::App* add_command(CLI::App& parent, const char* name, const char* help, Command command) {
    CLI::App* added = parent.add_subcommand(name, help);
    added->fallthrough();
    added->callback([this, command = std::move(command)] { command_ = command; });
    return added;
  }

  void add_top() {
    CLI::App* top =
        add_command(app_, "top", "what flows, again and again until q: in, out, queue, busiest destinations",
                    [this] { return top_command().run(); });
    top->add_option("--interval", interval_, "between two looks; default: 2s")->type_name("DURATION");
    top->add_flag("--once", once_, "print what flowed in one interval, and end; also where the output is no terminal");
  }

  void add_queue() {
    CLI::App* queue = app_.add_subcommand("queue", "the messages that wait; without a word: list");
    queue->fallthrough();
    queue->require_subcommand(0, 1);
    const auto list = [this] { return control().queue_list(selectors_, limit_); };
    // Runs after a subcommand's callback, so it must not replace its choice.
    queue->callback([this, queue, list] {
      if (queue->get_subcommands().empty()) command_ = list;
    });
    CLI::App* listing = add_command(*queue, "list", "one line a message", list);
    listing->add_option("--limit", limit_, "at most so many; default: all")->check(CLI::PositiveNumber);
    add_selectors(*listing);
    add_ids(*queue, "show", "all about a message", [this] { return control().queue_show(ids_); })->required();
    add_change(*queue, "retry", "try waiting messages now");
    add_change(*queue, "hold", "keep messages until they are released");
    add_change(*queue, "release", "deliver held messages now");
    add_change(*queue, "bounce", "return messages to their senders, with a report")
        ->add_option("--reason", reason_, "what the report says");
    add_change(*queue, "delete", "delete messages without telling their senders");
  }

  void add_limits() {
    CLI::App* limits = app_.add_subcommand("limits", "who has used most of what policy.limits allow in a time");
    limits->fallthrough();
    limits->require_subcommand(0, 1);
    limits->add_option("--limit", limit_, "at most so many; default: 50")->check(CLI::Range(1, 1000));
    // Runs after a subcommand's callback, so it must not replace its choice.
    limits->callback([this, limits] {
      if (limits->get_subcommands().empty()) command_ = [this] { return control().limits(limit_); };
    });
    add_command(*limits, "reset", "forget what somebody has used", [this] { return control().reset_limits(address_); })
        ->add_option("KEY", address_, "as limits shows it, or an address of a network")
        ->required();
  }

  void add_suppression() {
    CLI::App* suppression = app_.add_subcommand("suppression", "addresses that get no mail from us for a time");
    suppression->fallthrough();
    suppression->require_subcommand(1);
    add_command(*suppression, "list", "all of them, and why", [this] { return control().suppressions(); });
    CLI::App* add = add_command(*suppression, "add", "no mail to this address",
                                [this] { return control().suppress(address_, for_, reason_); });
    add->add_option("ADDRESS", address_)->required();
    add->add_option("--for", for_, "so long, like 2h or 30d; default: suppression.time")->type_name("DURATION");
    add->add_option("--reason", reason_, "what senders are told");
    add_command(*suppression, "remove", "mail to this address again", [this] { return control().unsuppress(address_); })
        ->add_option("ADDRESS", address_)
        ->required();
  }

  CLI::Option* add_ids(CLI::App& queue, const char* name, const char* help, Command command) {
    return add_command(queue, name, help, std::move(command))
        ->add_option("ID", ids_, "as in the reply to DATA, in Received and in the log");
  }
  std::vector<CLI::Option*> add_selectors(CLI::App& command) {
    command.footer("PATTERN: \"*\" stands for any run of characters, \"@example.com\" for all of a domain.");
    return {
        command.add_option("--sender", selectors_.sender, "from this address; \"<>\": reports")->type_name("PATTERN"),
        command.add_option("--recipient", selectors_.recipient, "still waiting for this address")->type_name("PATTERN"),
        command.add_option("--destination", selectors_.destination, "waiting for this recipient domain")
            ->type_name("PATTERN"),
        command.add_option("--state", selectors_.state, "waiting, due, active or held")->type_name("STATE"),
        command.add_option("--older", selectors_.older, "accepted longer ago, like 2h or 5d")->type_name("DURATION")};
  }
  // By id, or by what is asked of each message; never all of them for want of a word.
  CLI::App* add_change(CLI::App& queue, const std::string& verb, const char* help) {
    CLI::Option* ids = add_ids(queue, verb.c_str(), help, [this, verb] {
      if (!selectors_.empty()) return control().queue_change_many(verb, selectors_, reason_, limit_);
      return control().queue_change(verb, ids_, reason_);
    });
    CLI::App* command = queue.get_subcommand(verb);
    for (CLI::Option* selector : add_selectors(*command)) selector->excludes(ids);
    command->add_flag("--all", selectors_.all, "all messages of the queue")->excludes(ids);
    command->add_option("--limit", limit_, "at most so many; default: all that are meant")
        ->check(CLI::PositiveNumber)
        ->excludes(ids);
    command->parse_complete_callback([this] {
      if (ids_.empty() && selectors_.empty()) throw CLI::RequiredError("an ID, a selector or --all");
    });
    return command;
  }

  void add_history() {
    add_ids(app_, "trace", "what happened to a message, and what happens next", [this] {
      return control().trace(ids_);
    })->required();
    add_command(app_, "events", "what happens to messages, as it happens",
                [this] { return control().events(search_.outcome); })
        ->add_option("--outcome", search_.outcome, "only delivered, deferred, bounced, ...")
        ->type_name("EVENT");
    CLI::App* history = app_.add_subcommand("history", "what happened to messages, also to those that are gone");
    history->fallthrough();
    history->require_subcommand(1);
    CLI::App* search = add_command(*history, "search", "the messages of which all of these hold, the newest first",
                                   [this] { return control().history_search(search_); });
    search->footer(
        "PATTERN: \"*\" stands for any run of characters, \"@example.com\" for all of a domain.\n"
        "TIME: 2h (ago), 2026-11-23, \"2026-11-23 09:35\"; in UTC.");
    const auto pattern = [search](const char* name, std::string& into, const char* help, const char* type = "PATTERN") {
      search->add_option(name, into, help)->type_name(type);
    };
    pattern("--sender", search_.sender, "from this address; \"<>\": reports");
    pattern("--recipient", search_.recipient, "to this address, as asked for or where an alias led");
    pattern("--destination", search_.destination, "to this recipient domain, or by this destination");
    pattern("--message-id", search_.message_id, "of the header");
    pattern("--subject", search_.subject, "of the header, where history.subjects has it recorded");
    pattern("--outcome", search_.outcome, "delivered, deferred, bounced, expired, held, deleted, ...", "EVENT");
    pattern("--since", search_.since, "not before", "TIME");
    pattern("--until", search_.until, "not after", "TIME");
    search->add_option("--limit", search_.limit, "at most so many messages; default: 100")->check(CLI::Range(1, 1000));
  }

  void add_ways() {
    CLI::App* route = add_command(app_, "route", "where mail to an address would go, step by step; sends nothing",
                                  [this] { return control().route(address_, selectors_.sender); });
    route->add_option("ADDRESS", address_, "the recipient")->required();
    route->add_option("--sender", selectors_.sender, "from this address; default: the null sender")
        ->type_name("ADDRESS");
    add_command(app_, "why", "why mail waits", [this] { return control().why(address_); })
        ->add_option("WHAT", address_,
                     "a message's id, an address, a domain, or a destination as destinations names it")
        ->required();
  }

  void add_delivery() {
    add_command(app_, "destinations", "where mail goes: connections, limits, and why it waits",
                [this] { return control().destinations(); });
    add_tls();
    CLI::App* delivery = app_.add_subcommand("delivery", "stop sending for a while; mail is still accepted");
    delivery->fallthrough();
    delivery->require_subcommand(1);
    const auto add = [this, delivery](const std::string& verb, const char* help) {
      CLI::App* command = add_command(*delivery, verb.c_str(), help, [this, verb] {
        return control().delivery(verb, selectors_.destination, for_, reason_);
      });
      command
          ->add_option("--destination", selectors_.destination,
                       "a domain, or a destination as godwitctl destinations names it; default: all")
          ->type_name("NAME");
      return command;
    };
    CLI::App* suspend = add("suspend", "start no more deliveries; survives a restart");
    suspend->add_option("--for", for_, "like 30m or 2h; default: until it is resumed")->type_name("DURATION");
    suspend->add_option("--reason", reason_, "shown beside the mail that waits for it");
    add("resume", "go on");
  }

  void add_dns() {
    CLI::App* dns = app_.add_subcommand("dns", "answers that the daemon keeps for their TTL");
    dns->fallthrough();
    dns->require_subcommand(1);
    add_command(*dns, "flush", "forget them all, after a mistake in a zone was mended",
                [this] { return control().flush_dns(); });
  }

  void add_accounts() {
    CLI::App* account = app_.add_subcommand("account", "who may log in, and which mailboxes there are");
    account->fallthrough();
    account->require_subcommand(1);
    account->add_option("--file", file_, "the accounts file; default: what the configuration names")->type_name("FILE");
    account->add_option("--config", config_, "the daemon's configuration; default: /etc/godwit/godwit.yaml")
        ->type_name("FILE");
    with_password(add_account(*account, "add", "make an account", [this] { return accounts().add(address_); }));
    with_password(
        add_account(*account, "passwd", "change its password", [this] { return accounts().passwd(address_); }));
    add_account(*account, "remove", "remove it; its mail stays", [this] { return accounts().remove(address_); });
    add_command(*account, "list", "all accounts", [this] { return accounts().list(json_); });
    add_command(*account, "lockouts", "who may not log in for a while, after too many failures",
                [this] { return control().lockouts(); });
    add_command(*account, "stopped", "who was stopped, because it sent far more than it ever did",
                [this] { return control().stopped(); });
    add_command(*account, "release", "let one that was stopped send again, and what is held of it go",
                [this] { return control().account("release", address_); })
        ->add_option("ACCOUNT", address_, "as stopped shows it")
        ->required();
    add_command(*account, "purge", "throw away the waiting mail of one that was stopped; it stays stopped",
                [this] { return control().account("purge", address_); })
        ->add_option("ACCOUNT", address_, "as stopped shows it")
        ->required();
    add_command(*account, "unlock", "lift a lock-out", [this] { return control().unlock(address_); })
        ->add_option("NAME", address_, "account, address or network, as lockouts shows it")
        ->required();
  }

  CLI::App* add_account(CLI::App& account, const char* name, const char* help, Command command) {
    CLI::App* added = add_command(account, name, help, std::move(command));
    added->add_option("ADDRESS", address_, "like alice@example.com")->required();
    added->footer("The file: --file or --config, see godwitctl account --help.");
    return added;
  }
  void with_password(CLI::App* command) {
    auto* from_input = command->add_flag("--password-stdin", password_stdin_, "read the password from standard input");
    command->add_flag("--generate", generate_, "make a password and print it")->excludes(from_input);
  }

  void add_tls() {
    CLI::App* tls = app_.add_subcommand(
        "tls", "certificates, when they expire and are renewed, and what TLS came to with other hosts");
    tls->fallthrough();
    tls->require_subcommand(0, 1);
    // Runs after a subcommand's callback, so it must not replace its choice.
    tls->callback([this, tls] {
      if (tls->get_subcommands().empty()) command_ = [this] { return control().tls(); };
    });
    add_command(*tls, "renew", "order the daemon's own certificate (tls.acme) now",
                [this] { return control().renew_certificate(); });
  }

  void add_tls_reports() {
    CLI::App* reports = app_.add_subcommand("tlsrpt", "reports on TLS with other domains' hosts (RFC 8460)");
    reports->fallthrough();
    reports->require_subcommand(1);
    add_command(*reports, "send", "send what was counted so far now, not after the day is over",
                [this] { return control().send_tls_reports(); });
  }

  void add_dmarc() {
    CLI::App* dmarc = app_.add_subcommand("dmarc", "reports on mail in a domain's name (RFC 9990)");
    dmarc->fallthrough();
    dmarc->require_subcommand(1);
    add_command(*dmarc, "reports", "what was counted of other domains and is not reported yet",
                [this] { return control().dmarc_reports(); });
    add_command(*dmarc, "send", "send what was counted so far now, not after the day is over",
                [this] { return control().send_dmarc_reports(); });
    CLI::App* summary = add_command(*dmarc, "summary", "what others reported of mail in our name",
                                    [this] { return control().dmarc_summary(domain_, for_); });
    summary->add_option("--domain", domain_, "only this one, with the clients that sent in its name");
    summary->add_option("--for", for_, "of this time until now, like 7d; default: 30d")->type_name("DURATION");
  }

  void add_dkim() {
    CLI::App* dkim = app_.add_subcommand("dkim", "the keys with which mail is signed");
    dkim->fallthrough();
    dkim->require_subcommand(1);
    add_config(*dkim);
    CLI::App* generate = add_command(*dkim, "generate", "make a key; prints its record and its configuration", [this] {
      return dkim_commands().generate(domain_, selector_, key_kind(), bits_);
    });
    generate->add_option("DOMAIN", domain_, "like example.com")->required();
    generate->add_option("SELECTOR", selector_, "a name of your choice, new for each key")->required();
    generate->add_option("--type", kind_, "rsa, which everybody verifies (default), or ed25519")
        ->check(CLI::IsMember({"rsa", "ed25519"}))
        ->type_name("TYPE");
    generate->add_option("--bits", bits_, "of an RSA key; default: 2048")->check(CLI::Range(1024, 8192));
    generate
        ->add_option("--file", file_,
                     "where to put it; default: " + std::string(DkimCommands::folder) + "/DOMAIN.SELECTOR.pem")
        ->type_name("FILE");
    add_command(*dkim, "rotate", "make new keys for a domain, beside those that are configured",
                [this] { return dkim_commands().rotate(domain_); })
        ->add_option("DOMAIN", domain_)
        ->required();
    add_command(*dkim, "list", "the configured keys", [this] { return dkim_commands().list(); });
    CLI::App* record = add_command(*dkim, "record", "their records, as lines of a zone file",
                                   [this] { return dkim_commands().record(domain_, selector_); });
    record->add_option("DOMAIN", domain_, "default: all");
    record->add_option("SELECTOR", selector_, "default: all");
  }

  void add_spool() {
    CLI::App* spool = app_.add_subcommand("spool", "the stored messages themselves, with the daemon running or not");
    spool->fallthrough();
    spool->require_subcommand(1);
    spool
        ->add_option("--directory", directory_,
                     "the spool's folder; default: that of the running daemon, else what the configuration says")
        ->type_name("FOLDER");
    spool
        ->add_option("--config", config_,
                     "the configuration that names it; default, without a daemon: " + std::string(usual_config))
        ->type_name("FILE");
    add_command(*spool, "check", "verify every checksum; exits 1 when something is damaged",
                [this] { return spool_commands().check(); });
    add_export(*spool);
    CLI::App* import = add_command(*spool, "import",
                                   "put exported messages into the queue of a daemon, or into a spool that none uses",
                                   [this] { return spool_commands().import(folder_); });
    import->add_option("FOLDER", folder_, "what export --to made")->required();
  }

  void add_config(CLI::App& command) {
    command.add_option("--config", config_, "the daemon's configuration; default: " + std::string(usual_config))
        ->type_name("FILE");
  }

  // For the build: not among the options that --help shows.
  void add_documents() {
    const auto print = [this](const std::optional<std::string>& document) {
      if (!document) throw CLI::ValidationError("there is no such document");
      console_.out << *document;
      throw CLI::Success();
    };
    app_.add_option_function<std::string>("--man",
                                          [this, print](const std::string& page) { print(manual_named(page, app_)); })
        ->group("");
    app_.add_option_function<std::string>("--completion",
                                          [this, print](const std::string& shell) {
                                            using commandline::bash_completion, commandline::fish_completion,
                                                commandline::zsh_completion;
                                            print(shell == "bash"   ? std::optional(bash_completion(app_))
                                                  : shell == "fish" ? std::optional(fish_completion(app_))
                                                  : shell == "zsh"  ? std::optional(zsh_completion(app_))
                                                                    : std::nullopt);
                                          })
        ->group("");
  }

  void add_export(CLI::App& spool) {
    CLI::App* command = add_command(spool, "export", "one message as it is stored, or many into a folder", [this] {
      const AfterExport after = remove_ ? AfterExport::remove : AfterExport::keep;
      if (!folder_.empty()) return spool_commands().export_many(selection_, folder_, after);
      if (envelope_) return spool_commands().export_envelope(ids_.front());
      return spool_commands().export_body(ids_.front(), file_);
    });
    CLI::Option* id = command->add_option("ID", ids_, "as in the reply to DATA")->expected(1);
    command->add_option("--output", file_, "write the message to this new file")->needs(id)->type_name("FILE");
    command->add_flag("--envelope", envelope_, "print sender, recipients and their states instead")->needs(id);
    CLI::Option* to = command->add_option("--to", folder_, "write many messages into this folder")->type_name("FOLDER");
    command
        ->add_flag("--remove", remove_, "take them out of the spool, which no daemon may use, once they are safe there")
        ->needs(to);
    const std::vector<CLI::Option*> selectors{
        command->add_option("--sender", selection_.sender, "from this address; \"<>\": reports")->type_name("PATTERN"),
        command->add_option("--recipient", selection_.recipient, "waiting for this address")->type_name("PATTERN"),
        command->add_option("--destination", selection_.destination, "waiting for this domain")->type_name("PATTERN"),
        command->add_flag("--all", all_, "every message")};
    for (CLI::Option* selector : selectors) selector->needs(to)->excludes(id);
    command->parse_complete_callback([id, to, selectors] {
      const auto is_given = [](const CLI::Option* option) { return option->count() > 0; };
      const bool is_selected = std::ranges::any_of(selectors, is_given);
      if (is_selected == is_given(id)) throw CLI::RequiredError("an ID, or --to with --all or a selector");
      if (is_given(to) != is_selected) throw CLI::RequiredError("--all or a selector, with --to,");
    });
  }

  ControlCommands control() const {
    return {.console = console_,
            .socket = socket_.empty() ? usual_socket : socket_,
            .output = json_ ? Output::json : Output::text};
  }
  TopCommand top_command() const {
    const auto commands = control();
    return {.console = console_,
            .socket = commands.socket,
            .output = commands.output,
            .interval = interval_,
            .once = once_};
  }
  AccountCommands accounts() const {
    using From = AccountCommands::PasswordFrom;
    return {.console = console_,
            .file = file_,
            .config = config_,
            .password_from = generate_         ? From::generated
                             : password_stdin_ ? From::standard_input
                                               : From::terminal};
  }

  mailauth::KeyKind key_kind() const { return kind_ == "rsa" ? mailauth::KeyKind::rsa : mailauth::KeyKind::ed25519; }

  DkimCommands dkim_commands() const {
    return {.console = console_, .config = config_, .file = file_, .as_json = json_};
  }

  SpoolCommands spool_commands() const {
    using Socket = SpoolCommands::Socket;
    return {.console = console_,
            .directory = directory_,
            .config = config_,
            .socket = socket_.empty() ? usual_socket : socket_,
            .which = socket_.empty() ? Socket::usual : Socket::named,
            .output = json_ ? Output::json : Output::text};
  }

  Console& console_;
  CLI::App app_{"Asks and directs godwitd. Exit codes: 0 done, 1 failed, 2 usage or configuration error.", "godwitctl"};
  Command command_;
  std::string socket_;  // empty: the usual one
  bool json_ = false;
  std::size_t limit_ = 0;
  std::vector<std::string> ids_;
  Selectors selectors_;
  HistorySearch search_;
  std::string reason_, for_, interval_ = "2s";
  bool once_ = false;
  bool force_ = false;
  bool all_ = false;
  std::string file_, config_, address_, directory_, folder_;
  ExportSelection selection_;
  bool envelope_ = false, remove_ = false;
  bool password_stdin_ = false, generate_ = false;
  std::string domain_, selector_;  // of dkim
  std::string kind_ = "rsa";
  int bits_ = 2048;
  SetupOptions setup_{console_, json_, [this] { return control(); },
                      [this](Command command) { command_ = std::move(command); }};
};

}  // namespace

int godwitctl(int argc, const char* const* argv, Console& console) {
  return CommandLine(console).run(argc, argv);
}

}  // namespace godwit::tools
