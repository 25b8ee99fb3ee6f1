import CLinux
import CSeccomp

#if canImport(Glibc)
import Glibc
#endif

/// What went wrong while a filter was made: the call of libseccomp, what it was about, and its errno.
struct FilterError: Error, CustomStringConvertible {
    let call: String
    let subject: String
    let errno: Int32

    var description: String { "\(call)(\(subject)): \(String(cString: strerror(errno)))" }
}

/// One instruction of a filter, as `struct sock_filter` has it.
struct FilterInstruction: Equatable {
    var code: UInt16
    var onTrue: UInt8
    var onFalse: UInt8
    var value: UInt32
}

/// A processor that filters are made for.
///
/// The raw values are AUDIT_ARCH_*.
enum FilterArchitecture: UInt32, CaseIterable {
    case x86_64 = 0xC000_003E
    case aarch64 = 0xC000_00B7

    var name: String { self == .x86_64 ? "x86_64" : "aarch64" }
    var isNative: Bool { rawValue == seccomp_arch_native() }
}

/// A filter under construction in libseccomp.
///
/// Every call's result is checked: some versions drop a rule that they cannot express and say so in nothing but the
/// return value.
final class FilterBuilder {
    private let context: scmp_filter_ctx
    private let architecture: FilterArchitecture

    init(default action: UInt32, architecture: FilterArchitecture) throws {
        guard let context = seccomp_init(action) else {
            throw FilterError(call: "seccomp_init", subject: "\(action)", errno: ENOMEM)
        }
        self.context = context
        self.architecture = architecture
        if !architecture.isNative {
            try check(seccomp_arch_add(context, architecture.rawValue), "seccomp_arch_add", architecture.name)
            try check(seccomp_arch_remove(context, seccomp_arch_native()), "seccomp_arch_remove", "native")
        }
        try check(seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, Verdict.kill), "seccomp_attr_set", "BADARCH")
        try check(seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2), "seccomp_attr_set", "OPTIMIZE")
    }

    deinit { seccomp_release(context) }

    /// Adds one rule.
    ///
    /// `conditions` are joined by AND and name different arguments.
    func add(_ action: UInt32, _ name: String, _ conditions: [scmp_arg_cmp] = []) throws {
        let number = seccomp_syscall_resolve_name(name)
        guard number != -1 else { throw FilterError(call: "resolve", subject: name, errno: ENOSYS) }
        try add(action, number: number, name, conditions)
    }

    /// Adds a rule by number, for calls that this libseccomp has no name for.
    ///
    /// They can be told to it for the processor that it runs on alone.
    func add(_ action: UInt32, number: Int32, _ name: String, _ conditions: [scmp_arg_cmp] = []) throws {
        try check(
            seccomp_rule_add_array(context, action, number, UInt32(conditions.count), conditions),
            "seccomp_rule_add",
            name
        )
    }

    /// The finished program.
    func program() throws -> [FilterInstruction] {
        let file = clinux_memfd("filter")
        guard file >= 0 else { throw FilterError(call: "memfd_create", subject: "filter", errno: -file) }
        defer { close(file) }
        try check(seccomp_export_bpf(context, file), "seccomp_export_bpf", architecture.name)
        var bytes = [UInt8](repeating: 0, count: Int(lseek(file, 0, SEEK_END)))
        let got = pread(file, &bytes, bytes.count, 0)
        guard got == bytes.count, got % 8 == 0 else { throw FilterError(call: "pread", subject: "filter", errno: EIO) }
        return stride(from: 0, to: bytes.count, by: 8).map { start in
            bytes.withUnsafeBytes { raw in
                FilterInstruction(
                    code: raw.loadUnaligned(fromByteOffset: start, as: UInt16.self),
                    onTrue: raw[start + 2],
                    onFalse: raw[start + 3],
                    value: raw.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self)
                )
            }
        }
    }

    private func check(_ result: Int32, _ call: String, _ subject: String) throws {
        guard result == 0 else { throw FilterError(call: call, subject: subject, errno: -result) }
    }
}

/// Answers of a filter.
enum Verdict {
    static let allow: UInt32 = 0x7FFF_0000
    static let kill: UInt32 = 0x8000_0000
    static func errno(_ number: Int32) -> UInt32 { 0x0005_0000 | UInt32(number) }
}

/// `argument & mask == value`.
///
/// The mask keeps what the kernel itself looks at: a caller may set the upper half of a register at will, and a
/// comparison of the whole register would then miss (CVE-2019-10063).
func masked(_ argument: UInt32, _ mask: UInt64, _ value: UInt64) -> scmp_arg_cmp {
    scmp_arg_cmp(arg: argument, op: SCMP_CMP_MASKED_EQ, datum_a: mask, datum_b: value)
}

/// The low 32 bits of the argument equal `value`.
func equal32(_ argument: UInt32, _ value: UInt64) -> scmp_arg_cmp { masked(argument, 0xFFFF_FFFF, value) }

/// The whole argument compares to `value` by `comparison`.
func compare(_ argument: UInt32, _ comparison: scmp_compare, _ value: UInt64) -> scmp_arg_cmp {
    scmp_arg_cmp(arg: argument, op: comparison, datum_a: value, datum_b: 0)
}
