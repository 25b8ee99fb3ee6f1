import COlm
import Core

/// The long-lived keys of this device, and its one-time keys.
///
/// Belongs to one thread at a time.
final class IdentityAccount {
    /// The public halves, in unpadded Base64.
    struct Keys: Sendable, Equatable {
        var curve25519: String
        var ed25519: String
    }

    private let memory = OlmMemory(olm_account_size())
    fileprivate let account: OpaquePointer

    /// A new device's keys.
    init() throws(OlmError) {
        account = try Self.make(memory)
        let account = account
        let result = Olm.withRandom(olm_create_account_random_length(account)) { olm_create_account(account, $0, $1) }
        try Olm.check(result, "new account") { olm_account_last_error_code(account) }
    }

    init(pickle: [UInt8], key: SecretBytes) throws(OlmError) {
        account = try Self.make(memory)
        let account = account
        var pickle = pickle
        let result = key.withBytes {
            olm_unpickle_account(account, $0.baseAddress, $0.count, &pickle, pickle.count)
        }
        try Olm.check(result, "stored account") { olm_account_last_error_code(account) }
    }

    deinit { olm_clear_account(account) }

    private static func make(_ memory: OlmMemory) throws(OlmError) -> OpaquePointer {
        guard let account = olm_account(memory.pointer) else { throw OlmError(.other, "libolm makes no account") }
        return account
    }

    private var code: () -> OlmErrorCode { { [account] in olm_account_last_error_code(account) } }

    /// What is stored of it, encrypted with the key.
    func pickle(_ key: SecretBytes) throws(OlmError) -> [UInt8] {
        try Olm.output(olm_pickle_account_length(account), "account", code) { output, size in
            key.withBytes { olm_pickle_account(account, $0.baseAddress, $0.count, output, size) }
        }
    }

    func keys() throws(OlmError) -> Keys {
        let fields: [String: String] = try object("identity keys", olm_account_identity_keys_length(account)) {
            olm_account_identity_keys(account, $0, $1)
        }
        guard let curve = fields["curve25519"], let ed = fields["ed25519"] else {
            throw OlmError(.other, "libolm tells no identity keys")
        }
        return Keys(curve25519: curve, ed25519: ed)
    }

    /// The Ed25519 signature of the bytes.
    func sign(_ message: [UInt8]) throws(OlmError) -> String {
        let bytes = try Olm.output(olm_account_signature_length(account), "signature", code) {
            olm_account_sign(account, message, message.count, $0, $1)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Half of what it can hold: the rest is for keys that are claimed and not used yet.
    var wantedOneTimeKeys: Int { olm_account_max_number_of_one_time_keys(account) / 2 }

    func makeOneTimeKeys(_ count: Int) throws(OlmError) {
        let result = Olm.withRandom(olm_account_generate_one_time_keys_random_length(account, count)) {
            olm_account_generate_one_time_keys(account, count, $0, $1)
        }
        try Olm.check(result, "one-time keys", code)
    }

    func makeFallbackKey() throws(OlmError) {
        let result = Olm.withRandom(olm_account_generate_fallback_key_random_length(account)) {
            olm_account_generate_fallback_key(account, $0, $1)
        }
        try Olm.check(result, "fallback key", code)
    }

    /// The one-time keys that are not published, by id.
    func oneTimeKeys() throws(OlmError) -> [String: String] {
        let all: [String: [String: String]] = try object("one-time keys", olm_account_one_time_keys_length(account)) {
            olm_account_one_time_keys(account, $0, $1)
        }
        return all["curve25519"] ?? [:]
    }

    /// The fallback key when it is not published, by id.
    func fallbackKey() throws(OlmError) -> [String: String] {
        let size = olm_account_unpublished_fallback_key_length(account)
        let all: [String: [String: String]] = try object("fallback key", size) {
            olm_account_unpublished_fallback_key(account, $0, $1)
        }
        return all["curve25519"] ?? [:]
    }

    func markPublished() { olm_account_mark_keys_as_published(account) }

    /// Forgets the one-time key that a session was made with.
    func removeOneTimeKey(of session: PairSession) throws(OlmError) {
        try Olm.check(olm_remove_one_time_keys(account, session.session), "one-time key of a session", code)
    }

    private func object<Value: Decodable>(
        _ what: String,
        _ size: Int,
        _ call: (UnsafeMutableRawPointer?, Int) -> Int
    ) throws(OlmError) -> [String: Value] {
        let json = try Olm.output(size, what, code, call)
        do { return try JSONText.decode([String: Value].self, json) } catch {
            throw OlmError(.other, "libolm tells no \(what)", cause: error)
        }
    }
}

/// An Olm session: a ratchet between this device and another.
///
/// Belongs to one thread at a time.
final class PairSession {
    /// A message of the ratchet.
    struct Message: Sendable, Equatable {
        /// 0 for one that begins a session, 1 for others.
        var type: Int
        /// In unpadded Base64.
        var body: String
    }

    private let memory = OlmMemory(olm_session_size())
    fileprivate let session: OpaquePointer

    private init() throws(OlmError) {
        guard let session = olm_session(memory.pointer) else { throw OlmError(.other, "libolm makes no session") }
        self.session = session
    }

    /// A session to a device, by one of its one-time keys.
    convenience init(from account: IdentityAccount, to identityKey: String, oneTimeKey: String) throws(OlmError) {
        try self.init()
        let identity = Array(identityKey.utf8)
        let oneTime = Array(oneTimeKey.utf8)
        let result = Olm.withRandom(olm_create_outbound_session_random_length(session)) {
            olm_create_outbound_session(
                session,
                account.account,
                identity,
                identity.count,
                oneTime,
                oneTime.count,
                $0,
                $1
            )
        }
        try Olm.check(result, "new session", code)
    }

    /// The session that a first message of a device begins.
    convenience init(for account: IdentityAccount, from identityKey: String, message: String) throws(OlmError) {
        try self.init()
        let identity = Array(identityKey.utf8)
        var message = Array(message.utf8)
        let result = olm_create_inbound_session_from(
            session,
            account.account,
            identity,
            identity.count,
            &message,
            message.count
        )
        try Olm.check(result, "session that a message begins", code)
    }

    convenience init(pickle: [UInt8], key: SecretBytes) throws(OlmError) {
        try self.init()
        var pickle = pickle
        let result = key.withBytes {
            olm_unpickle_session(session, $0.baseAddress, $0.count, &pickle, pickle.count)
        }
        try Olm.check(result, "stored session", code)
    }

    deinit { olm_clear_session(session) }

    private var code: () -> OlmErrorCode { { [session] in olm_session_last_error_code(session) } }

    func pickle(_ key: SecretBytes) throws(OlmError) -> [UInt8] {
        try Olm.output(olm_pickle_session_length(session), "session", code) { output, size in
            key.withBytes { olm_pickle_session(session, $0.baseAddress, $0.count, output, size) }
        }
    }

    /// The same at both ends.
    func id() throws(OlmError) -> String {
        let bytes = try Olm.output(olm_session_id_length(session), "session id", code) {
            olm_session_id(session, $0, $1)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a first message belongs to this session.
    func matches(_ message: String, from identityKey: String) -> Bool {
        let identity = Array(identityKey.utf8)
        var message = Array(message.utf8)
        return olm_matches_inbound_session_from(session, identity, identity.count, &message, message.count) == 1
    }

    /// Moves the ratchet on: the session must be stored before the message leaves.
    func encrypt(_ plaintext: [UInt8]) throws(OlmError) -> Message {
        let type = try Olm.check(olm_encrypt_message_type(session), "message type", code)
        let size = olm_encrypt_message_length(session, plaintext.count)
        var bytes = [UInt8](repeating: 0, count: size)
        let used = Olm.withRandom(olm_encrypt_random_length(session)) { random, count in
            olm_encrypt(session, plaintext, plaintext.count, random, count, &bytes, size)
        }
        try Olm.check(used, "encryption", code)
        return Message(type: type, body: String(decoding: bytes.prefix(used), as: UTF8.self))
    }

    /// Moves the ratchet on.
    func decrypt(_ message: Message) throws(OlmError) -> [UInt8] {
        var body = Array(message.body.utf8)
        let size = olm_decrypt_max_plaintext_length(session, message.type, &body, body.count)
        try Olm.check(size, "message", code)
        body = Array(message.body.utf8)
        return try Olm.output(size, "message", code) { output, size in
            olm_decrypt(session, message.type, &body, body.count, output, size)
        }
    }
}
