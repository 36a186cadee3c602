// Every kind of event as a type, so that a test can be made for each.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "schemas/codec.hpp"

namespace virtscale::test {

template <class... Tables>
struct Types {
  static_assert(sizeof...(Tables) == static_cast<std::size_t>(schema::Body::MAX), "a kind of event is missing here");

  /// What `encode` makes of the body in `native`, of whatever kind it is.
  static std::vector<std::byte> encoded(const schema::BodyUnion& native, std::string_view org) {
    std::vector<std::byte> bytes;
    (encode_if<Tables>(native, org, bytes), ...);
    return bytes;
  }

 private:
  template <class Table>
  static void encode_if(const schema::BodyUnion& native, std::string_view org, std::vector<std::byte>& bytes) {
    if (native.type == schema::BodyTraits<Table>::enum_value)
      bytes = schema::encode(*static_cast<const typename Table::NativeTableType*>(native.value), org);
  }
};

using Bodies =
    Types<schema::AlertRaised, schema::AlertResolved, schema::AlertUnroutable, schema::ScaleRequested,
          schema::ScheduleDue, schema::ServiceApplied, schema::ScaleWanted, schema::AlertCleared,
          schema::ContractApplied, schema::ScaleAdmitted, schema::ScaleDecided, schema::RefusalEnded,
          schema::ScaleAnswered, schema::DocumentFolded, schema::OwnerNotified, schema::SendMail, schema::MailSent,
          schema::MailFailed, schema::CellApplied, schema::OrphansFound, schema::StartDomain, schema::DomainSpawned,
          schema::SpawnFailed, schema::StopDomain, schema::DomainHalted, schema::HaltFailed, schema::DomainStarted,
          schema::DomainRetired, schema::DomainRunning, schema::DomainNotStarted, schema::DomainStopped,
          schema::DomainPlaced, schema::DomainFailed, schema::DomainRemoved, schema::LoadBalancerRestarted,
          schema::ProbeDomain, schema::LivenessPassed, schema::LivenessFailed, schema::AddBackend, schema::BackendAdded,
          schema::BackendRefused, schema::DrainBackend, schema::BackendDrained, schema::DrainFailed,
          schema::DomainServing, schema::BackendGone, schema::BackendFailed, schema::SignCheckpoint,
          schema::CheckpointSigned, schema::LineAppended, schema::CheckpointPublished, schema::FoldActivated,
          schema::TimerFired, schema::RecordRejected, schema::CalendarApplied, schema::PostmortemDrafted,
          schema::PostmortemClosed, schema::StraysFound>;

}  // namespace virtscale::test
