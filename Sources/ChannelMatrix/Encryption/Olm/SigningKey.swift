import COlm
import Core

/// An Ed25519 key that signs other keys of the account.
///
/// Belongs to one thread at a time.
final class SigningKey {
    /// In unpadded Base64.
    let publicKey: String
    private let memory = OlmMemory(olm_pk_signing_size())
    private let signing: OpaquePointer

    /// A new key; its secret half is gone with this object.
    init() throws(OlmError) {
        guard let signing = olm_pk_signing(memory.pointer) else { throw OlmError(.other, "libolm makes no key") }
        self.signing = signing
        let seed = SecretBytes.random(olm_pk_signing_seed_length())
        let text = try Olm.output(olm_pk_signing_public_key_length(), "new key", { OLM_SUCCESS }) { output, size in
            let result = seed.withBytes {
                olm_pk_signing_key_from_seed(signing, output, size, $0.baseAddress, $0.count)
            }
            return result == olm_error() ? result : size
        }
        publicKey = String(decoding: text, as: UTF8.self)
    }

    deinit { olm_clear_pk_signing(signing) }

    /// The object with this key's signature added to those that it has.
    func signed(_ json: JSONValue, user: String) throws(OlmError) -> JSONValue {
        guard case .object(var fields) = json, let bytes = CanonicalJSON.signedBytes(json) else {
            throw OlmError(.other, "what is to be signed is no JSON object of whole numbers and texts")
        }
        let signature = try Olm.output(olm_pk_signature_length(), "signature", { OLM_SUCCESS }) { output, size in
            let result = olm_pk_sign(signing, bytes, bytes.count, output?.assumingMemoryBound(to: UInt8.self), size)
            return result == olm_error() ? result : size
        }
        var signatures = fields["signatures"]?.object ?? [:]
        var own = signatures[user]?.object ?? [:]
        own["ed25519:\(publicKey)"] = .string(String(decoding: signature, as: UTF8.self))
        signatures[user] = .object(own)
        fields["signatures"] = .object(signatures)
        return .object(fields)
    }
}
