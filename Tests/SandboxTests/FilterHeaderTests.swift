import CSeccomp
import Foundation
import Testing

@testable import Sandbox

struct FilterHeaderTests {
    @Test func `the tracked filters are what libseccomp makes of the lists, byte by byte`() throws {
        let path = "\(TestPrograms.root)/Sources/CLinux/seccomp_filters.h"
        let made = try FilterGenerator.header()
        if ProcessInfo.processInfo.environment["NANOCLAW_WRITE_FILTERS"] == "1" {
            try made.write(toFile: path, atomically: true, encoding: .utf8)
        }
        let tracked = try String(contentsOfFile: path, encoding: .utf8)
        #expect(made == tracked, "make it anew: NANOCLAW_WRITE_FILTERS=1 swift test --filter FilterHeaderTests")
    }

    @Test func `no call stands in two lists`() {
        let all =
            FilterLists.allowed + FilterLists.refused + FilterLists.killed + FilterLists.allowedByNumber.map(\.name)
        #expect(Set(all).count == all.count)
    }

    @Test func `a rule that libseccomp cannot express is an error, not a rule that does nothing`() throws {
        let filter = try FilterBuilder(default: Verdict.allow, architecture: .x86_64)
        #expect(throws: FilterError.self) {
            let twice = [compare(0, SCMP_CMP_GT, 8), compare(0, SCMP_CMP_LT, 16)]
            try filter.add(Verdict.errno(1), "personality", twice)
        }
        #expect(throws: FilterError.self) { try filter.add(Verdict.errno(1), "no_such_call") }
    }

    @Test(arguments: FilterArchitecture.allCases)
    func `every filter begins with the processor and ends in an answer`(architecture: FilterArchitecture) throws {
        let programs = [
            try FilterGenerator.argumentsFilter(architecture), try FilterGenerator.callsFilter(architecture),
            try FilterGenerator.initFilter(architecture),
        ]
        for program in programs {
            #expect(program.first == FilterInstruction(code: 0x20, onTrue: 0, onFalse: 0, value: 4))
            #expect(program[1].value == architecture.rawValue)
            #expect(program.last?.code == 0x06)
            // Another processor's numbers mean other calls: it is killed whatever it asks.
            #expect(program.contains { $0.code == 0x06 && $0.value == Verdict.kill })
            #expect(program.count < 4096)
        }
    }
}
