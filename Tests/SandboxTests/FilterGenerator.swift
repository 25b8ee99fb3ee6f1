import CSeccomp

#if canImport(Glibc)
import Glibc
#endif

/// Makes Sources/CLinux/seccomp_filters.h: the filters of a sandbox, decided in the lists beside this file, compiled
/// by libseccomp at development time, loaded by the launcher as they are.
enum FilterGenerator {
    /// The whole header.
    ///
    /// The same libseccomp makes the same bytes.
    static func header() throws -> String {
        var text = """
            // Made by FilterGenerator (Tests/SandboxTests) with libseccomp. Do not edit: change the lists there, then
            // NANOCLAW_WRITE_FILTERS=1 swift test --filter FilterHeaderTests
            #ifndef SECCOMP_FILTERS_H
            #define SECCOMP_FILTERS_H

            #include <stdint.h>

            // Laid out as struct sock_filter.
            struct clinux_instruction {
                uint16_t code;
                uint8_t on_true, on_false;
                uint32_t value;
            };


            """
        for (index, architecture) in FilterArchitecture.allCases.enumerated() {
            text += "#\(index == 0 ? "if" : "elif") defined(__\(architecture.name)__)\n\n"
            text += array("clinux_filter_arguments", try argumentsFilter(architecture))
            text += array("clinux_filter_calls", try callsFilter(architecture))
            text += array("clinux_filter_init", try initFilter(architecture))
        }
        return text + "#else\n#error \"no seccomp filter for this processor\"\n#endif\n\n#endif\n"
    }

    /// Default ALLOW; refuses by argument.
    ///
    /// It is loaded first.
    static func argumentsFilter(_ architecture: FilterArchitecture) throws -> [FilterInstruction] {
        let filter = try FilterBuilder(default: Verdict.allow, architecture: architecture)
        for rule in FilterLists.refusedArguments {
            try filter.add(Verdict.errno(rule.errno), rule.call, rule.conditions)
        }
        return personalityCheck(architecture) + (try filter.program())
    }

    /// Default ENOSYS; allows by number.
    ///
    /// It is loaded last.
    static func callsFilter(_ architecture: FilterArchitecture) throws -> [FilterInstruction] {
        let filter = try FilterBuilder(default: Verdict.errno(ENOSYS), architecture: architecture)
        for call in FilterLists.allowed { try filter.add(Verdict.allow, call) }
        for call in FilterLists.refused { try filter.add(Verdict.errno(EPERM), call) }
        for call in FilterLists.killed { try filter.add(Verdict.kill, call) }
        if architecture.isNative {
            for (name, number) in FilterLists.allowedByNumber { try filter.add(Verdict.allow, number: number, name) }
        }
        return try filter.program()
    }

    /// PID 1: default KILL_PROCESS.
    static func initFilter(_ architecture: FilterArchitecture) throws -> [FilterInstruction] {
        let filter = try FilterBuilder(default: Verdict.kill, architecture: architecture)
        for call in FilterLists.initAllowed { try filter.add(Verdict.allow, call) }
        let notExecutable = [masked(2, UInt64(PROT_EXEC), 0)]
        for call in ["mmap", "mprotect"] { try filter.add(Verdict.allow, call, notExecutable) }
        return try filter.program()
    }

    /// Makes personality(2) with any but the harmless values EPERM.
    ///
    /// libseccomp cannot join several comparisons of one argument by AND, so these instructions are our own. Other calls
    /// and processors fall through to what follows.
    private static func personalityCheck(_ architecture: FilterArchitecture) -> [FilterInstruction] {
        let number: UInt32 = architecture == .x86_64 ? 135 : 92
        let harmless: [UInt32] = [0, 0x8, 0x20000, 0x40000, 0xFFFF_FFFF]
        let load: (UInt32) -> FilterInstruction = { .init(code: 0x20, onTrue: 0, onFalse: 0, value: $0) }
        let compare: (UInt32, Int, Int) -> FilterInstruction = {
            .init(code: 0x15, onTrue: UInt8($1), onFalse: UInt8($2), value: $0)
        }
        let comparisons = harmless.count
        var program = [
            load(4), compare(architecture.rawValue, 0, comparisons + 4),
            load(0), compare(number, 0, comparisons + 2),
            load(16),
        ]
        for (index, value) in harmless.enumerated() { program.append(compare(value, comparisons - index, 0)) }
        program.append(.init(code: 0x06, onTrue: 0, onFalse: 0, value: Verdict.errno(EPERM)))
        return program
    }

    private static func array(_ name: String, _ program: [FilterInstruction]) -> String {
        var text = "// \(program.count) instructions\nstatic const struct clinux_instruction \(name)[] = {\n"
        for start in stride(from: 0, to: program.count, by: 4) {
            let row = program[start..<min(start + 4, program.count)].map {
                "{\(hex($0.code, 2)), \($0.onTrue), \($0.onFalse), \(hex($0.value, 8))}"
            }
            text += "    " + row.joined(separator: ", ") + ",\n"
        }
        return text + "};\n\n"
    }

    private static func hex(_ value: some FixedWidthInteger, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return "0x" + String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
