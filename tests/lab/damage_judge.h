// What a log may say whose files were damaged. Each record is exactly what it was, or an error that
// names a file, or gone and told: with a mode that repairs, what the damage hit; else, after an
// unclean stop, what docs/guarantees.md says cannot be decided.
#pragma once

#include <string>

#include "eventlog/eventlog.h"
#include "lab/damage_dice.h"
#include "lab/log_image.h"

namespace eventlog::test {

enum class DamageOutcome {
  kRefused,   // to open
  kReported,  // an error where the damage is, or a loss that the recovery report tells
  kHarmless,  // nothing is missing
};

// What is wrong with what Log::Open answered about the damaged files of `truth`'s log, or an empty
// string.
std::string JudgeRefusal(const absl::Status& opened, const Damage& damage);
// The same of a log that opened.
std::string JudgeDamagedLog(const LogImage& truth, const Damage& damage, RecoveryMode mode,
                            Log* log, DamageOutcome* outcome);

// The same of a log that is open and has all of its partition in segments, of which only bytes are
// damaged: each batch that is hit is an error, and no other. Reads what may be concerned.
std::string JudgeReads(const PartitionImage& truth, const Damage& damage, Log* log,
                       DamageOutcome* outcome);

// Whether a read's error is one that damage may have: DataLoss that names a file of the log.
bool IsDamageToRead(const absl::Status& status);
bool Damages(const Damage& damage, const Home& home);

}  // namespace eventlog::test
