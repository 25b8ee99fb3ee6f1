import COlm
import Core

/// The sending half of a Megolm session: a ratchet that goes on with each message of this device to a room.
///
/// Belongs to one thread at a time.
final class GroupSender {
    private let memory = OlmMemory(olm_outbound_group_session_size())
    private let session: OpaquePointer

    private init(empty: Void) throws(OlmError) {
        guard let session = olm_outbound_group_session(memory.pointer) else {
            throw OlmError(.other, "libolm makes no group session")
        }
        self.session = session
    }

    /// A new session.
    convenience init() throws(OlmError) {
        try self.init(empty: ())
        let result = Olm.withRandom(olm_init_outbound_group_session_random_length(session)) { random, count in
            olm_init_outbound_group_session(session, random?.assumingMemoryBound(to: UInt8.self), count)
        }
        try Olm.check(result, "new group session", code)
    }

    convenience init(pickle: [UInt8], key: SecretBytes) throws(OlmError) {
        try self.init(empty: ())
        var pickle = pickle
        let result = key.withBytes {
            olm_unpickle_outbound_group_session(session, $0.baseAddress, $0.count, &pickle, pickle.count)
        }
        try Olm.check(result, "stored group session", code)
    }

    deinit { olm_clear_outbound_group_session(session) }

    private var code: () -> OlmErrorCode { { [session] in olm_outbound_group_session_last_error_code(session) } }

    func pickle(_ key: SecretBytes) throws(OlmError) -> [UInt8] {
        try Olm.output(olm_pickle_outbound_group_session_length(session), "group session", code) { output, size in
            key.withBytes { olm_pickle_outbound_group_session(session, $0.baseAddress, $0.count, output, size) }
        }
    }

    func id() throws(OlmError) -> String {
        try text(olm_outbound_group_session_id_length(session), "group session id") {
            olm_outbound_group_session_id(session, $0, $1)
        }
    }

    /// The number of the next message, from 0.
    var index: Int { Int(olm_outbound_group_session_message_index(session)) }

    /// What opens the next message and all after it.
    func key() throws(OlmError) -> String {
        try text(olm_outbound_group_session_key_length(session), "group session key") {
            olm_outbound_group_session_key(session, $0, $1)
        }
    }

    /// Moves the ratchet on: the session must be stored before the message leaves.
    func encrypt(_ plaintext: [UInt8]) throws(OlmError) -> String {
        try text(olm_group_encrypt_message_length(session, plaintext.count), "group encryption") {
            olm_group_encrypt(session, plaintext, plaintext.count, $0, $1)
        }
    }

    private func text(
        _ size: Int,
        _ what: String,
        _ call: (UnsafeMutablePointer<UInt8>?, Int) -> Int
    ) throws(OlmError) -> String {
        let bytes = try Olm.output(size, what, code) { call($0?.assumingMemoryBound(to: UInt8.self), $1) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The receiving half of a Megolm session.
///
/// Belongs to one thread at a time.
final class GroupReceiver {
    private let memory = OlmMemory(olm_inbound_group_session_size())
    private let session: OpaquePointer

    private init() throws(OlmError) {
        guard let session = olm_inbound_group_session(memory.pointer) else {
            throw OlmError(.other, "libolm makes no group session")
        }
        self.session = session
    }

    /// From the key that the sender's device has sent.
    convenience init(key: String) throws(OlmError) {
        try self.init()
        let key = Array(key.utf8)
        try Olm.check(olm_init_inbound_group_session(session, key, key.count), "group session key", code)
    }

    /// From a key that was exported: nothing in it proves who made it.
    convenience init(exported key: String) throws(OlmError) {
        try self.init()
        let key = Array(key.utf8)
        try Olm.check(olm_import_inbound_group_session(session, key, key.count), "exported key", code)
    }

    convenience init(pickle: [UInt8], key: SecretBytes) throws(OlmError) {
        try self.init()
        var pickle = pickle
        let result = key.withBytes {
            olm_unpickle_inbound_group_session(session, $0.baseAddress, $0.count, &pickle, pickle.count)
        }
        try Olm.check(result, "stored group session", code)
    }

    deinit { olm_clear_inbound_group_session(session) }

    private var code: () -> OlmErrorCode { { [session] in olm_inbound_group_session_last_error_code(session) } }

    func pickle(_ key: SecretBytes) throws(OlmError) -> [UInt8] {
        try Olm.output(olm_pickle_inbound_group_session_length(session), "group session", code) { output, size in
            key.withBytes { olm_pickle_inbound_group_session(session, $0.baseAddress, $0.count, output, size) }
        }
    }

    func id() throws(OlmError) -> String {
        let bytes = try Olm.output(olm_inbound_group_session_id_length(session), "group session id", code) {
            olm_inbound_group_session_id(session, $0?.assumingMemoryBound(to: UInt8.self), $1)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The first message that it opens.
    var firstIndex: Int { Int(olm_inbound_group_session_first_known_index(session)) }

    /// The key that opens this message and all after it, for another device.
    func export(from index: Int) throws(OlmError) -> String {
        let size = olm_export_inbound_group_session_length(session)
        let bytes = try Olm.output(size, "export of a key", code) {
            olm_export_inbound_group_session(session, $0?.assumingMemoryBound(to: UInt8.self), $1, UInt32(index))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text of a message and its number.
    func decrypt(_ message: String) throws(OlmError) -> (plaintext: [UInt8], index: Int) {
        var body = Array(message.utf8)
        let size = olm_group_decrypt_max_plaintext_length(session, &body, body.count)
        try Olm.check(size, "group message", code)
        body = Array(message.utf8)
        var index: UInt32 = 0
        let bytes = try Olm.output(size, "group message", code) { output, size in
            olm_group_decrypt(session, &body, body.count, output?.assumingMemoryBound(to: UInt8.self), size, &index)
        }
        return (bytes, Int(index))
    }
}
