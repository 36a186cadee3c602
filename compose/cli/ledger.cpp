#include "compose/cli/ledger.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>

#include "compose/cli/ledger_copy.hpp"
#include "compose/cli/printing.hpp"
#include "compose/ledger/files.hpp"
#include "compose/ledger/proof.hpp"
#include "compose/ledger/verify.hpp"
#include "topology/host/temporary_directory.hpp"

namespace virtscale::cli {
namespace json = boost::json;
namespace {

std::optional<std::string> read_file(const std::filesystem::path& name) {
  std::ifstream in(name, std::ios::binary);
  if (!in) return {};
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// The vkeys of files, one a line. Complains and gives nothing if one cannot be read.
std::optional<std::vector<VerifierKey>> read_keys(const Context& context, const std::vector<std::string>& files) {
  std::vector<VerifierKey> all;
  for (const auto& file : files) {
    const auto text = read_file(file);
    const auto keys = text ? ledger::parse_keys(*text) : std::nullopt;
    if (!keys) {
      complain(context, file + " holds no public keys: each line is a vkey, as `virtscale keys list` prints it");
      return {};
    }
    all.insert(all.end(), keys->begin(), keys->end());
  }
  return all;
}

Exit print_report(const Context& context, const ledger::LedgerReport& report) {
  json::array faults;
  for (const auto& fault : report.faults) {
    faults.push_back(json::object{{"where", fault.where}, {"what", fault.what}});
    if (context.format == Format::text) fmt::print(stderr, "virtscale: {}\n", to_string(fault));
  }
  if (context.format == Format::json) {
    print_json(json::object{{"sound", report.is_sound()},
                            {"origin", report.checkpoint.origin},
                            {"lines", report.lines},
                            {"signers", json::array(report.signers.begin(), report.signers.end())},
                            {"faults", std::move(faults)}});
  } else if (report.is_sound()) {
    fmt::print("{}: {} lines verified, signed by {}\n", report.checkpoint.origin, report.lines,
               fmt::join(report.signers, ", "));
  }
  return report.is_sound() ? Exit::done : Exit::not_verified;
}

Exit verify_directory(const Context& context, const LedgerOrder& order, const std::filesystem::path& directory) {
  auto files = order.key_files;
  if (files.empty()) files.push_back((directory / "keys").string());
  const auto keys = read_keys(context, files);
  if (!keys) return Exit::not_verified;
  return print_report(context, ledger::verify_ledger(directory, *keys));
}

Exit report_faults(const Context& context, const std::vector<ledger::LedgerFault>& faults) {
  for (const auto& fault : faults) complain(context, to_string(fault));
  return Exit::not_verified;
}

}  // namespace

Exit ledger_show(const Context& context, const LedgerOrder& order) {
  const auto answer = ledger_lines(context.client, order.org, std::numeric_limits<std::uint64_t>::max());
  if (answer.status != 200) return complain_about(context, answer, "the ledger of " + order.org);
  if (context.format == Format::json) {
    fmt::print("{}", answer.body);
    return Exit::done;
  }
  std::vector<std::vector<std::string>> rows{
      {"LINE", "EVENT", "SERVICE", "DECISION", "FROM", "TO", "ELAPSED", "REASON"}};
  for (std::size_t at = 0; at < answer.body.size();) {
    const auto end = answer.body.find('\n', at);
    const auto line = json_of({200, answer.body.substr(at, end - at)});
    const auto& replicas = object_of(line, "replicas");
    rows.push_back({text_of(line, "index"), text_of(line, "event"), text_of(line, "service"), text_of(line, "decision"),
                    text_of(replicas, "from"), text_of(replicas, "to"), seconds_text(integer_of(line, "elapsed_us")),
                    text_of(line, "reason")});
    if (end == std::string::npos) break;
    at = end + 1;
  }
  print_table(rows);
  return Exit::done;
}

Exit ledger_verify(const Context& context, const LedgerOrder& order) {
  if (!order.directory.empty()) return verify_directory(context, order, order.directory);
  if (order.org.empty()) {
    complain(context, "name an ORG of the server, or --dir DIR with an exported ledger");
    return Exit::usage;
  }
  const TemporaryDirectory scratch;
  const auto fetched = fetch_ledger(context.client, order.org, scratch.path());
  if (fetched.failure.status != 200) return complain_about(context, fetched.failure, "the ledger of " + order.org);
  return verify_directory(context, order, scratch.path());
}

Exit ledger_export(const Context& context, const LedgerOrder& order) {
  const auto fetched = fetch_ledger(context.client, order.org, order.directory);
  if (fetched.failure.status != 200) return complain_about(context, fetched.failure, "the ledger of " + order.org);
  if (context.format == Format::json) {
    print_json(json::object{{"org", order.org}, {"lines", fetched.lines}, {"directory", order.directory}});
  } else {
    fmt::print("{} lines of {} are in {}\n", fetched.lines, order.org, order.directory);
  }
  return Exit::done;
}

Exit ledger_prove(const Context& context, const LedgerOrder& order) {
  const auto answer = ask(context.client, "GET", "/v1/scales/" + escaped(order.event));
  if (answer.status != 200) return complain_about(context, answer, order.event);
  const TemporaryDirectory scratch;
  const auto fetched = fetch_ledger(context.client, text_of(json_of(answer), "org"), scratch.path());
  if (fetched.failure.status != 200) return complain_about(context, fetched.failure, "the ledger");
  const auto proved = ledger::prove_event(scratch.path(), order.event);
  if (!proved.faults.empty()) return report_faults(context, proved.faults);
  for (const auto& proof : proved.proofs) {
    if (context.format == Format::json) {
      print_json(json::object{{"index", proof.index}, {"line", proof.line}, {"proof", ledger::with_line(proof)}});
    } else {
      fmt::print("{}", ledger::with_line(proof));
    }
  }
  return Exit::done;
}

Exit ledger_check_proof(const Context& context, const LedgerOrder& order) {
  const auto proof = read_file(order.proof_file);
  const auto keys = read_keys(context, order.key_files);
  if (!proof || !keys) {
    if (!proof) complain(context, "cannot read " + order.proof_file);
    return Exit::failed;
  }
  auto line = order.line_file.empty() ? ledger::line_in(*proof) : read_file(order.line_file);
  if (!line) {
    complain(context, order.proof_file + " does not hold its line: give it with --line FILE");
    return Exit::failed;
  }
  while (line->ends_with('\n')) line->pop_back();
  const auto checked = ledger::check_proof(*proof, *line, *keys);
  if (!checked.faults.empty()) return report_faults(context, checked.faults);
  if (context.format == Format::json) {
    print_json(json::object{{"sound", true}, {"index", checked.index}, {"origin", checked.checkpoint.origin}});
  } else {
    fmt::print("line {} is in {}, signed by {}\n", checked.index, checked.checkpoint.origin,
               fmt::join(checked.signers, ", "));
  }
  return Exit::done;
}

}  // namespace virtscale::cli
