import Glibc

extension Descriptor {
    /// Bytes of a regular file from a place on, wherever its offset is.
    ///
    /// Blocks; throws when the file ends before.
    package func read(_ count: Int, from start: Int = 0) throws -> [UInt8] {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(number, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(start + filled))
                if got < 0, errno == EINTR { continue }
                guard got > 0 else {
                    failure = got < 0 ? Errno.last("pread") : Errno(EIO, "pread: the file became shorter")
                    return
                }
                filled += got
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
