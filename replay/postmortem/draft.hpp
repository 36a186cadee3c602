// The draft: the sections of a postmortem in their order, with what is for people left to people.
#pragma once

#include "replay/postmortem/business_days.hpp"
#include "replay/postmortem/case.hpp"
#include "replay/postmortem/document.hpp"
#include "replay/postmortem/proofs.hpp"

namespace virtscale::replay {

/// What a draft says about itself.
struct DraftTerms {
  Calendar calendar;                     ///< of the org, at the end of the case
  std::string name;                      ///< of the files, without their endings
  std::string log;                       ///< as `--log` named it
  std::vector<std::string> proof_files;  ///< beside the draft, one for each proof
  std::string arguments;                 ///< of the command that wrote it, behind `virtscale-replay postmortem`
};

Document draft_of(const Case& of, const Proofs& proofs, const DraftTerms& terms);

}  // namespace virtscale::replay
