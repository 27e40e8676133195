// Crashes at every call of a scenario: the disk as a power cut or a kill may leave it is opened as
// another machine would, and judged, while the scenario goes on as if nothing had happened. While
// such a disk is recovered it is crashed again, up to three deep.
#pragma once

#include <cstdint>
#include <string>

#include "lab/scenarios.h"
#include "lab/simulated_disk.h"

namespace eventlog::test {

struct CrashFigures {
  int64_t power_cuts = 0;
  int64_t kills = 0;
  int64_t nested = 0;        // of both, those inside a recovery
  int64_t fault_points = 0;  // calls that failed, of FailAndCrashEverywhere
  int64_t disk_full = 0;     // errors that said so, of a RandomHistory
  int64_t records_judged = 0;
};

// How many outcomes of one moment are tried, besides the three that are no matter of dice: nothing
// unsynced is left, everything is, and the process alone died.
struct CutOptions {
  uint64_t seed = 1;
  int64_t every = 1;  // of so many calls of the scenario one, by dice, is where it crashes
  int dice = 1;       // outcomes by dice for each call
};

// What went wrong first, with everything that is needed to see it again, or an empty string.
std::string CrashEverywhere(const Scenario& scenario, const CutOptions& options,
                            CrashFigures* figures);

// The same of a scenario in which one call fails, each in turn, in a way by dice: a sync that loses
// what it was to write, a write of a part, a full disk, any other error. The application goes on
// until it sees the error, and behind Reopen, with crashes at some of these calls.
std::string FailAndCrashEverywhere(const Scenario& scenario, const CutOptions& options,
                                   CrashFigures* figures);

// Opens what a kill and a power cut right now leave of a disk that has just been recovered and
// judged, and judges it: all that the recovery found is durable by then. What is wrong, or an empty
// string.
std::string JudgeRecovered(const SimulatedDisk& disk, const Oracle& oracle, ManualClock* clock);

}  // namespace eventlog::test
