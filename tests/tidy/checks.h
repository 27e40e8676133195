// What the tree is held to, one function per rule. Each looks at a whole tree, so that a small one
// in memory can show that it finds what it is for.
#pragma once

#include "tidy/source.h"

namespace eventlog::tidy {

inline constexpr int kMaxFileLines = 800;
inline constexpr int kMaxFunctionLines = 70;
inline constexpr int kMaxColumns = 100;
inline constexpr int kMaxOptions = 12;

// layers.cc
Problems CheckLayers(const Tree& tree);
Problems CheckPublicIncludes(const Tree& tree);
Problems CheckUsersIncludes(const Tree& tree);
Problems CheckDependencies(const Tree& tree);

// sizes.cc
Problems CheckFileLines(const Tree& tree);
Problems CheckColumns(const Tree& tree);
Problems CheckFunctionLines(const Tree& tree);
Problems CheckOptionCounts(const Tree& tree);

// words.cc
Problems CheckSystemCalls(const Tree& tree);
Problems CheckTimeAndRandomness(const Tree& tree);
Problems CheckLocks(const Tree& tree);
Problems CheckUnfinishedWords(const Tree& tree);
Problems CheckPragmaOnce(const Tree& tree);

// layout.cc
Problems CheckTestsExist(const Tree& tree);
Problems CheckSourcesAreBuilt(const Tree& tree);
Problems CheckTestNames(const Tree& tree);

// documents.cc
Problems CheckLinks(const Tree& tree);
Problems CheckNamedPaths(const Tree& tree);

// public_comments.cc
Problems CheckPublicComments(const Tree& tree);

// rules.cc
Problems CheckNamedTests(const Tree& tree);
Problems CheckRulesAreTested(const Tree& tree);

// mutants.cc
Problems CheckMutants(const Tree& tree);

}  // namespace eventlog::tidy
