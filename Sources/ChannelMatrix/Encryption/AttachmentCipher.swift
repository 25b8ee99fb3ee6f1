import COpenSSL
import ChannelNetwork
import Core
import Dispatch
import Glibc
import LinuxIO

/// Encrypts and decrypts files that go through rooms: AES-256 in counter mode by libcrypto, in pieces.
struct AttachmentCipher: Sendable {
    private static let piece = 64 << 10

    private let queue = DispatchQueue(label: "nanoclaw.matrix.attachments")

    /// Writes the first `size` bytes of a file, encrypted with a fresh key, to another one; answers how to read it.
    func encrypt(_ source: Descriptor, size: Int, to target: Descriptor) async throws -> AttachmentKey {
        try await onQueue {
            // The lower half of the counter begins at zero, so that it cannot overflow into the other.
            var key = AttachmentKey(
                key: Olm.random(32),
                counter: Olm.random(8) + [UInt8](repeating: 0, count: 8),
                sha256: []
            )
            guard let hash = EVP_MD_CTX_new(), EVP_DigestInit_ex(hash, EVP_sha256(), nil) == 1 else {
                throw Errno(ENOMEM, "libcrypto's SHA-256")
            }
            defer { EVP_MD_CTX_free(hash) }
            try Self.pass(key, from: source, size: size, to: target) { EVP_DigestUpdate(hash, $0, $0.count) }
            key.sha256 = [UInt8](repeating: 0, count: 32)
            EVP_DigestFinal_ex(hash, &key.sha256, nil)
            return key
        }
    }

    /// Decrypts a file where it stands; its hash must have been compared before.
    func decrypt(_ file: Descriptor, size: Int, _ key: AttachmentKey) async throws {
        try await onQueue { try Self.pass(key, from: file, size: size, to: file) { _ in } }
    }

    /// Counter mode is its own inverse.
    private static func pass(
        _ key: AttachmentKey,
        from source: Descriptor,
        size: Int,
        to target: Descriptor,
        _ written: ([UInt8]) -> Void
    ) throws {
        guard let context = EVP_CIPHER_CTX_new() else { throw Errno(ENOMEM, "libcrypto's AES") }
        defer { EVP_CIPHER_CTX_free(context) }
        guard EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), nil, key.key, key.counter) == 1 else {
            throw Errno(EINVAL, "libcrypto's AES")
        }
        var input = [UInt8](repeating: 0, count: piece)
        var output = [UInt8](repeating: 0, count: piece)
        var offset = 0
        while offset < size {
            let got = pread(source.number, &input, min(piece, size - offset), off_t(offset))
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw got < 0 ? Errno.last("pread") : Errno(EIO, "a file became shorter") }
            var count: Int32 = 0
            guard EVP_EncryptUpdate(context, &output, &count, input, Int32(got)) == 1, count == Int32(got) else {
                throw Errno(EINVAL, "libcrypto's AES")
            }
            var done = 0
            while done < got {
                let put = output.withUnsafeBytes {
                    pwrite(target.number, $0.baseAddress?.advanced(by: done), got - done, off_t(offset + done))
                }
                if put < 0, errno == EINTR { continue }
                guard put > 0 else { throw Errno.last("pwrite") }
                done += put
            }
            written(got == piece ? output : Array(output.prefix(got)))
            offset += got
        }
    }

    private func onQueue<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try body() }) }
        }
    }
}
