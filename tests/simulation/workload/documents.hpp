// Documents as dice draw them: contracts, services and cells, small enough that every limit is met within minutes.
#pragma once

#include <string>

#include "schemas/codec.hpp"
#include "tests/simulation/engine/dice.hpp"

namespace virtscale::simulation {

/// Of `version`; room for a few domains up to some dozens. One in twelve names no owner.
schema::ContractAppliedT draw_contract(Dice& dice, const std::string& org, std::int64_t version);

/// Rules for the alerts of `alert_names` and, one in four, for a schedule.
std::unique_ptr<schema::ServiceSpecT> draw_service(Dice& dice, const std::string& name, const std::string& cell);

/// One to five nodes; one in twelve has none.
schema::CellAppliedT draw_cell(Dice& dice, const std::string& name);
/// Another one: nodes are lost or gained, or change their size.
void change_cell(Dice& dice, schema::CellAppliedT& cell);

/// The alerts that services may have rules for. The last has never a rule.
inline constexpr std::array<const char*, 4> alert_names = {"hot", "cold", "surge", "odd"};

}  // namespace virtscale::simulation
