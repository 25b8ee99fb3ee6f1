import COlm
import Core
import Glibc

/// What libolm says went wrong.
typealias OlmError = CodedError<OlmFailure>

/// The kinds of ``OlmError`` that are told apart.
enum OlmFailure: Sendable, Hashable {
    /// The session begins after this message: its key does not open what came before.
    case unknownIndex
    /// A one-time key that this account does not have, or not any more.
    case unknownKey
    /// The message is damaged, or is not for this session.
    case badMessage
    /// What was stored cannot be opened with this key.
    case badPickle
    case other
}

/// The memory of one object of libolm, overwritten before it is given back.
final class OlmMemory {
    let pointer: UnsafeMutableRawPointer
    private let size: Int

    init(_ size: Int) {
        self.size = size
        pointer = .allocate(byteCount: size, alignment: 16)
    }

    deinit {
        explicit_bzero(pointer, size)
        pointer.deallocate()
    }
}

/// Bytes that are secret: overwritten when the last user lets go of them, and never described.
///
/// `@unchecked`: its memory is written by `init` and `deinit` alone.
final class SecretBytes: @unchecked Sendable, CustomStringConvertible {
    private let memory: OlmMemory
    private let count: Int

    /// A copy of the bytes.
    init(_ bytes: [UInt8]) {
        memory = OlmMemory(max(bytes.count, 1))
        count = bytes.count
        memory.pointer.copyMemory(from: bytes, byteCount: bytes.count)
    }

    /// From the system's generator.
    static func random(_ count: Int) -> SecretBytes { SecretBytes(Olm.random(count)) }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(start: memory.pointer, count: count))
    }

    var description: String { "\(count) secret bytes" }
}

/// Calls of libolm in Swift's terms.
///
/// They compute and do nothing else; a few may take milliseconds, so they run in the store's queue and not on the
/// cooperative pool.
enum Olm {
    static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// Runs a call that takes random bytes, and overwrites them.
    static func withRandom(_ count: Int, _ call: (UnsafeMutableRawPointer?, Int) -> Int) -> Int {
        var bytes = random(count)
        return bytes.withUnsafeMutableBytes { bytes in
            defer { if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) } }
            return call(bytes.baseAddress, bytes.count)
        }
    }

    /// Throws what libolm says when a call has failed.
    @discardableResult
    static func check(_ result: Int, _ what: String, _ code: () -> OlmErrorCode) throws(OlmError) -> Int {
        guard result == olm_error() else { return result }
        let code = code()
        let words = _olm_error_to_string(code).map { String(cString: $0) } ?? ""
        let failure: OlmFailure
        switch code {
        case OLM_UNKNOWN_MESSAGE_INDEX: failure = .unknownIndex
        case OLM_BAD_MESSAGE_KEY_ID: failure = .unknownKey
        case OLM_BAD_MESSAGE_VERSION, OLM_BAD_MESSAGE_FORMAT, OLM_BAD_MESSAGE_MAC, OLM_INVALID_BASE64,
            OLM_BAD_SIGNATURE,
            OLM_BAD_SESSION_KEY:
            failure = .badMessage
        case OLM_BAD_ACCOUNT_KEY, OLM_CORRUPTED_PICKLE, OLM_UNKNOWN_PICKLE_VERSION, OLM_BAD_LEGACY_ACCOUNT_PICKLE,
            OLM_PICKLE_EXTRA_DATA:
            failure = .badPickle
        default: failure = .other
        }
        throw OlmError(failure, "libolm: \(what): \(words)")
    }

    /// What a call writes into a buffer of this size; the call answers how much of it it has used.
    static func output(
        _ size: Int,
        _ what: String,
        _ code: () -> OlmErrorCode,
        _ call: (UnsafeMutableRawPointer?, Int) -> Int
    ) throws(OlmError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        let used = bytes.withUnsafeMutableBytes { call($0.baseAddress, $0.count) }
        try check(used, what, code)
        return Array(bytes.prefix(used))
    }

    /// Whether an Ed25519 signature of these bytes is good; keys and signature in unpadded Base64.
    static func isSigned(_ message: [UInt8], by key: String, signature: String) -> Bool {
        let memory = OlmMemory(olm_utility_size())
        guard let utility = olm_utility(memory.pointer) else { return false }
        defer { olm_clear_utility(utility) }
        // libolm reads as many bytes as the sizes ought to have.
        guard UnpaddedBase64.decode(key)?.count == 32, UnpaddedBase64.decode(signature)?.count == 64 else {
            return false
        }
        let key = Array(key.utf8)
        var signature = Array(signature.utf8)
        return olm_ed25519_verify(utility, key, key.count, message, message.count, &signature, signature.count) == 0
    }
}
