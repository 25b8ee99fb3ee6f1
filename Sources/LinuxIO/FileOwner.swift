/// Who owns on disk what a sandbox may read or write.
package struct FileOwner: Sendable, Hashable {
    package let uid: UInt32
    package let gid: UInt32

    package init(uid: UInt32, gid: UInt32) {
        self.uid = uid
        self.gid = gid
    }
}
