#include "topology/adapters/s3/credentials.hpp"

#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <string_view>

#include "topology/ports/archive.hpp"

namespace virtscale::s3 {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw ArchiveError("the S3 credentials in " + file.string() + ": " + why);
}

std::string read_private(const std::filesystem::path& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0)
    refuse(file, "there is no such file; make it, as AWS's tools have it, mode 0600");
  if ((found.st_mode & 077) != 0) refuse(file, "others can read it: chmod 0600 " + file.string());
  std::ifstream in(file, std::ios::binary);
  std::string text(credentials_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad() || text.empty()) refuse(file, "it cannot be read, or is empty; check the path and its owner");
  if (text.size() > credentials_bytes_max) refuse(file, "it is too long to be a credentials file; check the path");
  return text;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// Which of the two a line gives, or null.
std::string* place_of(Credentials& credentials, std::string_view name) {
  if (name == "aws_access_key_id") return &credentials.key_id;
  if (name == "aws_secret_access_key") return &credentials.secret;
  return nullptr;
}

void take_line(const std::filesystem::path& file, std::size_t number, std::string_view line, Credentials& credentials) {
  const auto where = "line " + std::to_string(number) + ": ";
  const auto equals = line.find('=');
  if (equals == line.npos) refuse(file, where + "write NAME = VALUE");
  auto* place = place_of(credentials, trimmed(line.substr(0, equals)));
  if (place == nullptr) refuse(file, where + "only aws_access_key_id and aws_secret_access_key are understood");
  if (!place->empty()) refuse(file, where + "this was said before; keep one of the two");
  *place = trimmed(line.substr(equals + 1));
}

}  // namespace

Credentials read_credentials(const std::filesystem::path& file) {
  std::istringstream text(read_private(file));
  Credentials credentials;
  bool is_ours = true;  // also without any section
  std::size_t number = 0;
  for (std::string raw; std::getline(text, raw);) {
    const auto line = trimmed(raw);
    ++number;
    if (line.empty() || line.starts_with('#') || line.starts_with(';')) continue;
    if (line.starts_with('[')) {
      is_ours = line == "[default]";
    } else if (is_ours) {
      take_line(file, number, line, credentials);
    }
  }
  if (credentials.key_id.empty() || credentials.secret.empty()) {
    refuse(file, "aws_access_key_id or aws_secret_access_key is missing under [default]");
  }
  return credentials;
}

}  // namespace virtscale::s3
